/* SPDX-License-Identifier: Apache-2.0 */
/* `LAMBDA_EVENT=event.json ./bootstrap`: one event without Lambda, for a debugger, a profiler or a shell script. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lambda_turn.h"
#include "lifecycle.h"
#include "log.h"

enum { DONE = 0, FUNCTION_FAILED = 1, NO_EVENT = 2 };

enum {
    MAX_EVENT_BYTES = LAMBDA_MAX_REPLY_BYTES, /* Lambda's limit is the same both ways */
    INVOCATION_BYTES = 96 * 1024 * 1024,
    DEFAULT_TIMEOUT_S = 3, /* as Lambda's own */
    MAX_TIMEOUT_S = 5400,
    TEXT_BYTES = 1024,
    PIECE_BYTES = 64 * 1024,
};

/* What was standard output when the program started. */
static int reply_fd = -1;

/* On Lambda what a function prints is log. Here it goes to standard error, so that standard output is the reply alone. */
static bool part_streams(struct err *e) {
    reply_fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    if (reply_fd >= 0 && dup2(STDERR_FILENO, STDOUT_FILENO) == STDOUT_FILENO) return true;
    return err_set(e, ERR_CONFIG, "standard output and standard error must be open: %s", strerror(errno));
}

static bool write_reply(struct str s, struct err *e) {
    while (s.n) {
        ssize_t n = write(reply_fd, s.p, s.n);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return err_set(e, ERR_NETWORK, "the reply cannot be written: %s", strerror(errno));
        s = (struct str){s.p + n, s.n - (size_t)n};
    }
    return true;
}

static bool read_all(int fd, struct buf *event, struct err *e) {
    for (;;) {
        char *room = buf_room(event, PIECE_BYTES);
        if (!room) return err_set(e, ERR_LIMIT, "it is longer than %d bytes", (int)MAX_EVENT_BYTES);
        ssize_t n = read(fd, room, PIECE_BYTES);
        event->n -= PIECE_BYTES - (size_t)(n > 0 ? n : 0);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return err_set(e, ERR_CONFIG, "%s", strerror(errno));
        if (event->n > MAX_EVENT_BYTES)
            return err_set(e, ERR_LIMIT, "it is longer than %d bytes", (int)MAX_EVENT_BYTES);
        if (n == 0) return true;
    }
}

static bool read_event(const char *name, struct str *payload, struct arena *a, struct err *e) {
    bool standard_input = str_eq(str_of(name), STR("-"));
    int fd = standard_input ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
    struct buf event;
    buf_init(&event, MAX_EVENT_BYTES + PIECE_BYTES, a);
    bool ok = fd >= 0 ? read_all(fd, &event, e) : err_set(e, ERR_CONFIG, "%s", strerror(errno));
    if (fd >= 0 && !standard_input) close(fd);
    *payload = buf_str(&event);
    return ok || err_prefix(e, "LAMBDA_EVENT, %s: ", standard_input ? "standard input" : name);
}

static int64_t timeout_s(void) {
    struct str text = str_of(getenv("AWS_LAMBDA_FUNCTION_TIMEOUT"));
    int64_t seconds = DEFAULT_TIMEOUT_S;
    if (text.n && !str_read_int64(text, 1, MAX_TIMEOUT_S, &seconds))
        log_line(LOG_WARN, "AWS_LAMBDA_FUNCTION_TIMEOUT is no number of seconds from 1 to %d: using %d",
                 (int)MAX_TIMEOUT_S, (int)DEFAULT_TIMEOUT_S);
    return seconds;
}

static const char *variable(const char *name, const char *otherwise) {
    const char *value = getenv(name);
    return value && *value ? value : otherwise;
}

/* An id of the form that Lambda's have, another one in each run; the ARN of a function that nobody has. */
static bool make_up(struct lambda_invocation *inv, struct str payload, struct arena *a, struct err *e) {
    struct timespec now;
    struct buf id, arn;
    clock_gettime(CLOCK_REALTIME, &now);
    buf_init(&id, TEXT_BYTES, a);
    buf_addf(&id, "%08lx-%04lx-4%03lx-8000-%012lx", (unsigned long)now.tv_sec & 0xffffffff,
             (unsigned long)now.tv_nsec >> 16 & 0xffff, (unsigned long)now.tv_nsec >> 4 & 0xfff,
             (unsigned long)getpid() & 0xffffffff);
    buf_init(&arn, TEXT_BYTES, a);
    buf_addf(&arn, "arn:aws:lambda:%s:123456789012:function:%s", variable("AWS_REGION", "us-east-1"),
             variable("AWS_LAMBDA_FUNCTION_NAME", "function"));
    *inv = (struct lambda_invocation){
        .request_id = buf_str(&id),
        .invoked_function_arn = buf_str(&arn),
        .content_type = STR("application/json"),
        .deadline_ms = ((int64_t)now.tv_sec + timeout_s()) * 1000 + now.tv_nsec / 1000000,
        .payload = payload,
        .arena = a,
    };
    return buf_ok(&id, e) && buf_ok(&arn, e);
}

static bool check_reply(const struct buf *reply, struct err *e) {
    if (!buf_ok(reply, e)) return err_prefix(e, "the reply: ");
    if (reply->n <= LAMBDA_MAX_REPLY_BYTES) return true;
    return err_set(e, ERR_LIMIT, "the reply has %zu bytes; Lambda takes %d", reply->n, (int)LAMBDA_MAX_REPLY_BYTES);
}

static int answer(struct lambda_turn *turn, bool ok, const struct buf *reply, struct err *e) {
    if (turn->streaming && reply->n)
        log_line(LOG_ERROR, "the handler streamed: a reply of %zu bytes is dropped", reply->n);
    if (ok && (turn->streaming || (check_reply(reply, e) && write_reply(buf_str(reply), e)))) return DONE;
    struct lambda_failure f = lambda_turn_complete(turn, e);
    log_failure(LOG_ERROR, &(struct log_cause){f.error_type, f.error_message, f.stack_trace, f.stack_trace_n},
                "the invocation failed");
    return FUNCTION_FAILED;
}

static int invoke(const struct lambda_program *program, struct lambda_invocation *inv) {
    struct lambda_turn turn = {.write = write_reply};
    struct log_scope scope = {.request_id = inv->request_id};
    struct buf reply;
    struct err e = {0};
    log_set_scope(&scope);
    lambda_turn_begin(&turn, inv);
    buf_init(&reply, 2 * LAMBDA_MAX_REPLY_BYTES, inv->arena);
    bool ok = program->handle(program->user, inv, &reply, &e);
    int code = answer(&turn, ok, &reply, &e);
    log_set_scope(NULL);
    arena_close(&turn.notes);
    return code;
}

static int failed(int code, const char *where, const struct err *e) {
    log_line(LOG_FATAL, "%s%s", where, e->kind == ERR_NONE ? "it did not say why" : e->msg);
    return code;
}

static int run(const struct lambda_program *program, const char *name, struct arena *a) {
    struct lambda_invocation inv;
    struct str payload;
    struct err e = {0};
    if (!part_streams(&e)) return failed(FUNCTION_FAILED, "", &e);
    if (program->init && !program->init(program->user, &e)) return failed(FUNCTION_FAILED, "init failed: ", &e);
    if (!read_event(name, &payload, a, &e)) return failed(NO_EVENT, "", &e);
    if (!make_up(&inv, payload, a, &e)) return failed(FUNCTION_FAILED, "AWS_REGION or AWS_LAMBDA_FUNCTION_NAME: ", &e);
    int code = invoke(program, &inv);
    if (program->shutdown) program->shutdown(program->user);
    return code;
}

bool lifecycle_run_once(const struct lambda_program *program, int *code) {
    const char *name = getenv("LAMBDA_EVENT");
    struct arena a;
    if (!name || !*name) return false;
    log_open_from_environment(STDERR_FILENO);
    arena_init(&a, INVOCATION_BYTES);
    *code = run(program, name, &a);
    arena_close(&a);
    close(reply_fd);
    return true;
}
