/* SPDX-License-Identifier: Apache-2.0 */
/* From the end record to the central directory to an entry's data. The central directory is what unpackers believe;
   an entry's own header must agree with it on name and method. Offsets are read through bytes.h. */
#include "zip.h"

#include <limits.h>
#include <string.h>
#include <zlib.h>

#include "bytes.h"

enum { END_BYTES = 22, LOCATOR_BYTES = 20, CENTRAL_BYTES = 46, LOCAL_BYTES = 30, MAX_COMMENT = 65535 };
enum { MADE_ON_UNIX = 3, MADE_ON_MACOS = 19, FLAG_ENCRYPTED = 1, STORED = 0, DEFLATED = 8 };

#define LOCAL_MARK "PK\3\4"
#define CENTRAL_MARK "PK\1\2"
#define END_MARK "PK\5\6"
#define LOCATOR_64_MARK "PK\6\7"

struct end {
    size_t at; /* its position */
    uint64_t disk, central_disk, n_here, n, central_bytes, central_at;
};

bool zip_is_zip(struct str file) {
    return str_starts(file, STR(LOCAL_MARK)) || str_starts(file, STR(END_MARK));
}

static bool has_mark(struct bytes *b, uint64_t at, struct str mark) {
    return str_eq(bytes_part(b, at, mark.n), mark);
}

/* The last mark whose comment reaches exactly to the end of the file: a comment may hold the same four bytes. */
static bool find_end(struct str file, size_t *at, struct err *e) {
    struct bytes b = {.view = file};
    size_t least = file.n > END_BYTES + MAX_COMMENT ? file.n - END_BYTES - MAX_COMMENT : 0;
    for (size_t i = file.n < END_BYTES ? 0 : file.n - END_BYTES + 1; i-- > least;) {
        if (!has_mark(&b, i, STR(END_MARK)) || bytes_number(&b, i + 20, 2) != file.n - i - END_BYTES) continue;
        *at = i;
        return true;
    }
    return err_set(e, ERR_PARSE, "the zip has no end record: it is cut off, or something was added behind it");
}

static bool read_end(struct str file, struct end *end, struct err *e) {
    struct bytes b = {.view = file};
    if (!find_end(file, &end->at, e)) return false;
    end->disk = bytes_number(&b, end->at + 4, 2);
    end->central_disk = bytes_number(&b, end->at + 6, 2);
    end->n_here = bytes_number(&b, end->at + 8, 2);
    end->n = bytes_number(&b, end->at + 10, 2);
    end->central_bytes = bytes_number(&b, end->at + 12, 4);
    end->central_at = bytes_number(&b, end->at + 16, 4);
    bool locator = end->at >= LOCATOR_BYTES && has_mark(&b, end->at - LOCATOR_BYTES, STR(LOCATOR_64_MARK));
    if (locator || end->n == UINT16_MAX || end->central_bytes == UINT32_MAX || end->central_at == UINT32_MAX)
        return err_set(e, ERR_REFUSED, "the zip is a ZIP64, which is for more than 65534 files or 4 GB");
    if (end->disk || end->central_disk || end->n != end->n_here)
        return err_set(e, ERR_REFUSED, "the zip is one part of several");
    return true;
}

/* One record of the central directory; *at moves behind it. */
static bool read_entry(struct bytes *b, uint64_t *at, struct zip_entry *out, struct err *e) {
    uint64_t name = bytes_number(b, *at + 28, 2), extra = bytes_number(b, *at + 30, 2);
    uint64_t comment = bytes_number(b, *at + 32, 2), attributes = bytes_number(b, *at + 38, 4);
    if (!has_mark(b, *at, STR(CENTRAL_MARK))) return err_set(e, ERR_PARSE, "the zip's central directory is damaged");
    *out = (struct zip_entry){
        .name = bytes_part(b, *at + CENTRAL_BYTES, name),
        .made_by = (unsigned)bytes_number(b, *at + 5, 1),
        .flags = (unsigned)bytes_number(b, *at + 8, 2),
        .method = (unsigned)bytes_number(b, *at + 10, 2),
        .crc = (uint32_t)bytes_number(b, *at + 16, 4),
        .packed = (uint32_t)bytes_number(b, *at + 20, 4),
        .size = (uint32_t)bytes_number(b, *at + 24, 4),
        .offset = (uint32_t)bytes_number(b, *at + 42, 4),
    };
    bytes_part(b, *at + CENTRAL_BYTES, name + extra + comment);
    if (b->outside) return err_set(e, ERR_PARSE, "the zip's central directory is damaged");
    if (out->size == UINT32_MAX || out->packed == UINT32_MAX || out->offset == UINT32_MAX)
        return err_set(e, ERR_REFUSED, "the zip is a ZIP64: see %.*s", STR_ARG(out->name));
    out->has_mode = out->made_by == MADE_ON_UNIX || out->made_by == MADE_ON_MACOS;
    if (out->has_mode) out->mode = (unsigned)(attributes >> 16);
    *at += CENTRAL_BYTES + name + extra + comment;
    return true;
}

bool zip_read(struct str file, struct zip *out, struct arena *a, struct err *e) {
    struct end end = {0};
    *out = (struct zip){.file = file};
    if (!read_end(file, &end, e)) return false;
    if (end.central_at > end.at || end.central_bytes > end.at - end.central_at)
        return err_set(e, ERR_PARSE, "the zip's central directory lies outside of it");
    struct bytes central = {.view = {file.p + end.central_at, (size_t)end.central_bytes}};
    if (end.n > end.central_bytes / CENTRAL_BYTES) /* before memory is taken for so many */
        return err_set(e, ERR_PARSE, "the zip's central directory is too short for its entries");
    out->at = arena_take(a, (size_t)end.n * sizeof *out->at);
    if (!out->at) return err_set(e, ERR_MEMORY, "out of memory for the zip's entries");
    uint64_t at = 0;
    for (; out->n < end.n; out->n++)
        if (!read_entry(&central, &at, &out->at[out->n], e)) return false;
    return at == end.central_bytes || err_set(e, ERR_PARSE, "the zip's central directory has more than its entries");
}

/* The entry's packed bytes, behind a header whose name and extra field have lengths of their own. */
static bool find_data(const struct zip *z, const struct zip_entry *entry, struct str *data, struct err *e) {
    struct bytes b = {.view = z->file};
    uint64_t at = entry->offset, name = bytes_number(&b, at + 26, 2), extra = bytes_number(&b, at + 28, 2);
    bool agrees = has_mark(&b, at, STR(LOCAL_MARK)) && bytes_number(&b, at + 8, 2) == entry->method &&
                  str_eq(bytes_part(&b, at + LOCAL_BYTES, name), entry->name);
    *data = bytes_part(&b, at + LOCAL_BYTES + name + extra, entry->packed);
    if (b.outside) return err_set(e, ERR_PARSE, "its data lies outside of the zip");
    return agrees || err_set(e, ERR_PARSE, "its two headers do not agree");
}

/* One byte more than promised: a stream that goes on fills it, one that is as promised ends before it. */
static bool inflate_all(struct str in, char *out, size_t n, struct err *e) {
    z_stream s = {.next_in = (Bytef *)(uintptr_t)in.p, .avail_in = (uInt)in.n};
    s.next_out = (Bytef *)out;
    s.avail_out = (uInt)(n + 1);
    if (inflateInit2(&s, -MAX_WBITS) != Z_OK) return err_set(e, ERR_MEMORY, "out of memory for unpacking");
    int answer = inflate(&s, Z_FINISH);
    bool whole = answer == Z_STREAM_END && s.total_out == n && s.avail_in == 0;
    inflateEnd(&s);
    if (answer == Z_MEM_ERROR) return err_set(e, ERR_MEMORY, "out of memory for unpacking");
    return whole || err_set(e, ERR_PARSE, "its packed data is damaged or not as long as it says");
}

static bool unpack(const struct zip_entry *entry, struct str data, char *out, struct err *e) {
    if (entry->method == DEFLATED) return inflate_all(data, out, entry->size, e);
    if (data.n != entry->size) return err_set(e, ERR_PARSE, "it is stored, with two different lengths");
    if (data.n) memcpy(out, data.p, data.n);
    return true;
}

bool zip_extract(const struct zip *z, const struct zip_entry *entry, size_t limit, struct str *bytes, struct arena *a,
                 struct err *e) {
    struct str data;
    if (entry->flags & FLAG_ENCRYPTED) return err_set(e, ERR_REFUSED, "it is encrypted");
    if (entry->method != STORED && entry->method != DEFLATED)
        return err_set(e, ERR_REFUSED, "it is packed by method %u, neither stored nor deflated", entry->method);
    if (entry->size > limit || entry->size >= UINT_MAX)
        return err_set(e, ERR_LIMIT, "it has %lu bytes, more than %zu", (unsigned long)entry->size, limit);
    if (!find_data(z, entry, &data, e)) return false;
    char *out = arena_take(a, (size_t)entry->size + 1);
    if (!out) return err_set(e, ERR_MEMORY, "out of memory for %lu bytes", (unsigned long)entry->size);
    if (!unpack(entry, data, out, e)) return false;
    if (crc32_z(crc32_z(0, NULL, 0), (const Bytef *)out, entry->size) != entry->crc)
        return err_set(e, ERR_PARSE, "its bytes do not have the CRC that the zip states");
    *bytes = (struct str){out, entry->size};
    return true;
}
