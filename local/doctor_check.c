/* SPDX-License-Identifier: Apache-2.0 */
/* What holds for every package: Lambda's custom runtime starts the file `bootstrap` at the root of what was uploaded
   (developer guide, "Building a custom runtime"), as a user who owns nothing of it, within the quotas on size. */
#include "doctor_check.h"

#include <string.h>

#include "elf_file.h"

#define ANEW "make it anew, for example: chmod 755 bootstrap && zip -X function.zip bootstrap"

enum { OTHERS_MAY_READ = 04, OTHERS_MAY_EXECUTE = 01, ANYONE_MAY_EXECUTE = 0111 };

static const struct {
    struct str magic;
    const char *name;
} foreign[] = {
    {STR_INIT("\x1f\x8b"), "a gzip file"},
    {STR_INIT("MZ"), "a Windows program"},
    {STR_INIT("\xcf\xfa\xed\xfe"), "a macOS program"},
    {STR_INIT("\xca\xfe\xba\xbe"), "a macOS program or a Java class"},
    {STR_INIT("\xef\xbb\xbf#!"), "a script behind a byte order mark, which hides its #! line"},
    {STR_INIT("PK\3\4"), "a zip"}, /* inside of the zip */
    {STR_INIT("7z\xbc\xaf\x27\x1c"), "a 7z file"},
    {STR_INIT("BZh"), "a bzip2 file"},
    {STR_INIT("\xfd"
              "7zXZ"),
     "an xz file"},
    {STR_INIT("!<arch>"), "an archive (ar)"},
};

static double megabytes(uint64_t n) {
    return (double)n / (1024 * 1024);
}

/* What a file is that is neither zip nor ELF nor script. */
static const char *describe(struct str bytes) {
    if (!bytes.n) return "empty";
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
        if (str_starts(bytes, foreign[i].magic)) return foreign[i].name;
    if (str_is_utf8(bytes, NULL) && !memchr(bytes.p, 0, bytes.n)) return "text without a #! line";
    return "neither a zip, an ELF file nor a script";
}

static bool is_program(struct str bytes) {
    return elf_is_elf(bytes) || str_starts(bytes, STR("#!"));
}

/* False: there is nothing to look into. */
static bool check_format(struct doctor_exam *x) {
    const struct doctor_package *p = &x->package;
    static const char *const kinds[] = {[DOCTOR_ZIP] = "a zip", [DOCTOR_FOLDER] = "a folder"};
    if (p->damage.kind != ERR_NONE) {
        doctor_report_add(&x->report, "format", DOCTOR_FAIL, ANEW, "%s", p->damage.msg);
        return false;
    }
    if (p->kind == DOCTOR_FILE && str_ends(str_of(p->path), STR(".zip")) && !is_program(p->bytes)) {
        doctor_report_add(&x->report, "format", DOCTOR_FAIL, ANEW, "not a zip, in spite of its name: it is %s",
                          describe(p->bytes));
        return false;
    }
    if (p->kind == DOCTOR_FILE) doctor_report_add(&x->report, "format", DOCTOR_OK, NULL, "a single file");
    else
        doctor_report_add(&x->report, "format", DOCTOR_OK, NULL, "%s of %zu entr%s", kinds[p->kind], p->n,
                          p->n == 1 ? "y" : "ies");
    return true;
}

/* The quotas count in powers of two. Beyond 50 MB a zip has to come from S3, as sam deploy does it. */
static void check_size(struct doctor_exam *x) {
    const struct doctor_package *p = &x->package;
    double packed = megabytes(p->file_bytes), unpacked = megabytes(p->unpacked);
    if (p->unpacked > DOCTOR_MAX_BYTES || p->file_bytes > DOCTOR_MAX_BYTES)
        doctor_report_add(&x->report, "size", DOCTOR_FAIL, "leave out what the function does not need",
                          "too large: %llu bytes unpacked, and Lambda takes %d (250 MB)",
                          (unsigned long long)(p->unpacked > p->file_bytes ? p->unpacked : p->file_bytes),
                          DOCTOR_MAX_BYTES);
    else if (p->kind == DOCTOR_ZIP && p->file_bytes > DOCTOR_MAX_ZIP_BYTES)
        doctor_report_add(&x->report, "size", DOCTOR_WARN, "deploy it from S3, as sam deploy does",
                          "the zip has %.1f MB; uploaded directly it may have 50 MB", packed);
    else if (p->kind == DOCTOR_ZIP)
        doctor_report_add(&x->report, "size", DOCTOR_OK, NULL, "%.2f MB, %.2f MB unpacked", packed, unpacked);
    else doctor_report_add(&x->report, "size", DOCTOR_OK, NULL, "%.2f MB", unpacked);
}

static bool is_named_almost(struct str name) {
    struct str start = {name.p, name.n < strlen("bootstrap") ? name.n : strlen("bootstrap")};
    return !memchr(name.p, '/', name.n) && str_eq_nocase(start, STR("bootstrap"));
}

static bool is_nested(struct str name) {
    return str_eq(doctor_package_base(name), STR("bootstrap"));
}

static bool may_be_program(const struct doctor_entry *entry) {
    return !memchr(entry->name.p, '/', entry->name.n) && entry->has_mode && entry->mode & ANYONE_MAY_EXECUTE;
}

/* The file that was probably meant, so that its other faults are named as well. */
static const struct doctor_entry *find_meant(const struct doctor_package *p, const char **advice) {
    for (size_t i = 0; i < p->n; i++) {
        *advice = "pack the folder's content, not the folder: cd into it, then zip -X ../function.zip bootstrap";
        if (!p->at[i].folder && is_nested(p->at[i].name)) return &p->at[i];
    }
    *advice = "name it bootstrap, in lower case and without an ending";
    for (size_t i = 0; i < p->n; i++)
        if (!p->at[i].folder && p->at[i].name.n && is_named_almost(p->at[i].name)) return &p->at[i];
    for (size_t i = 0; i < p->n; i++)
        if (!p->at[i].folder && p->at[i].name.n && may_be_program(&p->at[i])) return &p->at[i];
    for (size_t i = 0; i < p->n; i++)
        if (!p->at[i].folder) return &p->at[i];
    return NULL;
}

static const struct doctor_entry *check_missing_name(struct doctor_exam *x) {
    const char *advice;
    const struct doctor_entry *meant = find_meant(&x->package, &advice);
    if (!meant)
        doctor_report_add(&x->report, "name", DOCTOR_FAIL, "put the program into it, named bootstrap",
                          "empty: there is no file in it, let alone bootstrap");
    else
        doctor_report_add(&x->report, "name", DOCTOR_FAIL, advice, "no bootstrap at the root, but %.*s",
                          STR_ARG(meant->name));
    return meant;
}

/* The bootstrap, or what was probably meant to be it; NULL: there is none to look into. */
static const struct doctor_entry *check_name(struct doctor_exam *x) {
    const struct doctor_package *p = &x->package;
    const struct doctor_entry *entry = doctor_package_find(p, STR("bootstrap"));
    size_t same = 0;
    for (size_t i = 0; i < p->n; i++) same += !p->at[i].folder && str_eq(p->at[i].name, STR("bootstrap"));
    if (p->kind == DOCTOR_FILE && !entry && p->n) {
        entry = &p->at[0];
        doctor_report_add(&x->report, "name", DOCTOR_WARN, "in the zip it has to be named bootstrap", "%.*s",
                          STR_ARG(entry->name));
    } else if (!entry) entry = check_missing_name(x);
    else if (same > 1)
        doctor_report_add(&x->report, "name", DOCTOR_WARN, ANEW, "bootstrap is there %zu times; the last one counts",
                          same);
    else doctor_report_add(&x->report, "name", DOCTOR_OK, NULL, "bootstrap");
    if (!entry || !entry->special) return entry;
    doctor_report_add(&x->report, "name", DOCTOR_FAIL, "put the program itself there",
                      "%.*s is not a file but a symbolic link or the like", STR_ARG(entry->name));
    return NULL;
}

static void check_permission(struct doctor_exam *x, const struct doctor_entry *entry) {
    unsigned mode = entry->mode & 0777;
    if (!entry->has_mode)
        doctor_report_add(&x->report, "permission", DOCTOR_FAIL,
                          "make it on Linux or macOS, or with a tool that writes Unix modes (0755)",
                          "no execute bit: the zip was made on DOS or Windows (system %u) and has no Unix modes",
                          entry->packed ? entry->packed->made_by : 0);
    else if (!(mode & ANYONE_MAY_EXECUTE))
        doctor_report_add(&x->report, "permission", DOCTOR_FAIL, "chmod 755 bootstrap, then pack it anew",
                          "no execute bit: mode %04o", mode);
    else if (!(mode & OTHERS_MAY_EXECUTE) || !(mode & OTHERS_MAY_READ))
        doctor_report_add(&x->report, "permission", DOCTOR_FAIL, "chmod 755 bootstrap, then pack it anew",
                          "mode %04o: Lambda runs it as another user than its owner, who may not read and execute it",
                          mode);
    else doctor_report_add(&x->report, "permission", DOCTOR_OK, NULL, "mode %04o", mode);
}

static void check_content(struct doctor_exam *x, const struct doctor_entry *entry) {
    struct str bytes = {0};
    struct err e;
    if (entry->size > DOCTOR_MAX_BYTES) return; /* the size was named */
    if (!doctor_package_bytes(&x->package, entry, &bytes, &e)) {
        if (e.kind == ERR_MEMORY) x->report.failed = true;
        doctor_report_add(&x->report, "content", DOCTOR_FAIL, ANEW, "%.*s: %s", STR_ARG(entry->name), e.msg);
    } else if (elf_is_elf(bytes)) doctor_check_elf(x, entry, bytes);
    else if (str_starts(bytes, STR("#!"))) doctor_check_script(x, bytes);
    else
        doctor_report_add(&x->report, "content", DOCTOR_FAIL,
                          "it has to be a Linux program, or a script whose first line is #!/bin/sh", "%.*s is %s",
                          STR_ARG(entry->name), describe(bytes));
}

void doctor_check_all(struct doctor_exam *x) {
    bool readable = x->package.bytes.p || x->package.kind == DOCTOR_FOLDER; /* else too large */
    if (readable && !check_format(x)) return;
    check_size(x);
    if (!readable) return;
    const struct doctor_entry *entry = check_name(x);
    if (!entry) return;
    check_permission(x, entry);
    check_content(x, entry);
}
