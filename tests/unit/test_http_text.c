/* SPDX-License-Identifier: Apache-2.0 */
/* base/http_text.c */
#include "http_text.h"
#include "with_arena.h"

static struct http_request read_good(const char *text) {
    struct http_request rq;
    struct err e;
    check_ok(http_text_read(str_of(text), &rq, &arena, &e), e);
    return rq;
}

static void check_bad(const char *text, const char *sentence) {
    struct http_request rq;
    struct err e = {0};
    assert_false(http_text_read(str_of(text), &rq, &arena, &e));
    assert_int_equal(e.kind, ERR_PARSE);
    check_str(str_of(e.msg), str_of(sentence));
}

static void whole(void **state) {
    (void)state;
    struct http_request rq = read_good("POST /a/b?x=1&y HTTP/1.1\r\nHost: h:80\r\nA:  b c \r\n\r\nline\r\n\r\nmore");
    check_text(rq.method, "POST");
    check_text(rq.path, "/a/b");
    check_text(rq.query, "x=1&y");
    assert_int_equal(rq.fields.n, 2);
    check_text(rq.fields.at[0].value, "h:80");
    check_text(rq.fields.at[1].value, "b c");
    check_text(rq.body, "line\r\n\r\nmore");
}

static void bare(void **state) {
    (void)state;
    struct http_request rq = read_good("GET / HTTP/1.1\nHost:h");
    assert_null(rq.query.p);
    check_text(rq.fields.at[0].value, "h");
    check_text(rq.body, "");
    rq = read_good("GET / HTTP/1.1");
    assert_int_equal(rq.fields.n, 0);
}

static void raw_target(void **state) {
    (void)state;
    struct http_request rq = read_good("GET /a HTTP/b \xe1\x88\xb4?q=a b HTTP/1.1\nHost:h\n\n");
    check_text(rq.path, "/a HTTP/b \xe1\x88\xb4");
    check_text(rq.query, "q=a b");
}

static void absolute_target(void **state) {
    (void)state;
    struct http_request rq = read_good("GET https://h.example/p?u=http://x HTTP/1.1\n\n");
    check_text(rq.path, "/p");
    check_text(rq.query, "u=http://x");
    check_text(read_good("GET http://h HTTP/1.1\n").path, "/");
    check_text(read_good("GET /http://h HTTP/1.1\n").path, "/http://h");
    check_text(read_good("GET http://H:80/?a HTTP/1.1\nHost: h:80\n\n").query, "a");
    check_bad("GET http://other/p HTTP/1.1\nHost: h\n\n", "line 1 is for other, the Host field says h");
}

static void folded(void **state) {
    (void)state;
    struct http_request rq = read_good("GET / HTTP/1.1\nA: one\n  two\n\tthree\nB: x\n\n");
    assert_int_equal(rq.fields.n, 2);
    check_text(rq.fields.at[0].value, "one\n  two\n\tthree");
    check_text(rq.fields.at[1].value, "x");
}

static void malformed(void **state) {
    (void)state;
    static const char *const starts[] = {"", "GET", "GET /", "GET HTTP/1.1", " / HTTP/1.1", "\n"};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        check_bad(starts[i], "line 1 is not \"METHOD /path HTTP/1.1\"");
    check_bad("GET ?a HTTP/1.1\n", "line 1 has no path");
    check_bad("GET / HTTP/1.1\n a: b\n", "line 2 continues a field, but there is none before it");
    check_bad("GET / HTTP/1.1\nHost: h\nno colon\n\n", "line 3 is not \"Name: value\"");
    check_bad("GET / HTTP/1.1\nHost : h\n\n", "line 2 is not \"Name: value\"");
    check_bad(NULL, "there is no request");
}

static void response(void **state) {
    (void)state;
    struct http_response rs;
    struct err e = {0};
    check_ok(http_text_read_response(STR("HTTP/1.1 100 Continue\r\n\r\nHTTP/2 403 \r\nx-a:  b\r\n\r\n{}\n"), &rs,
                                     &arena, &e),
             e);
    assert_int_equal(rs.status, 403);
    check_text(http_field_get(&rs.fields, STR("X-A")), "b");
    check_text(rs.body, "{}\n");
    check_ok(http_text_read_response(STR("HTTP/1.1 204"), &rs, &arena, &e), e);
    static const char *const bad[] = {"", "HTTP/1.1", "HTTP/1.1 x", "HTTP/1.1 20", "{}", "HTTP/1.1 200 OK\nno colon\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(http_text_read_response(str_of(bad[i]), &rs, &arena, &e));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE("method, path, query, fields and body are found", whole),
        CASE("a request may end anywhere behind its first line", bare),
        CASE("spaces and UTF-8 in the target stay", raw_target),
        CASE("an absolute target loses its origin, which is the Host field's", absolute_target),
        CASE("a folded value keeps its line ends", folded),
        CASE("a response is read behind its 1xx answers", response),
        CASE("what is no request is told by its line", malformed),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
