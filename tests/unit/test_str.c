/* SPDX-License-Identifier: Apache-2.0 */
/* base/str.c: views are compared, cut, searched and judged by their bytes, and by nothing behind them. */
#include <stdio.h>

#include "check.h"

static void absent_is_not_empty(void **state) {
    (void)state;
    assert_null(str_of(NULL).p);
    assert_non_null(str_of("").p);
    assert_true(str_eq(str_of(NULL), STR("")));
    assert_true(str_eq_nocase(str_of(NULL), STR("")));
    assert_int_equal(str_cmp(str_of(NULL), STR("")), 0);
}

static void equality(void **state) {
    (void)state;
    assert_true(str_eq(STR("a\0b"), STR("a\0b")));
    assert_false(str_eq(STR("a\0b"), STR("a\0c")));
    assert_false(str_eq(STR("ab"), STR("abc")));
    assert_false(str_eq(STR("ab"), STR("aB")));
}

static void field_name_case(void **state) {
    (void)state;
    assert_true(str_eq_nocase(STR("content-LENGTH"), STR("Content-Length")));
    assert_false(str_eq_nocase(STR("content-length"), STR("content-lengt")));
    assert_false(str_eq_nocase(STR("@[`{"), STR("`{@["))); /* 32 apart, as letters are, but no letters */
    assert_false(str_eq_nocase(STR("\xc3\x84"), STR("\xc3\xa4")));
}

static void order(void **state) {
    (void)state;
    assert_true(str_cmp(STR("a"), STR("b")) < 0);
    assert_true(str_cmp(STR("ab"), STR("a")) > 0);
    assert_true(str_cmp(STR(""), STR("a")) < 0);
    assert_true(str_cmp(STR("\x7f"), STR("\x80")) < 0); /* as unsigned bytes */
    assert_int_equal(str_cmp(STR("same"), STR("same")), 0);
}

static void ends(void **state) {
    (void)state;
    assert_true(str_starts(STR("arn:aws"), STR("arn:")));
    assert_true(str_starts(STR("arn"), STR("")));
    assert_false(str_starts(STR("ar"), STR("arn")));
    assert_true(str_ends(STR("arn:aws"), STR(":aws")));
    assert_true(str_ends(STR(""), STR("")));
    assert_false(str_ends(STR("ws"), STR("aws")));
    assert_false(str_ends(STR("arn:aws"), STR(":AWS")));
}

static void trimming(void **state) {
    (void)state;
    check_text(str_trim(STR(" \t a b\t ")), "a b");
    check_text(str_trim(STR(" \t ")), "");
    check_text(str_trim(STR("\ra\n")), "\ra\n");
    assert_int_equal(str_trim(str_of(NULL)).n, 0);
}

static void cutting(void **state) {
    (void)state;
    struct str rest = STR("a::b"), head;
    assert_true(str_cut(&rest, ':', &head));
    check_text(head, "a");
    assert_true(str_cut(&rest, ':', &head));
    check_text(head, "");
    assert_false(str_cut(&rest, ':', &head));
    check_text(head, "b");
    assert_null(rest.p);
    assert_false(str_cut(&rest, ':', &head));
    assert_null(head.p);
}

static void cut_at_the_end(void **state) {
    (void)state;
    struct str rest = STR("a="), head;
    assert_true(str_cut(&rest, '=', &head));
    assert_int_equal(rest.n, 0);
    assert_non_null(rest.p); /* "a=" has an empty value, "a" has none */
    rest = STR("a\0b");
    assert_true(str_cut(&rest, 0, &head));
    check_text(rest, "b");
}

static void finding(void **state) {
    (void)state;
    assert_int_equal(str_find(STR("ababac"), STR("abac")), 2);
    assert_int_equal(str_find(STR("abc"), STR("")), 0);
    assert_int_equal(str_find(STR(""), STR("")), 0);
    assert_true(str_find(STR("abc"), STR("abcd")) == SIZE_MAX);
    assert_true(str_find(STR("abc"), STR("d")) == SIZE_MAX);
    assert_int_equal(str_find(STR("a\0b"), STR("\0b")), 1);
}

static void numbers(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t value;
    } good[] = {
        {"0", 0},
        {"-0", 0},
        {"007", 7},
        {"9223372036854775807", INT64_MAX},
        {"-1", -1},
        {"-9223372036854775808", INT64_MIN},
        {"1700000000000", 1700000000000},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        int64_t n = 99;
        assert_true(str_read_int64(str_of(good[i].text), INT64_MIN, INT64_MAX, &n));
        assert_true(n == good[i].value);
    }
}

static void no_numbers(void **state) {
    (void)state;
    static const char *const bad[] = {
        "",
        "-",
        "+1",
        " 1",
        "1 ",
        "1.0",
        "1e3",
        "0x10",
        "--1",
        "1-",
        "12a",
        "9223372036854775808",
        "-9223372036854775809",
        "92233720368547758070",
        "99999999999999999999999999999999",
        "-99999999999999999999999999999999",
        "\xd9\xa1",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t n = 99;
        if (str_read_int64(str_of(bad[i]), INT64_MIN, INT64_MAX, &n)) fail_msg("taken: <%s>", bad[i]);
        assert_int_equal(n, 99);
    }
}

static void number_range(void **state) {
    (void)state;
    int64_t n = 99;
    assert_false(str_read_int64(STR("0"), 1, 65535, &n));
    assert_false(str_read_int64(STR("65536"), 1, 65535, &n));
    assert_int_equal(n, 99);
    assert_true(str_read_int64(STR("65535"), 1, 65535, &n));
    assert_int_equal(n, 65535);
    assert_true(str_read_int64((struct str){"123", 2}, 0, 99, &n)); /* nothing behind the view is read */
    assert_int_equal(n, 12);
}

static void control_bytes(void **state) {
    (void)state;
    static const char around[] = {'a', ' ', '~', '\x80', '\xa0', '\xff'}; /* the last ones are no control bytes */
    for (int c = 0; c < 256; c++) {
        bool control = c < 0x20 || c == 0x7f;
        for (size_t i = 0; i < sizeof around * 19; i++) {
            char text[20];
            memset(text, around[i / 19], sizeof text);
            text[i % 19] = (char)c;
            assert_int_equal(str_has_control((struct str){text, 19}), control);
            assert_int_equal(str_has_control((struct str){text, i % 19 + 1}), control);
            assert_false(str_has_control((struct str){text, i % 19})); /* nothing behind the view is read */
        }
    }
    assert_false(str_has_control(str_of(NULL)));
}

/* Every well-formed sequence is the encoding of a code point, so the list of first and last ones is the whole truth. */
static void utf8_well_formed(void **state) {
    (void)state;
    static const char *const good[] = {
        "",
        "plain",
        "\x7f",
        "\xc2\x80",
        "\xdf\xbf",
        "\xe0\xa0\x80",
        "\xed\x9f\xbf",
        "\xee\x80\x80",
        "\xef\xbf\xbf",
        "\xf0\x90\x80\x80",
        "\xf4\x8f\xbf\xbf",
        "gr\xc3\xbcn \xf0\x9f\x98\x80",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        size_t at = 99;
        for (size_t before = 0; before < 20; before++) {
            char text[64] = "abcdefghijklmnopqrstuvwxyz";
            size_t n = strlen(good[i]);
            memcpy(text + before, good[i], n + 1);
            assert_true(str_is_utf8((struct str){text, before + n}, &at));
            memcpy(text + before + n, "abcdefghij", 10);
            assert_true(str_is_utf8((struct str){text, before + n + 10}, &at));
        }
        assert_int_equal(at, 99);
    }
    assert_true(str_is_utf8(STR("a\0b"), NULL));
}

static void utf8_ill_formed(void **state) {
    (void)state;
    static const char *const bad[] = {
        "\x80",
        "\xbf",
        "\xc0\x80",
        "\xc1\xbf",
        "\xc2",
        "\xc2 ",
        "\xe0\x9f\xbf",
        "\xe0\xa0",
        "\xe2\x82 ",
        "\xed\xa0\x80",
        "\xed\xbf\xbf",
        "\xf0\x8f\xbf\xbf",
        "\xf0\x90\x80",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xfe",
        "\xff",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        for (size_t before = 0; before < 20; before++) {
            char text[32] = "abcdefghijklmnopqrst";
            size_t n = strlen(bad[i]), at = 99;
            memcpy(text + before, bad[i], n);
            memset(text + before + n, 'z', 3);
            assert_false(str_is_utf8((struct str){text, before + n + 3}, &at));
            assert_int_equal(at, before);
            assert_false(str_is_utf8((struct str){text, before + n}, NULL));
        }
    }
}

static void printing(void **state) {
    (void)state;
    char out[16];
    snprintf(out, sizeof out, "<%.*s>", STR_ARG(str_of(NULL)));
    assert_string_equal(out, "<>");
    snprintf(out, sizeof out, "<%.*s>", STR_ARG(((struct str){"abcd", 2})));
    assert_string_equal(out, "<ab>");
    assert_int_equal(str_print_width((struct str){"", SIZE_MAX}), INT32_MAX);
}

static void made_of(void **state) {
    (void)state;
    for (int c = 0; c < 256; c++) {
        char text[] = {'a', (char)c, 'Z'};
        bool alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        assert_int_equal(str_is_made_of((struct str){text, 3}, ""), alnum);
        assert_int_equal(str_is_made_of((struct str){text, 3}, "-@"), alnum || c == '-' || c == '@');
    }
    assert_true(str_is_made_of(STR(""), "") && str_is_made_of(str_of(NULL), ""));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE("an absent view equals an empty one but is not the same", absent_is_not_empty),
        CASE("views are equal by length and bytes, NUL included", equality),
        CASE("a field name is matched without case, in ASCII only", field_name_case),
        CASE("the order is by unsigned byte, a prefix first", order),
        CASE("a prefix or suffix longer than the text is none", ends),
        CASE("only space and tab are trimmed", trimming),
        CASE("a text is cut at every separator", cutting),
        CASE("a separator at the end leaves an empty piece, not an absent one", cut_at_the_end),
        CASE("the first match is found, none is SIZE_MAX", finding),
        CASE("whole decimal numbers are read up to both ends of the range", numbers),
        CASE("what is no whole number, or too large, is refused and nothing is written", no_numbers),
        CASE("a number outside of the given range is refused", number_range),
        CASE("exactly the bytes below 0x20 and 0x7f are control bytes, at each position", control_bytes),
        CASE("letters and digits are the ASCII ones, and more only what was named", made_of),
        CASE("the first and last sequence of every UTF-8 row is taken", utf8_well_formed),
        CASE("ill-formed UTF-8 is refused at each position, and its place named", utf8_ill_formed),
        CASE("printing an absent view prints nothing", printing),
    };
    return cmocka_run_group_tests_name("str", tests, NULL, NULL);
}
