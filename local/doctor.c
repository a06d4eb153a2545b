/* SPDX-License-Identifier: Apache-2.0 */
/* Command line in, report on standard output. Nothing is run, unpacked to disk or sent. */
#include "doctor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor_check.h"

static const size_t ARENA_BYTES = (size_t)1024 * 1024 * 1024; /* the file, its bootstrap and its libraries */
enum { MAX_TEXT_BYTES = 64 * 1024 * 1024 };

static const char USAGE[] =
    "usage: apigw doctor [--json] [--arch x86_64|arm64] FILE|ZIP|DIR\n"
    "Will it start on Lambda's provided.al2023? Exit code: 0 yes, 1 no, 2 wrong usage or a file that cannot be read.\n";

struct arguments {
    const char *path, *arch;
    bool json;
};

static bool read_arch(struct arguments *a, const char *value, struct err *e) {
    if (!value) return err_set(e, ERR_CONFIG, "--arch needs a value");
    if (a->arch) return err_set(e, ERR_CONFIG, "--arch is given twice");
    if (strcmp(value, "x86_64") != 0 && strcmp(value, "arm64") != 0)
        return err_set(e, ERR_CONFIG, "--arch is x86_64 or arm64, not '%s'", value);
    a->arch = value;
    return true;
}

static bool read_arguments(struct arguments *a, int argc, char **argv, struct err *e) {
    bool flags = true;
    for (int i = 1; i < argc; i++) {
        const char *s = argv[i];
        if (flags && strcmp(s, "--") == 0) flags = false;
        else if (flags && strcmp(s, "--json") == 0) a->json = true;
        else if (flags && strcmp(s, "--arch") == 0) {
            if (!read_arch(a, ++i < argc ? argv[i] : NULL, e)) return false;
        } else if (flags && strncmp(s, "--arch=", strlen("--arch=")) == 0) {
            if (!read_arch(a, s + strlen("--arch="), e)) return false;
        } else if (flags && s[0] == '-') return err_set(e, ERR_CONFIG, "unknown flag %s", s);
        else if (a->path) return err_set(e, ERR_CONFIG, "more than one file");
        else a->path = s;
    }
    return a->path || err_set(e, ERR_CONFIG, "there is no file");
}

static bool print(const struct doctor_exam *x, bool json, struct err *e) {
    struct buf out;
    buf_init(&out, MAX_TEXT_BYTES, x->report.arena);
    struct str file = str_of(x->package.path);
    if (json) doctor_report_write_json(&x->report, file, &out);
    else doctor_report_write_table(&x->report, file, &out);
    if (!buf_ok(&out, e)) return false;
    if (fwrite(out.p, 1, out.n, stdout) == out.n && fflush(stdout) == 0) return true;
    return err_set(e, ERR_CONFIG, "standard output cannot be written");
}

static bool examine(struct doctor_exam *x, const char *path, struct arena *a, struct err *e) {
    x->report.arena = a;
    if (!doctor_package_open(&x->package, path, a, e)) return false;
    doctor_check_all(x);
    return !x->report.failed || err_set(e, ERR_MEMORY, "%s: out of memory", path);
}

int doctor_main(int argc, char **argv) {
    struct arguments given = {0};
    struct arena arena;
    struct err e;
    if (argc == 2 && strcmp(argv[1], "--help") == 0) return fputs(USAGE, stdout) < 0;
    if (!read_arguments(&given, argc, argv, &e)) {
        fprintf(stderr, "apigw doctor: %s\n%s", e.msg, USAGE);
        return DOCTOR_USAGE;
    }
    struct doctor_exam x = {.arch = given.arch};
    arena_init(&arena, ARENA_BYTES);
    bool done = examine(&x, given.path, &arena, &e) && print(&x, given.json, &e);
    if (!done) fprintf(stderr, "apigw doctor: %s\n", e.msg);
    int code = !done ? DOCTOR_USAGE : doctor_report_faults(&x.report) ? DOCTOR_WILL_NOT : DOCTOR_WILL_START;
    arena_close(&arena);
    return code;
}
