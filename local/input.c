/* SPDX-License-Identifier: Apache-2.0 */
/* Reads to the end, whatever kind of file it is; a pipe has no size to ask for. */
#include "input.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { CHUNK_BYTES = 16 * 1024 };

static bool read_all(FILE *f, struct buf *b, struct err *e) {
    char chunk[CHUNK_BYTES];
    size_t n;
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0) buf_add(b, (struct str){chunk, n});
    if (ferror(f)) return err_set(e, ERR_CONFIG, "%s", strerror(errno));
    return buf_ok(b, e);
}

bool input_read(const char *path, size_t limit, struct str *bytes, struct arena *a, struct err *e) {
    struct buf b;
    buf_init(&b, limit, a);
    bool standard = strcmp(path, "-") == 0;
    FILE *f = standard ? stdin : fopen(path, "rb");
    if (!f) return err_set(e, ERR_CONFIG, "%s: %s", path, strerror(errno));
    bool ok = read_all(f, &b, e);
    if (!standard) fclose(f);
    if (!ok) return err_prefix(e, "%s: ", standard ? "standard input" : path);
    *bytes = buf_str(&b);
    return true;
}
