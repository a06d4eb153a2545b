/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a zip file in memory by its central directory (PKWARE's APPNOTE.TXT 6.3, sections 4.3 and 4.4) and unpacks
   single entries. Not read, and named: ZIP64, several disks, encryption, methods other than stored and deflated. */
#ifndef LOCAL_ZIP_H
#define LOCAL_ZIP_H

#include "arena.h"
#include "err.h"
#include "str.h"

struct zip_entry {
    struct str name; /* as it stands there, a view of the file; a folder ends in '/' */
    bool has_mode;   /* made on Unix or macOS: others record no permissions */
    unsigned mode;   /* as of stat(2), with the type of file */
    unsigned made_by, method, flags;
    uint32_t crc, packed, size, offset;
};

struct zip {
    struct str file;
    struct zip_entry *at; /* in the order of the central directory */
    size_t n;
};

bool zip_is_zip(struct str file); /* by its first four bytes */

/* ERR_PARSE: cut off or damaged. ERR_REFUSED: a zip of a kind that is not read. The entries live in the arena. */
bool zip_read(struct str file, struct zip *out, struct arena *a, struct err *e);

/* The bytes of an entry, checked against its size and CRC. ERR_LIMIT: it says that it is longer than `limit`. */
bool zip_extract(const struct zip *z, const struct zip_entry *entry, size_t limit, struct str *bytes, struct arena *a,
                 struct err *e);

#endif
