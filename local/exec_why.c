/* SPDX-License-Identifier: Apache-2.0 */
#include "exec_why.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "elf_file.h"

enum { HEAD_BYTES = 20, MACHINE_AT = 18, ENCODING_AT = 5, BIG_ENDIAN_ENCODING = 2 };

/* -1: no such file; 0: not ELF. */
static int machine_of(const char *path) {
    unsigned char head[HEAD_BYTES] = {0};
    FILE *f = fopen(path, "rb");
    if (!f) return -1;
    size_t n = fread(head, 1, sizeof head, f);
    fclose(f);
    if (n < sizeof head || !elf_is_elf((struct str){(char *)head, n})) return 0;
    bool big = head[ENCODING_AT] == BIG_ENDIAN_ENCODING;
    return head[MACHINE_AT + big] | head[MACHINE_AT + !big] << 8;
}

static const char *name_of(int machine) {
    const char *name = elf_machine_name((unsigned)machine);
    return name ? name : "another machine";
}

void exec_why(const char *path, struct err *e) {
    int machine = machine_of(path), ours = machine_of("/proc/self/exe");
    size_t n = strlen(e->msg), left = sizeof e->msg - n;
    char *end = e->msg + n;
    if (strstr(e->msg, strerror(ENOEXEC)) && machine > 0 && machine != ours)
        snprintf(end, left, ": it is for %s, and this machine is %s", name_of(machine), name_of(ours));
    else if (strstr(e->msg, strerror(ENOEXEC)) && machine == 0)
        snprintf(end, left, ": it is neither an ELF program nor a script that begins with #!");
    else if (strstr(e->msg, strerror(ENOENT)) && machine >= 0)
        snprintf(end, left, ": its %s is not on this machine", machine ? "dynamic loader" : "interpreter");
}
