-- The role that the exporter connects as: it reads statistics, and no row of any table.
--
--   psql -v password=... -v database=app -f role.sql
--
-- as a superuser or as the administrator of a managed server. May be run again, also to change the password.
-- Without `-v password` the role keeps the password it has; set one with \password obs_exporter, which is not
-- seen in a list of processes. Without `-v database` it is the database that psql is connected to.
--
-- For statements, before this, in that database (it must also stand in shared_preload_libraries):
--   CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
\set ON_ERROR_STOP on
\if :{?database}
\else
  \set database :DBNAME
\endif

BEGIN;

SELECT 'CREATE ROLE obs_exporter'
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'obs_exporter') \gexec

-- A new role may do nothing; one that was there before may do more than it should.
DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'obs_exporter'
                AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)) THEN
    RAISE EXCEPTION 'role obs_exporter exists and is privileged'
      USING HINT = 'Drop it, or take SUPERUSER, CREATEROLE, CREATEDB, REPLICATION and BYPASSRLS from it.';
  END IF;
END $$;

-- One session is what the exporter needs; the others are for a second exporter and for a look by hand.
ALTER ROLE obs_exporter LOGIN CONNECTION LIMIT 3;
\if :{?password}
  ALTER ROLE obs_exporter PASSWORD :'password';
\endif

-- Sees the sessions and statements of others, and the sizes of databases.
GRANT pg_read_all_stats TO obs_exporter;
GRANT CONNECT ON DATABASE :"database" TO obs_exporter;

-- Limits that hold whatever a client asks for at connect, behind a pooler too.
ALTER ROLE obs_exporter SET default_transaction_read_only = on;
ALTER ROLE obs_exporter SET statement_timeout = '3s';
ALTER ROLE obs_exporter SET lock_timeout = '500ms';
ALTER ROLE obs_exporter SET idle_in_transaction_session_timeout = '10s';
ALTER ROLE obs_exporter SET jit = off;

COMMIT;

-- An extension that was given a schema of its own is out of reach without this.
\connect :"database"
SELECT format('GRANT USAGE ON SCHEMA %s TO obs_exporter', extnamespace::regnamespace)
  FROM pg_extension
 WHERE extname = 'pg_stat_statements' \gexec
