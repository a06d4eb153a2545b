/* SPDX-License-Identifier: Apache-2.0 */
#include "call_body.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIECE_BYTES = 256 * 1024 };

static bool fail(struct call_body *b, struct err *e) {
    return err_set(e, ERR_CONFIG, "%s: %s", b->name, strerror(errno));
}

static ssize_t read_piece(int fd, char *p, size_t n) {
    ssize_t got;
    do got = read(fd, p, n);
    while (got < 0 && errno == EINTR);
    return got;
}

static bool write_all(int fd, struct str bytes) {
    while (bytes.n) {
        ssize_t n = write(fd, bytes.p, bytes.n);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return false;
        bytes = (struct str){bytes.p + n, bytes.n - (size_t)n};
    }
    return true;
}

/* --- A regular file -------------------------------------------------------------------------------------------------- */

static bool is_as_seen(const struct call_body *b) {
    struct stat now;
    return b->is_copy ||
           (fstat(b->fd, &now) == 0 && now.st_size == b->seen.st_size && now.st_mtim.tv_sec == b->seen.st_mtim.tv_sec &&
            now.st_mtim.tv_nsec == b->seen.st_mtim.tv_nsec);
}

static bool changed(struct call_body *b, struct err *e) {
    b->failed = true;
    return err_set(e, ERR_CONFIG, "%s was changed between the signing and the sending of its bytes", b->name);
}

static ssize_t read_at(const struct call_body *b, char *p, size_t n, int64_t at) {
    ssize_t got;
    do got = pread(b->fd, p, n, (off_t)(b->from + at));
    while (got < 0 && errno == EINTR);
    return got;
}

static bool hash_file(struct call_body *b, char *piece, struct err *e) {
    struct sigv4_payload_hash h;
    ssize_t got;
    int64_t total = 0;
    sigv4_payload_begin(&h);
    while ((got = read_at(b, piece, PIECE_BYTES, total)) > 0) {
        sigv4_payload_add(&h, (struct str){piece, (size_t)got});
        total += got;
    }
    bool hashed = sigv4_payload_end(&h, b->hash);
    if (got < 0) return fail(b, e);
    if (!hashed) return err_set(e, ERR_MEMORY, "libcrypto could not hash the body");
    return (total == b->bytes && is_as_seen(b)) || changed(b, e);
}

/* --- What can be read only once -------------------------------------------------------------------------------------- */

static int open_nameless(struct err *e) {
    char path[512];
    const char *folder = getenv("TMPDIR");
    if (!folder || !*folder || strlen(folder) > sizeof path - 32) folder = "/tmp";
    strncpy(path, folder, sizeof path - 32);
    path[sizeof path - 32] = 0;
    strncat(path, "/apigw-call-XXXXXX", 31);
    int fd = mkstemp(path);
    if (fd < 0) err_set(e, ERR_CONFIG, "%s, where a long body is kept while it is hashed: %s", folder, strerror(errno));
    else unlink(path);
    return fd;
}

static bool copy_rest(int in, struct call_body *b, struct sigv4_payload_hash *h, char *piece, struct err *e) {
    ssize_t got;
    while ((got = read_piece(in, piece, PIECE_BYTES)) > 0) {
        struct str bytes = {piece, (size_t)got};
        sigv4_payload_add(h, bytes);
        b->bytes += got;
        if (!write_all(b->fd, bytes)) return err_set(e, ERR_CONFIG, "the copy of %s: %s", b->name, strerror(errno));
    }
    return got == 0 || fail(b, e);
}

static bool spool(struct call_body *b, int in, struct str begin, char *piece, struct err *e) {
    struct sigv4_payload_hash h;
    b->fd = open_nameless(e);
    if (b->fd < 0) return false;
    b->apart = b->is_copy = true;
    b->from = 0;
    b->bytes = (int64_t)begin.n;
    sigv4_payload_begin(&h);
    sigv4_payload_add(&h, begin);
    bool copied = write_all(b->fd, begin) ? copy_rest(in, b, &h, piece, e) : fail(b, e);
    bool hashed = sigv4_payload_end(&h, b->hash);
    return copied && (hashed || err_set(e, ERR_MEMORY, "libcrypto could not hash the body"));
}

static bool read_or_spool(struct call_body *b, int in, size_t memory_bytes, char *piece, struct arena *a,
                          struct err *e) {
    struct buf bytes;
    ssize_t got;
    buf_init(&bytes, memory_bytes + PIECE_BYTES, a);
    while (bytes.n <= memory_bytes && (got = read_piece(in, piece, PIECE_BYTES)) != 0) {
        if (got < 0) return fail(b, e);
        buf_add(&bytes, (struct str){piece, (size_t)got});
        if (!buf_ok(&bytes, e)) return false;
    }
    if (bytes.n > memory_bytes) return spool(b, in, buf_str(&bytes), piece, e);
    b->memory = buf_str(&bytes);
    return true;
}

/* --- Both ------------------------------------------------------------------------------------------------------------ */

static bool read_open(struct call_body *b, int fd, size_t memory_bytes, struct arena *a, struct err *e) {
    char *piece = arena_take(a, PIECE_BYTES);
    off_t at = fd == STDIN_FILENO ? lseek(fd, 0, SEEK_CUR) : 0;
    if (!piece) return err_set(e, ERR_MEMORY, "out of memory for the body");
    if (fstat(fd, &b->seen) != 0) return fail(b, e);
    bool twice = S_ISREG(b->seen.st_mode) && at >= 0 && b->seen.st_size - at > (off_t)memory_bytes;
    if (!twice) return read_or_spool(b, fd, memory_bytes, piece, a, e);
    b->apart = true;
    b->fd = fd;
    b->from = at;
    b->bytes = b->seen.st_size - at;
    return hash_file(b, piece, e);
}

bool call_body_open(struct call_body *b, const char *path, size_t memory_bytes, struct arena *a, struct err *e) {
    bool standard = strcmp(path, "-") == 0;
    *b = (struct call_body){.name = standard ? "standard input" : path, .fd = -1};
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return fail(b, e);
    bool ok = read_open(b, fd, memory_bytes, a, e);
    if (!standard && fd != b->fd) close(fd);
    return ok;
}

void call_body_close(struct call_body *b) {
    if (b->apart && b->fd > STDIN_FILENO) close(b->fd);
    *b = (struct call_body){0};
}

bool call_body_read(void *user, char *p, size_t n, size_t *got, struct err *e) {
    struct call_body *b = user;
    int64_t left = b->bytes - b->sent;
    if (left < (int64_t)n) n = (size_t)left;
    *got = 0;
    if (n == 0) return true;
    ssize_t done = read_at(b, p, n, b->sent);
    if (done < 0) {
        b->failed = true;
        return fail(b, e);
    }
    /* The last bytes are held back unless all of them are those that were hashed. */
    if (done == 0 || (done == left && !is_as_seen(b))) return changed(b, e);
    b->sent += done;
    *got = (size_t)done;
    return true;
}

void call_body_rewind(struct call_body *b) {
    b->sent = 0;
}
