/* SPDX-License-Identifier: Apache-2.0 */
#include "stream_peer.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"

/* Where in a request the next byte belongs (RFC 9112 section 7.1). */
enum place { HEADER, SIZE, SIZE_END, DATA, DATA_CR, DATA_LF, TRAILERS };

struct reader {
    struct peer_request *rq;
    enum place at;
    uint64_t left; /* of the chunk */
    size_t header_n, trailers_n, digits;
};

static void add_data(struct reader *r, const char *p, size_t n) {
    struct peer_request *rq = r->rq;
    if (rq->body_n < sizeof rq->body) {
        size_t room = sizeof rq->body - (size_t)rq->body_n;
        memcpy(rq->body + rq->body_n, p, n < room ? n : room);
    }
    rq->body_n += n;
    r->left -= n;
    if (!r->left) r->at = DATA_CR;
}

static void end_header(struct reader *r) {
    r->at = SIZE;
    if (strstr(r->rq->header, "\r\nTransfer-Encoding: chunked\r\n")) return;
    if (strncmp(r->rq->header, "GET ", 4) != 0) r->rq->bad = true;
    r->rq->whole = true;
}

static void add_header(struct reader *r, char c) {
    if (r->header_n + 1 >= sizeof r->rq->header) abort();
    r->rq->header[r->header_n++] = c;
    if (r->header_n >= 4 && memcmp(r->rq->header + r->header_n - 4, "\r\n\r\n", 4) == 0) end_header(r);
}

static void add_size(struct reader *r, char c) {
    static const char hex[] = "0123456789abcdef";
    const char *digit = c ? strchr(hex, c | 0x20) : NULL;
    if (c == '\r' && r->digits) {
        r->at = SIZE_END;
    } else if (digit && r->digits < 8) {
        r->left = r->left * 16 + (uint64_t)(digit - hex);
        r->digits++;
    } else {
        r->rq->bad = true;
    }
}

static void add_trailer(struct reader *r, char c) {
    char *text = r->rq->trailers;
    if (r->trailers_n + 1 >= sizeof r->rq->trailers) abort();
    text[r->trailers_n++] = c;
    size_t n = r->trailers_n;
    r->rq->whole = (n == 2 && memcmp(text, "\r\n", 2) == 0) || (n >= 4 && memcmp(text + n - 4, "\r\n\r\n", 4) == 0);
}

static void add_byte(struct reader *r, char c) {
    struct peer_request *rq = r->rq;
    switch (r->at) {
    case HEADER: add_header(r, c); break;
    case SIZE: add_size(r, c); break;
    case SIZE_END:
        rq->bad |= c != '\n';
        rq->chunks += r->left > 0;
        r->at = r->left ? DATA : TRAILERS;
        r->digits = 0;
        break;
    case DATA: break;
    case DATA_CR:
        rq->bad |= c != '\r';
        r->at = DATA_LF;
        break;
    case DATA_LF:
        rq->bad |= c != '\n';
        r->at = SIZE;
        break;
    case TRAILERS: add_trailer(r, c); break;
    }
}

static void add(struct reader *r, const char *p, size_t n) {
    while (n && !r->rq->bad) {
        size_t take = r->at == DATA ? (n < r->left ? n : (size_t)r->left) : 1;
        if (r->at == DATA) add_data(r, p, take);
        else if (r->rq->whole) r->rq->bad = true; /* bytes behind the end */
        else add_byte(r, *p);
        p += take;
        n -= take;
    }
}

static bool told_to_stop(struct stream_peer *s, int fd) {
    struct pollfd p[2] = {{s->stop[0], POLLIN, 0}, {fd, POLLIN, 0}};
    if (poll(p, 2, -1) < 0) abort();
    return p[0].revents;
}

/* False: the connection is over, or the peer must stop. */
static bool receive(struct stream_peer *s, struct reader *r, int fd) {
    char bytes[64 * 1024];
    if (told_to_stop(s, fd)) return false;
    ssize_t n = recv(fd, bytes, sizeof bytes, 0);
    if (n <= 0) return false;
    add(r, bytes, (size_t)n);
    return !r->rq->bad;
}

static bool reached(const struct peer_step *step, const struct reader *r) {
    if (step->after == PEER_WHOLE) return r->rq->whole;
    return r->at != HEADER && r->rq->body_n >= (uint64_t)step->after;
}

static void answer(int fd, const struct peer_step *step) {
    for (struct str rest = step->answer; rest.n;) {
        ssize_t n = send(fd, rest.p, rest.n, MSG_NOSIGNAL);
        if (n <= 0) return;
        rest = (struct str){rest.p + n, rest.n - (size_t)n};
    }
}

/* One request; false: the connection is over. */
static bool serve_one(struct stream_peer *s, int fd) {
    struct reader r = {.rq = &s->request[s->requests]};
    const struct peer_step *step = &s->steps[s->requests];
    while (!reached(step, &r))
        if (!receive(s, &r, fd)) {
            s->requests += r.header_n > 0;
            return false;
        }
    s->requests++;
    sem_post(&s->reached);
    answer(fd, step);
    if (step->then == PEER_DRAIN)
        while (receive(s, &r, fd)) {}
    if (step->then == PEER_RESET) {
        struct linger now = {1, 0};
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    }
    return step->then == PEER_KEEP;
}

static void *serve(void *user) {
    struct stream_peer *s = user;
    while (!told_to_stop(s, s->listener)) {
        int fd = accept(s->listener, NULL, NULL);
        if (fd < 0) continue;
        s->connections++;
        while (s->requests < s->n && serve_one(s, fd)) {}
        close(fd);
    }
    return NULL;
}

void stream_peer_start(struct stream_peer *s, const struct peer_step *steps, int n, int receive_bytes) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    assert_true(n <= PEER_REQUESTS);
    *s = (struct stream_peer){.steps = steps, .n = n, .request = calloc(PEER_REQUESTS, sizeof(struct peer_request))};
    assert_non_null(s->request);
    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(s->listener >= 0);
    if (receive_bytes) setsockopt(s->listener, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
    assert_int_equal(bind(s->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(s->listener, 16), 0);
    assert_int_equal(getsockname(s->listener, (struct sockaddr *)&address, &size), 0);
    s->port = ntohs(address.sin_port);
    snprintf(s->host_port, sizeof s->host_port, "127.0.0.1:%d", s->port);
    assert_int_equal(pipe(s->stop), 0);
    assert_int_equal(sem_init(&s->reached, 0, 0), 0);
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

void stream_peer_stop(struct stream_peer *s) {
    assert_int_equal(write(s->stop[1], "x", 1), 1);
    assert_int_equal(pthread_join(s->thread, NULL), 0);
    close(s->stop[0]);
    close(s->stop[1]);
    close(s->listener);
    sem_destroy(&s->reached);
}

void stream_peer_close(struct stream_peer *s) {
    free(s->request);
}
