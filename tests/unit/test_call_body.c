/* SPDX-License-Identifier: Apache-2.0 */
/* local/call_body.c */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "call_body.h"
#include "check.h"
#include "sigv4_stages.h"

enum { LIMIT = 1000, LONG = 700 * 1000 };

static struct arena arena;
static struct call_body body;
static struct err e;
static char folder[] = "/tmp/call-body-XXXXXX", path[64], bytes[LONG];

static int set_up(void **state) {
    (void)state;
    arena_init(&arena, 16 << 20);
    for (size_t i = 0; i < LONG; i++) bytes[i] = (char)(i * 31 % 251);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    call_body_close(&body);
    arena_close(&arena);
    return 0;
}

static void write_file(size_t n) {
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    fclose(f);
}

/* All of it as it would be sent. */
static struct str sent(void) {
    struct buf b;
    char piece[4096];
    size_t got;
    buf_init(&b, LONG * 2, &arena);
    call_body_rewind(&body);
    do {
        check_ok(call_body_read(&body, piece, sizeof piece, &got, &e), e);
        buf_add(&b, (struct str){piece, got});
    } while (got);
    return buf_str(&b);
}

static void check_long(void) {
    char hex[65];
    struct str all = {bytes, LONG};
    assert_true(body.apart);
    assert_int_equal(body.bytes, LONG);
    assert_true(sigv4_hash(hex, all));
    assert_string_equal(body.hash, hex);
    assert_true(str_eq(sent(), all));
    assert_true(str_eq(sent(), all)); /* a second attempt */
}

static void short_file(void **state) {
    (void)state;
    write_file(LIMIT);
    check_ok(call_body_open(&body, path, LIMIT, &arena, &e), e);
    assert_false(body.apart);
    check_str(body.memory, ((struct str){bytes, LIMIT}));
    write_file(0);
    call_body_close(&body);
    check_ok(call_body_open(&body, path, LIMIT, &arena, &e), e);
    assert_true(body.memory.p && !body.memory.n && !body.apart);
}

static void long_file(void **state) {
    (void)state;
    write_file(LONG);
    check_ok(call_body_open(&body, path, LIMIT, &arena, &e), e);
    assert_false(body.is_copy);
    check_long();
}

/* `cat path |` in front of `run`, as standard input. */
static void piped(void (*run)(void)) {
    int saved = dup(STDIN_FILENO), ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        execlp("cat", "cat", path, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    dup2(ends[0], STDIN_FILENO);
    close(ends[0]);
    run();
    dup2(saved, STDIN_FILENO);
    close(saved);
}

static void read_pipe(void) {
    check_ok(call_body_open(&body, "-", LIMIT, &arena, &e), e);
}

static void long_pipe(void **state) {
    (void)state;
    write_file(LONG);
    piped(read_pipe);
    assert_true(body.is_copy);
    check_long();
}

static void short_pipe(void **state) {
    (void)state;
    write_file(10);
    piped(read_pipe);
    check_str(body.memory, ((struct str){bytes, 10}));
}

static void standard_input_in_the_middle(void **state) {
    (void)state;
    int saved = dup(STDIN_FILENO);
    write_file(LONG);
    assert_non_null(freopen(path, "rb", stdin));
    assert_int_equal(lseek(STDIN_FILENO, 100, SEEK_SET), 100);
    check_ok(call_body_open(&body, "-", LIMIT, &arena, &e), e);
    assert_int_equal(body.bytes, LONG - 100);
    assert_true(str_eq(sent(), (struct str){bytes + 100, LONG - 100}));
    dup2(saved, STDIN_FILENO);
    close(saved);
}

static bool read_to_the_end(void) {
    char piece[4096];
    size_t got;
    call_body_rewind(&body);
    do
        if (!call_body_read(&body, piece, sizeof piece, &got, &e)) return false;
    while (got);
    return true;
}

static void changed(void **state) {
    (void)state;
    write_file(LONG);
    check_ok(call_body_open(&body, path, LIMIT, &arena, &e), e);
    assert_int_equal(truncate(path, LONG / 2), 0);
    assert_false(read_to_the_end());
    assert_true(body.failed);
    assert_non_null(strstr(e.msg, "was changed between"));
    call_body_close(&body);
    write_file(LONG);
    check_ok(call_body_open(&body, path, LIMIT, &arena, &e), e);
    FILE *f = fopen(path, "ab");
    assert_non_null(f);
    fputc('x', f);
    fclose(f);
    assert_false(read_to_the_end());
}

static void not_there(void **state) {
    (void)state;
    assert_false(call_body_open(&body, "/nonexistent", LIMIT, &arena, &e));
    assert_string_equal(e.msg, "/nonexistent: No such file or directory");
    assert_false(call_body_open(&body, "/tmp", LIMIT, &arena, &e));
    assert_string_equal(e.msg, "/tmp: Is a directory");
}

#define BODY_CASE(sentence, function) \
    { sentence, function, set_up, tear_down, NULL }

int main(void) {
    const struct CMUnitTest tests[] = {
        BODY_CASE("a short file is kept in memory", short_file),
        BODY_CASE("a long file is hashed, then read again", long_file),
        BODY_CASE("a long pipe is kept in a file and read as often as need be", long_pipe),
        BODY_CASE("a short pipe is kept in memory", short_pipe),
        BODY_CASE("a file as standard input is read from where it stands", standard_input_in_the_middle),
        BODY_CASE("the end of a file that changed is not given out", changed),
        BODY_CASE("what cannot be read is named", not_there),
    };
    if (!mkdtemp(folder)) return CHECK_NOT_RUN;
    snprintf(path, sizeof path, "%s/body", folder);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    rmdir(folder);
    return failed;
}
