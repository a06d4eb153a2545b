/* SPDX-License-Identifier: Apache-2.0 */
/* A zip, a folder or a single file as one list of files: what Lambda would find in /var/task. */
#ifndef LOCAL_DOCTOR_PACKAGE_H
#define LOCAL_DOCTOR_PACKAGE_H

#include "zip.h"

enum doctor_kind { DOCTOR_ZIP, DOCTOR_FOLDER, DOCTOR_FILE };

enum { DOCTOR_MAX_ZIP_BYTES = 50 * 1024 * 1024, DOCTOR_MAX_BYTES = 250 * 1024 * 1024 }; /* Lambda's quotas */
enum { DOCTOR_MAX_FILES = 65536 };

struct doctor_entry {
    struct str name; /* below /var/task, without a leading "./" */
    bool has_mode;
    unsigned mode;
    bool folder,
        special; /* special: neither folder nor file; a symbolic link to a file counts as one in a folder only */
    uint64_t size;
    const struct zip_entry *packed; /* in a zip */
};

struct doctor_package {
    enum doctor_kind kind;
    const char *path;
    uint64_t file_bytes; /* of the zip or file itself */
    uint64_t unpacked;   /* of all entries */
    struct str bytes;    /* of the zip or file; absent when it is longer than DOCTOR_MAX_BYTES */
    struct doctor_entry *at;
    size_t n, cap;
    struct zip zip;
    struct err damage; /* not ERR_NONE: it is a zip, and this is why it cannot be unpacked; no entries then */
    struct arena *arena;
};

/* False: there is nothing to judge (no such file, not readable, neither file nor folder). */
bool doctor_package_open(struct doctor_package *p, const char *path, struct arena *a, struct err *e);

bool doctor_package_bytes(struct doctor_package *p, const struct doctor_entry *entry, struct str *bytes, struct err *e);

/* The last file of that name, for a later one overwrites an earlier; NULL: none. */
const struct doctor_entry *doctor_package_find(const struct doctor_package *p, struct str name);

/* What stands behind the last '/', or '\' as some Windows tools write. */
struct str doctor_package_base(struct str name);

#endif
