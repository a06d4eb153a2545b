/* SPDX-License-Identifier: Apache-2.0 */
#include "invoke_wait.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"

enum { MAX_PATH_BYTES = 4096 };

/* In single quotes nothing has a meaning for the shell but the quote itself. */
static void print_quoted(const char *text, FILE *out) {
    fputc('\'', out);
    for (; *text; text++)
        if (*text == '\'') fputs("'\\''", out);
        else fputc(*text, out);
    fputc('\'', out);
}

void invoke_wait_print(const char *bootstrap, const char *task_root, char *const environment[], FILE *out) {
    fputs("# Start it from another terminal; this one waits:\ncd ", out);
    print_quoted(task_root, out);
    fputc('\n', out);
    for (; *environment; environment++) {
        const char *equals = strchr(*environment, '=');
        if (strncmp(*environment, "PATH=", 5) == 0) continue; /* the shell's own finds gdb */
        fprintf(out, "export %.*s=", (int)(equals - *environment), *environment);
        print_quoted(equals + 1, out);
        fputc('\n', out);
    }
    fputs("gdb --args ", out);
    print_quoted(bootstrap, out);
    fputc('\n', out);
    fflush(out);
}

bool invoke_wait_program(const char **path, struct arena *a, struct err *e) {
    static const char script[] = "#!/bin/sh\nrm -f \"$0\"\nexec sleep 2147483647\n";
    const char *folder = getenv("TMPDIR");
    struct buf name;
    buf_init(&name, MAX_PATH_BYTES, a);
    buf_addf(&name, "%s/apigw-waits-XXXXXX", folder && *folder ? folder : "/tmp");
    buf_add_char(&name, 0);
    if (!buf_ok(&name, e)) return false;
    int fd = mkstemp(name.p);
    bool ok = fd >= 0 && fchmod(fd, 0700) == 0 && write(fd, script, sizeof script - 1) == (ssize_t)sizeof script - 1;
    int why = errno;
    if (fd >= 0) close(fd);
    *path = name.p;
    return ok || err_set(e, ERR_CONFIG, "cannot write %s: %s", name.p, strerror(why));
}
