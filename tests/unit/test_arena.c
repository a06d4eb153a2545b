/* SPDX-License-Identifier: Apache-2.0 */
/* base/arena.c: pieces are aligned and apart, the limit holds, growing keeps the bytes, reset keeps what pays. */
#include "check.h"

enum { BLOCK = 32 * 1024, MANY = 500 };

static void alignment(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, 1 << 20);
    for (size_t n = 0; n < 100; n++) {
        char *p = arena_take(&a, n);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
        memset(p, 0xee, n);
    }
    arena_close(&a);
}

static void apart(void **state) {
    (void)state;
    struct arena a;
    unsigned char *piece[MANY];
    arena_init(&a, 16 << 20);
    for (size_t i = 0; i < MANY; i++) {
        piece[i] = arena_take(&a, i * 7 + 1);
        assert_non_null(piece[i]);
        memset(piece[i], (int)(i & 0xff), i * 7 + 1);
    }
    for (size_t i = 0; i < MANY; i++)
        for (size_t k = 0; k < i * 7 + 1; k++) assert_int_equal(piece[i][k], i & 0xff);
    arena_close(&a);
}

static void zeroed(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, 1 << 20);
    memset(arena_take(&a, 1000), 0xff, 1000);
    arena_reset(&a);
    unsigned char *p = arena_zero(&a, 1000); /* the same memory again */
    for (size_t i = 0; i < 1000; i++) assert_int_equal(p[i], 0);
    arena_close(&a);
}

static void the_limit(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, 4096);
    assert_null(arena_take(&a, 4097));
    assert_null(arena_zero(&a, 4097));
    assert_int_equal(a.used, 0);
    assert_non_null(arena_take(&a, 4096));
    assert_int_equal(a.used, 4096);
    assert_null(arena_take(&a, 1));
    arena_reset(&a);
    assert_non_null(arena_take(&a, 4096));
    arena_close(&a);
}

static void limit_of_many_blocks(void **state) {
    (void)state;
    struct arena a;
    size_t limit = 10 * BLOCK, taken = 0;
    arena_init(&a, limit);
    while (arena_take(&a, 1024)) taken += 1024;
    assert_int_equal(taken, limit);
    assert_true(a.used <= limit);
    arena_close(&a);
}

static void absurd_sizes(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, SIZE_MAX);
    assert_null(arena_take(&a, SIZE_MAX));
    assert_null(arena_take(&a, SIZE_MAX - 15));
    assert_null(arena_take(&a, SIZE_MAX / 2 + 1));
    assert_null(arena_copy(&a, (struct str){"", SIZE_MAX}));
    char *p = arena_take(&a, 8);
    assert_null(arena_grow(&a, p, 8, SIZE_MAX));
    arena_close(&a);
}

static void in_place(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, 1 << 20);
    char *p = arena_take(&a, 10);
    memcpy(p, "0123456789", 10);
    assert_ptr_equal(arena_grow(&a, p, 10, 5000), p);
    assert_memory_equal(p, "0123456789", 10);
    memset(p, 'x', 5000);
    assert_ptr_equal(arena_grow(&a, p, 5000, 100), p); /* a smaller size is the same piece */
    char *next = arena_take(&a, 1);
    assert_true(next >= p + 5000);
    arena_close(&a);
}

static void not_the_last(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, 1 << 20);
    char *p = arena_take(&a, 10), *q;
    memcpy(p, "0123456789", 10);
    memset(arena_take(&a, 16), 'y', 16);
    q = arena_grow(&a, p, 10, 2000);
    assert_ptr_not_equal(q, p);
    assert_memory_equal(q, "0123456789", 10);
    assert_memory_equal(p, "0123456789", 10);
    arena_close(&a);
}

static void from_nothing(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, 1 << 20);
    assert_non_null(arena_grow(&a, NULL, 0, 64));
    arena_close(&a);
}

static void large_growth(void **state) {
    (void)state;
    struct arena a;
    size_t n = BLOCK + 1;
    arena_init(&a, 64 << 20);
    char *p = arena_take(&a, n);
    memset(p, 'a', n);
    while (n < 24 << 20) {
        p = arena_grow(&a, p, n, n * 2);
        assert_non_null(p);
        memset(p + n, 'a', n);
        n *= 2;
    }
    for (size_t i = 0; i < n; i += 997) assert_int_equal(p[i], 'a');
    assert_true(a.used < n + 2 * BLOCK); /* one block that grew, not a trail of old ones */
    arena_close(&a);
}

static void growth_over_a_block(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, 1 << 20);
    memset(arena_take(&a, 100), 'k', 100);
    char *p = arena_take(&a, BLOCK - 4096);
    memset(p, 'p', BLOCK - 4096);
    char *q = arena_grow(&a, p, BLOCK - 4096, 2 * BLOCK);
    assert_non_null(q);
    memset(q + BLOCK - 4096, 'q', BLOCK + 4096);
    for (size_t i = 0; i < BLOCK - 4096; i++) assert_int_equal(q[i], 'p');
    arena_close(&a);
}

static void refused_growth(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, 100000);
    char *p = arena_take(&a, 60000);
    memset(p, 'a', 60000);
    assert_null(arena_grow(&a, p, 60000, 100001));
    for (size_t i = 0; i < 60000; i++) assert_int_equal(p[i], 'a');
    assert_non_null(arena_grow(&a, p, 60000, 100000));
    assert_int_equal(a.used, 100000);
    arena_close(&a);
}

static void one_block_stays(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, 16 << 20);
    for (int turn = 0; turn < 3; turn++) {
        for (int i = 0; i < 10; i++) assert_non_null(arena_take(&a, 1000));
        arena_reset(&a);
        assert_int_equal(a.used, BLOCK);
    }
    arena_close(&a);
    assert_int_equal(a.used, 0);
}

/* A round as a large event makes it: fields, the body, the handler's pieces, a reply that grows. */
static char *large_round(struct arena *a, size_t body_n) {
    assert_non_null(arena_take(a, 1000));
    char *body = arena_take(a, body_n);
    assert_non_null(body);
    memset(body, 'b', body_n);
    for (int i = 0; i < 100; i++) assert_non_null(arena_take(a, 1000));
    char *reply = arena_take(a, 256);
    for (size_t n = 256; n < body_n; n *= 2) assert_non_null(reply = arena_grow(a, reply, n, 2 * n));
    return body;
}

static void large_rounds(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, 96 << 20);
    large_round(&a, 6 << 20);
    arena_reset(&a);
    char *body = large_round(&a, 6 << 20);
    size_t used = a.used;
    for (int turn = 0; turn < 3; turn++) {
        arena_reset(&a);
        assert_int_equal(a.used, used); /* nothing was given back */
        assert_ptr_equal(large_round(&a, 6 << 20), body);
        assert_int_equal(a.used, used); /* nor was anything added */
    }
    arena_close(&a);
}

static void small_rounds(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, 96 << 20);
    for (int turn = 0; turn < 2; turn++) {
        large_round(&a, 6 << 20);
        arena_reset(&a);
    }
    for (int turn = 0; turn < 40; turn++) {
        if (turn == 20) large_round(&a, 6 << 20); /* counting starts again */
        assert_non_null(arena_take(&a, 1000));
        arena_reset(&a);
        assert_true(a.used > 6 << 20);
    }
    for (int turn = 0; turn < 20; turn++) {
        assert_non_null(arena_take(&a, 1000));
        arena_reset(&a);
    }
    assert_int_equal(a.used, BLOCK);
    arena_close(&a);
}

static void kept_at_most(void **state) {
    (void)state;
    struct arena a;
    size_t limit = 12 << 20;
    arena_init(&a, limit);
    for (int turn = 0; turn < 3; turn++) {
        assert_non_null(arena_take(&a, 1000));
        assert_non_null(arena_take(&a, limit / 2));
        arena_reset(&a);
        assert_true(a.used <= limit / 3);
    }
    arena_close(&a);
    arena_init(&a, SIZE_MAX);
    for (int turn = 0; turn < 3; turn++) {
        assert_non_null(arena_take(&a, 1000));
        assert_non_null(arena_take(&a, 80 << 20));
        arena_reset(&a);
        assert_true(a.used <= 32 << 20);
    }
    arena_close(&a);
}

static void copies(void **state) {
    (void)state;
    struct arena a;
    arena_init(&a, 1 << 20);
    char *p = arena_copy(&a, (struct str){"abcdef", 3});
    assert_string_equal(p, "abc");
    assert_string_equal(arena_copy(&a, (struct str){0}), "");
    p = arena_copy(&a, STR("a\0b"));
    assert_memory_equal(p, "a\0b", 4);
    arena_close(&a);
    arena_init(&a, 16);
    assert_null(arena_copy(&a, STR("sixteen letters!")));
    assert_non_null(arena_copy(&a, STR("fifteen letters")));
    arena_close(&a);
}

static void fixed_memory(void **state) {
    (void)state;
    struct arena a;
    char memory[1024 + 1];
    arena_init_fixed(&a, memory + 1, 1024); /* not aligned */
    for (int turn = 0; turn < 2; turn++) {
        size_t taken = 0;
        for (char *p; (p = arena_take(&a, 16)); taken += 16) {
            assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
            assert_true(p > memory && p + 16 <= memory + sizeof memory);
            memset(p, 0xee, 16);
        }
        assert_true(taken >= 1024 - 128 && taken < 1024);
        arena_reset(&a);
    }
    char *p = arena_take(&a, 16);
    memcpy(p, "0123456789abcdef", 16);
    assert_ptr_equal(arena_grow(&a, p, 16, 512), p);
    assert_null(arena_grow(&a, p, 512, 64 * 1024));
    assert_memory_equal(p, "0123456789abcdef", 16);
    arena_close(&a);
    assert_null(arena_take(&a, 1));
    memset(memory, 0, sizeof memory); /* it is ours again, and nothing of it was freed */
}

static void fixed_too_small(void **state) {
    (void)state;
    char memory[256];
    for (size_t n = 0; n < sizeof memory; n++) {
        struct arena a;
        arena_init_fixed(&a, memory, n);
        char *p = arena_take(&a, 1);
        assert_true(!p || p < memory + n);
        arena_reset(&a);
        arena_close(&a);
    }
    struct arena none;
    arena_init_fixed(&none, NULL, 0);
    assert_null(arena_take(&none, 1));
    arena_close(&none);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE("a piece of any size is aligned for any type", alignment),
        CASE("pieces do not overlap", apart),
        CASE("zeroed memory is zero, also when it was used before", zeroed),
        CASE("the limit can be used to its last byte and not passed", the_limit),
        CASE("the limit counts all blocks, and small pieces fill it", limit_of_many_blocks),
        CASE("a size near SIZE_MAX is refused, not wrapped around", absurd_sizes),
        CASE("the last piece grows where it is", in_place),
        CASE("another piece is copied, and the old one stays", not_the_last),
        CASE("growing nothing is taking", from_nothing),
        CASE("a piece larger than a block grows without leaving old ones behind", large_growth),
        CASE("a piece that outgrows its block keeps its bytes", growth_over_a_block),
        CASE("a refused growth leaves the piece as it was", refused_growth),
        CASE("reset gives all back but one block", one_block_stays),
        CASE("rounds with large pieces use the same memory again", large_rounds),
        CASE("a large block is given back after 32 small rounds in a row", small_rounds),
        CASE("no more than 32 MB and a third of the limit is kept", kept_at_most),
        CASE("a copy ends with NUL, and counts it", copies),
        CASE("an arena over fixed memory stays inside it, turn after turn", fixed_memory),
        CASE("fixed memory of any size is safe", fixed_too_small),
    };
    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
