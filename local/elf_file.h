/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel and the dynamic loader would read of an ELF file (elf(5); System V gABI, chapters 4 and 5; the LSB's
   symbol versions). Section headers are not looked at: nobody needs them to run a file, and strip takes them away.
   (Not elf.h: that is a header of the C library, which this folder would hide.) */
#ifndef LOCAL_ELF_FILE_H
#define LOCAL_ELF_FILE_H

#include "err.h"
#include "str.h"

enum { ELF_MAX_NEEDED = 128 };
enum { ELF_RELOCATABLE = 1, ELF_EXECUTABLE = 2, ELF_SHARED = 3, ELF_CORE = 4 };
enum { ELF_X86_64 = 62, ELF_AARCH64 = 183 };

struct elf {
    unsigned bits; /* 32 or 64 */
    bool big_endian;
    unsigned type, machine; /* e_type, e_machine */

    /* The rest is read of 64-bit little-endian files only. Views are of the file. */
    bool has_entry;                    /* an address to start at */
    struct str interpreter;            /* PT_INTERP; absent: the kernel starts the file itself */
    struct str needed[ELF_MAX_NEEDED]; /* DT_NEEDED */
    size_t n_needed;
    struct str glibc; /* the highest version needed, such as GLIBC_2.34; absent: none */
    unsigned glibc_major, glibc_minor;
    bool has_runpath; /* DT_RUNPATH or DT_RPATH */
    bool dynamic;     /* PT_DYNAMIC */
    bool pie;         /* loaded at an address that changes */
    bool nx;          /* a stack that cannot be executed */
    bool relro, bind_now;
};

bool elf_is_elf(struct str file); /* by its first four bytes */

/* ERR_PARSE: not ELF, or damaged. ERR_LIMIT: more in it than any program has. */
bool elf_read(struct str file, struct elf *out, struct err *e);

/* Lambda's names for its two ("x86_64", "arm64"), common ones for some more; NULL for the rest. */
const char *elf_machine_name(unsigned machine);

#endif
