#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# frames.sh FILE.debug [TEXT...]: says in functions, files and lines where a crash was. The text, standard input without
# one, is a log or an error reply: every "name+0x12ab" of a line is looked up in the symbols, once the build id in that line
# has been found to be theirs. Inlined functions come with their callers. A '?' behind a frame marks a guess.
# Exit code 1: nothing to look up, or another build. Needs readelf and addr2line, from binutils, LLVM or elfutils.
set -u

die() {
    echo "frames: $1" >&2
    exit "${2:-1}"
}
have() { command -v "$1" >/dev/null 2>&1; }

test $# -ge 1 || die "usage: $0 FILE.debug [TEXT...]" 2
debug=$1
shift
test -f "$debug" && test -r "$debug" || die "$debug cannot be read" 2
for text in "$@"; do test -r "$text" || die "$text cannot be read" 2; done

notes=''
for tool in readelf llvm-readelf eu-readelf; do
    have $tool && notes=$($tool -n -S "$debug" 2>/dev/null) && break
done
test -n "$notes" || die "$debug is no ELF file, or there is no readelf (binutils, LLVM, elfutils)" 2
case $notes in *.debug_info*) ;; *) die "$debug has no symbols; they are in the .debug file beside the package" 2 ;; esac
build=$(echo "$notes" | sed -n 's/.*Build ID: *\([0-9a-f]*\).*/\1/p' | head -n 1)

resolve=''
for tool in addr2line aarch64-linux-gnu-addr2line x86_64-linux-gnu-addr2line llvm-addr2line eu-addr2line; do
    have $tool && $tool -f -i -p -e "$debug" 0x0 >/dev/null 2>&1 && resolve=$tool && break
done
if test -z "$resolve" && have llvm-symbolizer; then resolve='llvm-symbolizer --output-style=GNU'; fi
test -n "$resolve" || die "there is no addr2line that reads $debug (binutils for its architecture, LLVM, elfutils)" 2

# Of a line with frames: its build id or '-', its frames, and what stands before them.
find_frames() {
    awk '{
        rest = $0; before = ""; frames = ""; id = "-"
        while (match(rest, /[-A-Za-z0-9._+]*\+0x[0-9a-f]+\??/)) {
            if (frames == "") before = substr($0, 1, RSTART - 1)
            frames = frames " " substr(rest, RSTART, RLENGTH)
            rest = substr(rest, RSTART + RLENGTH)
        }
        if (frames == "") next
        sub(/[,;]? ?[\\"]*(frames|stackTrace)[\\":]* ?\[?[\\"]*$/, "", before)
        if (match($0, /build ?[Ii]d[\\": ]*[0-9a-f]+/)) {
            id = substr($0, RSTART, RLENGTH)
            sub(/^build ?[Ii]d[\\": ]*/, "", id)
        }
        print id
        print frames
        print before
    }' "$@"
}

# Each frame of $1 with its lines of standard input; a shared library has symbols of its own.
beside() {
    awk -v frames="$1" '
        function others() { while (at <= n && frame[at] ~ /\.so/) print "  " frame[at++] }
        BEGIN { n = split(frames, frame, " "); at = 1 }
        { sub(/ \(discriminator [0-9]+\)$/, ""); sub(/ at [^ ]*\/\.\//, " at ") }
        /^ *\(inlined by\)/ { sub(/^ */, ""); printf "  %-26s %s\n", "", $0; next }
        { others(); printf "  %-26s %s\n", frame[at++], $0 }
        END { others() }'
}

find_frames "$@" | {
    found=no status=0
    while read -r id && read -r frames && read -r before; do
        found=yes
        printf '%s\n' "$before"
        if test "$id" = - ; then
            echo "frames: this line names no build id; taken for one of $debug" >&2
        elif test "$id" != "$build"; then
            echo "frames: this crash is of build $id, but $debug is of build ${build:-(none)}" >&2
            status=1
            continue
        fi
        set --
        for frame in $frames; do
            case $frame in *.so*) continue ;; esac
            frame=${frame##*+}
            set -- "$@" "${frame%\?}"
        done
        { test $# = 0 || $resolve -f -i -p -e "$debug" "$@"; } | beside "$frames"
    done
    test $found = yes || die 'no frame (name+0x12ab) is in the text'
    exit $status
}
