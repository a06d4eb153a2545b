/* SPDX-License-Identifier: Apache-2.0 */
/* One thread, one poll loop: several connections may be open at once, as a client that avoids a kept one wants it. */
#include "scripted_server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "buf.h"
#include "check.h"

enum { MAX_OPEN = 16, READ_BYTES = 64 * 1024 };

struct connection {
    int fd;
    char *p;
    size_t n;
};

static size_t header_size(struct str s) {
    size_t at = str_find(s, STR("\r\n\r\n"));
    return at == SIZE_MAX ? 0 : at + 4;
}

struct str scripted_line(struct str request) {
    size_t end = str_find(request, STR("\r\n"));
    return (struct str){request.p, end == SIZE_MAX ? 0 : end};
}

struct str scripted_field(struct str request, const char *name) {
    struct str rest = {request.p, header_size(request)}, line, field;
    while (rest.n && str_cut(&rest, '\n', &line)) {
        if (str_ends(line, STR("\r"))) line.n--;
        if (str_cut(&line, ':', &field) && str_eq_nocase(field, str_of(name))) return str_trim(line);
    }
    return (struct str){0};
}

struct str scripted_body(struct str request) {
    size_t n = header_size(request);
    return (struct str){request.p + n, request.n - n};
}

struct str scripted_answer(const char *status, const char *fields, struct str body, struct arena *a) {
    struct buf b;
    buf_init(&b, body.n + 8192, a);
    buf_addf(&b, "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n", status, fields, body.n);
    buf_add(&b, body);
    return buf_str(&b);
}

/* 0: more is to come. */
static size_t request_size(struct str s) {
    int64_t length = 0;
    size_t n = header_size(s);
    struct str field = scripted_field(s, "Content-Length");
    if (field.p && !str_read_int64(field, 0, 1 << 30, &length)) abort();
    return n && s.n >= n + (size_t)length ? n + (size_t)length : 0;
}

static bool told_to_stop(struct scripted_server *s, int wait_ms) {
    struct pollfd p = {s->stop[0], POLLIN, 0};
    return poll(&p, 1, wait_ms) > 0;
}

static void send_all(int fd, struct str s) {
    while (s.n) {
        ssize_t n = send(fd, s.p, s.n, MSG_NOSIGNAL);
        if (n <= 0) return; /* the client may well have left */
        s = (struct str){s.p + n, s.n - (size_t)n};
    }
}

/* False: close the connection. */
static bool play(struct scripted_server *s, int fd, struct str request) {
    int at = s->requests++;
    if (at < SCRIPTED_MAX) s->request[at] = request;
    size_t next = (size_t)(at - s->unanswered);
    if (at >= SCRIPTED_MAX || next >= s->n) return false;
    const struct scripted_step *step = &s->steps[next];
    if (step->not_to_head && str_starts(request, STR("HEAD "))) {
        s->unanswered++;
        return true;
    }
    if (step->delay_ms && told_to_stop(s, step->delay_ms)) return false;
    send_all(fd, step->bytes);
    return !step->close;
}

/* False: the connection is over. */
static bool receive(struct scripted_server *s, struct connection *c) {
    c->p = realloc(c->p, c->n + READ_BYTES);
    if (!c->p) abort();
    ssize_t got = recv(c->fd, c->p + c->n, READ_BYTES, 0);
    if (got <= 0) return false;
    c->n += (size_t)got;
    size_t size = request_size((struct str){c->p, c->n});
    if (!size) return true;
    struct str request = {c->p, size};
    c->p = NULL;
    c->n = 0;
    return play(s, c->fd, request);
}

static void add_connection(struct scripted_server *s, struct connection *open) {
    int fd = accept(s->listener, NULL, NULL);
    if (fd < 0) return;
    s->connections++;
    for (size_t i = 0; i < MAX_OPEN; i++) {
        if (open[i].fd >= 0) continue;
        open[i] = (struct connection){.fd = fd};
        return;
    }
    close(fd);
}

static void end_connection(struct connection *c) {
    if (c->fd >= 0) close(c->fd);
    free(c->p);
    *c = (struct connection){.fd = -1};
}

static bool told_to_listen(struct scripted_server *s) {
    char word;
    return read(s->stop[0], &word, 1) == 1 && word == 'l';
}

static void *serve(void *user) {
    struct scripted_server *s = user;
    struct connection open[MAX_OPEN];
    for (size_t i = 0; i < MAX_OPEN; i++) open[i] = (struct connection){.fd = -1};
    bool stopped = s->deaf && !told_to_listen(s);
    while (!stopped) {
        struct pollfd p[MAX_OPEN + 2] = {{s->stop[0], POLLIN, 0}, {s->listener, POLLIN, 0}};
        for (size_t i = 0; i < MAX_OPEN; i++) p[i + 2] = (struct pollfd){open[i].fd, POLLIN, 0};
        if (poll(p, MAX_OPEN + 2, -1) < 0) abort();
        stopped = p[0].revents;
        for (size_t i = 0; !stopped && i < MAX_OPEN; i++)
            if (p[i + 2].revents && !receive(s, &open[i])) end_connection(&open[i]);
        if (p[1].revents) add_connection(s, open);
    }
    for (size_t i = 0; i < MAX_OPEN; i++) end_connection(&open[i]);
    return NULL;
}

static void start(struct scripted_server *s, const struct scripted_step *steps, size_t n, bool deaf) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    *s = (struct scripted_server){.steps = steps, .n = n, .deaf = deaf};
    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(s->listener >= 0);
    assert_int_equal(bind(s->listener, (struct sockaddr *)&address, size), 0);
    if (!deaf) assert_int_equal(listen(s->listener, 16), 0);
    assert_int_equal(getsockname(s->listener, (struct sockaddr *)&address, &size), 0);
    s->port = ntohs(address.sin_port);
    snprintf(s->host_port, sizeof s->host_port, "127.0.0.1:%d", s->port);
    assert_int_equal(pipe(s->stop), 0);
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

void scripted_start(struct scripted_server *s, const struct scripted_step *steps, size_t n) {
    start(s, steps, n, false);
}

void scripted_start_deaf(struct scripted_server *s, const struct scripted_step *steps, size_t n) {
    start(s, steps, n, true);
}

void scripted_listen(struct scripted_server *s) {
    assert_int_equal(listen(s->listener, 16), 0);
    assert_int_equal(write(s->stop[1], "l", 1), 1);
}

void scripted_stop(struct scripted_server *s) {
    assert_int_equal(write(s->stop[1], "x", 1), 1);
    assert_int_equal(pthread_join(s->thread, NULL), 0);
    close(s->stop[0]);
    close(s->stop[1]);
    close(s->listener);
}

void scripted_close(struct scripted_server *s) {
    for (int i = 0; i < SCRIPTED_MAX; i++) free((void *)(uintptr_t)s->request[i].p);
}
