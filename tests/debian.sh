#!/bin/sh
# Installs the Debian packages that the tests in tests/real/ need.
#
#   sudo sh tests/debian.sh                 everything
#   sudo sh tests/debian.sh wordpress ...   only the groups named
#
# A second run finds everything there and returns at once. Exit status: 0 all there, 1 something is missing and could not
# be installed (one line on standard error says what), 2 an unknown group.
set -eu

# One list a group. A new group: its list here, and its name in `packages_of` and in ALL.
# WordPress itself is unpacked, not installed (tests/real/wordpress_tree.sh): its package depends on Apache and on X11.
# Of MariaDB the programs are enough; the package mariadb-server would also create a database.
WORDPRESS="mariadb-server-core mariadb-client-core php-fpm php-mysql php-xml php-mbstring nginx-light"
POSTGRESQL="postgresql"
CHROMIUM="chromium"
PROMETHEUS="prometheus"
ALL="wordpress postgresql chromium prometheus"

QUICKLY=
LOCK=/run/lock/newsbot-tests-debian.lock
POLICY=/usr/sbin/policy-rc.d

fail() {
    echo "tests/debian.sh: $1" >&2
    exit "${2:-1}"
}

packages_of() {
    case "$1" in
        wordpress) echo "$WORDPRESS" ;;
        postgresql) echo "$POSTGRESQL" ;;
        chromium) echo "$CHROMIUM" ;;
        prometheus) echo "$PROMETHEUS" ;;
        *) return 1 ;;
    esac
}

# The packages among "$@" that are not installed.
missing() {
    for package in "$@"; do
        status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
        [ "$status" = installed ] || echo "$package"
    done
}

# Without this MariaDB, PHP, nginx and PostgreSQL would start as services and hold ports and memory no test asked for.
forbid_daemons() {
    saved=
    if [ -e "$POLICY" ] || [ -L "$POLICY" ]; then
        saved=$(mktemp -d)
        cp -a "$POLICY" "$saved/policy-rc.d"
    fi
    trap restore_daemons EXIT
    trap 'exit 1' HUP INT TERM
    # Removed first: where it is a link, writing would change what it points to.
    rm -f "$POLICY"
    printf '#!/bin/sh\nexit 101\n' >"$POLICY"
    chmod 755 "$POLICY"
}

restore_daemons() {
    rm -f "$POLICY"
    if [ -n "$saved" ]; then
        cp -a "$saved/policy-rc.d" "$POLICY"
        rm -rf "$saved"
    fi
}

apt() {
    DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 \
        ${QUICKLY:+-o Dpkg::Options::=--force-unsafe-io} "$@"
}

# A machine that lasts for one run of CI reads no manual and survives no power cut.
be_quick() {
    QUICKLY=yes
    rm -f /var/lib/man-db/auto-update
    # Without this Debian's postgresql creates a database of its own.
    mkdir -p /etc/postgresql-common/createcluster.d
    echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.d/newsbot.conf
}

install() {
    log=$(mktemp)
    # The lists may be missing or older than the mirror: only then is an update worth its time.
    if ! apt install --no-install-recommends "$@" >"$log" 2>&1 </dev/null; then
        if ! { apt update && apt install --no-install-recommends "$@"; } >"$log" 2>&1 </dev/null; then
            tail -n 30 "$log" >&2
            rm -f "$log"
            fail "apt-get could not install: $*"
        fi
    fi
    rm -f "$log"
}

command -v dpkg-query >/dev/null && command -v apt-get >/dev/null || fail "this needs Debian (apt-get, dpkg)"
wanted=
for group in ${*:-$ALL}; do
    list=$(packages_of "$group") || fail "unknown group: $group (known: $ALL)" 2
    wanted="$wanted $list"
done

# shellcheck disable=SC2086 # lists of names without blanks
absent=$(missing $wanted)
[ -n "$absent" ] || exit 0
[ "$(id -u)" = 0 ] || fail "run as root (sudo sh tests/debian.sh); not installed: $(echo $absent)"

# Two runs at once would save each other's policy-rc.d as the one to restore.
exec 9>"$LOCK"
flock 9
absent=$(missing $wanted)
[ -n "$absent" ] || exit 0
forbid_daemons
[ "${CI:-}" != true ] || be_quick
# shellcheck disable=SC2086
install $absent
absent=$(missing $wanted)
[ -z "$absent" ] || fail "still not installed: $(echo $absent)"
