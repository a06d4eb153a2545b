/* SPDX-License-Identifier: Apache-2.0 */
/* base/base64.c: RFC 4648 section 4, all lengths both ways, nothing foreign taken. */
#include <stdio.h>

#include "base64.h"
#include "with_arena.h"

static struct str encoded(struct str s) {
    struct buf b;
    struct err e;
    buf_init(&b, 16 << 20, &arena);
    base64_write(&b, s);
    check_ok(buf_ok(&b, &e), e);
    return buf_str(&b);
}

static struct str decoded(struct str s) {
    struct str out;
    struct err e;
    check_ok(base64_read(s, &out, &arena, &e), e);
    return out;
}

static void rfc_vectors(void **state) {
    (void)state;
    static const struct {
        const char *bytes, *text;
    } pairs[] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
        {"\xfb\xff\xfe", "+//+"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        check_str(encoded(str_of(pairs[i].bytes)), str_of(pairs[i].text));
        check_str(decoded(str_of(pairs[i].text)), str_of(pairs[i].bytes));
    }
}

static void all_lengths(void **state) {
    (void)state;
    char bytes[101];
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (char)(i * 167 + 251);
    for (size_t n = 0; n <= 100; n++) {
        struct str text = encoded((struct str){bytes, n});
        assert_int_equal(text.n, (n + 2) / 3 * 4);
        struct str whole = {bytes, n};
        check_str(decoded(text), whole);
    }
}

static void every_byte(void **state) {
    (void)state;
    char bytes[256];
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (char)i;
    struct str whole = {bytes, sizeof bytes};
    check_str(decoded(encoded(whole)), whole);
}

static void lengths(void **state) {
    (void)state;
    struct str out;
    struct err e;
    for (size_t n = 1; n < 20; n++) {
        bool taken = base64_read((struct str){"AAAAAAAAAAAAAAAAAAAA", n}, &out, &arena, &e);
        assert_int_equal(taken, n % 4 == 0);
        if (taken) continue;
        assert_int_equal(e.kind, ERR_PARSE);
        assert_non_null(strstr(e.msg, "multiple of 4"));
    }
}

static void leftover_bits(void **state) {
    (void)state;
    static const char *const bad[] = {"AB==", "AAB=", "AAAAAP=="};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct str out;
        struct err e;
        assert_false(base64_read(str_of(bad[i]), &out, &arena, &e));
        assert_int_equal(e.kind, ERR_PARSE);
    }
}

/* At each of the eight places, every byte that is not in the alphabet is refused; '=' is one but for the end. */
static void foreign_characters(void **state) {
    (void)state;
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t at = 0; at < 8; at++) {
        for (int c = 0; c < 256; c++) {
            char text[] = {'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A'};
            struct str out;
            struct err e;
            text[at] = (char)c;
            bool good = (c && strchr(alphabet, c)) || (c == '=' && at == 7);
            if (base64_read((struct str){text, 8}, &out, &arena, &e) != good)
                fail_msg("byte 0x%02x at %zu", (unsigned)c, at);
            if (good) continue;
            char place[32];
            snprintf(place, sizeof place, "position %zu", at);
            assert_int_equal(e.kind, ERR_PARSE);
            assert_non_null(strstr(e.msg, place));
        }
    }
}

static void wrong_padding(void **state) {
    (void)state;
    static const char *const bad[] = {"====", "A===", "=AAA", "AA=A", "AA==AAAA", "AAA=AAAA", "AAAA====", "AAAA=AAA"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct str out;
        struct err e;
        if (base64_read(str_of(bad[i]), &out, &arena, &e)) fail_msg("taken: %s", bad[i]);
        assert_int_equal(e.kind, ERR_PARSE);
    }
}

static void url_alphabet(void **state) {
    (void)state;
    struct str out;
    struct err e;
    assert_false(base64_read(STR("-__-"), &out, &arena, &e));
    assert_false(base64_read(STR("AA\nA"), &out, &arena, &e));
}

static void beginnings(void **state) {
    (void)state;
    unsigned char bytes[512], back[512];
    size_t n;
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)(i * 37 + i / 256);
    for (size_t size = 0; size <= sizeof bytes; size++) {
        struct str text = encoded((struct str){(char *)bytes, size});
        for (size_t room = size; room <= size && room + 4 > size; room--) {
            assert_true(base64_decode(text, true, back, room, &n));
            assert_int_equal(n, room);
            assert_memory_equal(back, bytes, room);
        }
        arena_reset(&arena);
    }
}

static void with_blanks(void **state) {
    (void)state;
    unsigned char back[16];
    size_t n;
    static const char *const good[] = {"QU\r\n \tJD\n", " QUJD", "Q\nU\nJ\nD", "QUJDQQ\n==\n", "QUJDQQ=\n="};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(base64_decode(str_of(good[i]), true, back, sizeof back, &n) && n >= 3 && back[2] == 'C');
    static const struct {
        const char *text;
        size_t at;
    } bad[] = {{"A", 1},       {"AA", 2},   {"AAA", 3},     {"AAAAA", 5}, {"AA=", 3},  {"A===", 1}, {"AA==AAAA", 2},
               {"AA\n==A", 3}, {"AA.A", 2}, {"AAA\xc3", 3}, {"====", 0},  {"A-_A", 1}, {"AB==", 4}, {"AA== =", 2}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (base64_decode(str_of(bad[i].text), true, back, sizeof back, &n)) fail_msg("%s", bad[i].text);
        assert_int_equal(n, bad[i].at);
    }
    assert_false(base64_decode(STR("QU JD"), false, back, sizeof back, &n));
    assert_int_equal(n, 2);
}

static void megabytes(void **state) {
    (void)state;
    enum { SIZE = 4 * 1024 * 1024 + 1 };
    char *bytes = arena_take(&arena, SIZE);
    for (size_t i = 0; i < SIZE; i++) bytes[i] = (char)(i * 31);
    struct str whole = {bytes, SIZE};
    check_str(decoded(encoded(whole)), whole);
}

static void limits(void **state) {
    (void)state;
    struct buf b;
    struct str out;
    struct err e;
    struct arena none;
    buf_init(&b, 7, &arena);
    base64_write(&b, STR("four"));
    assert_false(buf_ok(&b, &e));
    assert_int_equal(e.kind, ERR_LIMIT);
    arena_init(&none, 0);
    assert_false(base64_read(STR("AAAA"), &out, &none, &e));
    assert_int_equal(e.kind, ERR_MEMORY);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE("the RFC's own examples hold both ways", rfc_vectors),
        CASE("all lengths from 0 to 100 come back", all_lengths),
        CASE("every byte value comes back", every_byte),
        CASE("a text whose length is no multiple of four is refused", lengths),
        CASE("a foreign character is refused at each place, and the place named", foreign_characters),
        CASE("bug: bits left over before the padding are refused: two texts would mean the same", leftover_bits),
        CASE("padding anywhere but at the end is refused", wrong_padding),
        CASE("the URL alphabet and line breaks are refused", url_alphabet),
        CASE("as many bytes as there is room for are a beginning", beginnings),
        CASE("blanks and line ends are passed over where that was asked for, and nothing else is", with_blanks),
        CASE("four megabytes come back", megabytes),
        CASE("a limit is an error, not a cut", limits),
    };
    return cmocka_run_group_tests_name("base64", tests, open_arena, close_arena);
}
