/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/lifecycle.c, SnapStart: in which order what happens, and who is told when it does not. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "lifecycle.h"
#include "log.h"
#include "scripted_server.h"

#define STATUS(text) "HTTP/1.1 " text "\r\nContent-Length: 0\r\n\r\n"
#define EVENT "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: r1\r\nContent-Length: 1\r\n\r\na"

static struct scripted_server server;
static struct runtime_api *api;
static char happened[16]; /* b: before_snapshot, r: OpenSSL seeded, before and behind the snapshot, a: after_restore */
static char failing;      /* which of them fails; in capitals: without saying why */
static char logged[4096];
static FILE *log_file;

static bool happens(char what, struct err *e) {
    happened[strlen(happened)] = what;
    if (failing == what) err_set(e, ERR_CONFIG, "the hook \"%c\" failed", what);
    return failing != what && failing != what - 'a' + 'A';
}

static bool before(void *user, struct err *e) {
    assert_ptr_equal(user, &server);
    return happens('b', e);
}

static bool after(void *user, struct err *e) {
    assert_ptr_equal(user, &server);
    return happens('a', e);
}

/* OpenSSL's place is taken. */
int RAND_poll(void);
int RAND_poll(void) {
    struct err unused;
    return happens('r', &unused) ? 1 : 0;
}

static const struct lambda_program BOTH = {.user = &server, .before_snapshot = before, .after_restore = after};

static bool play(const struct scripted_step *steps, size_t n, const struct lambda_program *program) {
    struct err e;
    memset(happened, 0, sizeof happened);
    scripted_start(&server, steps, n);
    check_ok(runtime_api_open(str_of(server.host_port), (struct str){0}, &api, &e), e);
    log_file = tmpfile();
    assert_non_null(log_file);
    log_open(LOG_JSON, LOG_INFO, fileno(log_file));
    return lifecycle_snapstart(program, api);
}

#define PLAY(steps, program) play(steps, sizeof steps / sizeof *steps, program)

static void stop(void) {
    runtime_api_close(api);
    scripted_stop(&server);
    assert_int_equal(server.requests, server.n);
    ssize_t n = pread(fileno(log_file), logged, sizeof logged - 1, 0);
    logged[n > 0 ? n : 0] = 0;
    fclose(log_file);
    log_open(LOG_TEXT, LOG_INFO, 1);
}

static void snap_start(const char *type) {
    if (type) setenv("AWS_LAMBDA_INITIALIZATION_TYPE", type, 1);
    else unsetenv("AWS_LAMBDA_INITIALIZATION_TYPE");
}

static void other_types(void **state) {
    (void)state;
    static const char *const types[] = {
        NULL, "", "on-demand", "provisioned-concurrency", "lambda-managed-instances", "snap-start-2"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        snap_start(types[i]);
        assert_true(play(NULL, 0, &BOTH));
        stop();
        assert_string_equal(happened, "");
        assert_string_equal(logged, "");
    }
}

static void restored(void **state) {
    (void)state;
    static const struct scripted_step steps[] = {{.bytes = STR_INIT(STATUS("200 OK"))}, {.bytes = STR_INIT(EVENT)}};
    struct lambda_invocation inv;
    struct arena a;
    struct err e;
    snap_start("snap-start");
    assert_true(PLAY(steps, &BOTH));
    arena_init(&a, 1024 * 1024);
    check_ok(runtime_api_next(api, &inv, &a, &e), e);
    arena_close(&a);
    stop();
    assert_string_equal(happened, "brra");
    assert_string_equal(logged, "");
    check_text(scripted_line(server.request[0]), "GET /2018-06-01/runtime/restore/next HTTP/1.1");
    assert_int_equal(server.connections, 2); /* the one from before the snapshot is not used again */
    scripted_close(&server);
}

static void no_hooks(void **state) {
    (void)state;
    static const struct scripted_step steps[] = {{.bytes = STR_INIT(STATUS("200 OK"))}};
    static const struct lambda_program none = {.user = NULL};
    snap_start("snap-start");
    assert_true(PLAY(steps, &none));
    stop();
    assert_string_equal(happened, "rr");
    scripted_close(&server);
}

/* The last request of the server reported type and message; so did the log. */
static void check_report(const char *path, const char *type, const char *message) {
    struct str request = server.request[server.n - 1];
    assert_true(str_find(scripted_line(request), str_of(path)) != SIZE_MAX);
    check_str(scripted_field(request, "Lambda-Runtime-Function-Error-Type"), str_of(type));
    assert_true(str_find(scripted_body(request), str_of(message)) != SIZE_MAX);
    assert_true(str_find(scripted_body(request), str_of(type)) != SIZE_MAX);
    assert_non_null(strstr(logged, "\"level\":\"FATAL\""));
    assert_non_null(strstr(logged, message));
    assert_non_null(strstr(logged, type));
}

static void before_fails(void **state) {
    (void)state;
    static const struct scripted_step steps[] = {{.bytes = STR_INIT(STATUS("202 Accepted"))}};
    snap_start("snap-start");
    failing = 'b';
    assert_false(PLAY(steps, &BOTH));
    stop();
    assert_string_equal(happened, "b");
    check_report("POST /2018-06-01/runtime/init/error", "Runtime.BeforeSnapshotError", "the hook \\\"b\\\" failed");
    scripted_close(&server);
    failing = 'B';
    assert_false(PLAY(steps, &BOTH));
    stop();
    check_report("/init/error", "Runtime.BeforeSnapshotError", "the hook failed without saying why");
    scripted_close(&server);
    failing = 0;
}

static void after_fails(void **state) {
    (void)state;
    static const struct scripted_step steps[] = {{.bytes = STR_INIT(STATUS("200 OK"))},
                                                 {.bytes = STR_INIT(STATUS("202 Accepted"))}};
    snap_start("snap-start");
    failing = 'a';
    assert_false(PLAY(steps, &BOTH));
    stop();
    assert_string_equal(happened, "brra");
    check_report("POST /2018-06-01/runtime/restore/error", "Runtime.AfterRestoreError", "the hook \\\"a\\\" failed");
    scripted_close(&server);
    failing = 'A';
    assert_false(PLAY(steps, &BOTH));
    stop();
    check_report("/restore/error", "Runtime.AfterRestoreError", "the hook failed without saying why");
    scripted_close(&server);
    failing = 0;
}

static void not_reseeded(void **state) {
    (void)state;
    static const struct scripted_step steps[] = {{.bytes = STR_INIT(STATUS("200 OK"))},
                                                 {.bytes = STR_INIT(STATUS("202 Accepted"))}};
    snap_start("snap-start");
    failing = 'r';
    assert_false(PLAY(steps, &BOTH));
    stop();
    assert_string_equal(happened, "brr");
    check_report("/restore/error", "Runtime.AfterRestoreError", "random generator could not be reseeded");
    scripted_close(&server);
    failing = 0;
}

static void lost(void **state) {
    (void)state;
    static const struct scripted_step steps[] = {{.bytes = STR_INIT(STATUS("500 Lost"))}};
    snap_start("snap-start");
    assert_false(PLAY(steps, &BOTH));
    stop();
    assert_string_equal(happened, "br");
    assert_non_null(strstr(logged, "\"level\":\"FATAL\""));
    assert_non_null(strstr(logged, "/restore/next answered 500"));
    scripted_close(&server);
}

static void report_refused(void **state) {
    (void)state;
    static const struct scripted_step steps[] = {{.bytes = STR_INIT(STATUS("403 Forbidden"))}};
    snap_start("snap-start");
    failing = 'b';
    assert_false(PLAY(steps, &BOTH));
    stop();
    assert_non_null(strstr(logged, "/init/error"));
    assert_non_null(strstr(logged, "403"));
    scripted_close(&server);
    failing = 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE("without SnapStart nothing is asked and no hook is called", other_types),
        CASE("before the snapshot, restore, new connection, new random numbers, after the restore", restored),
        CASE("a program without hooks is restored too", no_hooks),
        CASE("a failure before the snapshot goes to /init/error", before_fails),
        CASE("a failure after the restore goes to /restore/error", after_fails),
        CASE("old random numbers are a failure after the restore", not_reseeded),
        CASE("without an answer to restore the process ends", lost),
        CASE("a report that Lambda refuses is logged", report_refused),
    };
    return cmocka_run_group_tests_name("lifecycle", tests, NULL, NULL);
}
