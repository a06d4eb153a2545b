#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# zip-bootstrap.sh FILE ZIP: a zip that holds FILE as `bootstrap`, mode 0755, and nothing else. The same FILE gives the same
# bytes on any day, for any user, in any time zone: no zip program promises that, and a bare machine has none. gzip is
# always there; what it writes between its 10-byte header and 8-byte trailer is what a zip holds.
set -eu

file=$1 zip=$2
work=$zip.work
trap 'rm -rf "$work"' EXIT
rm -rf "$work" && mkdir "$work"

gzip -9 -n -c "$file" >"$work/gz"
gz_size=$(wc -c <"$work/gz")
size=$(wc -c <"$file")
packed=$((gz_size - 18))

# bytes NUMBER COUNT: little endian, as printf's octal escapes.
bytes() {
    n=$1 i=0
    while [ $i -lt "$2" ]; do
        printf '\\%03o' $((n & 255))
        n=$((n >> 8)) i=$((i + 1))
    done
}
crc=$(tail -c 8 "$work/gz" | head -c 4 | od -An -v -t o1 | sed 's/ /\\/g')
# Version 2.0, no flags, deflate, 1980-01-01 00:00; then CRC, sizes, length of the name, no extra field.
common="$(bytes 20 2)$(bytes 0 2)$(bytes 8 2)$(bytes 0 2)$(bytes 33 2)$crc$(bytes "$packed" 4)$(bytes "$size" 4)$(bytes 9 2)$(bytes 0 2)"
{
    printf 'PK\003\004'
    printf "$common"
    printf bootstrap
    tail -c +11 "$work/gz" | head -c "$packed"
    # Written on Unix (3), a regular file of mode 0755; its entry begins at 0.
    printf 'PK\001\002'
    printf "$(bytes 20 1)$(bytes 3 1)$common$(bytes 0 2)$(bytes 0 2)$(bytes 0 2)$(bytes $((0100755 << 16)) 4)$(bytes 0 4)"
    printf bootstrap
    # One entry; the directory has 46 + 9 bytes and follows 30 + 9 + packed.
    printf 'PK\005\006'
    printf "$(bytes 0 4)$(bytes 1 2)$(bytes 1 2)$(bytes 55 4)$(bytes $((39 + packed)) 4)$(bytes 0 2)"
} >"$work/zip"
mv "$work/zip" "$zip"
