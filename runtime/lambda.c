/* SPDX-License-Identifier: Apache-2.0 */
/* The life of the process: environment, init, snapshot, then one worker or several until the environment is lost.
   https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html */
#include "lambda.h"

#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "crash.h"
#include "lambda_turn.h"
#include "lifecycle.h"
#include "log.h"
#include "runtime_api.h"
#include "worker.h"

int64_t lambda_remaining_ms(const struct lambda_invocation *inv) {
    int64_t now = clock_unix_ms();
    return inv->deadline_ms > now ? inv->deadline_ms - now : 0;
}

/* Posted once, and the last line of the log, whatever becomes of the post. */
static void init_failed(struct runtime_api *api, const struct err *cause) {
    struct lambda_failure f = lambda_turn_failure(cause);
    struct err e;
    if (runtime_api_init_error(api, &f, &e)) log_line(LOG_FATAL, "init failed: %s: %s", f.error_type.p, cause->msg);
    else log_line(LOG_FATAL, "init failed: %s: %s; and it was not reported: %s", f.error_type.p, cause->msg, e.msg);
}

/* *n is 0 without concurrency. */
static bool read_concurrency(size_t *n, struct err *e) {
    struct str text = str_of(getenv("AWS_LAMBDA_MAX_CONCURRENCY"));
    int64_t value = 0;
    if (text.n && !str_read_int64(text, 1, WORKER_MAX, &value))
        return err_set(e, ERR_CONFIG, "AWS_LAMBDA_MAX_CONCURRENCY is \"%.*s\"; it should be a number from 1 to %d",
                       STR_ARG(text), (int)WORKER_MAX);
    *n = (size_t)value;
    return true;
}

static bool init(const struct lambda_program *program, struct str host_port, size_t *n, struct err *e) {
    return crash_open(host_port, program->user_agent, e) && read_concurrency(n, e) &&
           (!program->init || program->init(program->user, e)) && lifecycle_on_sigterm(program, host_port, e);
}

/* The last line of the log says why. */
static void serve(const struct lambda_program *program, struct runtime_api *api, struct str host_port, size_t n) {
    struct err why;
    bool quiet = true;
    if (!n) {
        worker_run_one(program, api, &why);
    } else {
        unsetenv("_X_AMZN_TRACE_ID"); /* one variable cannot name the traces of several invocations */
        if (!worker_run_many(program, host_port, n, &quiet, &why)) {
            init_failed(api, &why);
            return;
        }
    }
    log_line(LOG_FATAL, "%s", why.msg);
    if (!quiet) _exit(1); /* exit would take the libraries down under threads that are using them */
}

int lambda_run(const struct lambda_program *program) {
    struct str host_port = str_of(getenv("AWS_LAMBDA_RUNTIME_API"));
    struct runtime_api *api;
    struct err e = {0};
    size_t n = 0;
    int code;
    if (!host_port.n && lifecycle_run_once(program, &code)) return code;
    log_open_from_environment(1);
    if (!runtime_api_open(host_port, program->user_agent, &api, &e)) {
        log_line(LOG_FATAL, "%s", e.msg);
        return 1;
    }
    if (!init(program, host_port, &n, &e)) init_failed(api, &e);
    else if (lifecycle_snapstart(program, api)) serve(program, api, host_port, n);
    runtime_api_close(api);
    return 1;
}
