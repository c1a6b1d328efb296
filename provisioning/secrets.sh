#!/bin/sh
# Create the secret files that the compose file mounts and that are missing; one that exists is never changed.
# Argument: demo (everything is made up) or own (the URLs come from DATABASE_URL and REDIS_URL).
set -eu
umask 027 # readable for the group too: the containers join it, see SECRETS_GID
backend=${1:-demo}
cd "$(dirname "$0")/.."

# A letter first: Grafana takes digits alone for a number.
random() { printf 's%s' "$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')"; }

write() { # FILE CONTENT
    [ -s "$1" ] && return
    printf '%s\n' "$2" >"$1"
    echo "created: $1"
}

write_own() { # FILE VARIABLE CONTENT
    if [ -s "$1" ] && [ -n "$3" ] && [ "$(cat "$1")" != "$3" ]; then
        # A container that runs goes on reading the file that it was started with, hence `make down`.
        echo "kept: $1, which differs from $2; to replace it: make down; rm $1; then the same again"
    fi
    write "$1" "$3"
}

mkdir -p secrets/channels "secrets/$backend"
write secrets/grafana_admin_password "$(random)"
write secrets/grafana_secret_key "$(random)"

case $backend in
demo)
    for name in postgres_password backend_password exporter_password; do
        write "secrets/demo/$name" "$(random)"
    done
    backend_password=$(cat secrets/demo/backend_password)
    exporter_password=$(cat secrets/demo/exporter_password)
    write secrets/demo/backend_database_url "postgresql://backend:$backend_password@postgres:5432/backend"
    write secrets/demo/backend_redis_url "redis://default:$backend_password@redis:6379/0"
    write secrets/demo/database_url "postgresql://obs_exporter:$exporter_password@postgres:5432/backend"
    write secrets/demo/redis_url "redis://obs_exporter:$exporter_password@redis:6379/0"
    write secrets/demo/redis.acl "user default on >$backend_password ~* &* +@all
$(cat exporters/redis.acl) ~* +memory|usage >$exporter_password"
    ;;
own)
    [ -s secrets/own/database_url ] || [ -n "${DATABASE_URL:-}" ] || missing="DATABASE_URL"
    [ -s secrets/own/redis_url ] || [ -n "${REDIS_URL:-}" ] || missing="${missing:-} REDIS_URL"
    if [ -n "${missing:-}" ]; then
        echo "error: not set: $missing; expected the URLs of the backend's servers, with the exporter's role and" \
            "user; set them, or write secrets/own/database_url and secrets/own/redis_url" >&2
        exit 2
    fi
    write_own secrets/own/database_url DATABASE_URL "${DATABASE_URL:-}"
    write_own secrets/own/redis_url REDIS_URL "${REDIS_URL:-}"
    ;;
*)
    echo "error: BACKEND is '$backend'; expected demo or own" >&2
    exit 2
    ;;
esac
