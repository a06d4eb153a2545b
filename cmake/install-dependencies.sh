#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# install-dependencies.sh [lambda|build|test|asan|valgrind|load|lint|package|package-arm64|package-test]: installs what is
# missing for that purpose.
#   lambda  bootstrap alone        build           bootstrap, apigw and the demo (the default)
#   test    build and every test   asan, valgrind  test under these
#   load    what make load needs: test, asan, valgrind and wrk
#   lint    build with its tests, by both compilers, and the checkers
#   package the static bootstrap   package-arm64   the same for arm64, from another machine
#   package-test                   the tests of what package builds
# Needs a POSIX shell to begin with. When nothing is missing it needs neither root nor the network.
set -u

purpose=${1:-build}
case $purpose in
lambda | build | test | asan | valgrind | load | lint | package | package-arm64 | package-test) ;;
*)
    echo "usage: $0 [lambda|build|test|asan|valgrind|load|lint|package|package-arm64|package-test]" >&2
    exit 2
    ;;
esac

# The interoperability test runs with the distribution's Python; the checkers run with the user's.
test_python=${TEST_PYTHON:-/usr/bin/python3}

have() { command -v "$1" >/dev/null 2>&1; }
compiler() { for c in cc gcc clang; do have "$c" && echo "$c" && return; done; false; }

# A compiler without the C library's headers is of no use.
have_header() { c=$(compiler) && echo "#include <$1>" | "$c" -E - >/dev/null 2>&1; }
have_compiler() { have_header stdio.h; }
have_cxx() { have g++ || have clang++; }

# have_module NAME VERSION HEADER: before pkg-config is there, the header has to do.
have_module() {
    if have pkg-config; then pkg-config --exists "$1 >= $2" 2>/dev/null; else have_header "$3"; fi
}
have_certificates() {
    for f in ${CA_FILES:-/etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem}; do
        test -s "$f" && return
    done
    false
}
have_ctags() { have ctags && ctags --version 2>/dev/null | grep -q Universal; }
have_venv() { have python3 && python3 -c 'import ensurepip, venv' 2>/dev/null; }
have_botocore() { test -x "$test_python" && "$test_python" -c 'import botocore.auth' 2>/dev/null; }
have_sanitizers() {
    c=$(compiler) && t=$(mktemp) || return 1
    echo 'int main(void) { return 0; }' | "$c" -fsanitize=address,undefined -x c - -o "$t" 2>/dev/null
    linked=$?
    rm -f "$t"
    return $linked
}

# has_file COMPILER FILE: a compiler that has no such file answers with its bare name.
has_file() { case $("$1" -print-file-name="$2" 2>/dev/null) in /*) ;; *) false ;; esac; }
have_static_libc() { c=$(compiler) && has_file "$c" libc.a; }
# Without a static OpenSSL its pinned release is built, and its build speaks Perl.
have_perl() {
    have perl && perl -MFindBin -MIPC::Cmd -MFile::Compare -MFile::Copy -MPod::Usage -MTime::Piece -MTime::HiRes \
        -MExtUtils::MakeMaker -e 1 2>/dev/null
}
have_openssl_or_perl() { { c=$(compiler) && has_file "$c" libssl.a; } || have_perl; }
have_arm64() { have aarch64-linux-gnu-gcc && has_file aarch64-linux-gnu-gcc libc.a; }
have_namespaces() { have unshare && have ip; }
have_qemu() { have qemu-aarch64-static || have qemu-aarch64; }

# One line per need: PURPOSE|WHAT|PROBE|DEBIAN PACKAGES|FEDORA PACKAGES
perl_of_fedora='perl-interpreter perl-FindBin perl-IPC-Cmd perl-File-Compare perl-File-Copy perl-Pod-Usage'
perl_of_fedora="$perl_of_fedora perl-Time-Piece perl-Time-HiRes perl-ExtUtils-MakeMaker"
needs='tools|C compiler and C library headers|have_compiler|gcc libc6-dev|gcc
tools|make|have make|make|make
tools|cmake|have cmake|cmake|cmake
tools|CA certificates|have_certificates|ca-certificates|ca-certificates
lambda|pkg-config|have pkg-config|pkg-config|pkgconf-pkg-config
lambda|libcurl|have_module libcurl 7.76 curl/curl.h|libcurl4-openssl-dev|libcurl-devel
lambda|OpenSSL libcrypto|have_module libcrypto 3.0 openssl/evp.h|libssl-dev|openssl-devel
lambda|cJSON|have_module libcjson 1.7.15 cjson/cJSON.h|libcjson-dev|cjson-devel
build|libmicrohttpd|have_module libmicrohttpd 0.9.71 microhttpd.h|libmicrohttpd-dev|libmicrohttpd-devel
build|libyaml|have_module yaml-0.1 0.2 yaml.h|libyaml-dev|libyaml-devel
build|zlib|have_module zlib 1.2 zlib.h|zlib1g-dev|zlib-devel
build|curl|have curl|curl|curl
cmocka|cmocka|have_module cmocka 1.1 cmocka.h|libcmocka-dev|libcmocka-devel
test|C++ compiler|have_cxx|g++|gcc-c++
test|botocore for /usr/bin/python3|have_botocore|python3 python3-botocore|python3 python3-botocore
asan|address and undefined-behaviour sanitizers|have_sanitizers|gcc|libasan libubsan
valgrind|valgrind|have valgrind|valgrind libc6-dbg|valgrind
load|wrk|have wrk|wrk|wrk
lint|gcc|have gcc|gcc libc6-dev|gcc
lint|clang|have clang|clang|clang
lint|clang-format|have clang-format|clang-format|clang-tools-extra
lint|Universal Ctags|have_ctags|universal-ctags|ctags
lint|python3 with venv and pip|have_venv|python3 python3-venv python3-pip|python3 python3-pip
package|static C library|have_static_libc|libc6-dev|glibc-static
package|OpenSSL to link statically, or Perl to build it|have_openssl_or_perl|libssl-dev|'"$perl_of_fedora"'
package|gzip|have gzip|gzip|gzip
package-arm64|C compiler and static C library for arm64|have_arm64|gcc-aarch64-linux-gnu libc6-dev-arm64-cross|gcc-aarch64-linux-gnu
package-arm64|Perl to build OpenSSL|have_perl|perl|'"$perl_of_fedora"'
package-arm64|qemu for arm64 programs|have_qemu|qemu-user-static|qemu-user-static
package-arm64|python3|have python3|python3|python3
package-test|python3|have python3|python3|python3
package-test|readelf|have readelf|binutils|binutils
package-test|openssl|have openssl|openssl|openssl
package-test|unshare and ip|have_namespaces|util-linux iproute2|util-linux iproute'

case $purpose in
lambda) wanted=' tools lambda ' ;;
build) wanted=' tools lambda build ' ;;
test) wanted=' tools lambda build cmocka test ' ;;
asan) wanted=' tools lambda build cmocka test asan ' ;;
valgrind) wanted=' tools lambda build cmocka test valgrind ' ;;
load) wanted=' tools lambda build cmocka test asan valgrind load ' ;;
lint) wanted=' tools lambda build cmocka lint ' ;;
package) wanted=' tools package ' ;;
package-arm64) wanted=' tools package package-arm64 ' ;;
package-test) wanted=' tools package package-test ' ;;
esac

find_missing() {
    missing='' deb='' rpm=''
    while IFS='|' read -r for_what what probe debs rpms; do
        case $wanted in *" $for_what "*) ;; *) continue ;; esac
        # shellcheck disable=SC2086 # a probe is a function and its words
        $probe && continue
        missing="$missing$what|$debs|$rpms
"
        for p in $debs; do case " $deb " in *" $p "*) ;; *) deb="$deb${deb:+ }$p" ;; esac; done
        for p in $rpms; do case " $rpm " in *" $p "*) ;; *) rpm="$rpm${rpm:+ }$p" ;; esac; done
    done <<END
$needs
END
}

# print_list REASON: what is missing, then the commands that would install it.
print_list() {
    echo "$0: $1" >&2
    echo "Missing for '$purpose':" >&2
    printf '%s' "$missing" | while IFS='|' read -r what debs rpms; do
        echo "  $what (Debian, Ubuntu: $debs; Amazon Linux, Fedora: $rpms)" >&2
    done
    echo "As root, on Debian or Ubuntu:       apt-get install $deb" >&2
    echo "As root, on Amazon Linux or Fedora: dnf install $rpm" >&2
}

find_missing
test -n "$missing" || exit 0

if have apt-get; then
    manager=apt-get
elif have dnf; then
    manager=dnf
    # Amazon Linux 2023 has no cJSON; CMake then downloads its pinned release.
    case " $rpm " in
    *' cjson-devel '*)
        if ! dnf -q list cjson-devel >/dev/null 2>&1; then
            kept=''
            for p in $rpm; do test "$p" = cjson-devel || kept="$kept${kept:+ }$p"; done
            rpm=$kept
        fi
        ;;
    esac
    test -n "$rpm" || exit 0
else
    print_list 'there is neither apt-get nor dnf here'
    exit 1
fi

if test "$(id -u)" = 0; then
    root=''
elif have sudo; then
    root=sudo
else
    print_list 'this needs root, and there is no sudo'
    exit 1
fi

# shellcheck disable=SC2086 # lists of words
if test $manager = apt-get; then
    echo "$0: apt-get install $deb"
    $root apt-get update -q &&
        $root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $deb
else
    echo "$0: dnf install $rpm"
    $root dnf install -q -y $rpm
fi || {
    print_list "$manager failed"
    exit 1
}

find_missing
if test $manager = dnf; then
    missing=$(printf '%s' "$missing" | grep -v '^cJSON|')
fi
if test -n "$missing"; then
    missing="$missing
"
    print_list "$manager installed its packages, yet something is missing or too old"
    exit 1
fi
