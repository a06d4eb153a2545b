/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/crash*.c and scripts/frames.sh: crash_program dies in every way; its POST, its log and its end are read. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "check.h"
#include "crash.h"
#include "json.h"
#include "scripted_server.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

#define ACCEPTED "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"

static const struct scripted_step accept_once = {.bytes = STR_INIT(ACCEPTED)};
static struct scripted_server server;
static char logged[64 * 1024];

/* Sanitizers have handlers of their own for most of the signals: here it is ours that is looked at. */
static const char *sanitizer_options =
    "handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:handle_abort=0:use_sigaltstack=0";

static pid_t start(const char *host_port, const char *where, const char *crash, int out) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child) return child;
    static const struct rlimit no_core;
    setrlimit(RLIMIT_CORE, &no_core);
    dup2(out, 1);
    setenv("AWS_LAMBDA_RUNTIME_API", host_port, 1);
    setenv("ASAN_OPTIONS", sanitizer_options, 1);
    setenv("TSAN_OPTIONS", sanitizer_options, 1);
    execl(CRASH_PROGRAM, CRASH_PROGRAM, where, crash, (char *)NULL);
    _exit(126);
}

static int end_of(pid_t child) {
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/* Minus the signal, or the exit code; what was printed is in `logged`. */
static int crash_at(const char *host_port, const char *where, const char *crash) {
    FILE *file = tmpfile();
    assert_non_null(file);
    int end = end_of(start(host_port, where, crash, fileno(file)));
    ssize_t n = pread(fileno(file), logged, sizeof logged - 1, 0);
    logged[n > 0 ? n : 0] = 0;
    fclose(file);
    return end;
}

/* The same with a server that accepts one POST. */
static int crash(const char *where, const char *kind) {
    scripted_start(&server, &accept_once, 1);
    int end = crash_at(server.host_port, where, kind);
    scripted_stop(&server);
    return end;
}

static bool has(struct str text, const char *piece) {
    return str_find(text, str_of(piece)) != SIZE_MAX;
}

static void check_has(struct str text, const char *piece) {
    if (!has(text, piece)) fail_msg("<%s> is not in <%.*s>", piece, STR_ARG(text));
}

static int lines(const char *text) {
    int n = 0;
    for (; *text; text++) n += *text == '\n';
    return n;
}

/* Every field and member of one report, and the log line beside it. */
static void check_report(const char *path, const char *type, const char *message) {
    struct cJSON *body;
    struct err e;
    assert_int_equal(server.requests, 1);
    struct str request = server.request[0];
    check_has(scripted_line(request), path);
    check_str(scripted_field(request, "Lambda-Runtime-Function-Error-Type"), str_of(type));
    check_text(scripted_field(request, "Content-Type"), "application/json");
    check_str(scripted_field(request, "Host"), str_of(server.host_port));
    check_ok(json_read(scripted_body(request), &body, &e), e);
    check_str(json_get_text(body, "errorType"), str_of(type));
    check_has(json_get_text(body, "errorMessage"), message);
    assert_true(cJSON_GetArraySize(json_get(body, "stackTrace")) > 0);
    json_close(body);
    check_ok(json_read(scripted_field(request, "Lambda-Runtime-Function-XRay-Error-Cause"), &body, &e), e);
    const cJSON *exception = cJSON_GetArrayItem(json_get(body, "exceptions"), 0);
    check_str(json_get_text(exception, "type"), str_of(type));
    assert_true(cJSON_GetArraySize(json_get(exception, "stack")) > 0);
    json_close(body);
    assert_int_equal(lines(logged), 1);
    check_has(str_of(logged), "\tFATAL\tcrashed: ");
    check_has(str_of(logged), type);
    check_has(str_of(logged), message);
}

static const struct {
    const char *name;
    int signal;
    const char *type, *message;
} KINDS[] = {
    {"null", SIGSEGV, "Runtime.SegmentationFault", "SIGSEGV at address 0x10 (address not mapped)"},
    {"smashed", SIGSEGV, "Runtime.SegmentationFault", "SIGSEGV at address 0x10 (address not mapped)"},
    {"call", SIGSEGV, "Runtime.SegmentationFault", "SIGSEGV at address 0x0 (address not mapped)"},
    {"stack", SIGSEGV, "Runtime.StackOverflow", "(the stack is full)"},
    {"abort", SIGABRT, "Runtime.Aborted", "SIGABRT raised by the program itself"},
    {"bus", SIGBUS, "Runtime.BusError", "(nothing behind the address: past the end of a mapped file?)"},
    {"ill", SIGILL, "Runtime.IllegalInstruction", "(illegal instruction)"},
#if defined(__x86_64__)
    {"fpe", SIGFPE, "Runtime.ArithmeticError", "(integer division by zero)"},
#else
    {"fpe", SIGFPE, "Runtime.ArithmeticError", "SIGFPE raised by the program itself"},
#endif
};

static void every_signal(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++) {
        assert_int_equal(crash("invocation", KINDS[i].name), -KINDS[i].signal);
        check_report("POST /2018-06-01/runtime/invocation/r1/error HTTP/1.1", KINDS[i].type, KINDS[i].message);
        check_text(scripted_field(server.request[0], "Lambda-Runtime-Invocation-Id"), "i1");
        check_has(str_of(logged), "\tr1\t");
        scripted_close(&server);
    }
}

static void in_init(void **state) {
    (void)state;
    assert_int_equal(crash("init", "null"), -SIGSEGV);
    check_report("POST /2018-06-01/runtime/init/error HTTP/1.1", "Runtime.SegmentationFault", "SIGSEGV");
    assert_null(scripted_field(server.request[0], "Lambda-Runtime-Invocation-Id").p);
    scripted_close(&server);
}

static void between(void **state) {
    (void)state;
    assert_int_equal(crash("between", "null"), -SIGSEGV);
    assert_int_equal(server.requests, 0);
    check_has(str_of(logged), "\t\tFATAL\tcrashed: Runtime.SegmentationFault");
    scripted_close(&server);
}

static void one_of_four(void **state) {
    (void)state;
    assert_int_equal(crash("threads", "stack"), -SIGSEGV);
    check_report("/invocation/r4/error", "Runtime.StackOverflow", "SIGSEGV");
    check_text(scripted_field(server.request[0], "Lambda-Runtime-Invocation-Id"), "i4");
    scripted_close(&server);
}

static void all_of_four(void **state) {
    (void)state;
    for (int i = 0; i < 10; i++) {
        assert_int_equal(crash("herd", "null"), -SIGSEGV);
        check_report("/invocation/r", "Runtime.SegmentationFault", "SIGSEGV at address 0x10");
        struct str id = scripted_field(server.request[0], "Lambda-Runtime-Invocation-Id"),
                   line = scripted_line(*server.request);
        assert_int_equal(id.p[1], line.p[str_find(line, STR("/error")) - 1]);
        scripted_close(&server);
    }
}

#define EVENT(id, n, body) \
    "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: " id "\r\nContent-Length: " n "\r\n\r\n" body

/* lambda_run's own calls, in place of those that crash_program makes. */
static void under_lambda_run(void **state) {
    (void)state;
    static const struct scripted_step steps[] = {{.bytes = STR_INIT(EVENT("r1", "2", "{}"))},
                                                 {.bytes = STR_INIT(ACCEPTED)},
                                                 {.bytes = STR_INIT(EVENT("r2", "5", "abort"))},
                                                 {.bytes = STR_INIT(ACCEPTED)}};
    scripted_start(&server, steps, 4);
    assert_int_equal(crash_at(server.host_port, NULL, NULL), -SIGABRT);
    scripted_stop(&server);
    assert_int_equal(server.requests, 4);
    check_has(scripted_line(server.request[3]), "POST /2018-06-01/runtime/invocation/r2/error");
    check_text(scripted_field(server.request[3], "Lambda-Runtime-Function-Error-Type"), "Runtime.Aborted");
    scripted_close(&server);
    setenv("CRASH_IN_INIT", "bus", 1);
    scripted_start(&server, &accept_once, 1);
    assert_int_equal(crash_at(server.host_port, NULL, NULL), -SIGBUS);
    scripted_stop(&server);
    unsetenv("CRASH_IN_INIT");
    check_report("/runtime/init/error", "Runtime.BusError", "SIGBUS");
    scripted_close(&server);
}

/* Four slots: three are parked in next when the fourth's stack is full. */
static void under_concurrency(void **state) {
    (void)state;
    static const struct scripted_step steps[] = {{.bytes = STR_INIT("")},
                                                 {.bytes = STR_INIT("")},
                                                 {.bytes = STR_INIT("")},
                                                 {.bytes = STR_INIT(EVENT("r4", "5", "stack"))},
                                                 {.bytes = STR_INIT(ACCEPTED)}};
    setenv("AWS_LAMBDA_MAX_CONCURRENCY", "4", 1);
    scripted_start(&server, steps, 5);
    assert_int_equal(crash_at(server.host_port, NULL, NULL), -SIGSEGV);
    scripted_stop(&server);
    unsetenv("AWS_LAMBDA_MAX_CONCURRENCY");
    assert_int_equal(server.requests, 5);
    check_has(scripted_line(server.request[4]), "/invocation/r4/error");
    check_text(scripted_field(server.request[4], "Lambda-Runtime-Function-Error-Type"), "Runtime.StackOverflow");
    check_has(str_of(logged), "\"requestId\":\"r4\"");
    scripted_close(&server);
}

static void from_outside(void **state) {
    (void)state;
    char expected[64], byte;
    int out[2];
    assert_int_equal(pipe(out), 0);
    scripted_start(&server, &accept_once, 1);
    pid_t child = start(server.host_port, "invocation", "killed", out[1]);
    close(out[1]);
    assert_int_equal(read(out[0], &byte, 1), 1); /* it says when it waits */
    kill(child, SIGSEGV);
    ssize_t n = read(out[0], logged, sizeof logged - 1);
    logged[n > 0 ? n : 0] = 0;
    assert_int_equal(end_of(child), -SIGSEGV);
    scripted_stop(&server);
    snprintf(expected, sizeof expected, "SIGSEGV sent by process %d", (int)getpid());
    check_report("/invocation/r1/error", "Runtime.SegmentationFault", expected);
    close(out[0]);
    scripted_close(&server);
}

static void time_text(char out[static 32]) {
    time_t now = time(NULL);
    strftime(out, 32, "%Y-%m-%dT%H:%M:%S", gmtime(&now));
}

static void json_record(void **state) {
    (void)state;
    struct cJSON *line;
    struct err e;
    char before[32], after[32];
    setenv("AWS_LAMBDA_LOG_FORMAT", "JSON", 1);
    time_text(before);
    assert_int_equal(crash("invocation", "null"), -SIGSEGV);
    time_text(after);
    unsetenv("AWS_LAMBDA_LOG_FORMAT");
    check_ok(json_read(str_trim((struct str){logged, strlen(logged) - 1}), &line, &e), e);
    check_text(json_get_text(line, "level"), "FATAL");
    check_text(json_get_text(line, "message"), "crashed: SIGSEGV at address 0x10 (address not mapped)");
    check_text(json_get_text(line, "requestId"), "r1");
    check_text(json_get_text(line, "traceId"), "Root=1-a;Sampled=1");
    check_text(json_get_text(line, "tenantId"), "blue \"tenant\"");
    check_text(json_get_text(line, "errorType"), "Runtime.SegmentationFault");
    check_text(json_get_text(line, "signal"), "SIGSEGV");
    check_text(json_get_text(line, "address"), "0x10");
    assert_int_equal(json_get_text(line, "buildId").n, 40);
    assert_true(cJSON_GetArraySize(json_get(line, "stackTrace")) > 2);
    struct str at = json_get_text(line, "timestamp");
    assert_int_equal(at.n, 24);
    assert_true(memcmp(before, at.p, 19) <= 0 && memcmp(at.p, after, 19) <= 0);
    json_close(line);
    scripted_close(&server);
}

/* A frame of the telemetry pipe: 16 bytes, then the record without a line feed. */
static void telemetry_pipe(void **state) {
    (void)state;
    char number[16], bytes[8192];
    FILE *file = tmpfile();
    assert_non_null(file);
    snprintf(number, sizeof number, "%d", fileno(file));
    setenv("_LAMBDA_TELEMETRY_LOG_FD", number, 1);
    assert_int_equal(crash("invocation", "null"), -SIGSEGV);
    unsetenv("_LAMBDA_TELEMETRY_LOG_FD");
    ssize_t n = pread(fileno(file), bytes, sizeof bytes, 0);
    assert_true(n > 16);
    assert_memory_equal(bytes, "\xa5\x5a\x00\x1b", 4); /* FATAL, text */
    assert_int_equal((unsigned char)bytes[6] << 8 | (unsigned char)bytes[7], n - 16);
    check_has((struct str){bytes + 16, (size_t)n - 16}, "crashed: Runtime.SegmentationFault");
    assert_string_equal(logged, "");
    fclose(file);
    scripted_close(&server);
}

/* --- Frames -------------------------------------------------------------------------------------------------------- */

/* scripts/frames.sh over `logged`; what it prints replaces `logged`. */
static int resolve(const char *debug) {
    FILE *in = tmpfile(), *out = tmpfile();
    assert_true(in && out);
    assert_int_equal(pwrite(fileno(in), logged, strlen(logged), 0), strlen(logged));
    pid_t child = fork();
    if (child == 0) {
        dup2(fileno(in), 0);
        dup2(fileno(out), 1);
        dup2(fileno(out), 2);
        execlp("sh", "sh", "scripts/frames.sh", debug, (char *)NULL);
        _exit(126);
    }
    int end = end_of(child);
    ssize_t n = pread(fileno(out), logged, sizeof logged - 1, 0);
    logged[n > 0 ? n : 0] = 0;
    fclose(in);
    fclose(out);
    return end;
}

/* In this order, each on a line further down. */
static void check_order(const char *const *names, size_t n) {
    const char *at = logged;
    for (size_t i = 0; i < n; i++) {
        const char *found = strstr(at, names[i]);
        if (!found) fail_msg("<%s> is missing or at the wrong place in:\n%s", names[i], logged);
        at = strchr(found, '\n');
        assert_non_null(at);
    }
}

#define CHECK_ORDER(...) \
    do { \
        static const char *const names[] = {__VA_ARGS__}; \
        check_order(names, sizeof names / sizeof *names); \
    } while (0)

static void crash_and_resolve(const char *kind) {
    crash("invocation", kind);
    scripted_close(&server);
    assert_int_equal(resolve(CRASH_PROGRAM), 0);
}

static void frames(void **state) {
    (void)state;
    crash_and_resolve("null");
    CHECK_ORDER("crash_null at ", "crash_by_name at ", "main at ");
    assert_non_null(strstr(logged, "unit/crash_program.c:"));
    crash_and_resolve("call");
    CHECK_ORDER("crash_call at ", "crash_by_name at ", "main at ");
    crash_and_resolve("abort");
    CHECK_ORDER("crash_abort at ", "crash_by_name at ", "main at ");
    crash_and_resolve("sort");
    CHECK_ORDER("crash_null at ", "compare at ", "crash_sort at ", "crash_by_name at ", "main at ");
    crash_and_resolve("stack");
    CHECK_ORDER("crash_stack at ", "crash_stack at ", "crash_stack at ");
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* their strlen stands between */
    crash_and_resolve("strlen");
    CHECK_ORDER("crash_strlen at ", "crash_by_name at ", "main at ");
#endif
}

static void other_build(void **state) {
    (void)state;
    crash("invocation", "null");
    scripted_close(&server);
    assert_int_equal(resolve("/proc/self/exe"), 2); /* sh: stripped, as distributions have it */
    check_has(str_of(logged), "has no symbols");
    snprintf(logged, sizeof logged, "build id 0123456789; frames crash_program+0x1\n");
    assert_int_equal(resolve(CRASH_PROGRAM), 1);
    check_has(str_of(logged), "this crash is of build 0123456789, but ");
    snprintf(logged, sizeof logged, "nothing\n");
    assert_int_equal(resolve(CRASH_PROGRAM), 1);
    check_has(str_of(logged), "no frame (name+0x12ab) is in the text");
    snprintf(logged, sizeof logged, "nothing\n");
    assert_int_equal(resolve("README.md"), 2);
    check_has(str_of(logged), "README.md is no ELF file");
}

/* --- What must not happen ------------------------------------------------------------------------------------------ */

static void own_handler(void **state) {
    (void)state;
    assert_int_equal(crash("own-handler", "null"), 7);
    assert_int_equal(server.requests, 0);
    assert_string_equal(logged, "");
    scripted_close(&server);
    assert_int_equal(crash("own-handler", "abort"), -SIGABRT); /* the others are still ours */
    assert_int_equal(server.requests, 1);
    scripted_close(&server);
}

static void forked_child(void **state) {
    (void)state;
    assert_int_equal(crash("child", "null"), 0);
    assert_int_equal(server.requests, 0);
    assert_string_equal(logged, "");
    scripted_close(&server);
}

/* 40 frames beside an id of quotes: what does not fit into one write to a pipe are frames, never the end. */
static void long_ids(void **state) {
    (void)state;
    struct cJSON *line;
    struct err e;
    setenv("AWS_LAMBDA_LOG_FORMAT", "JSON", 1);
    assert_int_equal(crash("long-ids", "stack"), -SIGSEGV);
    unsetenv("AWS_LAMBDA_LOG_FORMAT");
    assert_int_equal(server.requests, 1);
    check_has(scripted_line(server.request[0]), "/invocation/r1/error");
    assert_null(scripted_field(server.request[0], "Lambda-Runtime-Invocation-Id").p);
    assert_true(strlen(logged) <= 4096);
    check_ok(json_read(str_trim((struct str){logged, strlen(logged) - 1}), &line, &e), e);
    assert_null(json_get(line, "traceId"));
    assert_int_equal(json_get_text(line, "tenantId").n, 256);
    assert_true(cJSON_GetArraySize(json_get(line, "stackTrace")) >= 20);
    json_close(line);
    scripted_close(&server);
}

static void nobody_listens(void **state) {
    (void)state;
    scripted_start(&server, NULL, 0);
    scripted_stop(&server); /* the port is free again */
    assert_int_equal(crash_at(server.host_port, "invocation", "null"), -SIGSEGV);
    assert_int_equal(lines(logged), 1);
    check_has(str_of(logged), "crashed: Runtime.SegmentationFault");
}

static void no_answer(void **state) {
    (void)state;
    static const struct scripted_step silence = {.bytes = STR_INIT(""), .delay_ms = 3600 * 1000};
    scripted_start(&server, &silence, 1);
    assert_int_equal(crash_at(server.host_port, "invocation", "null"), -SIGSEGV); /* not SIGALRM, after 30 s */
    scripted_stop(&server);
    check_report("/invocation/r1/error", "Runtime.SegmentationFault", "SIGSEGV");
    scripted_close(&server);
}

static void full_pipe(void **state) {
    (void)state;
    int out[2];
    assert_int_equal(pipe(out), 0);
    fcntl(out[1], F_SETFL, O_NONBLOCK);
    while (write(out[1], logged, 4096) > 0) continue;
    fcntl(out[1], F_SETFL, 0);
    scripted_start(&server, &accept_once, 1);
    assert_int_equal(end_of(start(server.host_port, "invocation", "null", out[1])), -SIGSEGV);
    scripted_stop(&server);
    assert_int_equal(server.requests, 1);
    close(out[0]);
    close(out[1]);
    scripted_close(&server);
}

/* --- Addresses ----------------------------------------------------------------------------------------------------- */

static void localhost(void **state) {
    (void)state;
    char host_port[32];
    scripted_start(&server, &accept_once, 1);
    snprintf(host_port, sizeof host_port, "localhost:%d", server.port);
    assert_int_equal(crash_at(host_port, "invocation", "null"), -SIGSEGV);
    scripted_stop(&server);
    assert_int_equal(server.requests, 1);
    check_str(scripted_field(server.request[0], "Host"), str_of(host_port));
    scripted_close(&server);
}

static void ipv6(void **state) {
    (void)state;
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    socklen_t n = sizeof address;
    char host_port[32], request[8192];
    int listener = socket(AF_INET6, SOCK_STREAM, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, n) != 0) {
        print_message("not run: this machine has no ::1 (%s)\n", strerror(errno));
        skip();
    }
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &n), 0);
    snprintf(host_port, sizeof host_port, "[::1]:%d", ntohs(address.sin6_port));
    assert_int_equal(crash_at(host_port, "invocation", "null"), -SIGSEGV);
    int connection = accept(listener, NULL, NULL);
    assert_true(connection >= 0);
    ssize_t got = recv(connection, request, sizeof request, 0);
    assert_true(got > 0);
    check_has((struct str){request, (size_t)got}, "/invocation/r1/error HTTP/1.1\r\nHost: [::1]:");
    close(connection);
    close(listener);
}

static void unknown_name(void **state) {
    (void)state;
    assert_int_equal(crash_at("no-such-host.invalid:9001", "invocation", "null"), -SIGSEGV);
    check_has(str_of(logged), "crash reports will only be logged: no-such-host.invalid of AWS_LAMBDA_RUNTIME_API");
    check_has(str_of(logged), "crashed: Runtime.SegmentationFault");
}

static void bad_address(void **state) {
    (void)state;
    static char endless[1100];
    struct err e;
    memset(endless, 'a', sizeof endless);
    static const char *const bad[] = {"", ":9001", "127.0.0.1:0", "127.0.0.1:x", "a b:1", "127.0.0.1:1/x", "[::1:1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(crash_open(str_of(bad[i]), (struct str){0}, &e));
        assert_int_equal(e.kind, ERR_CONFIG);
        check_has(str_of(e.msg), "it should be host:port");
    }
    assert_false(crash_open((struct str){endless, sizeof endless}, (struct str){0}, &e));
    assert_false(crash_open(STR("127.0.0.1:1"), STR("a\r\nb"), &e));
    assert_false(crash_open(STR("127.0.0.1:1"), (struct str){endless, sizeof endless}, &e));
}

#if defined(__SANITIZE_ADDRESS__)
static void sanitizer(void **state) {
    (void)state;
    sanitizer_options = "";
    assert_int_equal(crash("invocation", "null"), 1);
    assert_int_equal(server.requests, 0);
    assert_string_equal(logged, "");
    scripted_close(&server);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE("each signal is logged and posted with its type and address, then ends the process", every_signal),
        CASE("a crash before the first invocation is a failure of init", in_init),
        CASE("a crash between two invocations is logged and not posted", between),
        CASE("of four threads the one that crashes is reported, a full stack too", one_of_four),
        CASE("four threads that crash at once make one report and one line", all_of_four),
        CASE("lambda_run reports a handler's crash and init's", under_lambda_run),
        CASE("with concurrency the slot that crashes is reported", under_concurrency),
        CASE("a signal from outside names its sender", from_outside),
        CASE("the JSON record holds ids, signal, address, build id and frames", json_record),
        CASE("the record goes into a telemetry pipe as a frame", telemetry_pipe),
        CASE("frames resolve to functions and lines, through the C library too", frames),
        CASE("frames of another build, or without symbols, are refused", other_build),
        CASE("a signal that has a handler is left alone", own_handler),
        CASE("a forked child reports nothing", forked_child),
        CASE("an id that is too long or has a control byte is left out", long_ids),
        CASE("without a listener the process ends all the same", nobody_listens),
        CASE("a server that never answers does not keep the process", no_answer),
        CASE("a log pipe that nobody empties does not keep the report", full_pipe),
        CASE("localhost needs no name server", localhost),
        CASE("an IPv6 address is reported to", ipv6),
        CASE("with a name that cannot be resolved the crash is logged alone", unknown_name),
        CASE("what is no host:port is refused", bad_address),
#if defined(__SANITIZE_ADDRESS__)
        CASE("the sanitizer's own report stays", sanitizer),
#endif
    };
    return cmocka_run_group_tests_name("crash", tests, NULL, NULL);
}
