/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/lifecycle_once.c: lambda_run without Lambda. Each case is a process of its own with files for its streams. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buf.h"
#include "check.h"
#include "json.h"
#include "lambda.h"
#include "log.h"

static char folder[] = "/tmp/test_once.XXXXXX";
static struct arena arena;
static struct str output, errors; /* of the last run */

static bool fails(void *user, struct err *e) {
    (void)user;
    return err_set(e, ERR_CONFIG, "PRIVATE_API_URL is not set");
}

static bool ready(void *user, struct err *e) {
    (void)e;
    *(int *)user = 7;
    return true;
}

static bool echo(void *user, const struct lambda_invocation *inv, struct buf *reply, struct err *e) {
    (void)e;
    if (user && *(int *)user != 7) abort(); /* init comes first */
    printf("printed by the handler");
    log_line(LOG_INFO, "logged by the handler");
    buf_add(reply, inv->payload);
    return true;
}

static bool describe(void *user, const struct lambda_invocation *inv, struct buf *reply, struct err *e) {
    (void)user;
    (void)e;
    int64_t left = lambda_remaining_ms(inv);
    buf_addf(reply, "%.*s %.*s %.*s %s", STR_ARG(inv->request_id), STR_ARG(inv->invoked_function_arn),
             STR_ARG(inv->content_type),
             left > 0 && left <= 3000        ? "3 s"
             : left <= 60000 && left > 50000 ? "60 s"
                                             : "?");
    return true;
}

static bool refuses(void *user, const struct lambda_invocation *inv, struct buf *reply, struct err *e) {
    struct lambda_failure failure = {.error_type = STR("Function.NotToday")};
    (void)user;
    buf_add(reply, STR("half of a reply"));
    lambda_set_failure(inv, &failure);
    return err_set(e, ERR_HANDLER, "come back tomorrow");
}

static bool is_mute(void *user, const struct lambda_invocation *inv, struct buf *reply, struct err *e) {
    (void)user;
    (void)inv;
    (void)reply;
    (void)e;
    return false;
}

static bool talks(void *user, const struct lambda_invocation *inv, struct buf *reply, struct err *e) {
    (void)user;
    (void)inv;
    (void)e;
    while (reply->n <= LAMBDA_MAX_REPLY_BYTES) buf_add(reply, STR("0123456789abcdef"));
    return true;
}

static bool streams(void *user, const struct lambda_invocation *inv, struct buf *reply, struct err *e) {
    (void)user;
    (void)reply;
    return lambda_stream_begin(inv, STR("text/plain"), e) && lambda_stream_write(inv, STR("one "), e) &&
           lambda_stream_write(inv, STR("two"), e) &&
           (!str_eq(inv->payload, STR("break")) || err_set(e, ERR_HANDLER, "the stream broke"));
}

static bool streams_http(void *user, const struct lambda_invocation *inv, struct buf *reply, struct err *e) {
    struct http_response head = {.status = 201};
    (void)user;
    (void)reply;
    return lambda_stream_begin_http(inv, &head, e) && lambda_stream_write(inv, STR("body"), e);
}

static void at_end(void *user) {
    (void)user;
    log_line(LOG_INFO, "the hook ran");
}

static char *path(const char *name) {
    struct buf b;
    buf_init(&b, 1024, &arena);
    buf_addf(&b, "%s/%s", folder, name);
    buf_add_char(&b, 0);
    assert_false(b.failed);
    return b.p;
}

static void put(const char *name, struct str content) {
    int fd = open(path(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, content.p, content.n), content.n);
    close(fd);
}

static struct str get(const char *name) {
    struct buf b;
    char piece[4096];
    ssize_t n;
    int fd = open(path(name), O_RDONLY);
    assert_true(fd >= 0);
    buf_init(&b, 32 * 1024 * 1024, &arena);
    while ((n = read(fd, piece, sizeof piece)) > 0) buf_add(&b, (struct str){piece, (size_t)n});
    close(fd);
    return buf_str(&b);
}

static void redirect(const char *name, int flags, int to) {
    int fd = open(path(name), flags, 0600);
    if (fd < 0 || dup2(fd, to) != to) abort();
    close(fd);
}

/* The exit code of lambda_run with LAMBDA_EVENT=event; standard input is the file "event". */
static int run(const struct lambda_program *program, const char *event) {
    int status;
    fflush(stdout);
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        setenv("LAMBDA_EVENT", event, 1);
        redirect("event", O_RDONLY, 0);
        redirect("output", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 1);
        redirect("errors", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 2);
        int code = lambda_run(program);
        fflush(stdout);
        _exit(code);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status)) fail_msg("ended by signal %d", WTERMSIG(status));
    output = get("output");
    errors = get("errors");
    return WEXITSTATUS(status);
}

static int run_handler(lambda_handler *handle, const char *event) {
    struct lambda_program program = {.handle = handle};
    return run(&program, event);
}

static void check_errors(const char *words) {
    if (str_find(errors, str_of(words)) == SIZE_MAX) fail_msg("\"%s\" is not in: %.*s", words, STR_ARG(errors));
}

static void from_file(void **state) {
    (void)state;
    int user = 0;
    struct lambda_program program = {.init = ready, .handle = echo, .user = &user, .shutdown = at_end};
    put("event", STR("{\"a\":\"\0\xff\"}\n"));
    assert_int_equal(run(&program, path("event")), 0);
    check_text(output, "{\"a\":\"\0\xff\"}\n"); /* each byte, and nothing else */
    check_errors("\tINFO\tlogged by the handler\n");
    check_errors("\tINFO\tthe hook ran\n");
    check_errors("printed by the handler");
}

static void from_input(void **state) {
    (void)state;
    put("event", STR("{}"));
    assert_int_equal(run_handler(echo, "-"), 0);
    check_text(output, "{}");
    put("event", STR(""));
    assert_int_equal(run_handler(echo, "-"), 0);
    check_text(output, "");
}

static void invocation(void **state) {
    (void)state;
    put("event", STR("{}"));
    assert_int_equal(run_handler(describe, "-"), 0);
    struct str id, rest = output;
    assert_true(str_cut(&rest, ' ', &id));
    assert_int_equal(id.n, 36);
    for (size_t i = 0; i < id.n; i++) {
        if (i == 8 || i == 13 || i == 18 || i == 23) assert_int_equal(id.p[i], '-');
        else assert_true(strchr("0123456789abcdef", id.p[i]));
    }
    check_text(rest, "arn:aws:lambda:us-east-1:123456789012:function:function application/json 3 s");
    setenv("AWS_REGION", "eu-west-1", 1);
    setenv("AWS_LAMBDA_FUNCTION_NAME", "mine", 1);
    setenv("AWS_LAMBDA_FUNCTION_TIMEOUT", "60", 1);
    assert_int_equal(run_handler(describe, "-"), 0);
    assert_true(str_ends(output, STR(" arn:aws:lambda:eu-west-1:123456789012:function:mine application/json 60 s")));
    setenv("AWS_LAMBDA_FUNCTION_TIMEOUT", "soon", 1);
    assert_int_equal(run_handler(describe, "-"), 0);
    assert_true(str_ends(output, STR(" 3 s")));
    check_errors("AWS_LAMBDA_FUNCTION_TIMEOUT is no number of seconds");
    unsetenv("AWS_REGION");
    unsetenv("AWS_LAMBDA_FUNCTION_NAME");
    unsetenv("AWS_LAMBDA_FUNCTION_TIMEOUT");
}

static void function_failed(void **state) {
    (void)state;
    put("event", STR("{}"));
    assert_int_equal(run_handler(refuses, "-"), 1);
    assert_int_equal(output.n, 0);
    check_errors("Function.NotToday: come back tomorrow");
    assert_int_equal(run_handler(is_mute, "-"), 1);
    check_errors("the handler failed without saying why");
    assert_int_equal(run_handler(talks, "-"), 1);
    assert_int_equal(output.n, 0);
    check_errors("the reply has 6291568 bytes; Lambda takes 6291556");
}

static void failure_as_json(void **state) {
    (void)state;
    struct cJSON *root;
    struct err e;
    setenv("AWS_LAMBDA_LOG_FORMAT", "JSON", 1);
    put("event", STR("{}"));
    assert_int_equal(run_handler(refuses, "-"), 1);
    unsetenv("AWS_LAMBDA_LOG_FORMAT");
    check_ok(json_read(errors, &root, &e), e);
    check_text(json_get_text(root, "errorType"), "Function.NotToday");
    check_text(json_get_text(root, "errorMessage"), "come back tomorrow");
    assert_int_equal(json_get_text(root, "requestId").n, 36);
    json_close(root);
}

static void init_failed(void **state) {
    (void)state;
    struct lambda_program program = {.init = fails, .handle = echo};
    put("event", STR("{}"));
    assert_int_equal(run(&program, "/does/not/matter"), 1);
    check_errors("\tFATAL\tinit failed: PRIVATE_API_URL is not set\n");
    assert_int_equal(output.n, 0);
}

static void no_event(void **state) {
    (void)state;
    put("event", STR("{}"));
    assert_int_equal(run_handler(echo, path("none")), 2);
    check_errors("LAMBDA_EVENT, ");
    check_errors("none: No such file or directory\n");
    assert_int_equal(run_handler(echo, folder), 2);
    check_errors(": Is a directory\n");
    assert_int_equal(output.n, 0);
}

static void long_event(void **state) {
    (void)state;
    char *text = malloc(LAMBDA_MAX_REPLY_BYTES + 1);
    assert_non_null(text);
    memset(text, 'x', LAMBDA_MAX_REPLY_BYTES + 1);
    put("event", (struct str){text, LAMBDA_MAX_REPLY_BYTES + 1});
    assert_int_equal(run_handler(echo, "-"), 2);
    check_errors("LAMBDA_EVENT, standard input: it is longer than 6291556 bytes");
    put("event", (struct str){text, LAMBDA_MAX_REPLY_BYTES});
    assert_int_equal(run_handler(echo, "-"), 0);
    assert_int_equal(output.n, LAMBDA_MAX_REPLY_BYTES);
    free(text);
}

static void stream(void **state) {
    (void)state;
    put("event", STR("{}"));
    assert_int_equal(run_handler(streams, "-"), 0);
    check_text(output, "one two");
    assert_int_equal(run_handler(streams_http, "-"), 0);
    check_text(output, "{\"statusCode\":201,\"headers\":{},\"cookies\":[]}\0\0\0\0\0\0\0\0"
                       "body");
    put("event", STR("break"));
    assert_int_equal(run_handler(streams, "-"), 1);
    check_text(output, "one two");
    check_errors("the stream broke");
}

static void full_disk(void **state) {
    (void)state;
    int status, full = open("/dev/full", O_WRONLY);
    assert_true(full >= 0);
    put("event", STR("{}"));
    fflush(stdout);
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        struct lambda_program program = {.handle = echo};
        setenv("LAMBDA_EVENT", path("event"), 1);
        dup2(full, 1);
        redirect("errors", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 2);
        _exit(lambda_run(&program));
    }
    close(full);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WEXITSTATUS(status), 1);
    errors = get("errors");
    check_errors("the reply cannot be written: No space left on device");
}

static void not_asked(void **state) {
    (void)state;
    put("event", STR("{}"));
    assert_int_equal(run_handler(echo, ""), 1);
    assert_true(str_find(output, STR("AWS_LAMBDA_RUNTIME_API is not set")) != SIZE_MAX); /* its log */
}

static int open_folder(void **state) {
    (void)state;
    unsetenv("AWS_LAMBDA_RUNTIME_API");
    arena_init(&arena, 256 * 1024 * 1024);
    return mkdtemp(folder) ? 0 : 1;
}

static int close_folder(void **state) {
    (void)state;
    unlink(path("event"));
    unlink(path("output"));
    unlink(path("errors"));
    arena_close(&arena);
    return rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE("an event from a file is handled, and standard output is the reply and nothing else", from_file),
        CASE("an event may come from standard input", from_input),
        CASE("the invocation is well formed, and follows the environment", invocation),
        CASE("a function that fails is logged and ends with 1", function_failed),
        CASE("its failure has members of its own in a JSON log", failure_as_json),
        CASE("an init that fails is logged and ends with 1", init_failed),
        CASE("an event that cannot be read ends with 2", no_event),
        CASE("an event may be as long as on Lambda and no longer", long_event),
        CASE("a stream goes to standard output", stream),
        CASE("a reply that cannot be written ends with 1", full_disk),
        CASE("without LAMBDA_EVENT the Runtime API is missed", not_asked),
    };
    return cmocka_run_group_tests_name("lifecycle_once", tests, open_folder, close_folder);
}
