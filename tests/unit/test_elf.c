/* SPDX-License-Identifier: Apache-2.0 */
/* local/elf_file.c: what a loader would see in samples made here, and in damaged ones. */
#include "elf_file.h"
#include "with_arena.h"

#include "elf_sample.h"
#include "hostile.h"

#define LOADER "/lib64/ld-linux-x86-64.so.2"

static struct elf read_sample(struct elf_sample s) {
    struct elf f;
    struct err e;
    check_ok(elf_read(elf_sample(&s, &arena), &f, &e), e);
    return f;
}

static void whole_program(void **state) {
    (void)state;
    struct elf f = read_sample((struct elf_sample){.interpreter = LOADER,
                                                   .needed = {"libc.so.6", "libm.so.6", "libx.so.1"},
                                                   .versions = {"GLIBC_2.9", "GLIBC_2.34", "GLIBC_2.2.5"}});
    assert_int_equal(f.bits, 64);
    assert_false(f.big_endian);
    assert_int_equal(f.type, ELF_EXECUTABLE);
    assert_int_equal(f.machine, ELF_X86_64);
    check_text(f.interpreter, LOADER);
    assert_int_equal(f.n_needed, 3);
    check_text(f.needed[0], "libc.so.6");
    check_text(f.needed[2], "libx.so.1");
    check_text(f.glibc, "GLIBC_2.34");
    assert_true(f.has_entry && f.dynamic && f.nx && f.relro && !f.bind_now && !f.pie && !f.has_runpath);
}

static void versions_compared(void **state) {
    (void)state;
    static const struct {
        const char *versions[3];
        bool weak;
        const char *highest;
        unsigned major, minor;
    } table[] = {{{"GLIBC_2.9", "GLIBC_2.10"}, false, "GLIBC_2.10", 2, 10},
                 {{"GLIBC_3.0", "GLIBC_2.99"}, false, "GLIBC_3.0", 3, 0},
                 {{"GLIBC_2.38", "GLIBC_2.3"}, true, "GLIBC_2.3", 2, 3},
                 {{"GLIBC_ABI_DT_RELR", "GLIBC_2.34"}, false, "GLIBC_ABI_DT_RELR", 2, 36},
                 {{"GLIBC_2.2.5", "GLIBC_PRIVATE", "OPENSSL_3.0.0"}, false, "GLIBC_2.2.5", 2, 2},
                 {{"GLIBC_PRIVATE", "GLIBC_", "GLIBC_x.y"}, false, NULL, 0, 0},
                 {{"GLIBC_2.99999999999999999999"}, false, NULL, 0, 0}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct elf_sample s = {.interpreter = LOADER, .weak = table[i].weak};
        memcpy(s.versions, table[i].versions, sizeof table[i].versions);
        struct elf f = read_sample(s);
        check_str(f.glibc, str_of(table[i].highest));
        assert_int_equal(f.glibc_major, table[i].major);
        assert_int_equal(f.glibc_minor, table[i].minor);
    }
}

static void hardening(void **state) {
    (void)state;
    assert_true(read_sample((struct elf_sample){.flags_1 = 0x08000001}).pie);
    assert_true(read_sample((struct elf_sample){.flags_1 = 0x08000001}).bind_now);
    assert_true(read_sample((struct elf_sample){.bind_now = true}).bind_now);
    assert_true(read_sample((struct elf_sample){.type = ELF_SHARED, .interpreter = LOADER}).pie);
    assert_false(read_sample((struct elf_sample){.executable_stack = true}).nx);
    assert_false(read_sample((struct elf_sample){.no_relro = true}).relro);
    assert_false(read_sample((struct elf_sample){.no_entry = true}).has_entry);
}

static void machines(void **state) {
    (void)state;
    assert_string_equal(elf_machine_name(ELF_X86_64), "x86_64");
    assert_string_equal(elf_machine_name(ELF_AARCH64), "arm64");
    assert_string_equal(elf_machine_name(3), "i386");
    assert_null(elf_machine_name(0x1234));
    assert_int_equal(read_sample((struct elf_sample){.machine = ELF_AARCH64}).machine, ELF_AARCH64);
}

/* Only the fields that every class has are read of these. */
static void other_classes(void **state) {
    (void)state;
    static const char big[20] = "\177ELF\2\2\1\0\0\0\0\0\0\0\0\0\0\2\0\x16";
    static const char small[20] = "\177ELF\1\1\1\0\0\0\0\0\0\0\0\0\2\0\3";
    struct elf f;
    struct err e;
    check_ok(elf_read((struct str){big, sizeof big}, &f, &e), e);
    assert_true(f.big_endian && f.bits == 64 && f.type == ELF_EXECUTABLE && f.machine == 22);
    check_ok(elf_read((struct str){small, sizeof small}, &f, &e), e);
    assert_true(!f.big_endian && f.bits == 32 && f.type == ELF_EXECUTABLE && f.machine == 3);
}

static char *changed(struct str s, size_t at, struct str by) {
    char *p = arena_copy(&arena, s);
    assert_non_null(p);
    assert_true(at + by.n <= s.n);
    memcpy(p + at, by.p, by.n);
    return p;
}

static size_t find(struct str s, struct str needle) {
    size_t at = str_find(s, needle);
    assert_true(at != SIZE_MAX);
    return at;
}

/* Offsets near 2^64, counts beyond the file, chains that turn in a circle, names without an end. */
static void lies(void **state) {
    (void)state;
    struct elf_sample sample = {
        .interpreter = LOADER, .needed = {"libc.so.6"}, .versions = {"GLIBC_2.34", "GLIBC_2.4"}};
    struct str s = elf_sample(&sample, &arena);
    size_t interp = 64 + 56, versions = find(s, STR(LOADER)) + sizeof LOADER;
    size_t dynamic = find(s, STR("\x01\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0"));
    const struct {
        size_t at;
        struct str by;
        const char *sentence;
    } table[] = {{4, STR("\3"), "its class is neither"},
                 {5, STR("\0"), "its byte order is neither"},
                 {32, STR("\xff\xff\xff\xff\xff\xff\xff\xff"), "its program headers lie outside"},
                 {54, STR("\x38\0\xfe\xff"), "its program headers lie outside"},
                 {54, STR("\x38\0\xff\xff"), "65535 program headers"},
                 {54, STR("\x20\0"), "foreign size"},
                 {interp + 8, STR("\xff\xff\xff\xff\xff\xff\xff\xff"), "a segment lies outside"},
                 {interp + 32, STR("\xff\xff\xff\xff\xff\xff\xff\xff"), "a segment lies outside"},
                 {interp + 32, STR("\x05\0\0\0\0\0\0\0"), "the name of its loader"},
                 {dynamic + 8, STR("\xff\xff\xff\xff\xff\xff\xff\xff"), "outside of its string table"},
                 {versions, STR("\2"), "its version needs"},
                 {versions + 8, STR("\xff\xff\xff\xff"), "its version needs"},
                 {versions + 16 + 12, STR("\xff\xff\xff\xff"), "its version needs"},
                 {versions + 16 + 8, STR("\xff\xff\xff\xff"), "outside of its string table"}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct elf f;
        struct err e;
        assert_false(elf_read((struct str){changed(s, table[i].at, table[i].by), s.n}, &f, &e));
        if (!strstr(e.msg, table[i].sentence)) fail_msg("%zu: %s", i, e.msg);
    }
}

static void too_many_needed(void **state) {
    (void)state;
    struct buf b;
    struct str s = elf_sample(&(struct elf_sample){0}, &arena);
    struct elf f;
    struct err e;
    uint64_t at = s.n;
    buf_init(&b, 1024 * 1024, &arena);
    buf_add(&b, s);
    elf_sample_pair(&b, 5, 0x400000 + 4);
    elf_sample_pair(&b, 10, 12);
    for (int i = 0; i <= ELF_MAX_NEEDED; i++) elf_sample_pair(&b, 1, 11);
    for (size_t i = 0; i < 2; i++) { /* PT_LOAD and PT_DYNAMIC: to the new end */
        uint64_t from = i ? at : 0, n = b.n - from;
        for (size_t k = 0; k < 8; k++) {
            b.p[64 + 56 * i + 8 + k] = (char)(unsigned char)(from >> 8 * k);
            b.p[64 + 56 * i + 32 + k] = (char)(unsigned char)(n >> 8 * k);
        }
    }
    assert_false(elf_read(buf_str(&b), &f, &e));
    assert_int_equal(e.kind, ERR_LIMIT);
    b.n -= 16;
    b.p[64 + 56 + 32] = (char)(b.p[64 + 56 + 32] - 16);
    b.p[64 + 32] = (char)(b.p[64 + 32] - 16);
    check_ok(elf_read(buf_str(&b), &f, &e), e);
    assert_int_equal(f.n_needed, ELF_MAX_NEEDED);
}

/* A Vernaux that names itself as the next would go on for ever, were its steps not counted. */
static void many_versions(void **state) {
    (void)state;
    enum { NEEDS = 40000, AUX_PER_NEED = 2 };
    struct buf b;
    struct elf f;
    struct err e;
    buf_init(&b, 8 * 1024 * 1024, &arena);
    elf_sample_header(&b, &(struct elf_sample){0}, 2);
    size_t n = 64 + 56 * 2 + NEEDS * 48 + 5 * 16, dynamic = n - 5 * 16;
    elf_sample_segment(&b, 1, 5, 0, n);
    elf_sample_segment(&b, 2, 6, dynamic, 5 * 16);
    for (int i = 0; i < NEEDS; i++) {
        elf_sample_pair(&b, 1 | AUX_PER_NEED << 16, 16 | (uint64_t)48 << 32);
        for (int k = 0; k < AUX_PER_NEED; k++) elf_sample_pair(&b, 0, (uint64_t)16 << 32 | 3);
    }
    elf_sample_pair(&b, 5, 0x400000 + 4);
    elf_sample_pair(&b, 10, 12);
    elf_sample_pair(&b, 0x6ffffffe, 0x400000 + 64 + 56 * 2);
    elf_sample_pair(&b, 0x6fffffff, NEEDS);
    elf_sample_pair(&b, 0, 0);
    assert_false(elf_read(buf_str(&b), &f, &e));
    assert_int_equal(e.kind, ERR_LIMIT);
}

static void try_prefix(struct str piece, bool whole, void *user) {
    struct elf f;
    struct err e;
    assert_int_equal(elf_read(piece, &f, &e), whole);
    (void)user;
}

static void try_change(struct str piece, bool whole, void *user) {
    struct elf f;
    struct err e;
    size_t *good = user;
    (void)whole;
    if (!elf_read(piece, &f, &e)) {
        assert_true(e.kind == ERR_PARSE || e.kind == ERR_LIMIT);
        return;
    }
    ++*good;
    for (size_t i = 0; i < f.n_needed; i++) /* every view lies in the file */
        assert_true(f.needed[i].p >= piece.p && f.needed[i].p + f.needed[i].n <= piece.p + piece.n);
    if (f.interpreter.p) assert_true(f.interpreter.p + f.interpreter.n <= piece.p + piece.n);
    if (f.glibc.p) assert_true(f.glibc.p + f.glibc.n <= piece.p + piece.n);
}

static void damaged(void **state) {
    (void)state;
    struct elf_sample sample = {
        .interpreter = LOADER, .needed = {"libc.so.6", "libm.so.6"}, .versions = {"GLIBC_2.34", "GLIBC_2.4"}};
    struct str s = elf_sample(&sample, &arena);
    size_t good = 0;
    hostile_prefixes(s, try_prefix, NULL);
    hostile_changes(s, try_change, &good);
    assert_in_range(good, 1, 1999);
}

int main(void) {
    const struct CMUnitTest cases[] = {
        CASE("loader, libraries and versions are read without section headers", whole_program),
        CASE("the highest glibc version is found by number, weak needs left out", versions_compared),
        CASE("PIE, NX, RELRO and BIND_NOW are seen where they are stated", hardening),
        CASE("a machine has Lambda's name, another common one, or none", machines),
        CASE("32-bit and big-endian files are recognised", other_classes),
        CASE("an offset, count or name outside of the file is an error that says which", lies),
        CASE("more needed libraries than the table holds are an error, not a cut", too_many_needed),
        CASE("the chain of versions is followed for a bounded number of steps", many_versions),
        CASE("every prefix is refused, 2,000 changed bytes do no harm", damaged),
    };
    return cmocka_run_group_tests_name("elf", cases, open_arena, close_arena);
}
