#!/bin/sh
# Unpacks the WordPress of a Debian suite into a folder. Nothing is installed, no root is needed.
#
#   sh tests/real/wordpress_tree.sh SUITE FOLDER      e.g. trixie .cache/wordpress-trixie
#
# FOLDER/root then holds the unpacked packages; a second run finds it and returns at once. Exit status: 0 it is there,
# 1 it could not be fetched (the last lines on standard error say why).
set -eu

suite=$1
folder=$2
[ ! -d "$folder/root" ] || exit 0

# WordPress, and what its links point to; a theme, so that the site has pages.
case "$suite" in
    bookworm) theme=twentytwentythree ;;
    *) theme=twentytwentyfive ;;
esac
PACKAGES="wordpress wordpress-theme-$theme php-getid3 libjs-cropper libjs-lodash libjs-underscore"
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

# The mirror this machine already trusts: the one its own release comes from.
mirror=$(apt-get indextargets --format '$(LABEL)|$(COMPONENT)|$(CODENAME)|$(SITE)' 2>/dev/null |
    awk -F'|' '$1 == "Debian" && $2 == "main" && $3 !~ /-/ { print $4; exit }')
[ -n "$mirror" ] || mirror=http://deb.debian.org/debian

mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
# Two test runs at once: the second waits, then finds everything there.
exec 9>"$folder/lock"
flock 9
[ ! -d "$folder/root" ] || exit 0

rm -rf "$folder/apt" "$folder/debs" "$folder/unpacked"
mkdir -p "$folder/apt/lists/partial" "$folder/apt/cache/archives/partial" "$folder/debs" "$folder/unpacked"
: >"$folder/apt/status"
echo "deb [signed-by=$KEYRING] $mirror $suite main" >"$folder/apt/sources.list"

# The machine's own apt.conf stays in force: it may hold a proxy.
private_apt() {
    apt-get -q -y \
        -o Dir::Etc::SourceList="$folder/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null \
        -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
        -o Dir::State="$folder/apt" -o Dir::State::Lists="$folder/apt/lists" -o Dir::State::Status="$folder/apt/status" \
        -o Dir::Cache="$folder/apt/cache" -o APT::Sandbox::User= -o Acquire::Languages=none -o Acquire::Retries=3 \
        -o APT::Update::Post-Invoke::= -o APT::Update::Post-Invoke-Success::= \
        "$@" >"$folder/apt/log" 2>&1 </dev/null
}

# The machine has the lists of its own suite already, but they may be missing or older than the mirror.
own_apt_has_it() {
    [ "$(. /etc/os-release && echo "${VERSION_CODENAME:-}")" = "$suite" ] || return 1
    # shellcheck disable=SC2086 # a list of names without blanks
    apt-get -q -y -o APT::Sandbox::User= download $PACKAGES >"$folder/apt/log" 2>&1 </dev/null
}

fail() {
    tail -n 5 "$folder/apt/log" >&2
    echo "tests/real/wordpress_tree.sh: $1 from $mirror" >&2
    exit 1
}

cd "$folder/debs"
if ! own_apt_has_it; then
    private_apt update || fail "no package list of $suite"
    # shellcheck disable=SC2086 # a list of names without blanks
    private_apt download $PACKAGES || fail "no WordPress of $suite"
fi
for deb in ./*.deb; do
    dpkg-deb -x "$deb" "$folder/unpacked"
done
# Last, and in one step: a folder under this name is whole.
mv "$folder/unpacked" "$folder/root"
rm -rf "$folder/apt/lists" "$folder/debs"
