/* SPDX-License-Identifier: Apache-2.0 */
/* A script as execve(2) sees it: the first line up to LF, blanks, the interpreter's path, one argument. A CR before the
   LF is part of the path, and no such file exists. */
#include <string.h>

#include "doctor_check.h"

enum { MAX_LINE_BYTES = 255 }; /* since Linux 5.1 the kernel refuses to run a longer one */

/* What provided.al2023 has; /bin is a link to /usr/bin. It has neither Python nor Perl nor Node. */
static const struct str interpreters[] = {STR_INIT("sh"), STR_INIT("bash")};

static struct str cut_word(struct str *rest) {
    struct str s = str_trim(*rest);
    size_t n = 0;
    while (n < s.n && s.p[n] != ' ' && s.p[n] != '\t') n++;
    *rest = (struct str){s.p + n, s.n - n};
    return (struct str){s.p, n};
}

static bool is_known(struct str name) {
    for (size_t i = 0; i < sizeof interpreters / sizeof *interpreters; i++)
        if (str_eq(name, interpreters[i])) return true;
    return false;
}

/* The path without its folder, if that is one of the system's. */
static struct str system_name(struct str path) {
    static const struct str folders[] = {STR_INIT("/usr/bin/"), STR_INIT("/bin/")};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        if (str_starts(path, folders[i])) return (struct str){path.p + folders[i].n, path.n - folders[i].n};
    return (struct str){0};
}

/* Lambda unpacks to /var/task and starts there, so a path of the package is found under both names. */
static bool is_packed(const struct doctor_package *p, struct str path) {
    const struct str task = STR("/var/task/");
    if (str_starts(path, task)) path = (struct str){path.p + task.n, path.n - task.n};
    return doctor_package_find(p, path) != NULL;
}

static bool is_there(const struct doctor_package *p, struct str path, struct str rest, struct str *wanted) {
    struct str name = system_name(path);
    *wanted = path;
    if (!str_eq(name, STR("env"))) return is_known(name) || is_packed(p, path);
    *wanted = cut_word(&rest);
    if (str_eq(*wanted, STR("-S"))) *wanted = cut_word(&rest);
    return is_known(*wanted) || is_known(system_name(*wanted));
}

static void check_interpreter(struct doctor_exam *x, struct str line) {
    struct str rest = line, path = cut_word(&rest), wanted;
    const char *advice = "provided.al2023 has /bin/sh and /bin/bash; another one has to be in the zip";
    bool there = is_there(&x->package, path, rest, &wanted);
    if (line.n + strlen("#!") > MAX_LINE_BYTES)
        doctor_report_add(&x->report, "interpreter", DOCTOR_FAIL, advice, "the #! line has more than %d bytes",
                          MAX_LINE_BYTES);
    else if (!wanted.n) doctor_report_add(&x->report, "interpreter", DOCTOR_FAIL, advice, "the #! line names none");
    else if (there) doctor_report_add(&x->report, "interpreter", DOCTOR_OK, NULL, "%.*s", STR_ARG(wanted));
    else
        doctor_report_add(&x->report, "interpreter", DOCTOR_FAIL, advice, "%.*s is not in provided.al2023",
                          STR_ARG(wanted));
}

void doctor_check_script(struct doctor_exam *x, struct str bytes) {
    struct str rest = {bytes.p + strlen("#!"), bytes.n - strlen("#!")}, line;
    doctor_report_add(&x->report, "content", DOCTOR_OK, NULL, "a script; what it starts is not looked at");
    str_cut(&rest, '\n', &line);
    bool cr = str_ends(line, STR("\r"));
    if (cr) line.n--;
    check_interpreter(x, line);
    const char *advice = "save it with LF line ends: sed -i 's/\\r$//' bootstrap";
    if (cr)
        doctor_report_add(&x->report, "line ends", DOCTOR_FAIL, advice,
                          "CRLF: the kernel takes the CR for a part of the interpreter's name");
    else if (str_find(rest, STR("\r\n")) != SIZE_MAX)
        doctor_report_add(&x->report, "line ends", DOCTOR_WARN, advice, "CRLF in a later line than the first");
    else doctor_report_add(&x->report, "line ends", DOCTOR_OK, NULL, "LF");
}
