/* SPDX-License-Identifier: Apache-2.0 */
#include "call_output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum { MAX_HELD_BYTES = 1024 * 1024, MAX_HEAD_BYTES = 256 * 1024 };

void call_output_init(struct call_output *o, struct arena *a) {
    *o = (struct call_output){.arena = a, .fd = -1};
}

void call_output_begin(struct call_output *o) {
    buf_init(&o->head, MAX_HEAD_BYTES, o->arena);
    buf_init(&o->held, MAX_HELD_BYTES, o->arena);
    o->holding = o->drop = o->head_written = false;
}

void call_output_line(struct call_output *o, struct str line) {
    if (o->include && !o->head_written) buf_add(&o->head, line);
}

static bool is_file(const struct call_output *o) {
    return o->path && strcmp(o->path, "-") != 0;
}

static bool fail(struct call_output *o, struct err *e) {
    const char *why = strerror(errno);
    o->failed = true;
    o->closed = errno == EPIPE && !is_file(o);
    return err_set(e, ERR_CONFIG, "%s: %s, after %lld bytes", is_file(o) ? o->path : "standard output", why,
                   (long long)o->written);
}

static bool open_once(struct call_output *o, struct err *e) {
    if (o->fd < 0) o->fd = is_file(o) ? open(o->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : STDOUT_FILENO;
    return o->fd >= 0 || fail(o, e);
}

/* Another program with the same terminal or pipe may have made it non-blocking. */
static bool wait_for_room(int fd) {
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    return poll(&p, 1, -1) >= 0 || errno == EINTR;
}

static bool write_all(struct call_output *o, struct str bytes, struct err *e) {
    if (!open_once(o, e)) return false;
    while (bytes.n) {
        ssize_t n = write(o->fd, bytes.p, bytes.n);
        if (n < 0 && (errno == EINTR || (errno == EAGAIN && wait_for_room(o->fd)))) continue;
        if (n < 0) return fail(o, e);
        o->written += n;
        bytes = (struct str){bytes.p + n, bytes.n - (size_t)n};
    }
    return true;
}

static bool release(struct call_output *o, struct err *e) {
    o->holding = false;
    if (o->drop) return true;
    o->head_written = true;
    return (!o->head.n || write_all(o, buf_str(&o->head), e)) && (!o->held.n || write_all(o, buf_str(&o->held), e));
}

bool call_output_header(struct call_output *o, const struct http_response *rs, struct err *e) {
    o->drop = o->fail && rs->status >= 400;
    o->holding = rs->status == 403;
    return o->holding || release(o, e);
}

bool call_output_write(struct call_output *o, struct str bytes, struct err *e) {
    if (o->holding && bytes.n <= MAX_HELD_BYTES - o->held.n) {
        buf_add(&o->held, bytes);
        return buf_ok(&o->held, e);
    }
    if (o->holding && !release(o, e)) return false;
    return o->drop || write_all(o, bytes, e);
}

struct str call_output_held(const struct call_output *o) {
    return o->holding ? buf_str(&o->held) : (struct str){0};
}

bool call_output_end(struct call_output *o, struct err *e) {
    if (o->holding && !release(o, e)) return false;
    return o->drop || open_once(o, e);
}

bool call_output_close(struct call_output *o, struct err *e) {
    int fd = o->fd;
    o->fd = -1;
    if (fd < 0 || fd == STDOUT_FILENO) return true;
    return close(fd) == 0 || fail(o, e);
}
