/* SPDX-License-Identifier: Apache-2.0 */
/* base/buf.c: everything that was added is there, in order, or the buffer says that it failed and why. */
#include "buf.h"
#include "with_arena.h"

static void nothing_added(void **state) {
    (void)state;
    struct buf b;
    struct err e;
    buf_init(&b, 10, &arena);
    assert_non_null(buf_str(&b).p);
    assert_int_equal(buf_str(&b).n, 0);
    buf_add(&b, STR(""));
    buf_add(&b, (struct str){0});
    assert_true(buf_ok(&b, &e));
    assert_int_equal(b.n, 0);
}

static void in_order(void **state) {
    (void)state;
    struct buf b;
    buf_init(&b, 100, &arena);
    buf_add(&b, STR("a\0b"));
    buf_add_char(&b, 0);
    buf_addf(&b, "%d-%s", 42, "x");
    buf_addf(&b, "%s", "");
    memcpy(buf_room(&b, 2), "yz", 2);
    check_str(buf_str(&b), STR("a\0b\0"
                               "42-xyz"));
}

static void limit_is_exact(void **state) {
    (void)state;
    struct err e;
    for (size_t limit = 0; limit < 600; limit += 13) {
        struct buf b;
        buf_init(&b, limit, &arena);
        for (size_t i = 0; i < limit; i++) buf_add_char(&b, 'x');
        assert_true(buf_ok(&b, &e));
        assert_int_equal(b.n, limit);
        buf_add_char(&b, 'y');
        assert_false(buf_ok(&b, &e));
        assert_int_equal(e.kind, ERR_LIMIT);
        assert_int_equal(b.n, limit);
    }
}

static void formatted_limit(void **state) {
    (void)state;
    struct buf b;
    struct err e;
    buf_init(&b, 6, &arena);
    buf_addf(&b, "%s", "abcdef");
    check_ok(buf_ok(&b, &e), e);
    check_text(buf_str(&b), "abcdef");
    buf_init(&b, 6, &arena);
    buf_addf(&b, "%s", "abcdefg");
    assert_false(buf_ok(&b, &e));
    assert_int_equal(e.kind, ERR_LIMIT);
    assert_int_equal(b.n, 0); /* no part of it */
}

static void formatted_power(void **state) {
    (void)state;
    struct buf b;
    struct err e;
    char text[257];
    memset(text, 'x', 256);
    text[256] = 0;
    buf_init(&b, 256, &arena);
    buf_addf(&b, "%s", text);
    check_ok(buf_ok(&b, &e), e);
    check_str(buf_str(&b), str_of(text));
}

static void remembers(void **state) {
    (void)state;
    struct buf b;
    struct err e;
    buf_init(&b, 4, &arena);
    buf_add(&b, STR("abcde"));
    buf_add(&b, STR("f"));
    buf_addf(&b, "g");
    assert_null(buf_room(&b, 1));
    assert_int_equal(b.n, 0);
    assert_false(buf_ok(&b, &e));
    assert_non_null(strstr(e.msg, " 4 bytes"));
}

static void no_memory(void **state) {
    (void)state;
    struct arena small;
    struct buf b;
    struct err e;
    arena_init(&small, 512);
    buf_init(&b, 1 << 20, &small);
    for (int i = 0; i < 1000; i++) buf_add(&b, STR("0123456789"));
    assert_false(buf_ok(&b, &e));
    assert_int_equal(e.kind, ERR_MEMORY);
    arena_close(&small);
    arena_init(&small, 16);
    buf_init(&b, 1 << 20, &small);
    buf_addf(&b, "%d", 1);
    assert_false(buf_ok(&b, &e));
    assert_int_equal(e.kind, ERR_MEMORY);
    arena_close(&small);
}

static void six_megabytes(void **state) {
    (void)state;
    enum { SIZE = 6 * 1024 * 1024 };
    struct buf b;
    struct err e;
    buf_init(&b, SIZE, &arena);
    for (size_t i = 0; i < SIZE; i += 8) buf_add(&b, STR("01234567"));
    check_ok(buf_ok(&b, &e), e);
    for (size_t i = 0; i < SIZE; i++) assert_int_equal(b.p[i], '0' + (char)(i % 8));
}

static void absurd_size(void **state) {
    (void)state;
    struct buf b;
    buf_init(&b, SIZE_MAX, &arena);
    buf_add_char(&b, 'x');
    assert_null(buf_room(&b, SIZE_MAX));
    assert_null(buf_room(&b, SIZE_MAX - 1));
    assert_int_equal(b.n, 1);
    buf_init(&b, SIZE_MAX, &arena);
    assert_null(buf_room(&b, SIZE_MAX));
    assert_true(b.failed);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE("a buffer without text is empty, not absent", nothing_added),
        CASE("texts, bytes, formats and filled room stand in order", in_order),
        CASE("the limit can be filled exactly and not passed", limit_is_exact),
        CASE("bug: a formatted text may fill the limit exactly", formatted_limit),
        CASE("bug: a formatted text may fill the first piece of memory exactly", formatted_power),
        CASE("after a failure nothing is added any more, and the limit is named", remembers),
        CASE("an arena at its end is out of memory, not a limit", no_memory),
        CASE("six megabytes in small pieces are whole", six_megabytes),
        CASE("a size near SIZE_MAX is refused, not wrapped around", absurd_size),
    };
    return cmocka_run_group_tests_name("buf", tests, open_arena, close_arena);
}
