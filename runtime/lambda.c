/* SPDX-License-Identifier: Apache-2.0 */
/* The loop: next, handler, response or error. Everything of one invocation lives in one arena and goes at once.
   https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html */
#include "lambda.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "log.h"
#include "runtime_api.h"

enum {
    INVOCATION_BYTES = 96 * 1024 * 1024, /* below the smallest memory size of a function, 128 MB */
    MAX_REFUSED_IN_A_ROW = 3,            /* deliveries that cannot be answered come again at once: do not spin */
    TRACE_VARIABLE_BYTES = 4096,
};

static int64_t now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t lambda_remaining_ms(const struct lambda_invocation *inv) {
    int64_t now = now_ms();
    return inv->deadline_ms > now ? inv->deadline_ms - now : 0;
}

static void open_log(void) {
    struct str format_text = str_of(getenv("AWS_LAMBDA_LOG_FORMAT")),
               level_text = str_of(getenv("AWS_LAMBDA_LOG_LEVEL"));
    enum log_format format = LOG_TEXT;
    enum log_level level = LOG_INFO;
    bool format_ok = !format_text.n || log_read_format(format_text, &format);
    bool level_ok = !level_text.n || log_read_level(level_text, &level);
    log_open(format, level, 1);
    if (!format_ok) log_line(LOG_WARN, "AWS_LAMBDA_LOG_FORMAT is neither JSON nor Text: writing text");
    if (!level_ok) log_line(LOG_WARN, "AWS_LAMBDA_LOG_LEVEL is none of TRACE DEBUG INFO WARN ERROR FATAL: using INFO");
}

/* X-Ray's SDKs look for the variable; an invocation without a trace must not see the one before it. Not setenv: glibc
   keeps every value it was ever given, 100 bytes an invocation. The environment points into our buffer instead. */
static void export_trace(const struct lambda_invocation *inv) {
    static char variable[TRACE_VARIABLE_BYTES] = "_X_AMZN_TRACE_ID=";
    size_t name_n = sizeof "_X_AMZN_TRACE_ID=" - 1;
    bool fits = inv->trace_id.n && inv->trace_id.n < sizeof variable - name_n;
    unsetenv("_X_AMZN_TRACE_ID");
    if (inv->trace_id.n && !fits) log_line(LOG_WARN, "a trace id of %zu bytes is not exported", inv->trace_id.n);
    if (!fits) return;
    memcpy(variable + name_n, inv->trace_id.p, inv->trace_id.n);
    variable[name_n + inv->trace_id.n] = 0;
    putenv(variable);
}

static bool answer(const struct lambda_program *program, struct runtime_api *api, struct lambda_invocation *inv,
                   struct err *e) {
    struct buf reply;
    struct err cause = {0};
    buf_init(&reply, LAMBDA_MAX_REPLY_BYTES, inv->arena);
    bool ok = program->handle(program->user, inv, &reply, &cause);
    if (ok && !buf_ok(&reply, &cause)) ok = err_prefix(&cause, "the reply: ");
    if (ok) return runtime_api_response(api, inv, buf_str(&reply), e);
    if (cause.kind == ERR_NONE) err_set(&cause, ERR_HANDLER, "the handler failed without saying why");
    log_line(LOG_ERROR, "%s: %s", runtime_api_error_type(cause.kind), cause.msg);
    return runtime_api_error(api, inv, &cause, e);
}

/* False: this one has no reply that Lambda took, or the environment is lost; *e says which. */
static bool serve(const struct lambda_program *program, struct runtime_api *api, struct lambda_invocation *inv,
                  struct err *e) {
    struct log_scope scope = {inv->request_id, inv->trace_id, inv->tenant_id};
    int64_t began_ms = now_ms();
    log_set_scope(&scope);
    export_trace(inv);
    bool ok = answer(program, api, inv, e);
    if (ok)
        log_line(LOG_DEBUG, "event of %zu bytes answered in %lld ms", inv->payload.n, (long long)(now_ms() - began_ms));
    else log_line(e->kind == ERR_REFUSED ? LOG_ERROR : LOG_FATAL, "%s", e->msg);
    log_set_scope(NULL);
    return ok;
}

/* One turn. False: the environment is lost. */
static bool turn(const struct lambda_program *program, struct runtime_api *api, struct arena *a, int *refused) {
    struct lambda_invocation inv;
    struct err e;
    if (runtime_api_next(api, &inv, a, &e)) {
        *refused = 0;
        return serve(program, api, &inv, &e) || e.kind == ERR_REFUSED;
    }
    bool go_on = e.kind == ERR_REFUSED && ++*refused < MAX_REFUSED_IN_A_ROW;
    log_line(go_on ? LOG_ERROR : LOG_FATAL, "%s", e.msg);
    return go_on;
}

static void init_failed(struct runtime_api *api, const struct err *cause) {
    struct err e;
    log_line(LOG_FATAL, "init failed: %s: %s", runtime_api_error_type(cause->kind), cause->msg);
    if (!runtime_api_init_error(api, cause, &e)) log_line(LOG_FATAL, "%s", e.msg);
}

int lambda_run(const struct lambda_program *program) {
    struct runtime_api *api;
    struct arena a;
    struct err e = {0};
    int refused = 0;
    open_log();
    if (!runtime_api_open(str_of(getenv("AWS_LAMBDA_RUNTIME_API")), &api, &e)) {
        log_line(LOG_FATAL, "%s", e.msg);
        return 1;
    }
    if (program->init && !program->init(program->user, &e)) {
        init_failed(api, &e);
        runtime_api_close(api);
        return 1;
    }
    arena_init(&a, INVOCATION_BYTES);
    while (turn(program, api, &a, &refused)) arena_reset(&a);
    arena_close(&a);
    runtime_api_close(api);
    return 1;
}
