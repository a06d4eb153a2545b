#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh [BUILD_DIR] [--without NAME]... [--only NAME]...: AWS's own tools against this project, on this machine alone.
# BUILD_DIR (build) holds apigw and bootstrap. Installs what is missing, then conformance.py does the work.
set -u
cd "$(dirname "$0")/../.." || exit 1
here=tests/conformance
venv=build/conformance-venv

have() { command -v "$1" >/dev/null 2>&1; }
have_venv() { have python3 && python3 -c 'import ensurepip, venv' 2>/dev/null; }
have_engine() { have dockerd || { have docker && docker version >/dev/null 2>&1; }; }
have_busybox() {
    for f in ${BUSYBOX:-} /bin/busybox /usr/bin/busybox /usr/sbin/busybox /sbin/busybox; do
        test -x "$f" && ! LC_ALL=C ldd "$f" 2>/dev/null | grep -q '=>' && return
    done
    false
}

# find_missing: the Debian and the Fedora names of what is not here
find_missing() {
    deb='' rpm=''
    have_venv || { deb="$deb python3 python3-venv" rpm="$rpm python3 python3-pip"; }
    have_engine || { deb="$deb docker.io" rpm="$rpm docker"; }
    have_busybox || { deb="$deb busybox-static" rpm="$rpm busybox"; }
    have ip || { deb="$deb iproute2" rpm="$rpm iproute"; }
}

find_missing
if test -n "$deb"; then
    root=''
    test "$(id -u)" = 0 || root=sudo
    if { test -z "$root" || have sudo; } && have apt-get; then
        echo "$0: apt-get install$deb"
        # shellcheck disable=SC2086 # a list of words
        $root apt-get update -q >/dev/null &&
            $root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $deb >/dev/null
    elif { test -z "$root" || have sudo; } && have dnf; then
        echo "$0: dnf install$rpm"
        # shellcheck disable=SC2086 # a list of words
        $root dnf install -q -y $rpm
    fi
    find_missing
    if test -n "$deb"; then
        echo "$0: needed and not here; as root: apt-get install$deb (Debian, Ubuntu) or dnf install$rpm (Amazon Linux, Fedora)" >&2
        exit 1
    fi
fi

# The stamp is the list it was made from: another list, another environment.
if ! cmp -s $here/requirements.txt $venv/requirements.txt; then
    echo "$0: installing the tools of requirements.txt into $venv"
    mkdir -p build
    python3 -m venv --clear $venv &&
        $venv/bin/pip install --quiet --disable-pip-version-check -r $here/requirements.txt &&
        cp $here/requirements.txt $venv/requirements.txt || {
        echo "$0: the tools of $here/requirements.txt could not be installed" >&2
        rm -rf $venv
        exit 1
    }
fi

PYTHONDONTWRITEBYTECODE=1 exec $venv/bin/python $here/conformance.py "$@"
