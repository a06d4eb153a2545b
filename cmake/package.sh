#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# package.sh [ARTIFACTS_DIR]: the static bootstrap, in build/package/<arch>/ with its symbols and its zip; with a folder,
# bootstrap goes there as well. Read from the environment, each may be empty:
#   ARCH        x86_64 or arm64; this machine's by default
#   PIE=off     fixed addresses: 0.2 ms faster to start, no address randomisation
#   SMALL=yes   OpenSSL cut down from its pinned release, even where the distribution has a static one
#   DOCTOR      build/apigw: it is built too, and its doctor has to pass the zip
#   FETCHCONTENT_SOURCE_DIR_CURL, _CJSON, _OPENSSL   folders of unpacked releases, instead of downloading
set -u
cd "$(dirname "$0")/.." || exit 1

die() {
    echo "package: $1" >&2
    exit "${2:-1}"
}
have() { command -v "$1" >/dev/null 2>&1; }

host=$(uname -m)
case $host in aarch64) host=arm64 ;; esac
arch=${ARCH:-$host}
case $arch in
x86_64 | arm64) ;;
*) die "ARCH is $arch; Lambda has x86_64 and arm64" 2 ;;
esac
case ${PIE:-on} in
on) variant='' ;;
off) variant=-nopie ;;
*) die "PIE is $PIE; it can be on or off" 2 ;;
esac
case ${SMALL:-no} in
no) small=OFF ;;
yes) small=ON variant=$variant-small ;;
*) die "SMALL is $SMALL; it can be yes or no" 2 ;;
esac

set -- "${1:-}" -DLAMBDA_STATIC=ON -DBUILD_LOCAL=OFF -DBUILD_TESTING=OFF -DLAMBDA_OPENSSL_SOURCE=$small \
    -DLAMBDA_PIE="${PIE:-on}" -DPINNED_DOWNLOADS="$PWD/build/downloads"
purpose=package machine=3e
test $arch = x86_64 || machine=b7
if test $arch != "$host"; then
    test $arch = arm64 || die "an x86_64 package is built on an x86-64 machine; this one is $host"
    purpose=package-arm64
    set -- "$@" -DCMAKE_TOOLCHAIN_FILE="$PWD/cmake/arm64.cmake"
fi
for name in CURL CJSON OPENSSL; do
    eval "folder=\${FETCHCONTENT_SOURCE_DIR_$name:-}"
    test -z "$folder" || set -- "$@" "-DFETCHCONTENT_SOURCE_DIR_$name=$folder"
done
artifacts=$1
shift

sh cmake/install-dependencies.sh $purpose || exit 1

out=build/package/$arch$variant tree=build/package/.tree-$arch$variant log=build/package/.log-$arch$variant
mkdir -p build/package || die 'build/package cannot be made'
# One at a time in this folder: a second one then finds everything compiled.
if have flock; then
    exec 9>build/package/.lock && flock 9
fi

# Whatever ends this before its end leaves no product, and no tree whose half-answered questions a later run would believe.
trap 'rm -rf "$tree" "$out" "$out.new" "$log" build/downloads/*.part' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
rm -rf "$out" "$out.new"
# A copy of the folder (sam build makes one) brings a tree that speaks of the original.
grep -qsx "CMAKE_HOME_DIRECTORY:INTERNAL=$PWD" "$tree/CMakeCache.txt" || rm -rf "$tree"
rm -f "$tree/why.txt"

# A compiler that met a full disk takes its half-written file away before anybody can look.
disk_is_full() {
    grep -qs 'No space left on device' "$log" || ! echo >"$log.full" 2>/dev/null ||
        test "$(df -Pk build | awk 'NR == 2 { print $4 }')" -lt 32768
}

fail() {
    if test -s "$tree/why.txt"; then
        die "$(cat "$tree/why.txt")"
    elif disk_is_full; then
        rm -f "$log.full"
        die "the disk is full ($PWD/build)"
    fi
    rm -f "$log.full"
    tail -n 40 "$log" >&2
    die "$1; the end of its output is above"
}

cmake -G 'Unix Makefiles' -S . -B "$tree" -DCMAKE_BUILD_TYPE=RelWithDebInfo "$@" >"$log" 2>&1 || fail 'CMake failed'
MAKEFLAGS='' cmake --build "$tree" --target lambda_package --parallel "${JOBS:-2}" >>"$log" 2>&1 || fail 'the build failed'

built=$(od -An -t x1 -j 18 -N 1 "$tree/package/bootstrap" | tr -d ' ')
test "$built" = $machine || die "bootstrap was built for ELF machine 0x$built, not for $arch (0x$machine)"

version=$(cat "$tree/version.txt")
emulator=''
if test $arch != "$host"; then
    for emulator in qemu-aarch64-static qemu-aarch64; do have $emulator && break; done
fi
said=$($emulator "$tree/package/bootstrap" --version 2>&1)
test "$said" = "lambda-iam-c $version" || die "bootstrap --version says '$said' instead of 'lambda-iam-c $version'"
if test -n "$emulator"; then
    python3 tests/package/serve.py $emulator "$tree/package/bootstrap" || die "bootstrap fails under $emulator"
fi

if test -n "${DOCTOR:-}"; then
    make build >"$log" 2>&1 || fail 'apigw, whose doctor judges the zip, could not be built'
    "$DOCTOR" doctor --arch $arch "$tree/package/bootstrap.zip" >"$log" 2>&1 || fail 'apigw doctor does not pass the zip'
fi

zip=$out/lambda-iam-c-$version-$arch$variant.zip
mkdir "$out.new" && cp -p "$tree/package/bootstrap" "$tree/package/bootstrap.debug" "$out.new" &&
    cp -p "$tree/package/bootstrap.zip" "$out.new/${zip##*/}" &&
    chmod 755 "$out.new" "$out.new/bootstrap" && mv "$out.new" "$out" || fail 'the package cannot be written'
if test -n "$artifacts"; then
    { mkdir -p "$artifacts" && cp -p "$out/bootstrap" "$artifacts/.bootstrap" &&
        mv "$artifacts/.bootstrap" "$artifacts/bootstrap"; } 2>>"$log" ||
        { rm -f "$artifacts/.bootstrap"; die "bootstrap cannot be written to $artifacts: $(tail -n 1 "$log")"; }
fi
rm -f "$log"
trap - EXIT
echo "$(sha256sum <"$zip" | cut -c 1-64)  $zip  $(wc -c <"$zip") bytes"
