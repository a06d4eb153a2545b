/* SPDX-License-Identifier: Apache-2.0 */
/* local/flags.c */
#include "check.h"
#include "flags.h"

enum { METHOD, HEADER, QUIET, INSECURE, N };
static const struct flag KNOWN[N] = {{"--method", 'X', true, false},
                                     {"--header", 'H', true, true},
                                     {"--quiet", 'q', false, false},
                                     {"--insecure", 'k', false, true}};

static struct flags flags;

#define READ(...) \
    read_words((char *[]){"apigw", __VA_ARGS__}, (int)(sizeof((char *[]){"apigw", __VA_ARGS__}) / sizeof(char *)))

static const char *read_words(char **argv, int argc) {
    static struct err e;
    e = (struct err){0};
    bool ok = flags_read(&flags, KNOWN, N, argc, argv, &e);
    if (!ok) assert_true(e.kind == ERR_CONFIG || e.kind == ERR_LIMIT);
    return ok ? "" : e.msg;
}

static void spellings(void **state) {
    (void)state;
    assert_string_equal(READ("-XPUT", "u"), "");
    assert_string_equal(flags_value(&flags, METHOD), "PUT");
    assert_string_equal(flags.words[0], "u");
    assert_string_equal(READ("-X", "PUT"), "");
    assert_string_equal(flags_value(&flags, METHOD), "PUT");
    assert_string_equal(READ("--method", "--quiet"), "");
    assert_string_equal(flags_value(&flags, METHOD), "--quiet");
    assert_string_equal(READ("--method="), "");
    assert_string_equal(flags_value(&flags, METHOD), "");
    assert_null(flags_value(&flags, QUIET));
}

static void together(void **state) {
    (void)state;
    assert_string_equal(READ("-qkX", "PUT", "-"), "");
    assert_non_null(flags_value(&flags, QUIET));
    assert_non_null(flags_value(&flags, INSECURE));
    assert_string_equal(flags_value(&flags, METHOD), "PUT");
    assert_string_equal(flags.words[0], "-");
    assert_string_equal(READ("--", "-q"), "");
    assert_null(flags_value(&flags, QUIET));
    assert_string_equal(flags.words[0], "-q");
}

static void repeats(void **state) {
    (void)state;
    assert_string_equal(READ("-H", "a", "-Hb", "--header=c"), "");
    assert_int_equal(flags.n_given, 3);
    assert_string_equal(flags.given[0].value, "a");
    assert_string_equal(flags_value(&flags, HEADER), "c");
    assert_string_equal(READ("-q", "-q"), "--quiet is given twice");
}

static void refusals(void **state) {
    (void)state;
    assert_string_equal(READ("--nonsense"), "unknown flag --nonsense");
    assert_string_equal(READ("--methodical=1"), "unknown flag --methodical");
    assert_string_equal(READ("--methdo=1"), "unknown flag --methdo (is it --method?)");
    assert_string_equal(READ("--quite"), "unknown flag --quite (is it --quiet?)");
    assert_string_equal(READ("-qz"), "unknown flag -z");
    assert_string_equal(READ("-X"), "--method needs a value");
    assert_string_equal(READ("--quiet=1"), "--quiet takes no value");
    assert_string_equal(READ("1", "2", "3", "4", "5", "6", "7", "8", "9"), "too many words: 9");
    char *many[FLAGS_MAX_GIVEN + 2] = {"apigw"};
    for (int i = 1; i < FLAGS_MAX_GIVEN + 2; i++) many[i] = "-k";
    assert_string_equal(read_words(many, FLAGS_MAX_GIVEN + 2), "more than 600 flags");
}

static void numbers(void **state) {
    (void)state;
    struct err e;
    int64_t n = 7;
    assert_string_equal(READ("-X", "12"), "");
    assert_true(flags_number(&flags, HEADER, 1, 64, &n, &e)); /* it was not given */
    assert_int_equal(n, 7);
    assert_true(flags_number(&flags, METHOD, 1, 12, &n, &e));
    assert_int_equal(n, 12);
    assert_false(flags_number(&flags, METHOD, 1, 11, &n, &e));
    assert_string_equal(e.msg, "--method wants a number from 1 to 11, not 12");
    assert_string_equal(READ("--method=1x"), "");
    assert_false(flags_number(&flags, METHOD, 1, 64, &n, &e));
    assert_string_equal(e.msg, "--method wants a number from 1 to 64, not 1x");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE("a value stands behind =, behind the letter, or next", spellings),
        CASE("letters stand together, and behind -- all is a word", together),
        CASE("only some flags may be repeated", repeats),
        CASE("what is wrong is named", refusals),
        CASE("a number is one within its limits", numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
