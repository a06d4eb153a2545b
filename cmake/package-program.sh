#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# package-program.sh PROGRAM ZIP [READELF [STRIP]]: PROGRAM as a zip for Lambda, or one sentence why it would not start there.
# See aws-lambda-package.cmake.
set -eu

program=$1 zip=$2 readelf=${3:-readelf} strip=${4:-strip}
here=$(dirname "$0")

# The newest symbol versions of provided.al2023: glibc 2.34 and the libstdc++ of GCC 11.
had='GLIBC_2.34 GLIBCXX_3.4.29 CXXABI_1.3.13'

die() {
    rm -f "$zip" "$zip.bootstrap" "$zip.needs"
    echo "$program: $1" >&2
    exit 1
}

$readelf --wide --dynamic --version-info "$program" >"$zip.needs" || die "$readelf cannot read it"
lacking=$(awk -v had="$had" -v libraries="$here/lambda-libraries.txt" '
    function newer(a, b,    i, n, x, y) {
        n = split(a, x, ".")
        split(b, y, ".")
        for (i = 1; i <= n; i++)
            if (x[i] + 0 != y[i] + 0) return x[i] + 0 > y[i] + 0
        return 0
    }
    function lack(what) { printf "%s%s", comma, what; comma = ", " }
    BEGIN {
        while ((getline name < libraries) > 0) has[name] = 1
        n = split(had, words, " ")
        for (i = 1; i <= n; i++) { split(words[i], pair, "_"); newest[pair[1]] = limit[pair[1]] = pair[2] }
    }
    /\(NEEDED\)/ { sub(/.*\[/, ""); sub(/\].*/, ""); if (!($0 in has)) lack($0) }
    match($0, /Name: [A-Z]+_[0-9.]+/) {
        split(substr($0, RSTART + 6, RLENGTH - 6), pair, "_")
        if (pair[1] in limit && newer(pair[2], newest[pair[1]])) newest[pair[1]] = pair[2]
    }
    END { for (f in limit) if (newest[f] != limit[f]) lack(f "_" newest[f] " (Lambda: " limit[f] ")") }
' "$zip.needs")
rm -f "$zip.needs"
test -z "$lacking" || die "it needs $lacking, which Lambda's provided.al2023 has not: link it with a static installation \
of lambda-iam-c (make install STATIC=yes), or build both on Amazon Linux 2023"

$strip --strip-debug -o "$zip.bootstrap" "$program" || die "$strip failed"
sh "$here/zip-bootstrap.sh" "$zip.bootstrap" "$zip" || die "$zip cannot be written"
rm -f "$zip.bootstrap"
