/* SPDX-License-Identifier: Apache-2.0 */
/* local/bytes.c: numbers and pieces, and that nothing outside of the view is ever touched. */
#include "bytes.h"

#include "check.h"

static void numbers(void **state) {
    (void)state;
    struct bytes b = {.view = STR("\x01\x02\x03\x04\x05\x06\x07\xf8")};
    assert_int_equal(bytes_number(&b, 0, 1), 1);
    assert_int_equal(bytes_number(&b, 1, 2), 0x302);
    assert_int_equal(bytes_number(&b, 4, 4), 0xf8070605);
    assert_true(bytes_number(&b, 0, 8) == 0xf807060504030201U);
    assert_false(b.outside);
}

static void outside(void **state) {
    (void)state;
    static const uint64_t asked[][2] = {{8, 1},          {7, 2},          {0, 9},
                                        {UINT64_MAX, 1}, {1, UINT64_MAX}, {UINT64_MAX, UINT64_MAX}};
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        struct bytes b = {.view = STR("12345678")};
        assert_null(bytes_part(&b, asked[i][0], asked[i][1]).p);
        assert_true(b.outside);
        bytes_number(&b, 0, 1);
        assert_true(b.outside);
    }
}

static void edges(void **state) {
    (void)state;
    struct bytes b = {.view = STR("12345678")};
    check_text(bytes_part(&b, 0, 8), "12345678");
    check_text(bytes_part(&b, 7, 1), "8");
    check_text(bytes_part(&b, 8, 0), "");
    assert_false(b.outside);
    b.view = (struct str){0};
    assert_int_equal(bytes_number(&b, 0, 4), 0);
    assert_true(b.outside);
}

int main(void) {
    const struct CMUnitTest cases[] = {
        CASE("a number's first byte is its least", numbers),
        CASE("what is outside is absent, and is remembered", outside),
        CASE("the whole view and its empty end are inside", edges),
    };
    return cmocka_run_group_tests_name("bytes", cases, NULL, NULL);
}
