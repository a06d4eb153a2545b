/* SPDX-License-Identifier: Apache-2.0 */
#include "invoke_wait.h"

#include <string.h>

/* In single quotes nothing has a meaning for the shell but the quote itself. */
static void print_quoted(const char *text, FILE *out) {
    fputc('\'', out);
    for (; *text; text++)
        if (*text == '\'') fputs("'\\''", out);
        else fputc(*text, out);
    fputc('\'', out);
}

void invoke_wait_print(struct str function, const struct program *program, char *const environment[], FILE *out) {
    fprintf(out, "# %.*s: start it from another terminal; this one waits:\ncd ", STR_ARG(function));
    print_quoted(program->task_root, out);
    fputc('\n', out);
    for (; *environment; environment++) {
        const char *equals = strchr(*environment, '=');
        if (strncmp(*environment, "PATH=", 5) == 0) continue; /* the shell's own finds gdb */
        fprintf(out, "export %.*s=", (int)(equals - *environment), *environment);
        print_quoted(equals + 1, out);
        fputc('\n', out);
    }
    fputs("gdb --args ", out);
    print_quoted(program->bootstrap, out);
    fputc('\n', out);
    fflush(out);
}
