/* SPDX-License-Identifier: Apache-2.0 */
/* http/http.c and http/http_request.c against a scripted peer: what goes out is what was given, once. */
#include "http_fixture.h"

static void byte_for_byte(void **state) {
    (void)state;
    rq.path = STR("/dev/a//b/../%2f;x/gr\xc3\xbcn[]");
    rq.query = STR("b=2&a=%20+'\"{}|");
    add("Host", "api.example");
    add("X-B", "2, 3");
    add("x-a", "gr\xc3\xbcn");
    add("X-B", "4\t5");
    one(STR(OK_TEXT));
    check_text(server.request[0],
               "GET /dev/a//b/../%2f;x/gr\xc3\xbcn[]?b=2&a=%20+'\"{}| HTTP/1.1\r\nHost: api.example\r\n"
               "X-B: 2, 3\r\nx-a: gr\xc3\xbcn\r\nX-B: 4\t5\r\n\r\n");
    finish();
}

static void nothing_added(void **state) {
    (void)state;
    rq.method = STR("POST");
    rq.body = STR("{}");
    add("Host", "h");
    one(STR(OK_TEXT));
    check_text(server.request[0], "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}");
    finish();
}

static void asked_for(void **state) {
    (void)state;
    rq.method = STR("POST");
    add("Accept", "a/b");
    add("Content-Type", "c/d");
    add("User-Agent", "mine");
    one(STR(OK_TEXT));
    check_text(scripted_field(server.request[0], "accept"), "a/b");
    check_text(scripted_field(server.request[0], "content-type"), "c/d");
    check_text(scripted_field(server.request[0], "user-agent"), "mine");
    check_str(scripted_field(server.request[0], "host"), str_of(server.host_port));
    finish();
}

static void user_agent(void **state) {
    (void)state;
    struct http_options options = OPTIONS;
    options.user_agent = STR("program/1");
    const struct scripted_step steps[] = {OK_STEPS[0], OK_STEPS[0], OK_STEPS[0], OK_STEPS[0]};
    start(steps, 4, &options);
    check_ok(exchange(), e);
    add("Host", "h");
    check_ok(exchange(), e);
    add("User-Agent", "other");
    check_ok(exchange(), e);
    rq.fields = (struct http_fields){0};
    add("User-Agent", "other");
    check_ok(exchange(), e);
    stop();
    char whole[200];
    snprintf(whole, sizeof whole, "GET / HTTP/1.1\r\nHost: %s\r\nUser-Agent: program/1\r\n\r\n", server.host_port);
    check_str(server.request[0], str_of(whole));
    check_text(server.request[1], "GET / HTTP/1.1\r\nHost: h\r\nUser-Agent: program/1\r\n\r\n");
    check_text(server.request[2], "GET / HTTP/1.1\r\nHost: h\r\nUser-Agent: other\r\n\r\n");
    snprintf(whole, sizeof whole, "GET / HTTP/1.1\r\nHost: %s\r\nUser-Agent: other\r\n\r\n", server.host_port);
    check_str(server.request[3], str_of(whole));
    finish();
}

static void empty_value(void **state) {
    (void)state;
    add("Host", "h");
    add("X-Empty", "");
    add("X-Blank", "  ");
    add("Accept", "");
    one(STR(OK_TEXT));
    check_text(server.request[0], "GET / HTTP/1.1\r\nHost: h\r\nX-Empty:\r\nX-Blank:\r\nAccept:\r\n\r\n");
    finish();
}

static void empty_query(void **state) {
    (void)state;
    rq.query = STR("");
    one(STR(OK_TEXT));
    check_text(scripted_line(server.request[0]), "GET /? HTTP/1.1");
    finish();
}

static void methods(void **state) {
    (void)state;
    static const struct {
        const char *method, *body, *length; /* length NULL: no Content-Length */
    } cases[] = {
        {"GET", "", NULL},   {"DELETE", "", NULL},  {"OPTIONS", "", NULL}, {"POST", "", "0"},
        {"PUT", "", "0"},    {"PATCH", "", "0"},    {"PUT", "abc", "3"},   {"DELETE", "abc", "3"},
        {"GET", "abc", "3"}, {"QUERY", "abc", "3"}, {"post", "abc", "3"},
    };
    for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
        struct http_options options = OPTIONS;
        options.resend = i % 2 ? HTTP_RESEND_IDEMPOTENT : HTTP_RESEND_ANY;
        rq.method = str_of(cases[i / 2].method);
        rq.body = str_of(cases[i / 2].body);
        start(OK_STEPS, 1, &options);
        check_ok(exchange(), e);
        stop();
        assert_true(str_starts(server.request[0], rq.method));
        check_str(scripted_field(server.request[0], "content-length"), str_of(cases[i / 2].length));
        check_str(scripted_body(server.request[0]), rq.body);
        scripted_close(&server);
    }
    arena_close(&arena);
}

static void head(void **state) {
    (void)state;
    rq.method = STR("HEAD");
    one(STR("HTTP/1.1 200 OK\r\nContent-Length: 500\r\nX-A: b\r\n\r\n"));
    assert_int_equal(rs.status, 200);
    assert_int_equal(rs.body.n, 0);
    check_text(http_field_get(&rs.fields, STR("x-a")), "b");
    finish();
}

static void head_with_body(void **state) {
    (void)state;
    rq.method = STR("HEAD");
    rq.body = STR("x");
    start(OK_STEPS, 1, &OPTIONS);
    assert_false(exchange());
    assert_int_equal(e.kind, ERR_PARSE);
    stop();
    assert_int_equal(server.requests, 0);
    finish();
}

static void large_bodies(void **state) {
    (void)state;
    enum { SIZE = 6 * 1024 * 1024 };
    char *body = arena_take(&arena, SIZE);
    for (size_t i = 0; i < SIZE; i++) body[i] = (char)(i * 7);
    rq.body = (struct str){body, SIZE};
    rq.method = STR("POST");
    const struct scripted_step step = {.bytes = scripted_answer("200 OK", "", rq.body, &arena)};
    for (int once = 0; once < 2; once++) {
        struct http_options options = OPTIONS;
        options.resend = once ? HTTP_RESEND_IDEMPOTENT : HTTP_RESEND_ANY;
        start(&step, 1, &options);
        check_ok(exchange(), e);
        stop();
        assert_true(str_eq(rs.body, rq.body));
        assert_true(str_eq(scripted_body(server.request[0]), rq.body));
        assert_null(scripted_field(server.request[0], "expect").p);
        scripted_close(&server);
    }
    arena_close(&arena);
}

static void nul_bytes(void **state) {
    (void)state;
    rq.method = STR("POST");
    rq.body = STR("\0a\0");
    one(STR("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n\0b\0"));
    check_text(scripted_body(server.request[0]), "\0a\0");
    check_text(rs.body, "\0b\0");
    finish();
}

static void keeps_connection(void **state) {
    (void)state;
    start(OK_STEPS, 2, &OPTIONS);
    check_ok(exchange(), e);
    rq.method = STR("POST");
    rq.body = STR("x");
    check_ok(exchange(), e);
    stop();
    assert_int_equal(server.requests, 2);
    assert_int_equal(server.connections, 1);
    finish();
}

/* The second request is read by the peer, which then closes the kept connection without a word. */
static void dies_under(const char *method, const char *body, bool again) {
    static const struct scripted_step steps[] = {
        {.bytes = STR_INIT(OK_TEXT)}, {.bytes = STR_INIT(""), .close = true}, {.bytes = STR_INIT(OK_TEXT)}};
    struct http_options options = OPTIONS;
    options.resend = HTTP_RESEND_IDEMPOTENT;
    rq.method = STR("GET");
    rq.body = (struct str){0};
    start(steps, 3, &options);
    check_ok(exchange(), e);
    rq.method = str_of(method);
    rq.body = str_of(body);
    assert_int_equal(exchange(), again);
    if (!again) assert_int_equal(e.kind, ERR_NETWORK);
    stop();
    assert_int_equal(server.requests, again ? 3 : 2);
    scripted_close(&server);
}

static void sent_once(void **state) {
    (void)state;
    dies_under("POST", "x", false);
    dies_under("POST", "", false);
    dies_under("PATCH", "x", false);
    dies_under("GET", "", true);
    dies_under("DELETE", "", true);
    arena_close(&arena);
}

static void unsent(void **state) {
    (void)state;
    static const struct scripted_step steps[] = {{.bytes = STR_INIT(OK_TEXT)}, {.bytes = STR_INIT(""), .close = true}};
    struct http_options options = OPTIONS;
    options.resend = HTTP_RESEND_IDEMPOTENT;
    rq.method = STR("POST");
    rq.body = STR("x");
    start(steps, 2, &options);
    check_ok(exchange(), e);
    assert_false(http_unsent(client));
    assert_false(exchange());
    assert_false(http_unsent(client)); /* the peer may have acted on it */
    scripted_stop(&server);
    assert_false(exchange());
    assert_int_equal(e.kind, ERR_NETWORK);
    assert_true(http_unsent(client)); /* refused */
    http_close(client);
    finish();
}

static void bad_requests(void **state) {
    (void)state;
    static const struct {
        const char *method, *path, *query, *name, *value;
    } bad[] = {
        {"GET", "/", NULL, "X-A", "a\r\nX-B: c"},
        {"GET", "/", NULL, "X-A", "a\n"},
        {"GET", "/", NULL, "X-A\r\nX", "a"},
        {"GET", "/", NULL, "X A", "a"},
        {"GET", "/", NULL, "", "a"},
        {"GET", "/", NULL, "X:", "a"},
        {"GET", "/", NULL, "Content-Length", "1"},
        {"GET", "/", NULL, "content-length", "x"},
        {"GET", "/", NULL, "Transfer-Encoding", "chunked"},
        {"", "/", NULL, "X-A", "a"},
        {"GET /x", "/", NULL, "X-A", "a"},
        {"GET\r\n", "/", NULL, "X-A", "a"},
        {"GET", "", NULL, "X-A", "a"},
        {"GET", "x", NULL, "X-A", "a"},
        {"GET", "/a b", NULL, "X-A", "a"},
        {"GET", "/a\r\n", NULL, "X-A", "a"},
        {"GET", "/", "a b", "X-A", "a"},
        {"GET", "/", "a\n", "X-A", "a"},
    };
    start(OK_STEPS, 2, &OPTIONS);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        rq = (struct http_request){str_of(bad[i].method), str_of(bad[i].path), str_of(bad[i].query), {0}, {0}};
        add(bad[i].name, bad[i].value);
        if (exchange()) fail_msg("sent: %zu", i);
        assert_int_equal(e.kind, ERR_PARSE);
    }
    stop();
    assert_int_equal(server.connections, 0);
    finish();
}

static void bad_address(void **state) {
    (void)state;
    struct url u;
    struct http_client *none = NULL;
    check_ok(url_read(STR("http://[1]:1"), &u, &e), e);
    assert_false(http_open(&u, &OPTIONS, &none, &e));
    assert_int_equal(e.kind, ERR_CONFIG);
    assert_non_null(strstr(e.msg, "http://[1]:1"));
    arena_close(&arena);
}

static void header_of_each(void **state) {
    (void)state;
    static const struct scripted_step steps[] = {{.bytes = STR_INIT(OK_TEXT)},
                                                 {.bytes = STR_INIT(OK_TEXT)},
                                                 {.bytes = STR_INIT(OK_TEXT)},
                                                 {.bytes = STR_INIT(OK_TEXT)},
                                                 {.bytes = STR_INIT(OK_TEXT)}};
    static const char *const methods_in_a_row[] = {"PATCH", "GET", "POST", "DELETE", "GET"};
    start(steps, 5, &OPTIONS);
    for (size_t i = 0; i < 5; i++) {
        rq = (struct http_request){.method = str_of(methods_in_a_row[i]), .path = STR("/")};
        add("Host", "h");
        if (i == 0) add("X-A", "b");
        if (i == 2) rq.body = STR("{}");
        check_ok(exchange(), e);
    }
    stop();
    check_text(server.request[0], "PATCH / HTTP/1.1\r\nHost: h\r\nX-A: b\r\nContent-Length: 0\r\n\r\n");
    check_text(server.request[1], "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    check_text(server.request[2], "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}");
    check_text(server.request[3], "DELETE / HTTP/1.1\r\nHost: h\r\n\r\n");
    check_text(server.request[4], "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    finish();
}

static void given_length(void **state) {
    (void)state;
    rq.method = STR("POST");
    rq.body = STR("abc");
    add("Host", "h");
    add("Content-Length", "3");
    one(STR(OK_TEXT));
    check_text(server.request[0], "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc");
    finish();
}

static void dates(void **state) {
    (void)state;
    int64_t s = 7;
    assert_true(http_date_read(STR("Sun, 06 Nov 1994 08:49:37 GMT"), &s) && s == 784111777);
    assert_true(http_date_read(STR("Thu, 01 Jan 1970 00:00:00 GMT"), &s) && s == 0);
    assert_true(http_date_read(STR("Sunday, 06-Nov-94 08:49:37 GMT"), &s) && s == 784111777);
    assert_false(http_date_read(STR(""), &s));
    assert_false(http_date_read(str_of(NULL), &s));
    assert_false(http_date_read(STR("yesterday"), &s));
    assert_false(http_date_read(STR("Sun, 06 Nov 1994 08:49:37 GMT Sun, 06 Nov 1994 08:49:37 GMT and more"), &s));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        HTTP_CASE("target and fields arrive byte for byte, in order", byte_for_byte),
        HTTP_CASE("no Accept, Expect, Content-Type or User-Agent is added", nothing_added),
        HTTP_CASE("what is asked for is sent, and a missing Host is the origin's", asked_for),
        HTTP_CASE("the client's Host and User-Agent go once, and give way to the request's", user_agent),
        HTTP_CASE("a field with an empty value is sent", empty_value),
        HTTP_CASE("an empty query keeps its question mark", empty_query),
        HTTP_CASE("each method is sent with its body, and a length where one is due", methods),
        HTTP_CASE("the answer to HEAD has no body", head),
        HTTP_CASE("bug: HEAD with a body is refused, as it would wait for a body that never comes", head_with_body),
        HTTP_CASE("six megabytes pass both ways", large_bodies),
        HTTP_CASE("a NUL in a body is a byte like others", nul_bytes),
        HTTP_CASE("two exchanges use one connection", keeps_connection),
        HTTP_CASE("a POST is never sent twice when its kept connection dies; a GET is", sent_once),
        HTTP_CASE("a failed request is known to be unsent only when no byte of it went out", unsent),
        HTTP_CASE("a request that would not arrive as given is refused before a connection is made", bad_requests),
        HTTP_CASE("an address that libcurl does not take is the operator's mistake", bad_address),
        HTTP_CASE("nothing of one request is left in the next", header_of_each),
        HTTP_CASE("a Content-Length that is right is sent once", given_length),
        HTTP_CASE("the three date forms of RFC 9110 are read, others refused", dates),
    };
    return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
