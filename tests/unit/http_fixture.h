/* SPDX-License-Identifier: Apache-2.0 */
/* One client and one scripted peer, for the tests of http/http.c. */
#ifndef TESTS_HTTP_FIXTURE_H
#define TESTS_HTTP_FIXTURE_H

#include <stdio.h>

#include "check.h"
#include "http.h"
#include "scripted_server.h"

static struct arena arena;
static struct scripted_server server;
static struct http_client *client;
static struct http_request rq;
static struct http_response rs;
static struct err e;

static const struct http_options OPTIONS = {.max_response_bytes = 8 << 20, .connect_timeout_ms = 2000};
#define OK_TEXT "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
static const struct scripted_step OK_STEPS[] = {{.bytes = STR_INIT(OK_TEXT)}, {.bytes = STR_INIT(OK_TEXT)}};

static inline int set_up(void **state) {
    (void)state;
    arena_init(&arena, 64 << 20);
    rq = (struct http_request){.method = STR("GET"), .path = STR("/")};
    return 0;
}

static inline void open_client(const char *host_port, const struct http_options *options) {
    char text[64];
    struct url u;
    snprintf(text, sizeof text, "http://%s", host_port);
    check_ok(url_read(str_of(text), &u, &e), e);
    check_ok(http_open(&u, options, &client, &e), e);
}

static inline void start(const struct scripted_step *steps, size_t n, const struct http_options *options) {
    scripted_start(&server, steps, n);
    open_client(server.host_port, options);
}

static inline bool exchange(void) {
    return http_exchange(client, &rq, 5000, &rs, &arena, &e);
}

static inline void stop(void) {
    http_close(client);
    scripted_stop(&server);
}

static inline void finish(void) {
    scripted_close(&server);
    arena_close(&arena);
}

static inline void add(const char *name, const char *value) {
    check_ok(http_field_add(&rq.fields, str_of(name), str_of(value), &arena, &e), e);
}

/* One answer, one exchange that must succeed; the server has stopped then. */
static inline void one(struct str answer) {
    const struct scripted_step step = {.bytes = answer, .close = true};
    start(&step, 1, &OPTIONS);
    check_ok(exchange(), e);
    stop();
}

static inline void one_bad(struct str answer, enum err_kind kind) {
    const struct scripted_step step = {.bytes = answer, .close = true};
    start(&step, 1, &OPTIONS);
    assert_false(exchange());
    if (e.kind != kind) fail_msg("<%.*s>: kind %d: %s", STR_ARG(answer), e.kind, e.msg);
    stop();
    scripted_close(&server);
}

#define HTTP_CASE(sentence, function) \
    { sentence, function, set_up, NULL, NULL }

#endif
