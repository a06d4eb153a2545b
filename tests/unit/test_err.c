/* SPDX-License-Identifier: Apache-2.0 */
/* base/err.c: a sentence is always there, always ended, and a cut one shows it. */
#include "check.h"

enum { CAP = sizeof(((struct err *)0)->msg) };

static void kind_and_sentence(void **state) {
    (void)state;
    struct err e;
    assert_false(err_set(&e, ERR_CONFIG, "%s is not set (%d)", "PRIVATE_API_URL", 7));
    assert_int_equal(e.kind, ERR_CONFIG);
    assert_string_equal(e.msg, "PRIVATE_API_URL is not set (7)");
}

static void replaced(void **state) {
    (void)state;
    struct err e;
    err_set(&e, ERR_CONFIG, "a long first sentence");
    err_set(&e, ERR_PARSE, "short");
    assert_int_equal(e.kind, ERR_PARSE);
    assert_string_equal(e.msg, "short");
}

static void prefixed(void **state) {
    (void)state;
    struct err e;
    err_set(&e, ERR_PARSE, "not JSON at byte %d", 3);
    assert_false(err_prefix(&e, "%s: ", "the event"));
    assert_int_equal(e.kind, ERR_PARSE);
    assert_string_equal(e.msg, "the event: not JSON at byte 3");
}

static void longest(void **state) {
    (void)state;
    struct err e;
    char text[CAP];
    memset(text, 'x', sizeof text);
    text[CAP - 1] = 0;
    err_set(&e, ERR_PARSE, "%s", text);
    assert_string_equal(e.msg, text);
}

static void cut(void **state) {
    (void)state;
    struct err e;
    char text[CAP + 1];
    memset(text, 'x', sizeof text);
    text[CAP] = 0;
    err_set(&e, ERR_PARSE, "%s", text);
    assert_int_equal(strlen(e.msg), CAP - 1);
    assert_true(str_ends(str_of(e.msg), STR("x...")));
}

/* With every number of ASCII bytes before them, the two-, three- and four-byte letters end anywhere. */
static void cut_between_letters(void **state) {
    (void)state;
    static const char *const letters[] = {"\xc3\xbc", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
    for (size_t kind = 0; kind < 3; kind++) {
        for (size_t before = 0; before < 4; before++) {
            struct err e;
            char text[CAP + 8] = "";
            memset(text, 'x', before);
            for (size_t i = before; i < CAP; i += strlen(letters[kind]))
                memcpy(text + i, letters[kind], strlen(letters[kind]));
            err_set(&e, ERR_PARSE, "%s", text);
            assert_true(str_is_utf8(str_of(e.msg), NULL));
            assert_true(str_ends(str_of(e.msg), STR("...")));
            assert_in_range(strlen(e.msg), CAP - 5, CAP - 1);
        }
    }
}

static void prefix_cuts(void **state) {
    (void)state;
    struct err e;
    char text[2 * CAP];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = 0;
    err_set(&e, ERR_LIMIT, "the reason");
    err_prefix(&e, "%s", text);
    assert_int_equal(e.kind, ERR_LIMIT);
    assert_int_equal(strlen(e.msg), CAP - 1);
    assert_true(str_ends(str_of(e.msg), STR("x...")));
    err_set(&e, ERR_LIMIT, "%.*s", CAP - 1, text);
    err_prefix(&e, "where: ");
    assert_true(str_starts(str_of(e.msg), STR("where: xx")));
    assert_true(str_ends(str_of(e.msg), STR("x...")));
}

static void prefix_before_nothing(void **state) {
    (void)state;
    struct err e = {0};
    char text[2 * CAP];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = 0;
    err_prefix(&e, "%s", text);
    assert_true(str_ends(str_of(e.msg), STR("x...")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE("an error is a kind and a sentence, and the call is false", kind_and_sentence),
        CASE("a second error replaces the first", replaced),
        CASE("a place is put before the sentence and the kind is kept", prefixed),
        CASE("the longest sentence that fits is whole", longest),
        CASE("a longer one ends in three dots", cut),
        CASE("a sentence is cut between letters, never inside one", cut_between_letters),
        CASE("a place that makes it too long cuts the end", prefix_cuts),
        CASE("bug: a place too long before an empty sentence is cut visibly too", prefix_before_nothing),
    };
    return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
