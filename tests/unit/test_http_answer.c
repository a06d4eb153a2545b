/* SPDX-License-Identifier: Apache-2.0 */
/* http/http_answer.c against a scripted peer: what comes back is whole, or an error of its kind. */
#include "http_fixture.h"

static void whole_answers(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        int status;
        const char *body, *field; /* of X-A */
    } cases[] = {
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: 1\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-A: "
         "2\r\n\r\n",
         200, "abcde", "1"},
        {"HTTP/1.1 100 Continue\r\nX-A: no\r\n\r\nHTTP/1.1 200 OK\r\nX-A: yes\r\nContent-Length: 2\r\n\r\nok", 200,
         "ok", "yes"},
        {"HTTP/1.1 103 Early\r\nX-A: no\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", 404, "", NULL},
        {"HTTP/1.1 204 No Content\r\nX-A:\r\n\r\n", 204, "", ""},
        {"HTTP/1.0 200 OK\r\n\r\nuntil the end", 200, "until the end", NULL},
        {"HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n", 302, "", NULL},
        {"HTTP/1.1 500\r\nContent-Length: 1\r\nx-a: \t a:b \t\r\n\r\nx", 500, "x", "a:b"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        one(str_of(cases[i].bytes));
        assert_int_equal(rs.status, cases[i].status);
        check_str(rs.body, str_of(cases[i].body));
        check_str(http_field_get(&rs.fields, STR("X-A")), str_of(cases[i].field));
        assert_int_equal(server.requests, 1);
        scripted_close(&server);
    }
    arena_close(&arena);
}

/* Each cut of the header. Less than a whole status line is as if nothing came for libcurl 7, and no HTTP for 8. */
static void cut_inside_header(void **state) {
    (void)state;
    static const char text[] = "HTTP/1.1 200 OK\r\nX-A: b\r\n\r\n";
    size_t status_line = sizeof "HTTP/1.1 200 OK\r";
    for (size_t n = 0; n < sizeof text - 2; n++) {
        const struct scripted_step step = {.bytes = {text, n}, .close = true};
        start(&step, 1, &OPTIONS);
        assert_false(exchange());
        bool nothing = n < status_line && e.kind == ERR_NETWORK;
        if (!nothing && (n == 0 || e.kind != ERR_PROTOCOL)) fail_msg("%zu bytes: kind %d: %s", n, e.kind, e.msg);
        stop();
        scripted_close(&server);
    }
    arena_close(&arena);
}

static void bad_answers(void **state) {
    (void)state;
    static const char *const bad[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcd",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        "HTTP/1.1 200 OK\r\nno colon here\r\nContent-Length: 0\r\n\r\n",
        "SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nX-A",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) one_bad(str_of(bad[i]), ERR_PROTOCOL);
    one_bad(STR("HTTP/1.1 100 Continue\r\n\r\n"), ERR_NETWORK);
    one_bad(STR("HTTP/1.1 103 Early\r\nX-A: b\r\n\r\n"), ERR_NETWORK);
    arena_close(&arena);
}

static void too_long(void **state) {
    (void)state;
    struct http_options options = OPTIONS;
    options.max_response_bytes = 4;
    static const struct scripted_step steps[] = {
        {.bytes = STR_INIT("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfour")},
        {.bytes = STR_INIT("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n5five")}};
    start(steps, 2, &options);
    check_ok(exchange(), e);
    check_text(rs.body, "four");
    assert_false(exchange());
    assert_int_equal(e.kind, ERR_LIMIT);
    stop();
    finish();
}

static void too_long_header(void **state) {
    (void)state;
    struct buf b;
    buf_init(&b, 1 << 20, &arena);
    buf_add(&b, STR("HTTP/1.1 200 OK\r\n"));
    for (int i = 0; i < 300; i++) buf_addf(&b, "X-%d: %0250d\r\n", i, 0);
    buf_add(&b, STR("Content-Length: 0\r\n\r\n"));
    one_bad(buf_str(&b), ERR_LIMIT);
    buf_init(&b, 1 << 20, &arena);
    buf_add(&b, STR("HTTP/1.1 200 OK\r\n"));
    for (int i = 0; i <= HTTP_MAX_FIELDS; i++) buf_add(&b, STR("a:b\r\n"));
    buf_add(&b, STR("Content-Length: 0\r\n\r\n"));
    one_bad(buf_str(&b), ERR_LIMIT);
    arena_close(&arena);
}

static void times_out(void **state) {
    (void)state;
    const struct scripted_step step = {.bytes = STR(OK_TEXT), .delay_ms = 10000};
    start(&step, 1, &OPTIONS);
    rq.query = STR("secret=1");
    assert_false(http_exchange(client, &rq, 100, &rs, &arena, &e));
    assert_int_equal(e.kind, ERR_TIMEOUT);
    assert_non_null(strstr(e.msg, server.host_port));
    assert_null(strstr(e.msg, "secret"));
    stop();
    finish();
}

static void refused_connection(void **state) {
    (void)state;
    scripted_start_deaf(&server, NULL, 0);
    open_client(server.host_port, &OPTIONS);
    assert_false(exchange());
    assert_int_equal(e.kind, ERR_NETWORK);
    stop();
    finish();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        HTTP_CASE("chunked, interim, empty, open-ended and redirecting answers are read as they are", whole_answers),
        HTTP_CASE("an answer cut inside its header is a broken protocol", cut_inside_header),
        HTTP_CASE("an answer cut inside its body, without a colon or not final is a broken protocol", bad_answers),
        HTTP_CASE("a body longer than the limit is an error, never a cut", too_long),
        HTTP_CASE("a header with too many bytes or fields is an error, never a cut", too_long_header),
        HTTP_CASE("a time-out says so, and never shows the query", times_out),
        HTTP_CASE("a refused connection is a network error", refused_connection),
    };
    return cmocka_run_group_tests_name("http_answer", tests, NULL, NULL);
}
