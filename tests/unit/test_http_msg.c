/* SPDX-License-Identifier: Apache-2.0 */
/* base/http_msg.c: lists of fields keep order and repeats; a query is decoded once, in order. */
#include <stdio.h>

#include "http_msg.h"
#include "with_arena.h"

static void add(struct http_fields *f, const char *name, const char *value) {
    struct err e;
    check_ok(http_field_add(f, str_of(name), str_of(value), &arena, &e), e);
}

static void field_name_case(void **state) {
    (void)state;
    struct http_fields f = {0};
    add(&f, "Content-Type", "text/plain");
    add(&f, "X-A", "1");
    add(&f, "x-a", "2");
    check_text(http_field_get(&f, STR("CONTENT-TYPE")), "text/plain");
    check_text(http_field_get(&f, STR("x-A")), "1");
    assert_int_equal(http_field_count(&f, STR("X-a")), 2);
    assert_int_equal(http_field_count(&f, STR("X")), 0);
}

static void absent_or_empty(void **state) {
    (void)state;
    struct http_fields f = {0};
    assert_null(http_field_get(&f, STR("a")).p);
    add(&f, "a", "");
    assert_non_null(http_field_get(&f, STR("a")).p);
    assert_int_equal(http_field_get(&f, STR("a")).n, 0);
}

static void full_list(void **state) {
    (void)state;
    struct http_fields f = {0};
    struct err e = {0};
    for (int i = 0; i < HTTP_MAX_FIELDS; i++) add(&f, i == HTTP_MAX_FIELDS - 1 ? "last" : "n", "v");
    assert_false(http_field_add(&f, STR("more"), STR(""), &arena, &e));
    assert_int_equal(e.kind, ERR_LIMIT);
    assert_int_equal(f.n, HTTP_MAX_FIELDS);
    check_text(http_field_get(&f, STR("last")), "v");
}

static void no_memory(void **state) {
    (void)state;
    struct arena none;
    struct http_fields f = {0};
    struct err e = {0};
    arena_init(&none, 0);
    assert_false(http_field_add(&f, STR("a"), STR("b"), &none, &e));
    assert_int_equal(e.kind, ERR_MEMORY);
    assert_int_equal(f.n, 0);
}

static void tokens(void **state) {
    (void)state;
    static const char allowed[] = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    for (int c = 0; c < 256; c++) {
        char byte = (char)c;
        assert_int_equal(http_is_token((struct str){&byte, 1}), c && strchr(allowed, c));
    }
    assert_true(http_is_token(STR("M-SEARCH")));
    assert_false(http_is_token(STR("")));
    assert_false(http_is_token(STR("GET ")));
    assert_false(http_is_token(str_of(NULL)));
}

static void queries(void **state) {
    (void)state;
    static const struct {
        const char *query;
        size_t n;
        const char *expected; /* name=value; of each */
    } cases[] = {
        {"", 0, ""},
        {"a=1", 1, "a=1;"},
        {"a=1&b=2&a=3", 3, "a=1;b=2;a=3;"},
        {"a", 1, "a=;"},
        {"a=", 1, "a=;"},
        {"=v", 1, "=v;"},
        {"a=b=c", 1, "a=b=c;"},
        {"&&a=1&&b=2&", 2, "a=1;b=2;"},
        {"a+b=c+d", 1, "a b=c d;"},
        {"a%2Bb=%26%3d", 1, "a+b=&=;"},
        {"gr%C3%BCn=%e2%82%ac", 1, "gr\xc3\xbcn=\xe2\x82\xac;"},
        {"a;b=1", 1, "a;b=1;"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct http_fields f;
        struct err e;
        char text[200] = "";
        size_t at = 0;
        check_ok(http_query_read(str_of(cases[i].query), &f, &arena, &e), e);
        assert_int_equal(f.n, cases[i].n);
        for (size_t k = 0; k < f.n; k++)
            at += (size_t)snprintf(text + at, sizeof text - at, "%.*s=%.*s;", STR_ARG(f.at[k].name),
                                   STR_ARG(f.at[k].value));
        assert_string_equal(text, cases[i].expected);
    }
}

static void absent_query(void **state) {
    (void)state;
    struct http_fields f = {NULL, 7, 7};
    struct err e;
    assert_true(http_query_read((struct str){0}, &f, &arena, &e));
    assert_int_equal(f.n, 0);
}

static void bad_queries(void **state) {
    (void)state;
    static const char *const bad[] = {"%", "a=%4", "a=%zz", "ok=1&b%=2", "a=1&b=%"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct http_fields f;
        struct err e = {0};
        if (http_query_read(str_of(bad[i]), &f, &arena, &e)) fail_msg("taken: %s", bad[i]);
        assert_int_equal(e.kind, ERR_PARSE);
    }
}

static void many_parameters(void **state) {
    (void)state;
    char text[2 * (HTTP_MAX_FIELDS + 1)];
    struct http_fields f;
    struct err e = {0};
    for (size_t i = 0; i < sizeof text; i++) text[i] = i % 2 ? '&' : 'a';
    assert_true(http_query_read((struct str){text, 2 * HTTP_MAX_FIELDS}, &f, &arena, &e));
    assert_int_equal(f.n, HTTP_MAX_FIELDS);
    assert_false(http_query_read((struct str){text, sizeof text}, &f, &arena, &e));
    assert_int_equal(e.kind, ERR_LIMIT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE("a field name is matched without case, the first one wins", field_name_case),
        CASE("an empty field is not an absent one", absent_or_empty),
        CASE("a full list is an error, never a cut", full_list),
        CASE("without memory the list stays as it was", no_memory),
        CASE("a token has the characters of RFC 9110 and at least one", tokens),
        CASE("a query is decoded in order, repeats kept", queries),
        CASE("no query has no parameters", absent_query),
        CASE("a broken escape in a query is refused", bad_queries),
        CASE("too many parameters are an error, never a cut", many_parameters),
    };
    return cmocka_run_group_tests_name("http_msg", tests, open_arena, close_arena);
}
