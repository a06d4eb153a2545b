/* SPDX-License-Identifier: Apache-2.0 */
/* local/program.c and exec_why.c: which file serves a function, and why one that could not be executed could not. */
#include "program.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "exec_why.h"
#include "process.h"

static struct arena arena;
static struct err e;
static char folder[] = "/tmp/test_program-XXXXXX", template_path[64], one[64], two[64], built[96], subfolder[64];

static struct model_function functions[] = {
    {.logical_id = STR_INIT("One"), .name = STR_INIT("stack-One"), .code_uri = STR_INIT("code")},
    {.logical_id = STR_INIT("Two"), .name = STR_INIT("stack-Two")}};
static const struct model model = {.functions = functions, .n_functions = 2};

static void write_file(const char *path, const void *bytes, size_t n, mode_t mode) {
    unlink(path);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static int make_files(void **state) {
    (void)state;
    arena_init(&arena, 1024 * 1024);
    if (!mkdtemp(folder)) return 1;
    snprintf(template_path, sizeof template_path, "%s/template.yaml", folder);
    snprintf(one, sizeof one, "%s/one=1", folder);
    snprintf(two, sizeof two, "%s/two", folder);
    snprintf(subfolder, sizeof subfolder, "%s/code", folder);
    snprintf(built, sizeof built, "%s/bootstrap", subfolder);
    write_file(one, "#!/bin/sh\n", 10, 0755);
    write_file(two, "#!/bin/sh\n", 10, 0755);
    return mkdir(subfolder, 0700);
}

static int remove_files(void **state) {
    (void)state;
    arena_close(&arena);
    unlink(built);
    return rmdir(subfolder) || unlink(one) || unlink(two) || rmdir(folder);
}

static bool find(size_t function, struct program *p, int argc, const char *const *values) {
    static const struct flag known[] = {{"--bootstrap", 0, true, true}};
    const char *argv[16] = {"start"};
    struct flags flags;
    for (int i = 0; i < argc; i++) {
        argv[1 + 2 * i] = "--bootstrap";
        argv[2 + 2 * i] = values[i];
    }
    check_ok(flags_read(&flags, known, 1, 1 + 2 * argc, (char **)(uintptr_t)argv, &e), e);
    return program_find(&flags, 0, &model, template_path, &functions[function], p, &arena, &e);
}

static void check_found(size_t function, const char *file, int argc, const char *const *values) {
    struct program p;
    char expected[4096], root[4096];
    check_ok(find(function, &p, argc, values), e);
    assert_non_null(realpath(file, expected));
    assert_string_equal(p.bootstrap, expected);
    snprintf(root, sizeof root, "%s", expected);
    *strrchr(root, '/') = 0;
    assert_string_equal(p.task_root, root);
    assert_false(p.by_hand);
}

static void check_refused(const char *words, int argc, const char *const *values) {
    struct program p;
    assert_false(find(0, &p, argc, values));
    if (!strstr(e.msg, words)) fail_msg("no \"%s\" in \"%s\"", words, e.msg);
}

static void given(void **state) {
    (void)state;
    char own[96], by_name[96];
    snprintf(own, sizeof own, "Two=%s", one);
    snprintf(by_name, sizeof by_name, "stack-One=%s", two);
    check_found(0, one, 1, (const char *[]){one});
    check_found(1, one, 1, (const char *[]){one});
    check_found(0, two, 2, (const char *[]){two, own});
    check_found(1, one, 2, (const char *[]){two, own});
    check_found(0, two, 3, (const char *[]){own, by_name, one});
}

static void code_uri(void **state) {
    (void)state;
    write_file(built, "#!/bin/sh\n", 10, 0755);
    check_found(0, built, 0, NULL);
    check_found(0, one, 1, (const char *[]){one});
    functions[0].code_uri = str_of(subfolder);
    check_found(0, built, 0, NULL);
    functions[0].code_uri = STR("code");
    chmod(built, 0644);
    check_refused("cannot be executed: Permission denied", 0, NULL);
    unlink(built);
}

static void beside_us(void **state) {
    (void)state;
    check_found(0, BOOTSTRAP, 0, NULL);
    check_found(1, BOOTSTRAP, 0, NULL);
}

static void refused(void **state) {
    (void)state;
    char own[96], other[96];
    snprintf(own, sizeof own, "One=%s", one);
    snprintf(other, sizeof other, "Three=%s", one);
    check_refused("--bootstrap is given twice: ", 2, (const char *[]){one, two});
    check_refused("--bootstrap is given twice for One", 2, (const char *[]){own, own});
    check_refused("has no function Three; it has One Two", 1, (const char *[]){other});
    check_refused("no bootstrap: /nonexistent: No such file or directory (build it, or give --bootstrap)", 1,
                  (const char *[]){"/nonexistent"});
    check_refused("no bootstrap: : No such file", 1, (const char *[]){"One="});
    check_refused("cannot be executed: Permission denied", 1, (const char *[]){"/etc/passwd"});
}

/* ---- why ---- */

static void check_why(const void *bytes, size_t n, const char *words) {
    char *const none[] = {NULL};
    pid_t pid;
    write_file(two, bytes, n, 0755);
    assert_false(process_start(two, "/", none, &pid, &e));
    exec_why(two, &e);
    if (!strstr(e.msg, words)) fail_msg("no \"%s\" in \"%s\"", words, e.msg);
}

static void other_machine(void **state) {
    (void)state;
    unsigned char head[64] = "\x7f"
                             "ELF\2\1\1";
    head[16] = 2;
    head[18] = 2; /* SPARC: no machine of ours */
    check_why(head, sizeof head, ": it is for sparc, and this machine is ");
}

static void no_program(void **state) {
    (void)state;
    check_why("text\n", 5, "Exec format error: it is neither an ELF program nor a script that begins with #!");
    check_why("#!/nonexistent/sh\n", 18, "No such file or directory: its interpreter is not on this machine");
}

static void no_more(void **state) {
    (void)state;
    err_set(&e, ERR_CONFIG, "cannot execute /nonexistent: No such file or directory");
    exec_why("/nonexistent", &e);
    assert_string_equal(e.msg, "cannot execute /nonexistent: No such file or directory");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE("a given file is for all functions, FUNCTION=FILE for one", given),
        CASE("else it is bootstrap in the folder of CodeUri, if there is one", code_uri),
        CASE("else bootstrap in the folder of this program", beside_us),
        CASE("a function that is none, a file too many and one that cannot be used are named", refused),
        CASE("a program for another machine is called so", other_machine),
        CASE("what is no program, or has no interpreter, is called so", no_program),
        CASE("a file that is not there is only that", no_more),
    };
    return cmocka_run_group_tests_name("program", tests, make_files, remove_files);
}
