/* SPDX-License-Identifier: Apache-2.0 */
/* local/zip.c: entries and their bytes, and every way in which a zip may lie. */
#include "with_arena.h"
#include "zip.h"

#include <sys/stat.h>

#include "hostile.h"
#include "zip_sample.h"

#define TEXT "one two three one two three one two three\n"

static struct zip_sample_file files[] = {
    {STR_INIT("bootstrap"), STR_INIT(TEXT), S_IFREG | 0755, ZIP_SAMPLE_UNIX, ZIP_SAMPLE_DEFLATED, 0, 0},
    {STR_INIT("lib/"), STR_INIT(""), S_IFDIR | 0755, ZIP_SAMPLE_UNIX, ZIP_SAMPLE_STORED, 0, 0},
    {STR_INIT("lib/a b"), STR_INIT("stored\0bytes"), S_IFREG | 0600, 19, ZIP_SAMPLE_STORED, 0, 0},
    {STR_INIT("dos"), STR_INIT(""), 0777, 0, ZIP_SAMPLE_DEFLATED, 0, 0},
};

enum { N_FILES = sizeof files / sizeof *files };

static void check_files(const struct zip *z) {
    struct str bytes;
    struct err e;
    assert_int_equal(z->n, N_FILES);
    for (size_t i = 0; i < N_FILES; i++) {
        check_str(z->at[i].name, files[i].name);
        assert_int_equal(z->at[i].size, files[i].bytes.n);
        assert_int_equal(z->at[i].has_mode, files[i].system != 0);
        assert_int_equal(z->at[i].mode, files[i].system ? files[i].mode : 0);
        check_ok(zip_extract(z, &z->at[i], 1000, &bytes, &arena, &e), e);
        check_str(bytes, files[i].bytes);
    }
}

static void all_entries(void **state) {
    (void)state;
    struct zip z;
    struct err e;
    check_ok(zip_read(zip_sample(files, N_FILES, STR(""), &arena), &z, &arena, &e), e);
    check_files(&z);
    check_ok(zip_read(zip_sample(files, 0, STR(""), &arena), &z, &arena, &e), e);
    assert_int_equal(z.n, 0);
}

static void comments(void **state) {
    (void)state;
    static char longest[65535];
    struct zip z;
    struct err e;
    memset(longest, 'P', sizeof longest);
    const struct str table[] = {
        STR("x"), STR("PK\5\6"), STR("PK\5\6................0000000000"), {longest, sizeof longest}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        check_ok(zip_read(zip_sample(files, N_FILES, table[i], &arena), &z, &arena, &e), e);
        check_files(&z);
    }
}

static void refuse(struct str s, enum err_kind kind, const char *sentence) {
    struct zip z;
    struct err e;
    assert_false(zip_read(s, &z, &arena, &e));
    if (e.kind != kind || !strstr(e.msg, sentence)) fail_msg("kind %d: %s", (int)e.kind, e.msg);
}

static struct str changed(struct str s, size_t at, struct str by) {
    char *p = arena_copy(&arena, s);
    assert_non_null(p);
    assert_true(at <= s.n && by.n <= s.n - at);
    memcpy(p + at, by.p, by.n);
    return (struct str){p, s.n};
}

static void end_records(void **state) {
    (void)state;
    struct str s = zip_sample(files, 1, STR(""), &arena);
    size_t end = s.n - 22;
    refuse(STR(""), ERR_PARSE, "no end record");
    refuse(STR("PK\5\6"), ERR_PARSE, "no end record");
    refuse((struct str){s.p, s.n - 1}, ERR_PARSE, "no end record");
    refuse((struct str){arena_copy(&arena, s), s.n + 1}, ERR_PARSE, "no end record"); /* its NUL is one byte too many */
    refuse(changed(s, end + 4, STR("\1")), ERR_REFUSED, "one part of several");
    refuse(changed(s, end + 8, STR("\0")), ERR_REFUSED, "one part of several");
    refuse(changed(s, end + 8, STR("\2\0\2\0")), ERR_PARSE, "too short for its entries");
    refuse(changed(s, end + 8, STR("\0\0\0\0")), ERR_PARSE, "more than its entries");
    refuse(changed(s, end + 12, STR("\xfe\xff\xff\xff")), ERR_PARSE, "lies outside");
    refuse(changed(s, end + 16, STR("\xfe\xff\xff\xff")), ERR_PARSE, "lies outside");
    refuse(changed(s, end + 16, STR("\0\0\0\0")), ERR_PARSE, "is damaged");
}

static void zip64(void **state) {
    (void)state;
    struct str s = zip_sample(files, 1, STR(""), &arena);
    size_t end = s.n - 22, central = end - 46 - files[0].name.n;
    struct buf b;
    refuse(changed(s, end + 8, STR("\xff\xff\xff\xff")), ERR_REFUSED, "ZIP64");
    refuse(changed(s, end + 12, STR("\xff\xff\xff\xff")), ERR_REFUSED, "ZIP64");
    refuse(changed(s, end + 16, STR("\xff\xff\xff\xff")), ERR_REFUSED, "ZIP64");
    static const size_t sizes[] = {20, 24, 42};
    for (size_t i = 0; i < 3; i++)
        refuse(changed(s, central + sizes[i], STR("\xff\xff\xff\xff")), ERR_REFUSED, "ZIP64: see bootstrap");
    buf_init(&b, 1000, &arena);
    buf_add(&b, (struct str){s.p, end});
    buf_add(&b, STR("PK\6\7\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0"));
    buf_add(&b, (struct str){s.p + end, 22});
    refuse(buf_str(&b), ERR_REFUSED, "ZIP64");
}

static void refuse_entry(struct str s, size_t limit, enum err_kind kind, const char *sentence) {
    struct zip z;
    struct err e;
    struct str bytes;
    check_ok(zip_read(s, &z, &arena, &e), e);
    assert_false(zip_extract(&z, &z.at[0], limit, &bytes, &arena, &e));
    if (e.kind != kind || !strstr(e.msg, sentence)) fail_msg("kind %d: %s", (int)e.kind, e.msg);
}

static void bad_entries(void **state) {
    (void)state;
    for (unsigned method = 0; method <= ZIP_SAMPLE_DEFLATED; method += ZIP_SAMPLE_DEFLATED) {
        struct zip_sample_file f = files[0];
        f.method = method;
        struct str s = zip_sample(&f, 1, STR(""), &arena);
        size_t data = 30 + f.name.n, central = s.n - 22 - 46 - f.name.n;
        refuse_entry(s, f.bytes.n - 1, ERR_LIMIT, "more than 41");
        refuse_entry(changed(s, data + 5, STR("\x01")), 1000, ERR_PARSE, method ? "its " : "CRC");
        refuse_entry(changed(s, central + 16, STR("\0\0\0\0")), 1000, ERR_PARSE, "CRC");
        refuse_entry(changed(s, 0, STR("X")), 1000, ERR_PARSE, "do not agree");
        refuse_entry(changed(s, 8, STR("\x63")), 1000, ERR_PARSE, "do not agree");
        refuse_entry(changed(s, 30, STR("X")), 1000, ERR_PARSE, "do not agree");
        refuse_entry(changed(s, 28, STR("\xff\xff")), 1000, ERR_PARSE, "outside of the zip");
        refuse_entry(changed(s, central + 20, STR("\xfe\xff\xff\xff")), 1000, ERR_PARSE, "outside of the zip");
        refuse_entry(changed(s, central + 42, STR("\xfe\xff\xff\xff")), 1000, ERR_PARSE, "outside of the zip");
        for (int64_t more = -1; more <= 1; more += 2) {
            f.more_bytes = more;
            refuse_entry(zip_sample(&f, 1, STR(""), &arena), 1000, ERR_PARSE, method ? "as it says" : "two different");
        }
    }
}

static void foreign_entries(void **state) {
    (void)state;
    struct zip_sample_file f = files[0];
    f.flags = 1;
    refuse_entry(zip_sample(&f, 1, STR(""), &arena), 1000, ERR_REFUSED, "encrypted");
    f = files[2];
    f.method = 12;
    refuse_entry(zip_sample(&f, 1, STR(""), &arena), 1000, ERR_REFUSED, "method 12");
}

/* 8 MB of zeros in 8 KB: no more is unpacked than the entry admits to. */
static void bombs(void **state) {
    (void)state;
    enum { BYTES = 8 * 1024 * 1024 };
    char *zeros = arena_zero(&arena, BYTES);
    assert_non_null(zeros);
    struct zip_sample_file f = {STR("x"), {zeros, BYTES}, 0100644, ZIP_SAMPLE_UNIX, ZIP_SAMPLE_DEFLATED, 0, 1 - BYTES};
    struct str s = zip_sample(&f, 1, STR(""), &arena), bytes;
    struct zip z;
    struct err e;
    assert_in_range(s.n, 100, 16 * 1024);
    refuse_entry(s, BYTES, ERR_PARSE, "as it says");
    f.more_bytes = 0;
    check_ok(zip_read(zip_sample(&f, 1, STR(""), &arena), &z, &arena, &e), e);
    check_ok(zip_extract(&z, &z.at[0], BYTES, &bytes, &arena, &e), e);
    assert_int_equal(bytes.n, BYTES);
}

static void out_of_memory(void **state) {
    (void)state;
    struct arena small;
    struct zip z;
    struct err e;
    struct str s = zip_sample(files, N_FILES, STR(""), &arena), bytes;
    arena_init(&small, 16);
    assert_false(zip_read(s, &z, &small, &e));
    assert_int_equal(e.kind, ERR_MEMORY);
    check_ok(zip_read(s, &z, &arena, &e), e);
    assert_false(zip_extract(&z, &z.at[0], 1000, &bytes, &small, &e));
    assert_int_equal(e.kind, ERR_MEMORY);
    arena_close(&small);
}

/* Reads all there is; returns how many entries could be unpacked. */
static size_t unpack_all(struct str piece, struct arena *a) {
    struct zip z;
    struct err e;
    struct str bytes;
    size_t n = 0;
    if (!zip_read(piece, &z, a, &e)) {
        assert_true(e.kind == ERR_PARSE || e.kind == ERR_REFUSED);
        return 0;
    }
    for (size_t i = 0; i < z.n; i++) {
        if (z.at[i].name.n) assert_true(z.at[i].name.p + z.at[i].name.n <= piece.p + piece.n);
        n += zip_extract(&z, &z.at[i], 1024 * 1024, &bytes, a, &e);
    }
    return n;
}

static void try_prefix(struct str piece, bool whole, void *user) {
    (void)user;
    struct arena a;
    arena_init(&a, 16 * 1024 * 1024);
    assert_int_equal(unpack_all(piece, &a), whole ? N_FILES : 0);
    arena_close(&a);
}

static void try_change(struct str piece, bool whole, void *user) {
    (void)whole;
    struct arena a;
    arena_init(&a, 16 * 1024 * 1024);
    *(size_t *)user += unpack_all(piece, &a);
    arena_close(&a);
}

static void damaged(void **state) {
    (void)state;
    struct str s = zip_sample(files, N_FILES, STR(""), &arena);
    size_t unpacked = 0;
    hostile_prefixes(s, try_prefix, NULL);
    hostile_changes(s, try_change, &unpacked);
    assert_in_range(unpacked, 1, 2000 * N_FILES - 1);
}

int main(void) {
    const struct CMUnitTest cases[] = {
        CASE("names, modes and bytes of all entries are read, stored and deflated", all_entries),
        CASE("a comment may be long and may hold the end record's mark", comments),
        CASE("an end record that is missing, followed by more or lies is refused", end_records),
        CASE("ZIP64 is refused by its name wherever it shows", zip64),
        CASE("an entry whose data, CRC, size or second header is wrong is not unpacked", bad_entries),
        CASE("encryption and other methods are named", foreign_entries),
        CASE("no more is unpacked than an entry says it has", bombs),
        CASE("lack of memory is an error", out_of_memory),
        CASE("no prefix is a zip, 2,000 changed bytes do no harm", damaged),
    };
    return cmocka_run_group_tests_name("zip", cases, open_arena, close_arena);
}
