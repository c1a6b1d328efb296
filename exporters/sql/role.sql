-- The role that the exporter connects as: it reads statistics, and by what it is granted here no row of a table.
--
--   psql -v password=... -v database=app -f role.sql
--
-- as a superuser or as the administrator of a managed server. May be run again, also to change the password.
-- Without `-v password` the role keeps the password it has; set one with \password obs_exporter, which is not
-- seen in a list of processes. Without `-v database` it is the database that psql is connected to.
--
-- It can still do what everybody can, which is not taken from everybody here: connect to databases that are open
-- to PUBLIC, make temporary tables and large objects (lo_create), call functions, create in the schema public
-- before PostgreSQL 15. Rights that it was granted directly before this ran stay; those through a role are refused.
-- To take temporary tables from all: REVOKE TEMPORARY ON DATABASE app FROM PUBLIC.
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

-- One that was there before may do more than it should: by itself, or as a member of another role.
DO $$
DECLARE
  roles text := (SELECT string_agg(quote_ident(g.rolname), ', ' ORDER BY g.rolname)
                   FROM pg_auth_members m
                   JOIN pg_roles g ON g.oid = m.roleid
                   JOIN pg_roles r ON r.oid = m.member
                  WHERE r.rolname = 'obs_exporter' AND g.rolname <> 'pg_read_all_stats');
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'obs_exporter'
                AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)) THEN
    RAISE EXCEPTION 'role obs_exporter exists and is privileged'
      USING HINT = 'Drop it, or take SUPERUSER, CREATEROLE, CREATEDB, REPLICATION and BYPASSRLS from it.';
  END IF;
  IF roles IS NOT NULL THEN
    RAISE EXCEPTION 'role obs_exporter exists and is a member of %; expected of pg_read_all_stats alone', roles
      USING HINT = format('REVOKE %s FROM obs_exporter, or drop it.', roles);
  END IF;
END $$;

-- One session is what the exporter needs; the others are for a second exporter and for a look by hand. Of targets
-- that are databases of this server each needs one: ALTER ROLE obs_exporter CONNECTION LIMIT n, after this ran.
ALTER ROLE obs_exporter LOGIN CONNECTION LIMIT 3;
\if :{?password}
  ALTER ROLE obs_exporter PASSWORD :'password';
\endif

-- Sees the sessions and statements of others, and the sizes of databases.
GRANT pg_read_all_stats TO obs_exporter;
GRANT CONNECT ON DATABASE :"database" TO obs_exporter;
-- What it was granted itself; temporary tables that it makes as anybody can are not held back by this.
REVOKE TEMPORARY ON DATABASE :"database" FROM obs_exporter;

-- What a session begins with, behind a pooler too. These guard against mistakes, not against a client that means
-- to: it can ask for others at connect, or set them. The exporter sets its own in each transaction.
ALTER ROLE obs_exporter SET default_transaction_read_only = on;
ALTER ROLE obs_exporter SET statement_timeout = '3s';
ALTER ROLE obs_exporter SET lock_timeout = '500ms';
ALTER ROLE obs_exporter SET idle_in_transaction_session_timeout = '10s';
ALTER ROLE obs_exporter SET jit = off;
-- Where a database asks for serializable transactions, a standby refuses each, and a primary keeps track of each.
ALTER ROLE obs_exporter SET default_transaction_isolation = 'read committed';

COMMIT;

-- An extension that was given a schema of its own is out of reach without this.
\connect :"database"
SELECT format('GRANT USAGE ON SCHEMA %s TO obs_exporter', extnamespace::regnamespace)
  FROM pg_extension
 WHERE extname = 'pg_stat_statements' \gexec
