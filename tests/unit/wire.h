/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP on a loopback socket, byte for byte: what a client library would tidy up or refuse must reach the server as it is.
   No cmocka here, so that threads and other programs may use it: false means it did not work. */
#ifndef TESTS_WIRE_H
#define TESTS_WIRE_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "buf.h"
#include "http_msg.h"

enum { WIRE_WAIT_S = 30, WIRE_MAX_BYTES = 64 * 1024 * 1024 };

/* wait_s bounds every read; 0 waits for ever. -1: no connection. */
static inline int wire_open(uint16_t port, int wait_s) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct timeval wait = {.tv_sec = wait_s};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0) return -1;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0) return fd;
    close(fd);
    return -1;
}

static inline bool wire_send(int fd, struct str bytes) {
    while (bytes.n) {
        ssize_t n = send(fd, bytes.p, bytes.n, MSG_NOSIGNAL);
        if (n <= 0) return false;
        bytes = (struct str){bytes.p + n, bytes.n - (size_t)n};
    }
    return true;
}

/* The status line and the fields of `head`, which ends before the empty line. */
static inline bool wire_read_head(struct str head, struct http_response *rs, struct arena *a) {
    struct str line, name;
    struct err e;
    int64_t status;
    str_cut(&head, '\n', &line);
    if (line.n < 12 || !str_starts(line, STR("HTTP/1.1 "))) return false;
    if (!str_read_int64((struct str){line.p + 9, 3}, 100, 999, &status)) return false;
    rs->status = (int)status;
    while (head.p) {
        str_cut(&head, '\n', &line);
        if (line.n && line.p[line.n - 1] == '\r') line.n--;
        if (!str_cut(&line, ':', &name)) return false;
        if (!http_field_add(&rs->fields, name, str_trim(line), a, &e)) return false;
    }
    return true;
}

/* Grows `in` until it holds n bytes. */
static inline bool wire_fill(int fd, struct buf *in, size_t n) {
    while (in->n < n) {
        char chunk[4096];
        size_t want = n - in->n < sizeof chunk ? n - in->n : sizeof chunk;
        ssize_t got = recv(fd, chunk, want, 0);
        if (got <= 0) return false;
        buf_add(in, (struct str){chunk, (size_t)got});
    }
    return !in->failed;
}

/* One answer with a Content-Length; the connection stays open. */
static inline bool wire_read(int fd, struct http_response *rs, struct arena *a) {
    struct buf head, body;
    int64_t length = 0;
    *rs = (struct http_response){0};
    buf_init(&head, 1024 * 1024, a);
    buf_init(&body, WIRE_MAX_BYTES, a);
    while (head.n < 4 || memcmp(head.p + head.n - 4, "\r\n\r\n", 4) != 0)
        if (!wire_fill(fd, &head, head.n + 1)) return false;
    if (!wire_read_head((struct str){head.p, head.n - 4}, rs, a)) return false;
    struct str text = http_field_get(&rs->fields, STR("content-length"));
    if (text.p && !str_read_int64(text, 0, WIRE_MAX_BYTES, &length)) return false;
    if (!wire_fill(fd, &body, (size_t)length)) return false;
    rs->body = buf_str(&body);
    return true;
}

/* Writes the bytes of a request; Content-Length is added for a body. */
static inline bool wire_write(int fd, const struct http_request *rq, struct arena *a) {
    struct buf out;
    buf_init(&out, WIRE_MAX_BYTES, a);
    buf_addf(&out, "%.*s %.*s", STR_ARG(rq->method), STR_ARG(rq->path));
    if (rq->query.p) buf_addf(&out, "?%.*s", STR_ARG(rq->query));
    buf_add(&out, STR(" HTTP/1.1\r\n"));
    if (!http_field_get(&rq->fields, STR("host")).p) buf_add(&out, STR("Host: 127.0.0.1\r\n"));
    for (size_t i = 0; i < rq->fields.n; i++)
        buf_addf(&out, "%.*s: %.*s\r\n", STR_ARG(rq->fields.at[i].name), STR_ARG(rq->fields.at[i].value));
    if (rq->body.p) buf_addf(&out, "Content-Length: %zu\r\n", rq->body.n);
    buf_add(&out, STR("\r\n"));
    buf_add(&out, rq->body);
    return !out.failed && wire_send(fd, buf_str(&out));
}

/* A connection of its own for one request. */
static inline bool wire_exchange(uint16_t port, int wait_s, const struct http_request *rq, struct http_response *rs,
                                 struct arena *a) {
    int fd = wire_open(port, wait_s);
    if (fd < 0) return false;
    bool ok = wire_write(fd, rq, a) && wire_read(fd, rs, a);
    close(fd);
    return ok;
}

#endif
