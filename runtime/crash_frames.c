/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* dl_iterate_phdr, the registers' names, syscall */
#include "crash_frames.h"

#include <ctype.h>
#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

enum {
    MAX_FILES = 48,
    MAX_BUILD_ID_BYTES = 32,
    SEARCH_BYTES = 16 * 1024,      /* of the stack, for the next frame with a frame pointer */
    MAX_FRAME_BYTES = 1024 * 1024, /* a frame pointer further away is none */
};

static struct file {
    uintptr_t base, text, text_end;
    char name[40]; /* letters, digits and +-._ */
} files[MAX_FILES];
static size_t files_n;
static char build_id[2 * MAX_BUILD_ID_BYTES + 1];

/* --- Before the crash ---------------------------------------------------------------------------------------------- */

/* Notes are {name size, value size, type} of 4 bytes each, then both, padded to 4. */
static void find_build_id(const char *p, size_t n) {
    ElfW(Nhdr) note;
    while (n >= sizeof note) {
        memcpy(&note, p, sizeof note);
        size_t name = ((size_t)note.n_namesz + 3) & ~(size_t)3, value = ((size_t)note.n_descsz + 3) & ~(size_t)3;
        if (name > n - sizeof note || value > n - sizeof note - name) return;
        const char *at = p + sizeof note;
        if (note.n_type == NT_GNU_BUILD_ID && name == 4 && !memcmp(at, "GNU", 4) &&
            note.n_descsz <= MAX_BUILD_ID_BYTES) {
            for (size_t i = 0; i < note.n_descsz; i++)
                snprintf(build_id + 2 * i, 3, "%02x", (unsigned)(unsigned char)at[4 + i]);
            return;
        }
        p += sizeof note + name + value;
        n -= sizeof note + name + value;
    }
}

/* The first one is the program itself, which has no name here. */
static int note_file(struct dl_phdr_info *info, size_t size, void *user) {
    (void)size;
    (void)user;
    if (files_n == MAX_FILES) return 1;
    struct file *f = &files[files_n];
    const char *path = files_n ? info->dlpi_name : program_invocation_name, *slash = strrchr(path, '/');
    *f = (struct file){.base = info->dlpi_addr, .text = UINTPTR_MAX};
    snprintf(f->name, sizeof f->name, "%s", slash ? slash + 1 : path);
    for (char *p = f->name; *p; p++)
        if (!isalnum((unsigned char)*p) && !strchr("+-._", *p)) *p = '_';
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *h = &info->dlpi_phdr[i];
        uintptr_t at = f->base + h->p_vaddr;
        if (h->p_type == PT_NOTE && !files_n && !*build_id) find_build_id((const char *)at, h->p_memsz);
        if (h->p_type != PT_LOAD || !(h->p_flags & PF_X)) continue;
        if (at < f->text) f->text = at;
        if (at + h->p_memsz > f->text_end) f->text_end = at + h->p_memsz;
    }
    files_n++;
    return 0;
}

void crash_frames_open(void) {
    files_n = 0;
    dl_iterate_phdr(note_file, NULL);
}

struct str crash_frames_build_id(void) {
    return *build_id ? str_of(build_id) : (struct str){0};
}

/* --- In the handler ------------------------------------------------------------------------------------------------ */

static const struct file *file_of(uintptr_t address) {
    for (size_t i = 0; i < files_n; i++)
        if (address >= files[i].text && address < files[i].text_end) return &files[i];
    return NULL;
}

bool crash_frames_place(uintptr_t address, const char **file, uintptr_t *offset) {
    const struct file *f = file_of(address);
    if (!f) return false;
    *file = f->name;
    *offset = address - f->base;
    return true;
}

struct registers {
    uintptr_t pc, sp, fp;
    uintptr_t link; /* the return address of a function that has not stored it yet; 0 where the stack has it */
};

static struct registers registers_of(const void *context) {
    const ucontext_t *u = context;
#if defined __x86_64__
    const greg_t *r = u->uc_mcontext.gregs;
    return (struct registers){(uintptr_t)r[REG_RIP], (uintptr_t)r[REG_RSP], (uintptr_t)r[REG_RBP], 0};
#elif defined __aarch64__
    const mcontext_t *m = &u->uc_mcontext;
    return (struct registers){m->pc, m->sp, m->regs[29], m->regs[30]};
#else
#error "Lambda has x86_64 and arm64"
#endif
}

uintptr_t crash_frames_stack_pointer(const void *context) {
    return registers_of(context).sp;
}

struct walk {
    struct crash_frame *frames;
    size_t n;
    int pipe[2];
};

/* A damaged stack must not crash the handler: the kernel copies, through a pipe, and says no instead of faulting. Not
   write(), whose wrapper in a sanitized program looks at the bytes itself. */
static bool read_memory(const struct walk *w, uintptr_t at, void *out, size_t n) {
    long written = syscall(SYS_write, w->pipe[1], at, n);
    if (written <= 0) return false;
    ssize_t got = read(w->pipe[0], out, (size_t)written);
    return got == (ssize_t)n;
}

/* Behind a call, and not the first instruction of a function that follows one that never returns. */
#if defined __x86_64__
static bool after_call(const struct walk *w, uintptr_t address) {
    unsigned char b[11]; /* the longest call with a target in memory has 7 bytes */
    if (!read_memory(w, address - 7, b, sizeof b) || !memcmp(b + 7, "\xf3\x0f\x1e\xfa", 4)) return false;
    if (b[2] == 0xe8) return true;
    for (size_t i = 0; i < 6; i++)
        if (i != 2 && b[i] == 0xff && (b[i + 1] & 0x38) == 0x10) return true;
    return false;
}
#else
static bool after_call(const struct walk *w, uintptr_t address) {
    uint32_t i[2];
    if (address % 4 || !read_memory(w, address - 4, i, sizeof i)) return false;
    if (i[1] == 0xd503233f || i[1] == 0xd503245f) return false; /* PACIASP, BTI c */
    bool bl = (i[0] & 0xfc000000) == 0x94000000, blr = (i[0] & 0xfffffc1f) == 0xd63f0000;
    bool signed_blr = (i[0] & 0xfefff800) == 0xd63f0800;
    return bl || blr || signed_blr;
}
#endif

/* Pointer authentication signs return addresses in bits that no address of a program uses. */
static uintptr_t bare(uintptr_t address) {
    return address & (((uintptr_t)1 << 48) - 1);
}

static bool is_return(const struct walk *w, uintptr_t address) {
    const struct file *f = file_of(address);
    return f && address - f->text >= 8 && after_call(w, address);
}

/* A guess that turns out to be the next fact is that fact. */
static void add(struct walk *w, uintptr_t address, bool guessed) {
    struct crash_frame *last = w->n ? &w->frames[w->n - 1] : NULL;
    if (last && last->address == address && (guessed || last->guessed)) last->guessed = last->guessed && guessed;
    else if (w->n < CRASH_MAX_FRAMES) w->frames[w->n++] = (struct crash_frame){address, guessed};
}

struct record {
    uintptr_t fp, back; /* the caller's frame pointer and the address to go back to; both architectures agree */
};

static bool read_record(const struct walk *w, uintptr_t fp, uintptr_t lowest, struct record *r) {
    if (fp < lowest || fp - lowest > MAX_FRAME_BYTES || fp % sizeof fp) return false;
    if (!read_memory(w, fp, r, sizeof *r)) return false;
    r->back = bare(r->back);
    return is_return(w, r->back);
}

/* Looks through the stack from `at` for a record whose caller has one too; returns where, or 0. Other return addresses
   on the way become guesses. `known` is where a record is for certain, or 0. */
static uintptr_t search_record(struct walk *w, uintptr_t at, uintptr_t known) {
    struct record r, caller;
    for (uintptr_t end = known ? known : at + SEARCH_BYTES; at < end && w->n < CRASH_MAX_FRAMES; at += sizeof at) {
        if (!read_memory(w, at, &r, sizeof r)) return 0;
        if (!known && read_record(w, at, at, &r) && read_record(w, r.fp, at + sizeof r, &caller)) return at;
        if (is_return(w, bare(r.fp))) add(w, bare(r.fp) - 1, true);
    }
    return known;
}

static void walk_stack(struct walk *w, const struct registers *regs, bool search) {
    struct record r;
    uintptr_t at = regs->sp, fp = regs->fp, back = bare(regs->link);
    add(w, regs->pc, false);
    if (search) fp = search_record(w, at, read_record(w, fp, at, &r) ? fp : 0);
    else if ((back || read_memory(w, at, &back, sizeof back)) && is_return(w, back)) add(w, back - 1, true);
    while (w->n < CRASH_MAX_FRAMES) {
        if (!read_record(w, fp, at, &r)) {
            fp = search_record(w, at, 0);
            if (!fp) return;
            continue;
        }
        add(w, r.back - 1, false);
        at = fp + sizeof r;
        fp = r.fp;
    }
}

size_t crash_frames_walk(const void *context, bool search, struct crash_frame *frames) {
    struct registers regs = registers_of(context);
    struct walk w = {.frames = frames};
    if (pipe(w.pipe) != 0) {
        add(&w, regs.pc, false);
        return w.n;
    }
    walk_stack(&w, &regs, search);
    close(w.pipe[0]);
    close(w.pipe[1]);
    return w.n;
}
