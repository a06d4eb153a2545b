/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of a file in, struct elf out. Every offset, count and length in the file is the file's claim: bytes.h checks
   each, chains are counted, and an address is used only through the PT_LOAD segment that maps it. */
#include "elf_file.h"

#include <string.h>

#include "bytes.h"

enum { EHDR_BYTES = 64, PHDR_BYTES = 56, DYN_BYTES = 16, VERNEED_BYTES = 16 };
enum { CLASS_32 = 1, CLASS_64 = 2, DATA_LITTLE = 1, DATA_BIG = 2 };
enum { PT_LOAD = 1, PT_DYNAMIC = 2, PT_INTERP = 3, PT_GNU_STACK = 0x6474e551, PT_GNU_RELRO = 0x6474e552, PF_X = 1 };
enum { PN_XNUM = 0xffff }; /* the count stands elsewhere; only core files have so many */
enum { DT_NULL = 0, DT_NEEDED = 1, DT_STRTAB = 5, DT_STRSZ = 10, DT_RPATH = 15, DT_BIND_NOW = 24, DT_RUNPATH = 29 };
enum { DT_FLAGS = 30, DF_BIND_NOW = 8, DT_FLAGS_1 = 0x6ffffffb, DF_1_NOW = 1, DF_1_PIE = 0x08000000 };
enum { DT_VERNEED = 0x6ffffffe, DT_VERNEEDNUM = 0x6fffffff, VER_FLG_WEAK = 2 };
enum { MAX_VERSIONS = 65536 };

struct reader {
    struct bytes file;
    uint64_t phoff, phnum;
    struct str dynamic;
    uint64_t strtab, strsz, verneed, verneednum; /* 0: absent */
    struct str names;                            /* the dynamic string table */
    struct elf *out;
    struct err *e;
};

static const struct {
    unsigned machine;
    const char *name;
} machines[] = {{ELF_X86_64, "x86_64"},
                {ELF_AARCH64, "arm64"},
                {3, "i386"},
                {40, "arm (32-bit)"},
                {243, "riscv"},
                {20, "ppc"},
                {21, "ppc64"},
                {22, "s390"},
                {8, "mips"},
                {2, "sparc"},
                {43, "sparc64"},
                {50, "ia64"},
                {258, "loong"},
                {247, "bpf"}};

const char *elf_machine_name(unsigned machine) {
    for (size_t i = 0; i < sizeof machines / sizeof *machines; i++)
        if (machines[i].machine == machine) return machines[i].name;
    return NULL;
}

bool elf_is_elf(struct str file) {
    return str_starts(file, STR("\177ELF"));
}

static bool damaged(struct reader *r, const char *what) {
    return err_set(r->e, ERR_PARSE, "the ELF file is damaged: %s", what);
}

/* e_ident, e_type and e_machine stand at the same place in every class. */
static bool read_ident(struct reader *r) {
    if (!elf_is_elf(r->file.view)) return err_set(r->e, ERR_PARSE, "not an ELF file");
    uint64_t class = bytes_number(&r->file, 4, 1), data = bytes_number(&r->file, 5, 1);
    struct str two = bytes_part(&r->file, 16, 4);
    if (r->file.outside) return damaged(r, "its header is cut off");
    if (class != CLASS_32 && class != CLASS_64) return damaged(r, "its class is neither 32-bit nor 64-bit");
    if (data != DATA_LITTLE && data != DATA_BIG) return damaged(r, "its byte order is neither little nor big");
    bool big = data == DATA_BIG;
    const unsigned char *p = (const unsigned char *)two.p;
    r->out->bits = class == CLASS_64 ? 64 : 32;
    r->out->big_endian = big;
    r->out->type = big ? p[0] * 256U + p[1] : p[1] * 256U + p[0];
    r->out->machine = big ? p[2] * 256U + p[3] : p[3] * 256U + p[2];
    return true;
}

static bool read_header(struct reader *r) {
    bytes_part(&r->file, 0, EHDR_BYTES);
    r->out->has_entry = bytes_number(&r->file, 24, 8) != 0;
    r->phoff = bytes_number(&r->file, 32, 8);
    uint64_t size = bytes_number(&r->file, 54, 2);
    r->phnum = bytes_number(&r->file, 56, 2);
    if (r->file.outside) return damaged(r, "its header is cut off");
    if (r->phnum && size != PHDR_BYTES) return damaged(r, "its program headers have a foreign size");
    if (r->phnum == PN_XNUM) return err_set(r->e, ERR_LIMIT, "the ELF file has 65535 program headers or more");
    bytes_part(&r->file, r->phoff, r->phnum * PHDR_BYTES);
    return r->file.outside ? damaged(r, "its program headers lie outside of it") : true;
}

static bool read_interpreter(struct reader *r, struct str path) {
    const char *end = path.n ? memchr(path.p, 0, path.n) : NULL;
    if (!end || end == path.p) return damaged(r, "the name of its loader is empty or does not end");
    r->out->interpreter = (struct str){path.p, (size_t)(end - path.p)};
    return true;
}

static bool read_segment(struct reader *r, uint64_t at) {
    uint64_t type = bytes_number(&r->file, at, 4), flags = bytes_number(&r->file, at + 4, 4);
    if (type == PT_GNU_STACK) r->out->nx = !(flags & PF_X);
    if (type == PT_GNU_RELRO) r->out->relro = true;
    if (type != PT_INTERP && type != PT_DYNAMIC && type != PT_LOAD) return true;
    struct str part = bytes_part(&r->file, bytes_number(&r->file, at + 8, 8), bytes_number(&r->file, at + 32, 8));
    if (r->file.outside) return damaged(r, "a segment lies outside of it (cut off?)");
    if (type == PT_INTERP) return read_interpreter(r, part);
    if (type == PT_LOAD) return true;
    r->out->dynamic = true;
    r->dynamic = part;
    return true;
}

/* The file's bytes from an address to the end of the segment that maps it; absent: not in the file. */
static struct str mapped(struct reader *r, uint64_t address) {
    for (uint64_t i = 0; i < r->phnum; i++) {
        uint64_t at = r->phoff + i * PHDR_BYTES, from = bytes_number(&r->file, at + 16, 8);
        uint64_t n = bytes_number(&r->file, at + 32, 8);
        if (bytes_number(&r->file, at, 4) != PT_LOAD || address < from || address - from >= n) continue;
        struct str all = bytes_part(&r->file, bytes_number(&r->file, at + 8, 8), n);
        uint64_t skip = address - from;
        return all.p ? (struct str){all.p + skip, (size_t)(n - skip)} : all;
    }
    return (struct str){0};
}

static bool name_at(struct reader *r, uint64_t at, struct str *name) {
    const char *from = at < r->names.n ? r->names.p + at : NULL;
    const char *end = from ? memchr(from, 0, r->names.n - (size_t)at) : NULL;
    if (!end) return damaged(r, "a name lies outside of its string table");
    *name = (struct str){from, (size_t)(end - from)};
    return true;
}

static void keep_dynamic(struct reader *r, uint64_t tag, uint64_t value) {
    struct elf *out = r->out;
    if (tag == DT_STRTAB) r->strtab = value;
    if (tag == DT_STRSZ) r->strsz = value;
    if (tag == DT_VERNEED) r->verneed = value;
    if (tag == DT_VERNEEDNUM) r->verneednum = value;
    if (tag == DT_RPATH || tag == DT_RUNPATH) out->has_runpath = true;
    if (tag == DT_BIND_NOW || (tag == DT_FLAGS && value & DF_BIND_NOW)) out->bind_now = true;
    if (tag == DT_FLAGS_1 && value & DF_1_NOW) out->bind_now = true;
    if (tag == DT_FLAGS_1 && value & DF_1_PIE) out->pie = true;
}

static bool keep_needed(struct reader *r, uint64_t at) {
    struct elf *out = r->out;
    if (out->n_needed == ELF_MAX_NEEDED)
        return err_set(r->e, ERR_LIMIT, "the ELF file needs more than %d libraries", ELF_MAX_NEEDED);
    return name_at(r, at, &out->needed[out->n_needed++]);
}

/* Twice over the table: names can be read only when the string table is known, which may stand behind them. */
static bool read_dynamic(struct reader *r) {
    struct bytes table = {.view = r->dynamic};
    size_t n = 0;
    for (; n < table.view.n / DYN_BYTES; n++) {
        uint64_t tag = bytes_number(&table, n * DYN_BYTES, 8);
        if (tag == DT_NULL) break;
        keep_dynamic(r, tag, bytes_number(&table, n * DYN_BYTES + 8, 8));
    }
    r->names = mapped(r, r->strtab);
    if (r->strsz > r->names.n) return damaged(r, "its string table lies outside of it");
    r->names.n = (size_t)r->strsz;
    for (size_t i = 0; i < n; i++)
        if (bytes_number(&table, i * DYN_BYTES, 8) == DT_NEEDED)
            if (!keep_needed(r, bytes_number(&table, i * DYN_BYTES + 8, 8))) return false;
    return true;
}

/* GLIBC_2.34 and GLIBC_2.2.5 are numbers. GLIBC_ABI_DT_RELR is a promise that glibc makes since 2.36; without it the
   loader refuses the file. GLIBC_PRIVATE has no number: every glibc has one. */
static bool read_version(struct str name, unsigned *major, unsigned *minor) {
    struct str rest = {name.p + strlen("GLIBC_"), name.n - strlen("GLIBC_")}, first, second;
    int64_t a, b;
    if (str_eq(rest, STR("ABI_DT_RELR"))) rest = STR("2.36");
    str_cut(&rest, '.', &first);
    str_cut(&rest, '.', &second);
    if (!str_read_int64(first, 0, 9999, &a) || !str_read_int64(second, 0, 9999, &b)) return false;
    *major = (unsigned)a;
    *minor = (unsigned)b;
    return true;
}

static void keep_version(struct elf *out, struct str name) {
    unsigned major, minor;
    if (!str_starts(name, STR("GLIBC_")) || !read_version(name, &major, &minor)) return;
    if (out->glibc.p && (major < out->glibc_major || (major == out->glibc_major && minor <= out->glibc_minor))) return;
    out->glibc = name;
    out->glibc_major = major;
    out->glibc_minor = minor;
}

/* One library's list of Vernaux. A weak version may be missing; the loader then only warns. */
static bool read_library_versions(struct reader *r, struct bytes *table, uint64_t at, uint64_t n, unsigned *seen) {
    for (uint64_t i = 0; i < n; i++) {
        struct str name = {0};
        uint64_t flags = bytes_number(table, at + 4, 2), name_offset = bytes_number(table, at + 8, 4);
        uint64_t next = bytes_number(table, at + 12, 4);
        if (table->outside) return damaged(r, "its version needs lie outside of it");
        if (++*seen > MAX_VERSIONS)
            return err_set(r->e, ERR_LIMIT, "the ELF file needs more than %d versions", MAX_VERSIONS);
        if (!name_at(r, name_offset, &name)) return false;
        if (!(flags & VER_FLG_WEAK)) keep_version(r->out, name);
        if (!next) break;
        at += next;
    }
    return true;
}

/* `at` stays far from wrapping around: each step adds less than 2^32, and only inside of the view. */
static bool read_versions(struct reader *r) {
    struct bytes table = {.view = mapped(r, r->verneed)};
    unsigned seen = 0;
    uint64_t at = 0;
    for (uint64_t i = 0; i < r->verneednum; i++) {
        bytes_part(&table, at, VERNEED_BYTES);
        uint64_t n = bytes_number(&table, at + 2, 2), aux = bytes_number(&table, at + 8, 4);
        uint64_t next = bytes_number(&table, at + 12, 4);
        if (table.outside || bytes_number(&table, at, 2) != 1) return damaged(r, "its version needs lie outside of it");
        if (!read_library_versions(r, &table, at + aux, n, &seen)) return false;
        if (!next) break;
        at += next;
    }
    return true;
}

bool elf_read(struct str file, struct elf *out, struct err *e) {
    struct reader r = {.file = {.view = file}, .out = out, .e = e};
    *out = (struct elf){0};
    if (!read_ident(&r)) return false;
    if (out->bits != 64 || out->big_endian) return true;
    if (!read_header(&r)) return false;
    for (uint64_t i = 0; i < r.phnum; i++)
        if (!read_segment(&r, r.phoff + i * PHDR_BYTES)) return false;
    if (!out->dynamic) return true;
    if (!read_dynamic(&r)) return false;
    if (out->type == ELF_SHARED && out->interpreter.p) out->pie = true;
    return r.verneed ? read_versions(&r) : true;
}
