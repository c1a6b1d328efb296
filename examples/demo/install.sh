#!/bin/sh
# Install the Debian packages that the demo needs and this machine lacks, and say which.
# No service is started, none is enabled, and no database cluster is created. Root, or through sudo.
set -eu

PACKAGES="python3-venv postgresql redis-server prometheus prometheus-alertmanager prometheus-blackbox-exporter"
PACKAGES="$PACKAGES curl procps" # the runbooks' own tools, which the tests run
PACKAGES="$PACKAGES pgbouncer" # in front of PostgreSQL
PACKAGES="$PACKAGES prometheus-postgres-exporter prometheus-redis-exporter" # run beside ours on the same servers
POLICY=/usr/sbin/policy-rc.d
KEPT=$POLICY.before-demo
NO_CLUSTER=/etc/postgresql-common/createcluster.d/zz-demo.conf

fail() {
    echo "error: $*" >&2
    exit 2
}

command -v dpkg-query >/dev/null 2>&1 ||
    fail "this is no Debian: there is no dpkg; install what Debian calls: $PACKAGES"

missing=""
for package in $PACKAGES; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || status=""
    [ "$status" = installed ] || missing="$missing $package"
done
if [ -z "$missing" ]; then
    echo "Debian packages: all in place"
    exit 0
fi
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 ||
        fail "installing needs root and there is no sudo; as root run: apt-get install --no-install-recommends$missing"
    echo "Installing Debian packages needs root, so through sudo"
    exec sudo sh "$0"
fi
echo "Debian packages to install:$missing"

# What starts at boot: systemd's links and the older run levels.
started_at_boot() {
    find /etc/systemd/system -type l 2>/dev/null | sort
    find /etc/rc[2-5].d -name 'S*' 2>/dev/null | sort
}

undo() {
    rm -f "$POLICY" "$NO_CLUSTER"
    rmdir "${NO_CLUSTER%/*}" 2>/dev/null || true # Debian ships none
    [ ! -e "$KEPT" ] || mv "$KEPT" "$POLICY"
}
before=$(started_at_boot)
[ ! -e "$POLICY" ] || mv "$POLICY" "$KEPT"
trap undo EXIT
trap 'exit 130' INT TERM HUP
printf '#!/bin/sh\nexit 101\n' >"$POLICY" # "no action allowed" to everything that would start a service
chmod 755 "$POLICY"
mkdir -p "${NO_CLUSTER%/*}"
echo "create_main_cluster = false" >"$NO_CLUSTER"

export DEBIAN_FRONTEND=noninteractive
apt-get update -q
# shellcheck disable=SC2086 # a list of names
apt-get install -q -y --no-install-recommends $missing

for link in $(started_at_boot); do
    if printf '%s\n' "$before" | grep -qxF "$link"; then continue; fi
    case "$link" in
    /etc/rc*)
        name=${link##*/S??}
        update-rc.d "$name" disable
        ;;
    *) rm -f "$link" ;; # as `systemctl disable` does, which need not be installed
    esac
done
echo "Debian packages installed:$missing"
