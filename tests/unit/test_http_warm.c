/* SPDX-License-Identifier: Apache-2.0 */
/* http/http_warm.c: a connection is opened ahead, and whatever becomes of that, the next exchange is as any other. */
#include <stdatomic.h>
#include <time.h>

#include "http_fixture.h"

/* The linker leads clock_gettime here: a freeze is a clock that jumps. */
static atomic_llong wall_jump_s;
int __real_clock_gettime(clockid_t clock, struct timespec *t);
int __wrap_clock_gettime(clockid_t clock, struct timespec *t);
int __wrap_clock_gettime(clockid_t clock, struct timespec *t) {
    int result = __real_clock_gettime(clock, t);
    if (clock == CLOCK_REALTIME) t->tv_sec += (time_t)wall_jump_s;
    return result;
}

enum { LONG_MS = 60 * 1000 }; /* nobody waits that long: the tests have a time-out of their own */

static bool warm(int64_t timeout_ms) {
    char method[] = "HEAD", path[] = "/warm", value[] = "text";
    struct arena own;
    arena_init(&own, 65536);
    struct http_request first = {.method = str_of(method), .path = str_of(path)};
    check_ok(http_field_add(&first.fields, STR("X-A"), str_of(value), &own, &e), e);
    bool ok = http_warm(client, &first, timeout_ms, &e);
    arena_close(&own); /* the request was copied */
    memset(method, 'x', sizeof method - 1);
    memset(path, 'x', sizeof path - 1);
    memset(value, 'x', sizeof value - 1);
    return ok;
}

static const struct scripted_step HEAD_THEN_OK[] = {{.bytes = STR_INIT("HTTP/1.1 403 No\r\nContent-Length: 9\r\n\r\n")},
                                                    {.bytes = STR_INIT(OK_TEXT)}};

static void used(void **state) {
    (void)state;
    start(HEAD_THEN_OK, 2, &OPTIONS);
    check_ok(warm(LONG_MS), e);
    check_ok(exchange(), e);
    check_text(rs.body, "ok");
    stop();
    assert_int_equal(server.connections, 1);
    check_text(scripted_line(server.request[0]), "HEAD /warm HTTP/1.1");
    check_text(scripted_field(server.request[0], "X-A"), "text");
    check_text(scripted_line(server.request[1]), "GET / HTTP/1.1");
    finish();
}

static void used_by_stream(void **state) {
    (void)state;
    start(HEAD_THEN_OK, 2, &OPTIONS);
    check_ok(warm(LONG_MS), e);
    rq.method = STR("POST");
    check_ok(http_stream_begin(client, &rq, &e), e);
    assert_false(warm(LONG_MS));
    check_ok(http_stream_end(client, NULL, 5000, &rs, &arena, &e), e);
    stop();
    assert_int_equal(server.connections, 1);
    finish();
}

static void twice(void **state) {
    (void)state;
    static const struct scripted_step steps[] = {{.bytes = STR_INIT("HTTP/1.1 204 A\r\n\r\n")},
                                                 {.bytes = STR_INIT("HTTP/1.1 204 B\r\n\r\n")}};
    start(steps, 2, &OPTIONS);
    check_ok(warm(LONG_MS), e);
    check_ok(warm(LONG_MS), e);
    http_disconnect(client);
    stop();
    assert_true(server.requests <= 2);
    finish();
}

/* The peer answers the first request never (in time), or with nonsense. */
static void failed(void **state) {
    (void)state;
    static const struct scripted_step steps[] = {{.bytes = STR_INIT("nonsense\r\n\r\n"), .close = true},
                                                 {.bytes = STR_INIT(OK_TEXT)}};
    start(steps, 2, &OPTIONS);
    check_ok(warm(LONG_MS), e);
    check_ok(exchange(), e);
    check_text(rs.body, "ok");
    stop();
    assert_int_equal(server.connections, 2);
    finish();
}

static const struct scripted_step NEVER[] = {{.bytes = STR_INIT(OK_TEXT), .not_to_head = true}};

static void too_slow(void **state) {
    (void)state;
    start(NEVER, 1, &OPTIONS);
    check_ok(warm(LONG_MS), e);
    assert_false(http_exchange(client, &rq, 20, &rs, &arena, &e));
    assert_int_equal(e.kind, ERR_TIMEOUT);
    assert_non_null(strstr(e.msg, "no whole answer came within 20 ms"));
    check_ok(exchange(), e);
    stop();
    finish();
}

static void own_timeout(void **state) {
    (void)state;
    start(NEVER, 1, &OPTIONS);
    check_ok(warm(20), e);
    check_ok(exchange(), e);
    stop();
    assert_int_equal(server.connections, 2);
    finish();
}

static void closed(void **state) {
    (void)state;
    start(NEVER, 1, &OPTIONS);
    check_ok(warm(LONG_MS), e);
    http_disconnect(client);
    check_ok(warm(LONG_MS), e);
    stop();
    finish();
}

/* An hour went by on the wall: the peer of then does not answer any more. */
static void frozen(void **state) {
    (void)state;
    start(NEVER, 1, &OPTIONS);
    check_ok(warm(LONG_MS), e);
    wall_jump_s = 3600;
    check_ok(exchange(), e);
    wall_jump_s = 0;
    stop();
    assert_true(server.connections >= 1);
    finish();
}

static void refused(void **state) {
    (void)state;
    struct http_request post = {.method = STR("POST"), .path = STR("/")};
    struct http_request body = {.method = STR("GET"), .path = STR("/"), .body = STR("x")};
    struct http_request none = {.method = STR("GET"), .path = STR("x")};
    struct http_request good = {.method = STR("GET"), .path = STR("/")};
    start(OK_STEPS, 1, &OPTIONS);
    assert_false(http_warm(client, &post, LONG_MS, &e));
    assert_int_equal(e.kind, ERR_PARSE);
    assert_false(http_warm(client, &body, LONG_MS, &e));
    assert_false(http_warm(client, &none, LONG_MS, &e));
    assert_false(http_warm(client, &good, HTTP_NO_TIMEOUT, &e));
    check_ok(exchange(), e);
    stop();
    assert_int_equal(server.requests, 1);
    finish();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        HTTP_CASE("the next exchange uses the connection that was opened ahead", used),
        HTTP_CASE("so does a stream, during which nothing is opened ahead", used_by_stream),
        HTTP_CASE("opening ahead twice, and giving up, is no harm", twice),
        HTTP_CASE("when nothing was opened the next exchange opens its own", failed),
        HTTP_CASE("an exchange waits for it no longer than its own time-out", too_slow),
        HTTP_CASE("opening ahead ends with its own time-out", own_timeout),
        HTTP_CASE("a client can be closed meanwhile", closed),
        HTTP_CASE("frozen in the middle, it is given up at once", frozen),
        HTTP_CASE("only GET and HEAD without a body, and with a time-out, open a connection ahead", refused),
    };
    return cmocka_run_group_tests_name("http_warm", tests, NULL, NULL);
}
