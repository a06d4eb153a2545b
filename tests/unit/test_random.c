/* SPDX-License-Identifier: Apache-2.0 */
/* local/random.c: what is drawn has the right shape, every letter comes up, and nothing comes up twice. */
#include "random.h"

#include "check.h"

static void letters_only(void **state) {
    (void)state;
    char text[1001];
    memset(text, 'x', sizeof text);
    assert_true(random_text(text, 1000, "abc"));
    assert_int_equal(strlen(text), 1000);
    assert_int_equal(strspn(text, "abc"), 1000);
}

static void nothing_asked(void **state) {
    (void)state;
    char text[2] = "x";
    assert_true(random_text(text, 0, "ab"));
    assert_int_equal(text[0], 0);
    assert_true(random_text(text, 1, "ab"));
    assert_int_equal(text[1], 0);
}

/* 100,000 draws of 100 letters: 1,000 each, and a fair generator is 400 off once in 10^30 runs. */
static void no_bias(void **state) {
    (void)state;
    enum { DRAWS = 100000, LETTERS = 100 };
    static char text[DRAWS + 1], alphabet[LETTERS + 1];
    int seen[256] = {0};
    for (int i = 0; i < LETTERS; i++) alphabet[i] = (char)(i + 1);
    assert_true(random_text(text, DRAWS, alphabet));
    for (int i = 0; i < DRAWS; i++) seen[(unsigned char)text[i]]++;
    for (int i = 0; i < LETTERS; i++) assert_in_range(seen[i + 1], 600, 1400);
}

static void uuid_shape(void **state) {
    (void)state;
    for (int turn = 0; turn < 1000; turn++) {
        char id[37];
        assert_true(random_uuid(id));
        assert_int_equal(strlen(id), 36);
        for (size_t i = 0; i < 36; i++) {
            bool dash = i == 8 || i == 13 || i == 18 || i == 23;
            assert_non_null(strchr(dash ? "-" : "0123456789abcdef", id[i]));
        }
        assert_int_equal(id[14], '4');
        assert_non_null(strchr("89ab", id[19]));
    }
}

static void never_twice(void **state) {
    (void)state;
    static char ids[500][37];
    for (size_t i = 0; i < 500; i++) {
        assert_true(random_uuid(ids[i]));
        for (size_t k = 0; k < i; k++) assert_string_not_equal(ids[i], ids[k]);
    }
}

int main(void) {
    const struct CMUnitTest cases[] = {
        CASE("a text has only letters of the alphabet and ends in a NUL", letters_only),
        CASE("a text of no letters is empty", nothing_asked),
        CASE("every letter is as likely as the others", no_bias),
        CASE("a UUID has version 4 and its variant", uuid_shape),
        CASE("500 UUIDs are 500 different ones", never_twice),
    };
    return cmocka_run_group_tests_name("random", cases, NULL, NULL);
}
