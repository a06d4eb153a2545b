#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Tests cmake/install-dependencies.sh on pretended machines: PATH is one folder of stubs. Package managers and sudo write
# down what they were told, and what a manager "installs" is there afterwards.
set -u

script=$(cd "$(dirname "$0")/../.." && pwd)/cmake/install-dependencies.sh
shell=$(command -v dash || command -v sh)
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
unset DEBIAN_FRONTEND # the script has to set it

stub() { # stub NAME: the body comes on standard input
    { echo "#!$shell"; cat; } >"$bin/$1"
    chmod 755 "$bin/$1"
}

# machine UID: a folder of its own, with nothing but what every system has.
machine() {
    rm -rf "$work/m"
    mkdir -p "$work/m/bin" "$work/m/modules" "$work/m/python"
    bin=$work/m/bin log=$work/m/log
    : >"$log"
    for tool in cat grep mktemp rm touch env sh; do ln -s "$(command -v $tool)" "$bin/$tool"; done
    echo "echo $1" | stub id
}

# have NAME...: commands, pkg-config modules and Python modules that are there.
have() {
    for name; do
        case $name in
        cc | gcc | aarch64-linux-gnu-gcc)
            stub "$name" <<END
case \$1 in
-print-file-name=*) f=\${1#*=}; if test -e '$work'/m/files/$name/\$f; then echo /lib/\$f; else echo \$f; fi ;;
*) cat >/dev/null ;;
esac
END
            ;;
        file:*) mkdir -p "$work/m/files/cc" && : >"$work/m/files/cc/${name#file:}" ;;
        arm64-file:*) mkdir -p "$work/m/files/aarch64-linux-gnu-gcc" && : >"$work/m/files/aarch64-linux-gnu-gcc/${name#arm64-file:}" ;;
        pkg-config) echo "for a; do case \$a in --*) ;; *) test -e '$work'/m/modules/\${a%% *}; exit ;; esac; done" | stub pkg-config ;;
        ctags) echo 'echo Universal Ctags' | stub ctags ;;
        module:*) : >"$work/m/modules/${name#module:}" ;;
        certificates) echo x >"$work/m/certificates" ;;
        botocore | venv) : >"$work/m/python/$name" ;;
        python3) printf "case \$2 in *botocore*) m=botocore ;; *) m=venv ;; esac\ntest -e '%s'/m/python/\$m\n" "$work" | stub python3 ;;
        *) : | stub "$name" ;;
        esac
    done
}

all_for_build='cc cmake make pkg-config curl certificates module:libcurl module:libcrypto module:libcjson
module:libmicrohttpd module:yaml-0.1 module:zlib'
all_for_package='cc cmake make certificates gzip file:libc.a file:libssl.a'
all_for_arm64="$all_for_package aarch64-linux-gnu-gcc arm64-file:libc.a perl qemu-aarch64 python3"
all="$all_for_build gcc g++ clang clang-format ctags python3 venv botocore module:cmocka"

# manager NAME: records its words; `install` makes what $supplies names be there.
supplies=$all
manager() {
    have_later=$work/m/later
    {
        echo "set -u; work='$work' shell='$shell' bin='$bin'"
        sed -n '/^stub() {/,/^}/p; /^have() {/,/^}/p' "$0"
        printf "have '%s'\n" $supplies
    } >"$have_later"
    stub "$1" <<END
echo "$1\${DEBIAN_FRONTEND:+ (\$DEBIAN_FRONTEND)} \$*" >>'$log'
case " \$* " in
*' list cjson-devel '*) test -e '$work/m/dnf-has-cjson' ;;
*' install '*) test ! -e '$work/m/install-fails' && PATH=$PATH $shell '$have_later' ;;
esac
END
}

# run PURPOSE: its exit code in $code, its words in $out, the managers' in $log.
run() {
    out=$(PATH=$bin CA_FILES=$work/m/certificates TEST_PYTHON=$bin/python3 "$shell" "$script" "$@" 2>&1)
    code=$?
}

# check SENTENCE CONDITION...: the condition is a command.
check() {
    sentence=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED: %s\n  exit code %s\n  output: %s\n  managers: %s\n' "$sentence" "$code" "$out" "$(cat "$log")"
    fi
}
exit_is() { test "$code" = "$1"; }
says() { case $out in *"$1"*) ;; *) false ;; esac; }
told() { grep -q -- "$1" "$log"; }
told_not() { ! grep -q -- "$1" "$log"; }
told_nothing() { test ! -s "$log"; }
told_lines() { test "$(grep -c "$1" "$log")" = "$2"; }

machine 0
manager apt-get
run build
check 'a bare Debian as root ends well' exit_is 0
check 'apt-get update runs once' told_lines 'apt-get update' 1
check 'apt-get installs without questions and recommendations' \
    told '^apt-get (noninteractive) install .*-y .*--no-install-recommends'
for p in gcc libc6-dev cmake make pkg-config libcurl4-openssl-dev libssl-dev libcjson-dev libmicrohttpd-dev libyaml-dev zlib1g-dev \
    curl ca-certificates; do
    check "apt-get installs $p for build" told " install .* $p\\( \\|\$\\)"
done
check 'build needs no cmocka' told_not 'cmocka'
check 'build needs no clang' told_not 'clang'
run build
check 'the second time nothing is installed' told_lines ' install ' 1

machine 0
manager apt-get
run test
check 'test installs cmocka' told ' libcmocka-dev'
check 'test installs botocore' told ' python3-botocore'
check 'test installs a C++ compiler' told ' g++'
machine 0
manager apt-get
run lint
check 'lint installs clang-format' told ' clang-format'
check 'lint installs venv' told ' python3-venv'
check 'lint installs Universal Ctags' told ' universal-ctags'

machine 0
manager apt-get
run lambda
check 'a Lambda build needs no HTTP server' told_not 'microhttpd'

machine 0
supplies=$all_for_package
manager apt-get
run package
check 'a bare Debian can package' exit_is 0
for p in gcc libc6-dev cmake make libssl-dev gzip ca-certificates; do
    check "apt-get installs $p for package" told " install .* $p\\( \\|\$\\)"
done
check 'a package needs no shared libcurl' told_not 'libcurl'
check 'a package for this machine needs no cross compiler' told_not 'aarch64'

machine 0
supplies='cc cmake make certificates gzip file:libc.a perl'
manager dnf
run package
check 'a bare Amazon Linux can package' exit_is 0
for p in gcc cmake make glibc-static perl-FindBin perl-IPC-Cmd gzip; do
    check "dnf installs $p for package" told "^dnf install .* $p\\( \\|\$\\)"
done
check 'where there is no static OpenSSL none is asked for' told_not 'openssl'

machine 0
have cc cmake make certificates gzip file:libc.a perl
run package
check 'Perl does instead of a static OpenSSL' exit_is 0

machine 0
supplies=$all_for_arm64
manager apt-get
run package-arm64
check 'a bare Debian can package for arm64' exit_is 0
for p in gcc-aarch64-linux-gnu libc6-dev-arm64-cross perl qemu-user-static python3; do
    check "apt-get installs $p for package-arm64" told " install .* $p\\( \\|\$\\)"
done

machine 1000
have $all_for_arm64 readelf openssl unshare ip
manager apt-get
for purpose in package package-arm64 package-test; do
    run $purpose
    check "with everything present, $purpose ends well" exit_is 0
    check "with everything present, $purpose installs nothing" told_nothing
done

machine 1000
have $all_for_arm64
rm "$work/m/files/aarch64-linux-gnu-gcc/libc.a"
run package-arm64
check 'a cross compiler without its C library is not enough' exit_is 1
check 'and it is named' says 'C compiler and static C library for arm64 (Debian'
supplies=$all

machine 0
have $all_for_build
manager apt-get
run test
check 'only what is missing is installed' told_not 'libcurl\|gcc\|cmake'

machine 0
manager dnf
run build
check 'a bare Amazon Linux as root ends well' exit_is 0
for p in gcc cmake make pkgconf-pkg-config libcurl-devel openssl-devel libyaml-devel zlib-devel libmicrohttpd-devel; do
    check "dnf installs $p for build" told "^dnf install .* $p\\( \\|\$\\)"
done
check 'dnf is not asked for a cJSON that it has not' told_not 'install.*cjson-devel'

machine 0
: >"$work/m/dnf-has-cjson"
manager dnf
run build
check 'dnf installs cjson-devel where it exists' told 'install.* cjson-devel'

machine 1000
have $all_for_build
rm "$work/m/modules/libcjson"
manager dnf
run build
check 'Amazon Linux without cJSON alone needs neither root nor installation' exit_is 0
check 'dnf then installs nothing' told_not ' install '

machine 1000
manager apt-get
stub sudo <<END
echo "sudo \$*" >>'$log'
exec "\$@"
END
run test
check 'an ordinary user with sudo ends well' exit_is 0
check 'sudo runs the update' told '^sudo apt-get update'
check 'sudo runs the installation, which keeps its environment' \
    told '^sudo env DEBIAN_FRONTEND=noninteractive apt-get install'

machine 1000
manager apt-get
run build
check 'neither root nor sudo is exit code 1' exit_is 1
check 'neither root nor sudo is said' says 'there is no sudo'
check 'the list has the packages of Debian' says 'apt-get install gcc libc6-dev'
check 'without root nothing is tried' told_nothing

machine 0
have cc make
run test
check 'no package manager is exit code 1' exit_is 1
check 'no package manager is said' says 'neither apt-get nor dnf'
check 'the list names what is missing' says 'pkg-config (Debian, Ubuntu: pkg-config; Amazon Linux, Fedora: pkgconf-pkg-config)'
check 'the list has the packages of Fedora' says 'dnf install cmake'
check 'without pkg-config a header speaks for its library' eval '! says libcurl4-openssl-dev'

for purpose in build test lint; do
    machine 1000
    have $all
    manager apt-get
    run $purpose
    check "with everything present, $purpose ends well" exit_is 0
    check "with everything present, $purpose installs nothing" told_nothing
    check "with everything present, $purpose says nothing" test -z "$out"
done

machine 0
manager apt-get
: >"$work/m/install-fails"
run build
check 'a failed installation is exit code 1' exit_is 1
check 'a failed installation is said' says 'apt-get failed'

machine 0
supplies='cc cmake make pkg-config curl certificates'
manager apt-get
run build
check 'a package that brings too old a version is exit code 1' exit_is 1
check 'what is still missing is named' says 'libcurl (Debian'

machine 0
run no-such-purpose
check 'an unknown purpose is exit code 2' exit_is 2

echo "$passed passed, $failed failed"
test $failed = 0
