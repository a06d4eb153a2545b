/* SPDX-License-Identifier: Apache-2.0 */
/* local/process.c: a child with its environment and nothing else of ours, honest about exec, and mortal. */
#include "process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

static char folder[64], script[96];
static char *const NONE[] = {NULL};
static char *const SLEEPS[] = {(char *)(uintptr_t) "AWS_LAMBDA_RUNTIME_API=127.0.0.1:1",
                               (char *)(uintptr_t) "_HANDLER=sleeps", NULL};

static void write_script(const char *text, mode_t mode) {
    int fd = open(script, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static int make_folder(void **state) {
    (void)state;
    memcpy(folder, "/tmp/processXXXXXX", sizeof "/tmp/processXXXXXX");
    if (!mkdtemp(folder)) return 1;
    snprintf(script, sizeof script, "%s/bootstrap", folder);
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    char result[128];
    snprintf(result, sizeof result, "%s/result", folder);
    unlink(result);
    unlink(script);
    return rmdir(folder);
}

static void run(char *const envp[], char words[static 64]) {
    struct err e;
    pid_t pid;
    check_ok(process_start(script, folder, envp, &pid, &e), e);
    process_await(pid);
    process_reap(pid, words);
}

/* What the script wrote to `result` in its folder. */
static void read_result(char *text, size_t size) {
    char path[128];
    snprintf(path, sizeof path, "%s/result", folder);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    size_t n = fread(text, 1, size - 1, f);
    fclose(f);
    text[n] = 0;
}

static void check_refused(const char *path, const char *dir, const char *why) {
    struct err e;
    pid_t pid = -1;
    char expected[256];
    assert_false(process_start(path, dir, NONE, &pid, &e));
    snprintf(expected, sizeof expected, "cannot execute %s: %s", path, why);
    assert_int_equal(e.kind, ERR_CONFIG);
    assert_string_equal(e.msg, expected);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left behind */
    assert_int_equal(errno, ECHILD);
}

static void no_file(void **state) {
    (void)state;
    check_refused(script, folder, "No such file or directory");
}

static void no_execute_bit(void **state) {
    (void)state;
    write_script("#!/bin/sh\nexit 0\n", 0644);
    check_refused(script, folder, "Permission denied");
}

static void wrong_format(void **state) {
    (void)state;
    write_script("neither ELF nor #!\n", 0755);
    check_refused(script, folder, "Exec format error");
}

static void no_such_folder(void **state) {
    (void)state;
    write_script("#!/bin/sh\nexit 0\n", 0755);
    check_refused(script, "/nonexistent", "No such file or directory");
}

static void environment_only(void **state) {
    (void)state;
    static char *const envp[] = {(char *)(uintptr_t) "ONE=1", (char *)(uintptr_t) "TWO=a b", NULL};
    char text[4096], words[64];
    assert_int_equal(setenv("PLANTED", "ours", 1), 0);
    write_script("#!/bin/sh\ntr '\\0' '\\n' </proc/self/environ >result\n", 0755);
    run(envp, words);
    unsetenv("PLANTED");
    assert_string_equal(words, "exit status 0");
    read_result(text, sizeof text);
    assert_non_null(strstr(text, "ONE=1\n"));
    assert_non_null(strstr(text, "TWO=a b\n"));
    assert_null(strstr(text, "PLANTED"));
    assert_null(strstr(text, "HOME="));
}

static void folder_and_input(void **state) {
    (void)state;
    char text[4096], words[64];
    write_script("#!/bin/sh\npwd >result\ncat >>result\n", 0755); /* standard input is empty: cat ends */
    run(NONE, words);
    read_result(text, sizeof text);
    size_t n = strlen(folder);
    assert_memory_equal(text, folder, n);
    assert_string_equal(text + n, "\n");
}

static void words_of_the_end(void **state) {
    (void)state;
    char words[64];
    write_script("#!/bin/sh\nexit 3\n", 0755);
    run(NONE, words);
    assert_string_equal(words, "exit status 3");
    write_script("#!/bin/sh\nkill -SEGV $$\n", 0755);
    run(NONE, words);
    assert_string_equal(words, "signal: Segmentation fault");
}

static bool is_dead(pid_t pid) {
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    FILE *f = fopen(path, "r");
    if (!f) return true;
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[n] = 0;
    const char *behind_name = strrchr(text, ')');
    return !n || (behind_name && (behind_name[2] == 'Z' || behind_name[2] == 'X')); /* nobody may reap an orphan here */
}

static bool dies(pid_t pid) {
    for (int i = 0; i < 3000 && !is_dead(pid); i++) nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    return is_dead(pid);
}

static void kill_reaches_all(void **state) {
    (void)state;
    char text[64] = "", words[64];
    struct err e;
    pid_t pid;
    write_script("#!/bin/sh\nsleep 1000 &\necho $! >partial\nmv partial result\nwait\n", 0755);
    static char *const envp[] = {(char *)(uintptr_t) "PATH=/usr/bin:/bin", NULL};
    check_ok(process_start(script, folder, envp, &pid, &e), e);
    assert_int_equal(getpgid(pid) == pid || getpgid(pid) == -1, 1);
    char result[128];
    snprintf(result, sizeof result, "%s/result", folder);
    for (int i = 0; i < 3000 && access(result, F_OK) != 0; i++)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    read_result(text, sizeof text);
    pid_t grandchild = (pid_t)strtol(text, NULL, 10);
    assert_true(grandchild > 0);
    assert_false(is_dead(grandchild));
    process_kill(pid);
    process_await(pid);
    assert_int_equal(kill(pid, 0), 0); /* dead, but its id is still ours */
    process_reap(pid, words);
    assert_string_equal(words, "signal: Killed");
    assert_true(dies(grandchild));
}

static void *start_and_end(void *user) {
    struct err e;
    if (!process_start(FAKE_BOOTSTRAP, "/", SLEEPS, user, &e)) *(pid_t *)user = 0;
    return NULL;
}

static void dies_with_thread(void **state) {
    (void)state;
    pthread_t thread;
    pid_t pid;
    char words[64];
    assert_int_equal(pthread_create(&thread, NULL, start_and_end, &pid), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(pid > 0);
    assert_true(dies(pid));
    process_reap(pid, words);
    assert_string_equal(words, "signal: Killed");
}

/* ---- several at once ---- */

enum { STARTS = 5 };

int __real_pipe(int fds[2]);
int __wrap_pipe(int fds[2]);

/* Linked in place of pipe(): gives other threads the time to start a child between this call and the next. */
int __wrap_pipe(int fds[2]) {
    int result = __real_pipe(fds);
    nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    return result;
}

/* Whether it is what a start opens and might leave behind: the child, still being loaded, has files open, too. */
static bool is_of_a_start(pid_t pid, const char *fd) {
    char path[320], to[64] = "";
    snprintf(path, sizeof path, "/proc/%ld/fd/%s", (long)pid, fd);
    return readlink(path, to, sizeof to - 1) > 0 && (strncmp(to, "pipe:", 5) == 0 || strcmp(to, "/dev/null") == 0);
}

static int count_files(pid_t pid) {
    char path[64];
    int n = 0;
    snprintf(path, sizeof path, "/proc/%ld/fd", (long)pid);
    DIR *dir = opendir(path);
    if (!dir) return -1;
    for (struct dirent *entry; (entry = readdir(dir));) n += is_of_a_start(pid, entry->d_name);
    closedir(dir);
    return n;
}

struct starter {
    pthread_t thread;
    pid_t pids[STARTS];
    pthread_barrier_t *end;
};

static void *start_many(void *user) {
    struct starter *s = user;
    struct err e;
    for (int i = 0; i < STARTS; i++)
        if (!process_start(FAKE_BOOTSTRAP, "/", SLEEPS, &s->pids[i], &e)) s->pids[i] = 0;
    pthread_barrier_wait(s->end); /* started by all */
    pthread_barrier_wait(s->end); /* looked at */
    return NULL;
}

/* A pipe of one start that leaks into another's child keeps the first start waiting for that child's end. */
static void no_file_leaks(void **state) {
    (void)state;
    enum { THREADS = 4 };
    static struct starter starters[THREADS];
    pthread_barrier_t end;
    pid_t alone;
    struct err e;
    char words[64];
    bool same = true;
    check_ok(process_start(FAKE_BOOTSTRAP, "/", SLEEPS, &alone, &e), e);
    int expected = count_files(alone);
    pthread_barrier_init(&end, NULL, THREADS + 1);
    for (size_t i = 0; i < THREADS; i++) {
        starters[i].end = &end;
        assert_int_equal(pthread_create(&starters[i].thread, NULL, start_many, &starters[i]), 0);
    }
    pthread_barrier_wait(&end);
    for (size_t i = 0; i < THREADS * STARTS; i++) {
        pid_t pid = starters[i / STARTS].pids[i % STARTS];
        same = same && pid > 0 && count_files(pid) == expected;
        if (pid > 0) process_kill(pid);
        if (pid > 0) process_reap(pid, words);
    }
    pthread_barrier_wait(&end);
    for (size_t i = 0; i < THREADS; i++) pthread_join(starters[i].thread, NULL);
    pthread_barrier_destroy(&end);
    process_kill(alone);
    process_reap(alone, words);
    assert_true(same);
}

#define WITH_FOLDER(sentence, function) \
    { sentence, function, make_folder, remove_folder, NULL }

int main(void) {
    const struct CMUnitTest cases[] = {
        WITH_FOLDER("a missing file is named", no_file),
        WITH_FOLDER("a file without the execute bit is named", no_execute_bit),
        WITH_FOLDER("a file that is no program is named", wrong_format),
        WITH_FOLDER("a folder that is not there is an error", no_such_folder),
        WITH_FOLDER("a child gets the environment given and nothing of ours", environment_only),
        WITH_FOLDER("a child works in its folder and reads an empty input", folder_and_input),
        WITH_FOLDER("the end is worded as Lambda does", words_of_the_end),
        WITH_FOLDER("a kill reaches the child's children", kill_reaches_all),
        CASE("a child dies with the thread that started it", dies_with_thread),
        CASE("bug: a file of one start does not leak into another's child", no_file_leaks),
    };
    return cmocka_run_group_tests_name("process", cases, NULL, NULL);
}
