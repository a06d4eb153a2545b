/* SPDX-License-Identifier: Apache-2.0 */
/* base/percent.c: RFC 3986 section 2 on bytes, both ways. */
#include <stdio.h>

#include "percent.h"
#include "with_arena.h"

static struct str encoded(struct str s, bool keep_slash) {
    struct buf b;
    struct err e;
    buf_init(&b, 4096, &arena);
    percent_write(&b, s, keep_slash);
    check_ok(buf_ok(&b, &e), e);
    return buf_str(&b);
}

static struct str decoded(struct str s, bool plus_is_space) {
    struct str out;
    struct err e;
    check_ok(percent_read(s, plus_is_space, &out, &arena, &e), e);
    return out;
}

static void every_byte(void **state) {
    (void)state;
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";
    for (int c = 0; c < 256; c++) {
        char byte = (char)c, expected[8];
        bool kept = c && strchr(plain, c);
        snprintf(expected, sizeof expected, kept ? "%c" : "%%%02X", (unsigned)c);
        struct str one = {&byte, 1}, text = encoded(one, false);
        check_str(text, str_of(expected));
        check_str(decoded(text, false), one);
        check_str(decoded(text, true), one);
    }
}

static void slashes(void **state) {
    (void)state;
    check_text(encoded(STR("/a b/c"), true), "/a%20b/c");
    check_text(encoded(STR("/a b/c"), false), "%2Fa%20b%2Fc");
}

static void twice(void **state) {
    (void)state;
    check_text(encoded(STR("%20"), false), "%2520");
    check_text(decoded(STR("%2520"), false), "%20");
}

static void lower_case_digits(void **state) {
    (void)state;
    check_text(decoded(STR("%c3%A4%2f"), false), "\xc3\xa4/");
}

static void plus(void **state) {
    (void)state;
    check_text(decoded(STR("a+b%2Bc"), true), "a b+c");
    check_text(decoded(STR("a+b%2Bc"), false), "a+b+c");
}

static void nothing_to_do(void **state) {
    (void)state;
    struct str s = STR("plain");
    assert_ptr_equal(decoded(s, true).p, s.p);
    assert_null(decoded((struct str){0}, true).p);
}

static void nul(void **state) {
    (void)state;
    check_str(decoded(STR("a%00b"), false), STR("a\0b"));
}

static void bad_escapes(void **state) {
    (void)state;
    static const struct {
        const char *text, *place;
    } bad[] = {
        {"%", "byte 0"},   {"a%", "byte 1"},  {"a%4", "byte 1"},   {"ab%4", "byte 2"}, {"%zz", "byte 0"},
        {"%4g", "byte 0"}, {"%g4", "byte 0"}, {"%41%", "byte 3"},  {"%%41", "byte 0"}, {"%-1", "byte 0"},
        {"% 1", "byte 0"}, {"%+1", "byte 0"}, {"%41%4", "byte 3"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct str out;
        struct err e;
        assert_false(percent_read(str_of(bad[i].text), true, &out, &arena, &e));
        assert_int_equal(e.kind, ERR_PARSE);
        if (!strstr(e.msg, bad[i].place)) fail_msg("%s: %s", bad[i].text, e.msg);
    }
}

static void only_the_view(void **state) {
    (void)state;
    struct str out;
    struct err e;
    assert_false(percent_read((struct str){"a%41", 3}, false, &out, &arena, &e)); /* the digit behind it is not ours */
}

static void no_memory(void **state) {
    (void)state;
    struct arena none;
    struct str out;
    struct err e;
    arena_init(&none, 0);
    assert_false(percent_read(STR("%41"), false, &out, &none, &e));
    assert_int_equal(e.kind, ERR_MEMORY);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE("every byte is encoded as RFC 3986 says and decoded again", every_byte),
        CASE("a slash is kept only on request", slashes),
        CASE("what is encoded already is encoded once more", twice),
        CASE("digits are read in either case", lower_case_digits),
        CASE("a plus is a space only in a query", plus),
        CASE("a text without escapes is returned as it is", nothing_to_do),
        CASE("an encoded NUL is a byte like others", nul),
        CASE("a broken escape is refused and its place named", bad_escapes),
        CASE("nothing behind the view is read", only_the_view),
        CASE("without memory it says so", no_memory),
    };
    return cmocka_run_group_tests_name("percent", tests, open_arena, close_arena);
}
