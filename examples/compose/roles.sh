#!/bin/sh
# In the container of PostgreSQL, at its first start: the example's database, its owner, and the exporter's role.
set -eu
psql -X -v ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
\set password `cat /run/secrets/backend_password`
CREATE ROLE backend LOGIN PASSWORD :'password';
CREATE DATABASE backend OWNER backend;
\connect backend
CREATE EXTENSION pg_stat_statements;
\set password `cat /run/secrets/exporter_password`
\i /etc/obs/role.sql
SQL
