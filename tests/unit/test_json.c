/* SPDX-License-Identifier: Apache-2.0 */
/* base/json.c: RFC 8259 and nothing more is read, and nothing of it is lost; every text that is written can be read. */
#include <cjson/cJSON.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "json.h"
#include "with_arena.h"

/* The text in memory of exactly its size, so that a tool sees each byte that is read behind it. */
static bool reads(struct str text, struct err *e) {
    struct cJSON *root;
    char *exact = malloc(text.n ? text.n : 1);
    assert_non_null(exact);
    if (text.n) memcpy(exact, text.p, text.n);
    bool ok = json_read((struct str){exact, text.n}, &root, e);
    if (!ok) assert_null(root);
    json_close(root);
    free(exact);
    return ok;
}

static void refuse(struct str text, const char *reason) {
    struct err e = {0};
    if (reads(text, &e)) fail_msg("taken: %.*s", STR_ARG(text));
    assert_int_equal(e.kind, ERR_PARSE);
    if (!strstr(e.msg, reason)) fail_msg("%.*s: %s", STR_ARG(text), e.msg);
}

static struct str written(struct str s) {
    struct buf b;
    struct err e;
    buf_init(&b, 64 << 20, &arena);
    json_write_text(&b, s);
    check_ok(buf_ok(&b, &e), e);
    return buf_str(&b);
}

static const char GOOD[] =
    " {\"a\":[1,-2.5e+3,0,true,false,null,\"x\\u00fc\\\"\\n\\ud83d\\ude00\",{},[]],\"\":{\"b\":\"gr\xc3\xbcn\"}}";

static void good_texts(void **state) {
    (void)state;
    static const char *const good[] = {
        GOOD,
        "{}",
        "[]",
        "\"\"",
        "0",
        "-0",
        "1e5",
        "1E-5",
        "0.5",
        "true",
        "false",
        "null",
        " \t\r\n1\t\r\n ",
        "[[[]]]",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\"",
        "\"\x7f\"",
        "\"\\\\u0000\"",
        "{\"a\":1,\"a\":2}",
        "10",
        "[0,0.1,-1]",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct err e;
        check_ok(reads(str_of(good[i]), &e), e);
    }
}

static void prefixes(void **state) {
    (void)state;
    for (size_t n = 0; n < sizeof GOOD - 1; n++) {
        struct err e;
        if (reads((struct str){GOOD, n}, &e)) fail_msg("%zu bytes taken", n);
        assert_int_equal(e.kind, ERR_PARSE);
    }
}

static void not_json(void **state) {
    (void)state;
    static const char *const bad[] = {
        "",          " ",          "{",     "}",    "[",     "]",       "{]",      "[}",        "{\"a\"}",
        "{\"a\":}",  "{\"a\":1,}", "[1,]",  "[,1]", "{a:1}", "{'a':1}", "nul",     "True",      "NaN",
        "Infinity",  "-",          "+1",    ".5",   "\"",    "\"\\\"",  "\"\\x\"", "\"\\u12\"", "[1 2]",
        "{\"a\" 1}", "//x",        "/**/1", "1e",   "1e+",   "--1",     "0x10",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) refuse(str_of(bad[i]), "not JSON");
}

static void more_than_json(void **state) {
    (void)state;
    static const char *const bad[] = {
        "01",           "-01", "[00]", "1.",     "[1.]",          "1.e5",
        "{\"a\":-012}", "\v1", "\f[]", "[\x01]", "{\x1f\"a\":1}", "\xef\xbb\xbf{}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) refuse(str_of(bad[i]), "not JSON");
}

static void bad_escape_digits(void **state) {
    (void)state;
    refuse(STR("{\"a\":\"kept\\u00zzlost\"}"), "not JSON");
    refuse(STR("\"\\uZZZZ\""), "not JSON");
    refuse(STR("\"\\u 041\""), "not JSON");
    refuse(STR("\"\\u004\""), "not JSON");
    refuse(STR("{\"\\u00g0\":1}"), "not JSON");
}

static void trailing(void **state) {
    (void)state;
    static const char *const bad[] = {"{} x", "{}{}", "1 2", "[]]", "\"a\"\"b\"", "nullx", "{},", "1.2.3"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) refuse(str_of(bad[i]), "not JSON");
    refuse(STR("{} x"), "more text at byte 2");
}

static void escaped_nul(void **state) {
    (void)state;
    refuse(STR("{\"a\":\"x\\u0000y\"}"), "\\u0000 at byte 7");
    refuse(STR("{\"a\\u0000\":1}"), "\\u0000");
    refuse(STR("\"\\\\\\u0000\""), "\\u0000"); /* a backslash, then the escape */
}

static void raw_nul(void **state) {
    (void)state;
    refuse(STR("{\"a\":\"x\0y\"}"), "control byte 0x00");
    refuse(STR("{}\0"), "NUL at byte 2");
    refuse(STR("\0{}"), "NUL at byte 0");
}

static void control_bytes(void **state) {
    (void)state;
    for (int c = 1; c < 0x20; c++) {
        char text[] = {'"', 'a', (char)c, 'b', '"'};
        refuse((struct str){text, sizeof text}, "at byte 2");
    }
}

static void surrogates(void **state) {
    (void)state;
    struct cJSON *root;
    struct err e;
    check_ok(json_read(STR("\"\\ud83d\\ude00\\u20ac\""), &root, &e), e);
    check_text(json_text(root), "\xf0\x9f\x98\x80\xe2\x82\xac");
    json_close(root);
    static const char *const bad[] = {
        "\"\\ud83d\"",    "\"\\ude00\"",        "\"\\ude00\\ud83d\"", "\"\\ud83d\\ud83d\"", "\"\\ud83dx\"",
        "\"\\ud83d\\n\"", "\"\\ud83d\\u0041\"", "\"\\ud83d\\u\"",     "\"\xed\xa0\xbd\"",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) refuse(str_of(bad[i]), "not JSON");
}

static void invalid_utf8(void **state) {
    (void)state;
    static const char text[] = "{\"key\":\"value\"}";
    for (size_t at = 0; at < sizeof text - 1; at++) {
        char bad[sizeof text], place[32];
        memcpy(bad, text, sizeof text);
        bad[at] = (char)0xff;
        snprintf(place, sizeof place, "UTF-8 at byte %zu", at);
        refuse((struct str){bad, sizeof text - 1}, place);
    }
}

static void nesting(void **state) {
    (void)state;
    static const char *const pairs[] = {"[]", "{}"};
    for (size_t kind = 0; kind < 2; kind++) {
        for (size_t depth = JSON_MAX_DEPTH - 1; depth <= JSON_MAX_DEPTH + 1; depth++) {
            struct buf b;
            struct err e;
            buf_init(&b, 4096, &arena);
            for (size_t i = 0; i < depth; i++) buf_add(&b, kind ? STR("{\"a\":") : STR("["));
            buf_add(&b, STR("1"));
            for (size_t i = 0; i < depth; i++) buf_add_char(&b, pairs[kind][1]);
            assert_int_equal(reads(buf_str(&b), &e), depth <= JSON_MAX_DEPTH);
        }
    }
}

static void ten_thousand_levels(void **state) {
    (void)state;
    char open[10000];
    memset(open, '[', sizeof open);
    refuse((struct str){open, sizeof open}, "deeper than 64 levels at byte 64");
    memset(open, '{', sizeof open);
    refuse((struct str){open, sizeof open}, "deeper than 64 levels");
    char text[10002];
    struct err e;
    memset(text, '[', sizeof text);
    text[0] = text[10001] = '"';
    check_ok(reads((struct str){text, sizeof text}, &e), e); /* in a string they are letters */
}

static void members(void **state) {
    (void)state;
    struct cJSON *root;
    struct err e;
    check_ok(json_read(STR("{\"t\":\"x\",\"n\":1,\"z\":null,\"y\":true,\"o\":{\"i\":\"deep\"}}"), &root, &e), e);
    check_text(json_get_text(root, "t"), "x");
    check_text(json_get_text(json_get(root, "o"), "i"), "deep");
    assert_null(json_get_text(root, "n").p);
    assert_null(json_get_text(root, "T").p); /* names have case */
    assert_null(json_get(json_get(root, "t"), "x"));
    assert_null(json_get_text(json_get(NULL, "a"), "b").p);
    assert_true(json_is_null(json_get(root, "z")) && json_is_null(json_get(root, "absent")));
    assert_false(json_is_null(json_get(root, "n")));
    assert_true(json_is_true(json_get(root, "y")));
    assert_false(json_is_true(json_get(root, "n")) || json_is_true(NULL));
    json_close(root);
    json_close(NULL);
}

static void written_forms(void **state) {
    (void)state;
    check_text(written(str_of(NULL)), "null");
    check_text(written(STR("")), "\"\"");
    check_text(written(STR("a\"\\/\b\f\n\r\t")), "\"a\\\"\\\\/\\b\\f\\n\\r\\t\"");
    check_text(written(STR("\0\x01\x1f\x7f")), "\"\\u0000\\u0001\\u001f\\u007f\"");
    check_text(written(STR("gr\xc3\xbcn \xf0\x9f\x98\x80")), "\"gr\xc3\xbcn \xf0\x9f\x98\x80\"");
}

static void replacement(void **state) {
    (void)state;
    check_text(written(STR("a\xff"
                           "b")),
               "\"a\\ufffdb\"");
    check_text(written(STR("\xc3")), "\"\\ufffd\"");
    check_text(written(STR("\xed\xa0\x80")), "\"\\ufffd\\ufffd\\ufffd\"");
    check_text(written(STR("\xfc\xc3\xbc\xfc\"")), "\"\\ufffd\xc3\xbc\\ufffd\\\"\"");
}

static void check_back(struct str s, struct str expected) {
    struct cJSON *root;
    struct err e;
    check_ok(json_read(written(s), &root, &e), e);
    check_str(json_text(root), expected);
    json_close(root);
}

static void every_byte(void **state) {
    (void)state;
    for (int c = 1; c < 256; c++) {
        char text[] = {'a', (char)c, 'b'};
        struct str s = {text, sizeof text};
        check_back(s, c < 0x80 ? s
                               : STR("a\xef\xbf\xbd"
                                     "b"));
    }
    refuse(written(STR("a\0b")), "\\u0000"); /* written without loss; the reader says that it cannot keep it */
}

static void every_letter(void **state) {
    (void)state;
    struct buf b;
    buf_init(&b, 1 << 20, &arena);
    for (unsigned c = 0x80; c < 0x10000; c += 7) {
        if (c >= 0xd800 && c < 0xe000) continue;
        char two[] = {(char)(0xc0 | c >> 6), (char)(0x80 | (c & 63))};
        char three[] = {(char)(0xe0 | c >> 12), (char)(0x80 | (c >> 6 & 63)), (char)(0x80 | (c & 63))};
        buf_add(&b, c < 0x800 ? (struct str){two, 2} : (struct str){three, 3});
    }
    check_back(buf_str(&b), buf_str(&b));
}

/* Quotes all over: time must grow with the length, not with its square. */
static void six_megabytes(void **state) {
    (void)state;
    enum { SIZE = 6 * 1024 * 1024 };
    char *text = arena_take(&arena, SIZE);
    assert_non_null(text);
    for (size_t i = 0; i < SIZE; i++) text[i] = i % 8 ? 'x' : '"';
    check_back((struct str){text, SIZE}, (struct str){text, SIZE});
}

/* Three trees live at once, one of them larger than a block of memory, and end in another order. */
static void several_trees(void **state) {
    (void)state;
    struct cJSON *small, *big, *late;
    struct err e;
    struct buf b;
    buf_init(&b, 1 << 20, &arena);
    buf_add(&b, STR("[\"first\""));
    for (int i = 0; i < 20000; i++) buf_add(&b, STR(",1"));
    buf_add(&b, STR(",\"last\"]"));
    check_ok(json_read(STR("{\"a\":\"x\"}"), &small, &e), e);
    check_ok(json_read(buf_str(&b), &big, &e), e);
    refuse(STR("{\"a\":[1,2,"), "not JSON");
    json_close(small);
    check_ok(json_read(STR("{\"a\":\"y\"}"), &late, &e), e);
    check_text(json_text(big->child), "first");
    check_text(json_text(big->child->prev), "last");
    json_close(big);
    check_text(json_get_text(late, "a"), "y");
    json_close(late);
}

struct relay {
    pthread_mutex_t lock;
    struct cJSON *tree; /* of another thread, for the next one to read and close */
};

static void *read_and_pass_on(void *user) {
    struct relay *relay = user;
    char text[64];
    struct err e;
    for (int i = 0; i < 2000; i++) {
        struct cJSON *mine, *other;
        int n = snprintf(text, sizeof text, "{\"n\":[%d,%d],\"a\":\"b%06d\"}", i, i, i);
        if (!json_read((struct str){text, (size_t)n}, &mine, &e)) abort();
        pthread_mutex_lock(&relay->lock);
        other = relay->tree;
        relay->tree = mine;
        pthread_mutex_unlock(&relay->lock);
        if (other && json_get_text(other, "a").n != 7) abort();
        json_close(other);
    }
    return NULL;
}

static void threads(void **state) {
    (void)state;
    struct relay relay = {PTHREAD_MUTEX_INITIALIZER, NULL};
    pthread_t thread[4];
    for (size_t i = 0; i < 4; i++) assert_int_equal(pthread_create(&thread[i], NULL, read_and_pass_on, &relay), 0);
    for (size_t i = 0; i < 4; i++) assert_int_equal(pthread_join(thread[i], NULL), 0);
    assert_int_equal(json_get_text(relay.tree, "a").n, 7);
    json_close(relay.tree);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE("what RFC 8259 allows is read", good_texts),
        CASE("every prefix of a good text is refused", prefixes),
        CASE("what is not JSON is refused", not_json),
        CASE("bug: leading zeros, bare points, control bytes and byte order marks are not JSON", more_than_json),
        CASE("bug: a \\u without four digits is refused, as it would cut the string", bad_escape_digits),
        CASE("text behind the value is refused", trailing),
        CASE("an escaped NUL is refused and its place named", escaped_nul),
        CASE("a raw NUL is refused anywhere", raw_nul),
        CASE("a control byte in a string is refused", control_bytes),
        CASE("surrogates are taken in pairs only", surrogates),
        CASE("invalid UTF-8 is refused at each position, and its place named", invalid_utf8),
        CASE("nesting is taken up to its limit and not one level further", nesting),
        CASE("ten thousand levels are refused without harm", ten_thousand_levels),
        CASE("absent in, absent out; another type is absent too", members),
        CASE("strings are written as RFC 8259 section 7 says", written_forms),
        CASE("bytes that are not UTF-8 become U+FFFD, one each", replacement),
        CASE("every byte value is written so that it is read back", every_byte),
        CASE("letters of two and three bytes come back as they were", every_letter),
        CASE("trees live side by side and end in any order", several_trees),
        CASE("a tree may be read by one thread and closed by another", threads),
        CASE("bug: six megabytes with quotes are written in a moment", six_megabytes),
    };
    return cmocka_run_group_tests_name("json", tests, open_arena, close_arena);
}
