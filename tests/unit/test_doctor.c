/* SPDX-License-Identifier: Apache-2.0 */
/* local/doctor*.c: verdicts of samples, the report's two forms, and damaged packages. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cjson/cJSON.h"
#include "doctor.h"
#include "doctor_check.h"
#include "elf_sample.h"
#include "hostile.h"
#include "json.h"
#include "zip_sample.h"

static char path[] = "/tmp/test_doctor.XXXXXX";

static int make_file(void **state) {
    (void)state;
    int fd = mkstemp(path);
    return fd < 0 || fchmod(fd, 0755) != 0 || close(fd) != 0;
}

static int remove_file(void **state) {
    (void)state;
    return remove(path);
}

/* Not cut to nothing first: some file systems then wait for the disk, thousands of times. */
static void write_file(struct str s) {
    int fd = open(path, O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, s.p, s.n), s.n);
    assert_int_equal(ftruncate(fd, (off_t)s.n), 0);
    assert_int_equal(close(fd), 0);
}

static void examine(struct doctor_exam *x, struct arena *a) {
    struct err e;
    x->report.arena = a;
    check_ok(doctor_package_open(&x->package, path, a, &e), e);
    doctor_check_all(x);
    assert_false(x->report.failed);
}

/* The checks that failed, with a blank behind each. */
static void check_faults(const struct zip_sample_file *files, size_t n, const char *arch, const char *faults) {
    struct arena a;
    struct doctor_exam x = {.arch = arch};
    struct buf b;
    arena_init(&a, 64 * 1024 * 1024);
    buf_init(&b, 1000, &a);
    write_file(zip_sample(files, n, STR(""), &a));
    examine(&x, &a);
    for (size_t i = 0; i < x.report.n; i++)
        if (x.report.at[i].verdict == DOCTOR_FAIL) buf_addf(&b, "%s ", x.report.at[i].check);
    check_str(buf_str(&b), str_of(faults));
    arena_close(&a);
}

static void check_bootstrap(const struct elf_sample *s, const char *arch, const char *faults) {
    struct arena a;
    arena_init(&a, 1024 * 1024);
    struct zip_sample_file f = {
        STR("bootstrap"), elf_sample(s, &a), S_IFREG | 0755, ZIP_SAMPLE_UNIX, ZIP_SAMPLE_DEFLATED, 0, 0};
    check_faults(&f, 1, arch, faults);
    arena_close(&a);
}

static void programs(void **state) {
    (void)state;
    const char *x86 = "/lib64/ld-linux-x86-64.so.2", *arm = "/lib/ld-linux-aarch64.so.1";
    const struct {
        struct elf_sample sample;
        const char *arch, *faults;
    } table[] = {
        {{0}, NULL, ""},
        {{.machine = ELF_AARCH64}, "arm64", ""},
        {{.machine = ELF_AARCH64}, "x86_64", "machine "},
        {{.machine = 8}, NULL, "machine "},
        {{.interpreter = x86, .needed = {"libc.so.6"}, .versions = {"GLIBC_2.34"}}, "x86_64", ""},
        {{.interpreter = "/usr/lib64/ld-linux-x86-64.so.2"}, NULL, ""},
        {{.interpreter = arm, .machine = ELF_AARCH64, .needed = {"libcurl.so.4"}}, "arm64", ""},
        {{.interpreter = arm}, NULL, "loader "},
        {{.interpreter = "/lib/ld-musl-x86_64.so.1"}, NULL, "loader "},
        {{.interpreter = x86, .versions = {"GLIBC_2.35"}}, NULL, "glibc "},
        {{.interpreter = x86, .versions = {"GLIBC_2.35"}, .weak = true}, NULL, ""},
        {{.interpreter = x86, .needed = {"libcjson.so.1"}}, NULL, "libraries "},
        {{.interpreter = "/x", .needed = {"liby.so"}, .versions = {"GLIBC_2.38"}},
         "arm64",
         "machine loader glibc libraries "},
        {{.type = ELF_RELOCATABLE}, NULL, "content "},
        {{.type = ELF_CORE}, NULL, "content "},
        {{.type = ELF_SHARED, .no_entry = true}, NULL, "content "},
        {{.type = ELF_SHARED, .needed = {"libc.so.6"}}, NULL, "content "},
        {{.type = ELF_SHARED, .flags_1 = 0x08000001}, NULL, ""},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        check_bootstrap(&table[i].sample, table[i].arch, table[i].faults);
}

static void packages(void **state) {
    (void)state;
    enum { MODE = S_IFREG | 0755, UNIX = ZIP_SAMPLE_UNIX };
    const struct str name = STR("bootstrap"), script = STR("#!/bin/sh\n");
    const struct {
        struct zip_sample_file file;
        const char *faults;
    } table[] = {
        {{name, script, MODE, UNIX, 0, 0, 0}, ""},
        {{STR("./bootstrap"), script, MODE, UNIX, 0, 0, 0}, ""},
        {{STR("build/bootstrap"), script, MODE, UNIX, 0, 0, 0}, "name "},
        {{STR("BOOTSTRAP"), script, MODE, UNIX, 0, 0, 0}, "name "},
        {{STR("main"), script, MODE, UNIX, 0, 0, 0}, "name "},
        {{STR(""), script, MODE, UNIX, 0, 0, 0}, "name "},
        {{name, script, S_IFREG | 0666, UNIX, 0, 0, 0}, "permission "},
        {{name, script, S_IFREG | 0711, UNIX, 0, 0, 0}, "permission "},
        {{name, script, MODE, 0, 0, 0, 0}, "permission "},
        {{name, script, S_IFLNK | 0777, UNIX, 0, 0, 0}, "name "},
        {{name, STR("#!/bin/sh\r\n"), MODE, UNIX, 0, 0, 0}, "line ends "},
        {{name, STR("#!/bin/perl\n"), MODE, UNIX, 0, 0, 0}, "interpreter "},
        {{name, STR("#!"), MODE, UNIX, 0, 0, 0}, "interpreter "},
        {{name, STR(""), MODE, UNIX, 0, 0, 0}, "content "},
        {{name, STR("\177ELF"), MODE, UNIX, 0, 0, 0}, "content "},
        {{name, script, MODE, UNIX, 0, 1, 0}, "content "},
        {{name, script, MODE, UNIX, 0, 0, 4294967000}, "size "},
    };
    check_faults(NULL, 0, NULL, "name ");
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) check_faults(&table[i].file, 1, NULL, table[i].faults);
}

static void known_libraries(void **state) {
    (void)state;
    static const char *const there[] = {
        "ld-linux-aarch64.so.1", "libBrokenLocale.so.1", "libc.so.6",     "libcurl.so.4", "libm.so.6",
        "libstdc++.so.6",        "libzstd.so.1",         "libcrypto.so.3"};
    static const char *const missing[] = {"",          "libcjson.so.1", "libgcrypt.so.20",
                                          "libzzz.so", "libc.so.5",     "libc.so.66"};
    for (size_t i = 0; i < sizeof there / sizeof *there; i++)
        if (!doctor_check_libraries_has(str_of(there[i]))) fail_msg("%s", there[i]);
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++)
        if (doctor_check_libraries_has(str_of(missing[i]))) fail_msg("%s", missing[i]);
}

static void report_forms(void **state) {
    (void)state;
    struct arena a;
    struct buf b;
    struct err e;
    struct cJSON *root;
    arena_init(&a, 1024 * 1024);
    buf_init(&b, 10000, &a);
    struct doctor_report r = {.arena = &a};
    doctor_report_add(&r, "name", DOCTOR_OK, NULL, "%s", "a\"\x1b\xff");
    doctor_report_add(&r, "size", DOCTOR_FAIL, "do it", "%d", 7);
    doctor_report_write_json(&r, STR("f\n"), &b);
    check_ok(json_read(buf_str(&b), &root, &e), e);
    const struct cJSON *checks = json_get(root, "checks");
    check_text(json_get_text(root, "file"), "f\n");
    assert_false(json_is_true(json_get(root, "ok")));
    assert_int_equal(cJSON_GetArraySize(checks), 2);
    check_text(json_get_text(checks->child, "found"), "a\"\x1b\xef\xbf\xbd");
    assert_true(json_is_null(json_get(checks->child, "advice")));
    check_text(json_get_text(checks->child->next, "advice"), "do it");
    json_close(root);
    b.n = 0;
    doctor_report_write_table(&r, STR("f\n"), &b);
    check_text(buf_str(&b), "ok    name         a\"?\xff\nfail  size         7\n                   -> do it\n"
                            "f?: will not start on provided.al2023, 1 fault\n");
    arena_close(&a);
}

static void report_limits(void **state) {
    (void)state;
    struct arena a;
    struct doctor_report r = {.arena = &a};
    arena_init(&a, 1024 * 1024);
    for (int i = 0; i < DOCTOR_MAX_CHECKS; i++) doctor_report_add(&r, "x", DOCTOR_OK, NULL, "y");
    assert_false(r.failed);
    doctor_report_add(&r, "x", DOCTOR_OK, NULL, "y");
    assert_true(r.failed);
    arena_close(&a);
    r = (struct doctor_report){.arena = &a};
    arena_init(&a, 8);
    doctor_report_add(&r, "x", DOCTOR_OK, NULL, "longer than the arena");
    assert_true(r.failed);
}

static void try_it(struct str piece, bool whole, void *user) {
    struct arena a;
    struct doctor_exam x = {0};
    size_t *good = user;
    arena_init(&a, (size_t)600 * 1024 * 1024);
    write_file(piece);
    examine(&x, &a);
    assert_true(x.report.n > 0);
    if (doctor_report_faults(&x.report) == 0) ++*good;
    else assert_false(whole && !good);
    arena_close(&a);
}

static struct str good_zip(unsigned method, struct arena *a) {
    struct elf_sample program = {.interpreter = "/lib64/ld-linux-x86-64.so.2",
                                 .needed = {"libc.so.6", "libown.so.1"},
                                 .versions = {"GLIBC_2.34"}};
    struct elf_sample library = {
        .type = ELF_SHARED, .no_entry = true, .needed = {"libc.so.6"}, .versions = {"GLIBC_2.4"}};
    struct zip_sample_file files[] = {
        {STR("bootstrap"), elf_sample(&program, a), S_IFREG | 0755, ZIP_SAMPLE_UNIX, method, 0, 0},
        {STR("lib/libown.so.1"), elf_sample(&library, a), S_IFREG | 0644, ZIP_SAMPLE_UNIX, method, 0, 0},
    };
    return zip_sample(files, 2, STR(""), a);
}

static void damaged(void **state) {
    (void)state;
    struct arena a;
    size_t good = 0;
    arena_init(&a, 1024 * 1024);
    struct str s = good_zip(ZIP_SAMPLE_DEFLATED, &a);
    hostile_prefixes(s, try_it, &good);
    assert_int_equal(good, 1); /* the whole */
    hostile_changes(s, try_it, &good);
    struct elf_sample program = {.interpreter = "/lib64/ld-linux-x86-64.so.2", .needed = {"libc.so.6"}};
    s = elf_sample(&program, &a);
    good = 0;
    hostile_prefixes(s, try_it, &good);
    assert_int_equal(good, 1);
    hostile_changes(s, try_it, &good);
    arena_close(&a);
}

static void exit_codes(void **state) {
    (void)state;
    char *none[] = {"doctor", NULL}, *file[] = {"doctor", "--json", path, NULL},
         *arm[] = {"doctor", "--arch", "arm64", path, NULL};
    struct arena a;
    arena_init(&a, 1024 * 1024);
    write_file(good_zip(ZIP_SAMPLE_STORED, &a));
    assert_int_equal(doctor_main(1, none), DOCTOR_USAGE);
    assert_int_equal(doctor_main(3, file), DOCTOR_WILL_START);
    assert_int_equal(doctor_main(4, arm), DOCTOR_WILL_NOT);
    arena_close(&a);
}

int main(void) {
    const struct CMUnitTest cases[] = {
        CASE("of a program: type, machine, loader, glibc and libraries are judged", programs),
        CASE("of a package: name, permission, content and size are judged", packages),
        CASE("a library of the runtime is known by its exact name", known_libraries),
        CASE("JSON escapes what was found, the table masks control bytes", report_forms),
        CASE("a report without room for a check says so", report_limits),
        CASE("every prefix has a fault, 2,000 changed bytes do no harm", damaged),
        CASE("the exit code is 0, 1 or 2", exit_codes),
    };
    return cmocka_run_group_tests_name("doctor", cases, make_file, remove_file);
}
