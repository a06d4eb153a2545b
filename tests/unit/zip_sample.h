/* SPDX-License-Identifier: Apache-2.0 */
/* Writes zips, wrong ones too: an entry's fields can be set to anything, and the end record is given piece by piece. */
#ifndef TESTS_ZIP_SAMPLE_H
#define TESTS_ZIP_SAMPLE_H

#include <string.h>
#include <zlib.h>

#include "buf.h"

enum { ZIP_SAMPLE_UNIX = 3, ZIP_SAMPLE_STORED = 0, ZIP_SAMPLE_DEFLATED = 8, ZIP_SAMPLE_MAX = 8 };

struct zip_sample_file {
    struct str name, bytes;
    unsigned mode, system, method, flags;
    int64_t more_bytes; /* what the stated size is wrong by */
};

static inline void zip_sample_number(struct buf *b, uint64_t v, size_t size) {
    for (size_t i = 0; i < size; i++) buf_add_char(b, (char)(unsigned char)(v >> 8 * i));
}

static inline void zip_sample_pack(struct buf *out, const struct zip_sample_file *f) {
    z_stream s = {.next_in = (Bytef *)(uintptr_t)f->bytes.p, .avail_in = (uInt)f->bytes.n};
    if (f->method != ZIP_SAMPLE_DEFLATED) {
        buf_add(out, f->bytes);
        return;
    }
    deflateInit2(&s, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
    size_t room = deflateBound(&s, f->bytes.n), before = out->n;
    s.next_out = (Bytef *)buf_room(out, room);
    s.avail_out = (uInt)room;
    if (!s.next_out || deflate(&s, Z_FINISH) != Z_STREAM_END) out->failed = true;
    out->n = before + s.total_out;
    deflateEnd(&s);
}

/* What both headers have: version needed, flags, method, time, CRC, sizes, length of the name. */
static inline void zip_sample_common(struct buf *b, const struct zip_sample_file *f, size_t packed) {
    uLong crc = crc32(0, (const Bytef *)f->bytes.p, (uInt)f->bytes.n);
    zip_sample_number(b, 20, 2);
    zip_sample_number(b, f->flags, 2);
    zip_sample_number(b, f->method, 2);
    zip_sample_number(b, 0, 4);
    zip_sample_number(b, crc, 4);
    zip_sample_number(b, packed, 4);
    zip_sample_number(b, (uint64_t)((int64_t)f->bytes.n + f->more_bytes), 4);
    zip_sample_number(b, f->name.n, 2);
}

static inline void zip_sample_add(struct buf *out, struct buf *central, const struct zip_sample_file *f) {
    struct buf packed;
    size_t at = out->n;
    buf_init(&packed, out->limit, out->arena);
    zip_sample_pack(&packed, f);
    buf_add(out, STR("PK\3\4"));
    zip_sample_common(out, f, packed.n);
    zip_sample_number(out, 0, 2);
    buf_add(out, f->name);
    buf_add(out, buf_str(&packed));
    buf_add(central, STR("PK\1\2\24"));
    zip_sample_number(central, f->system, 1);
    zip_sample_common(central, f, packed.n);
    zip_sample_number(central, 0, 8);
    zip_sample_number(central, (uint64_t)f->mode << 16, 4);
    zip_sample_number(central, at, 4);
    buf_add(central, f->name);
}

static inline void zip_sample_end(struct buf *out, uint64_t n, uint64_t central_bytes, uint64_t at,
                                  struct str comment) {
    buf_add(out, STR("PK\5\6\0\0\0\0"));
    zip_sample_number(out, n, 2);
    zip_sample_number(out, n, 2);
    zip_sample_number(out, central_bytes, 4);
    zip_sample_number(out, at, 4);
    zip_sample_number(out, comment.n, 2);
    buf_add(out, comment);
}

static inline struct str zip_sample(const struct zip_sample_file *files, size_t n, struct str comment,
                                    struct arena *a) {
    struct buf out, central;
    buf_init(&out, 16 * 1024 * 1024, a);
    buf_init(&central, 1024 * 1024, a);
    for (size_t i = 0; i < n; i++) zip_sample_add(&out, &central, &files[i]);
    size_t at = out.n;
    buf_add(&out, buf_str(&central));
    zip_sample_end(&out, n, central.n, at, comment);
    return out.failed || central.failed ? (struct str){0} : buf_str(&out);
}

#endif
