/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes are an ELF file or refused; every name in it is a piece of the file. */
#include "elf_file.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct str file = fuzz_text(data, n);
    struct elf elf;
    struct err e;
    if (!elf_read(file, &elf, &e)) {
        FUZZ_HOLDS(e.kind == ERR_PARSE || e.kind == ERR_LIMIT);
        return 0;
    }
    FUZZ_HOLDS(elf_is_elf(file) && (elf.bits == 32 || elf.bits == 64) && elf.n_needed <= ELF_MAX_NEEDED);
    FUZZ_HOLDS(!elf.interpreter.p || (elf.interpreter.n && fuzz_inside(elf.interpreter, file)));
    FUZZ_HOLDS(!elf.glibc.p || fuzz_inside(elf.glibc, file));
    for (size_t i = 0; i < elf.n_needed; i++) FUZZ_HOLDS(fuzz_inside(elf.needed[i], file));
    elf_machine_name(elf.machine);
    return 0;
}
