/* SPDX-License-Identifier: Apache-2.0 */
/* An ELF program as the kernel and ld.so(8) see it: machine, loader, then every library that is asked for, its own
   needs included, and the newest glibc version any of them wants. provided.al2023 has glibc 2.34. */
#include <stdio.h>
#include <string.h>

#include "doctor_check.h"
#include "elf_file.h"

#define STATIC_OR_AL2023 "link statically (-static or -static-pie), or build on Amazon Linux 2023"

enum { GLIBC_MAJOR = 2, GLIBC_MINOR = 34, MAX_LIBRARIES = 256, MAX_LIST_BYTES = 1024 * 1024 };

/* ELF files of the package that are loaded, the bootstrap first. */
struct load {
    struct doctor_exam *x;
    const struct doctor_entry *at[MAX_LIBRARIES];
    size_t n;
    unsigned machine;
    struct buf missing, misplaced, unfit;
    size_t n_needed;
    struct str glibc, glibc_by; /* the highest version, and who wants it */
    unsigned glibc_major, glibc_minor;
};

static const char *machine_name(const struct elf *f, char *other, size_t n) {
    const char *name = elf_machine_name(f->machine);
    if (name) return name;
    snprintf(other, n, "machine %u", f->machine);
    return other;
}

static bool is_lambda_machine(const struct elf *f) {
    return f->machine == ELF_X86_64 || f->machine == ELF_AARCH64;
}

/* False: no Lambda host runs it, and the rest is of no interest. */
static bool check_machine(struct doctor_exam *x, const struct elf *f) {
    char other[32];
    const char *name = machine_name(f, other, sizeof other);
    bool runs = f->bits == 64 && !f->big_endian && is_lambda_machine(f);
    if (!runs)
        doctor_report_add(&x->report, "machine", DOCTOR_FAIL, "compile for x86_64 or arm64, 64-bit little-endian",
                          "%s, %u-bit, %s-endian: no Lambda host runs it", name, f->bits,
                          f->big_endian ? "big" : "little");
    else if (x->arch && strcmp(name, x->arch) != 0)
        doctor_report_add(&x->report, "machine", DOCTOR_FAIL,
                          "compile for the function's Architectures, or change that in the template",
                          "built for %s, wanted for %s", name, x->arch);
    else if (x->arch) doctor_report_add(&x->report, "machine", DOCTOR_OK, NULL, "%s", name);
    else
        doctor_report_add(&x->report, "machine", DOCTOR_OK, NULL, "%s; the function's Architectures must be [%s]", name,
                          name);
    return runs;
}

static bool check_type(struct doctor_exam *x, const struct elf *f) {
    const char *wrong = NULL;
    if (f->type == ELF_RELOCATABLE) wrong = "an object file, which is not linked yet";
    else if (f->type == ELF_CORE) wrong = "a core dump";
    else if (f->type != ELF_EXECUTABLE && f->type != ELF_SHARED) wrong = "of an unknown ELF type";
    else if (f->bits == 64 && !f->big_endian && !f->has_entry) wrong = "a shared library: it has no place to start at";
    else if (f->n_needed && !f->interpreter.p) wrong = "a shared library: it needs others and names no loader";
    if (wrong) doctor_report_add(&x->report, "content", DOCTOR_FAIL, "link a program", "an ELF file, but %s", wrong);
    else doctor_report_add(&x->report, "content", DOCTOR_OK, NULL, "an ELF program");
    return !wrong;
}

/* /lib and /lib64 are links into /usr there. */
static bool is_loader(const struct elf *f) {
    struct str path = f->interpreter;
    const struct str usr = STR("/usr");
    if (str_starts(path, usr)) path = (struct str){path.p + usr.n, path.n - usr.n};
    return str_eq(path,
                  f->machine == ELF_X86_64 ? STR("/lib64/ld-linux-x86-64.so.2") : STR("/lib/ld-linux-aarch64.so.1"));
}

static void check_loader(struct doctor_exam *x, const struct elf *f) {
    const struct str task = STR("/var/task/");
    struct str path = f->interpreter, name = path;
    if (str_starts(path, task)) name = (struct str){path.p + task.n, path.n - task.n};
    if (!path.p) doctor_report_add(&x->report, "loader", DOCTOR_OK, NULL, "none needed: static");
    else if (is_loader(f)) doctor_report_add(&x->report, "loader", DOCTOR_OK, NULL, "%.*s", STR_ARG(path));
    else if (name.n < path.n && doctor_package_find(&x->package, name))
        doctor_report_add(&x->report, "loader", DOCTOR_OK, NULL, "%.*s, from the package", STR_ARG(path));
    else if (str_find(path, STR("ld-musl-")) != SIZE_MAX)
        doctor_report_add(&x->report, "loader", DOCTOR_FAIL, "link statically: with musl, -static is enough",
                          "%.*s is missing: musl is not in provided.al2023", STR_ARG(path));
    else
        doctor_report_add(&x->report, "loader", DOCTOR_FAIL, STATIC_OR_AL2023, "%.*s is missing in provided.al2023",
                          STR_ARG(path));
}

static void list(struct buf *b, struct str name, const char *what, struct str other) {
    buf_addf(b, "%s%.*s%s%.*s", b->n ? ", " : "", STR_ARG(name), what, STR_ARG(other));
}

/* LD_LIBRARY_PATH has /var/task and /var/task/lib. Others of its folders come first, but only the system fills them. */
static const struct doctor_entry *find_library(const struct doctor_package *p, struct str name, struct arena *a) {
    struct buf path;
    buf_init(&path, SIZE_MAX, a);
    buf_add(&path, STR("lib/"));
    buf_add(&path, name);
    const struct doctor_entry *root = doctor_package_find(p, name);
    return root || path.failed ? root : doctor_package_find(p, buf_str(&path));
}

static const struct doctor_entry *find_elsewhere(const struct doctor_package *p, struct str name) {
    for (size_t i = 0; i < p->n; i++)
        if (!p->at[i].folder && str_eq(doctor_package_base(p->at[i].name), name)) return &p->at[i];
    return NULL;
}

static void add_file(struct load *l, const struct doctor_entry *entry) {
    for (size_t i = 0; i < l->n; i++)
        if (l->at[i] == entry) return;
    if (l->n == MAX_LIBRARIES)
        list(&l->unfit, entry->name, " is one library too many to be looked at", (struct str){0});
    else l->at[l->n++] = entry;
}

/* Where ld.so looks: the package (a file alone has none), then the system. RUNPATH may lead to more places. */
static void find_needed(struct load *l, const struct elf *f, struct str name, struct str by) {
    const struct doctor_package *p = &l->x->package;
    l->n_needed++;
    if (doctor_check_libraries_has(name)) return;
    const struct doctor_entry *found = p->kind == DOCTOR_FILE ? NULL : find_library(p, name, p->arena);
    if (found) {
        add_file(l, found);
        return;
    }
    found = p->kind == DOCTOR_FILE ? NULL : find_elsewhere(p, name);
    if (found && f->has_runpath) list(&l->misplaced, found->name, " for ", by);
    else if (found) list(&l->missing, found->name, " (nobody looks there) for ", by);
    else list(&l->missing, name, " for ", by);
}

static void keep_glibc(struct load *l, const struct elf *f, struct str by) {
    bool higher =
        f->glibc_major > l->glibc_major || (f->glibc_major == l->glibc_major && f->glibc_minor > l->glibc_minor);
    if (!f->glibc.p || (l->glibc.p && !higher)) return;
    l->glibc = f->glibc;
    l->glibc_major = f->glibc_major;
    l->glibc_minor = f->glibc_minor;
    l->glibc_by = by;
}

static void load(struct load *l, const struct elf *f, struct str by) {
    keep_glibc(l, f, by);
    for (size_t i = 0; i < f->n_needed; i++) find_needed(l, f, f->needed[i], by);
}

static void load_library(struct load *l, const struct doctor_entry *entry) {
    struct elf f;
    struct str bytes;
    struct err e;
    if (entry->special) list(&l->unfit, entry->name, " is no file but a symbolic link or the like", (struct str){0});
    else if (!doctor_package_bytes(&l->x->package, entry, &bytes, &e) || !elf_read(bytes, &f, &e)) {
        if (e.kind == ERR_MEMORY) l->x->report.failed = true;
        list(&l->unfit, entry->name, ": ", str_of(e.msg));
    } else if (f.machine != l->machine || f.bits != 64)
        list(&l->unfit, entry->name, " is for another machine", (struct str){0});
    else load(l, &f, entry->name);
}

static void report_glibc(const struct load *l) {
    struct doctor_report *r = &l->x->report;
    bool high = l->glibc_major > GLIBC_MAJOR || (l->glibc_major == GLIBC_MAJOR && l->glibc_minor > GLIBC_MINOR);
    if (!l->glibc.p) doctor_report_add(r, "glibc", DOCTOR_OK, NULL, "no version needed");
    else if (high)
        doctor_report_add(r, "glibc", DOCTOR_FAIL, STATIC_OR_AL2023,
                          "%.*s is needed by %.*s; provided.al2023 has %d.%d", STR_ARG(l->glibc), STR_ARG(l->glibc_by),
                          GLIBC_MAJOR, GLIBC_MINOR);
    else
        doctor_report_add(r, "glibc", DOCTOR_OK, NULL, "%.*s at most; provided.al2023 has %d.%d", STR_ARG(l->glibc),
                          GLIBC_MAJOR, GLIBC_MINOR);
}

static void report_libraries(struct load *l) {
    struct doctor_report *r = &l->x->report;
    if (l->missing.failed || l->misplaced.failed || l->unfit.failed) r->failed = true;
    if (l->missing.n)
        doctor_report_add(r, "libraries", DOCTOR_FAIL, "put them into lib/ of the zip, or link statically",
                          "neither in provided.al2023 nor in the package: %.*s", STR_ARG(buf_str(&l->missing)));
    if (l->unfit.n)
        doctor_report_add(r, "libraries", DOCTOR_FAIL, "pack the library that the program was linked with", "%.*s",
                          STR_ARG(buf_str(&l->unfit)));
    if (l->misplaced.n)
        doctor_report_add(r, "libraries", DOCTOR_WARN, "put them into lib/, where they are found without a RUNPATH",
                          "found only if the RUNPATH leads there: %.*s", STR_ARG(buf_str(&l->misplaced)));
    if (l->missing.n || l->unfit.n || l->misplaced.n) return;
    if (l->n_needed) doctor_report_add(r, "libraries", DOCTOR_OK, NULL, "all %zu there", l->n_needed);
    else doctor_report_add(r, "libraries", DOCTOR_OK, NULL, "none needed");
}

static void check_libraries(struct doctor_exam *x, const struct doctor_entry *bootstrap, const struct elf *f) {
    struct load l = {.x = x, .machine = f->machine, .at = {bootstrap}, .n = 1};
    struct buf *const lists[] = {&l.missing, &l.misplaced, &l.unfit};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) buf_init(lists[i], MAX_LIST_BYTES, x->package.arena);
    load(&l, f, bootstrap->name);
    for (size_t i = 1; i < l.n; i++) load_library(&l, l.at[i]); /* l.n grows meanwhile */
    report_glibc(&l);
    report_libraries(&l);
}

/* Without a dynamic section there is nothing that could be bound late. */
static void check_hardening(struct doctor_exam *x, const struct elf *f) {
    bool is_static = !f->interpreter.p, pie = f->pie || f->type == ELF_SHARED;
    const char *relro = !f->relro ? "no RELRO" : f->bind_now || !f->dynamic ? "full RELRO" : "partial RELRO";
    doctor_report_add(&x->report, "hardening", DOCTOR_INFO, NULL, "%s%s, %s, %s", is_static ? "static" : "dynamic",
                      pie ? " PIE" : " and not PIE", f->nx ? "NX" : "executable stack", relro);
}

void doctor_check_elf(struct doctor_exam *x, const struct doctor_entry *bootstrap, struct str bytes) {
    struct elf f;
    struct err e;
    if (!elf_read(bytes, &f, &e)) {
        doctor_report_add(&x->report, "content", DOCTOR_FAIL, "build and pack it anew", "%s", e.msg);
        return;
    }
    bool program = check_type(x, &f), runs = check_machine(x, &f);
    if (!program || !runs) return;
    check_loader(x, &f);
    check_libraries(x, bootstrap, &f);
    check_hardening(x, &f);
}
