/* SPDX-License-Identifier: Apache-2.0 */
/* local/call_output.c */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "call_output.h"
#include "check.h"

static struct arena arena;
static struct call_output o;
static struct err e;
static char folder[] = "/tmp/call-output-XXXXXX", path[64];

static int set_up(void **state) {
    (void)state;
    arena_init(&arena, 16 << 20);
    call_output_init(&o, &arena);
    o.path = path;
    call_output_begin(&o);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    check_ok(call_output_close(&o, &e), e);
    unlink(path);
    arena_close(&arena);
    return 0;
}

static struct str written(void) {
    struct buf b;
    FILE *f = fopen(path, "rb");
    if (!f) return (struct str){0};
    buf_init(&b, 8 << 20, &arena);
    for (int c; (c = fgetc(f)) != EOF;) buf_add_char(&b, (char)c);
    fclose(f);
    return buf_str(&b);
}

static void header(int status) {
    const struct http_response rs = {.status = status};
    call_output_line(&o, STR("HTTP/1.1 ...\r\n"));
    call_output_line(&o, STR("\r\n"));
    check_ok(call_output_header(&o, &rs, &e), e);
}

static void put(struct str bytes) {
    check_ok(call_output_write(&o, bytes, &e), e);
}

static void at_once(void **state) {
    (void)state;
    header(200);
    put(STR("a\0b"));
    check_text(written(), "a\0b");
    assert_null(call_output_held(&o).p);
}

static void with_header(void **state) {
    (void)state;
    o.include = true;
    header(200);
    check_text(written(), "HTTP/1.1 ...\r\n\r\n");
    call_output_line(&o, STR("X-Trailer: late\r\n"));
    put(STR("b"));
    check_ok(call_output_end(&o, &e), e);
    check_text(written(), "HTTP/1.1 ...\r\n\r\nb");
}

static void refusal(void **state) {
    (void)state;
    o.include = true;
    header(403);
    put(STR("no"));
    assert_null(written().p);
    check_text(call_output_held(&o), "no");
    call_output_begin(&o); /* it is sent again */
    header(403);
    put(STR("never"));
    check_ok(call_output_end(&o, &e), e);
    check_text(written(), "HTTP/1.1 ...\r\n\r\nnever");
}

static void long_refusal(void **state) {
    static char bytes[700 * 1024];
    (void)state;
    header(403);
    put((struct str){bytes, sizeof bytes});
    put((struct str){bytes, sizeof bytes});
    assert_null(call_output_held(&o).p);
    assert_int_equal(written().n, 2 * sizeof bytes);
}

static void nothing_of_a_failure(void **state) {
    (void)state;
    o.fail = true;
    header(404);
    put(STR("no"));
    check_ok(call_output_end(&o, &e), e);
    assert_null(written().p);
    call_output_begin(&o);
    header(403);
    put(STR("no"));
    check_ok(call_output_end(&o, &e), e);
    assert_null(written().p);
}

static void empty_file(void **state) {
    (void)state;
    header(204);
    check_ok(call_output_end(&o, &e), e);
    check_text(written(), "");
    assert_non_null(written().p);
}

static void full(void **state) {
    (void)state;
    o.path = "/dev/full";
    header(200);
    assert_false(call_output_write(&o, STR("x"), &e));
    assert_true(o.failed && !o.closed);
    assert_string_equal(e.msg, "/dev/full: No space left on device, after 0 bytes");
}

/* A reader that comes late to a pipe that does not block. */
static void full_pipe(void **state) {
    static char bytes[300 * 1024];
    int ends[2];
    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    pid_t child = fork();
    if (child == 0) {
        size_t n = 0;
        close(ends[1]);
        for (ssize_t got; (got = read(ends[0], bytes, 4096)) > 0;) n += (size_t)got;
        _exit(n == sizeof bytes ? 0 : 1);
    }
    close(ends[0]);
    o.fd = ends[1];
    header(200);
    put((struct str){bytes, sizeof bytes});
    check_ok(call_output_close(&o, &e), e);
    int status = 1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void nowhere(void **state) {
    (void)state;
    o.path = "/nonexistent/x";
    header(200);
    assert_false(call_output_write(&o, STR("x"), &e));
    assert_true(o.failed);
}

#define OUTPUT_CASE(sentence, function) \
    { sentence, function, set_up, tear_down, NULL }

int main(void) {
    const struct CMUnitTest tests[] = {
        OUTPUT_CASE("an answer's bytes are written as they come", at_once),
        OUTPUT_CASE("the header stands before the body, trailers nowhere", with_header),
        OUTPUT_CASE("a refusal is held until it is the last word", refusal),
        OUTPUT_CASE("a refusal too long to hold is written", long_refusal),
        OUTPUT_CASE("with --fail nothing is written of 400 and more", nothing_of_a_failure),
        OUTPUT_CASE("an empty answer makes an empty file", empty_file),
        OUTPUT_CASE("a full disk is an error that says how far it came", full),
        OUTPUT_CASE("a pipe that does not block is written all the same", full_pipe),
        OUTPUT_CASE("a file that cannot be made is an error", nowhere),
    };
    if (!mkdtemp(folder)) return CHECK_NOT_RUN;
    snprintf(path, sizeof path, "%s/out", folder);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(folder);
    return failed;
}
