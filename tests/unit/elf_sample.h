/* SPDX-License-Identifier: Apache-2.0 */
/* Small ELF programs as a linker would lay them out: one segment maps the whole file; no section headers, as if
   stripped of them. */
#ifndef TESTS_ELF_SAMPLE_H
#define TESTS_ELF_SAMPLE_H

#include <string.h>

#include "buf.h"
#include "elf_file.h"

enum { ELF_SAMPLE_MAX = 8 };

struct elf_sample {
    unsigned type, machine;  /* 0: an executable for x86_64 */
    const char *interpreter; /* NULL: static */
    const char *needed[ELF_SAMPLE_MAX];
    const char *versions[ELF_SAMPLE_MAX]; /* of libc.so.6 */
    bool weak;                            /* the first of them */
    uint64_t flags_1;
    bool bind_now, executable_stack, no_relro, no_entry;
};

static inline void elf_sample_number(struct buf *b, uint64_t v, size_t size) {
    for (size_t i = 0; i < size; i++) buf_add_char(b, (char)(unsigned char)(v >> 8 * i));
}

static inline uint64_t elf_sample_name(struct buf *names, const char *name) {
    uint64_t at = names->n;
    buf_add(names, (struct str){name, strlen(name) + 1});
    return at;
}

static inline void elf_sample_pair(struct buf *b, uint64_t tag, uint64_t value) {
    elf_sample_number(b, tag, 8);
    elf_sample_number(b, value, 8);
}

static inline void elf_sample_segment(struct buf *b, uint64_t type, uint64_t flags, uint64_t at, uint64_t n) {
    elf_sample_number(b, type, 4);
    elf_sample_number(b, flags, 4);
    elf_sample_number(b, at, 8);
    elf_sample_number(b, 0x400000 + at, 8);
    elf_sample_number(b, 0x400000 + at, 8);
    elf_sample_number(b, n, 8);
    elf_sample_number(b, n, 8);
    elf_sample_number(b, 16, 8);
}

static inline void elf_sample_header(struct buf *b, const struct elf_sample *s, uint64_t n_segments) {
    buf_add(b, STR("\177ELF\2\1\1\0\0\0\0\0\0\0\0\0"));
    elf_sample_number(b, s->type ? s->type : ELF_EXECUTABLE, 2);
    elf_sample_number(b, s->machine ? s->machine : ELF_X86_64, 2);
    elf_sample_number(b, 1, 4);
    elf_sample_number(b, s->no_entry ? 0 : 0x400040, 8);
    elf_sample_number(b, 64, 8);
    elf_sample_number(b, 0, 8);
    elf_sample_number(b, 0, 4);
    elf_sample_number(b, 64, 2);
    elf_sample_number(b, 56, 2);
    elf_sample_number(b, n_segments, 2);
    elf_sample_number(b, 0, 6);
}

static inline size_t elf_sample_count(const char *const *names) {
    size_t n = 0;
    while (n < ELF_SAMPLE_MAX && names[n]) n++;
    return n;
}

static inline void elf_sample_versions(struct buf *b, struct buf *names, const struct elf_sample *s) {
    size_t n = elf_sample_count(s->versions);
    if (!n) return;
    elf_sample_number(b, 1, 2);
    elf_sample_number(b, n, 2);
    elf_sample_number(b, elf_sample_name(names, "libc.so.6"), 4);
    elf_sample_number(b, 16, 4);
    elf_sample_number(b, 0, 4);
    for (size_t i = 0; i < n; i++) {
        elf_sample_number(b, 0, 4);
        elf_sample_number(b, i == 0 && s->weak ? 2 : 0, 2);
        elf_sample_number(b, i + 2, 2);
        elf_sample_number(b, elf_sample_name(names, s->versions[i]), 4);
        elf_sample_number(b, i + 1 < n ? 16 : 0, 4);
    }
}

/* Order in the file: headers, loader's name, version needs, names, dynamic table. */
static inline struct str elf_sample(const struct elf_sample *s, struct arena *a) {
    struct buf out, names, versions, dynamic;
    struct buf *const all[] = {&out, &names, &versions, &dynamic};
    for (size_t i = 0; i < 4; i++) buf_init(all[i], 65536, a);
    size_t loader = s->interpreter ? strlen(s->interpreter) + 1 : 0;
    uint64_t n_segments = 1U + (loader > 0) + 1 + !s->no_relro + 1, at = 64 + 56 * n_segments;
    buf_add_char(&names, 0);
    for (size_t i = 0; i < elf_sample_count(s->needed); i++)
        elf_sample_pair(&dynamic, 1, elf_sample_name(&names, s->needed[i]));
    elf_sample_versions(&versions, &names, s);
    if (versions.n) elf_sample_pair(&dynamic, 0x6ffffffe, 0x400000 + at + loader);
    if (versions.n) elf_sample_pair(&dynamic, 0x6fffffff, 1);
    elf_sample_pair(&dynamic, 5, 0x400000 + at + loader + versions.n);
    elf_sample_pair(&dynamic, 10, names.n);
    if (s->flags_1) elf_sample_pair(&dynamic, 0x6ffffffb, s->flags_1);
    if (s->bind_now) elf_sample_pair(&dynamic, 30, 8);
    elf_sample_pair(&dynamic, 0, 0);
    uint64_t dynamic_at = at + loader + versions.n + names.n;
    elf_sample_header(&out, s, n_segments);
    elf_sample_segment(&out, 1, 5, 0, dynamic_at + dynamic.n);
    if (loader) elf_sample_segment(&out, 3, 4, at, loader);
    elf_sample_segment(&out, 2, 6, dynamic_at, dynamic.n);
    if (!s->no_relro) elf_sample_segment(&out, 0x6474e552, 4, dynamic_at, dynamic.n);
    elf_sample_segment(&out, 0x6474e551, s->executable_stack ? 7 : 6, 0, 0);
    buf_add(&out, (struct str){s->interpreter, loader});
    buf_add(&out, buf_str(&versions));
    buf_add(&out, buf_str(&names));
    buf_add(&out, buf_str(&dynamic));
    return buf_str(&out);
}

#endif
