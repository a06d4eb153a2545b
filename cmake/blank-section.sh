#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# blank-section.sh OBJCOPY FILE SECTION: fills a section of an ELF file with zeros. It keeps its place and size: taking it out
# would cost the file its RELRO segment.
set -eu

work=$2.section
trap 'rm -f "$work"' EXIT
"$1" --dump-section "$3=$work" "$2" /dev/null
size=$(wc -c <"$work")
head -c "$size" /dev/zero >"$work"
"$1" --update-section "$3=$work" "$2"
