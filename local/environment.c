/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a process, and what it asks of its Runtime API. */
#include "environment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "exec_why.h"
#include "function_parts.h"
#include "log.h"
#include "process.h"
#include "random.h"
#include "runtime_server.h"

enum { GRACE_MS = 1000 }; /* for a process that has said that its init failed, to end by itself */

static struct str name_of(const struct environment *env) {
    return env->function->options.model->logical_id;
}

static void finish(struct environment *env, enum function_outcome outcome, struct str body, const char *why) {
    struct invocation *inv = env->running;
    env->running = NULL;
    invocation_finish(inv, outcome, body, why);
    pthread_cond_broadcast(&env->function->changed);
}

/* ---- its variables ---- */

/* As Lambda names them: a day, the version, an id. Each process has a new one. */
static bool name_stream(struct environment *env, struct err *e) {
    char id[33];
    struct tm day;
    time_t now = (time_t)(clock_unix_ms() / 1000);
    gmtime_r(&now, &day);
    if (!random_text(id, 32, "0123456789abcdef")) return err_set(e, ERR_HANDLER, "no randomness for a log stream");
    snprintf(env->stream, sizeof env->stream, "AWS_LAMBDA_LOG_STREAM_NAME=%04d/%02d/%02d/[$LATEST]%s",
             day.tm_year + 1900, day.tm_mon + 1, day.tm_mday, id);
    return true;
}

static bool make_variables(struct environment *env, struct err *e) {
    char *const *common = env->function->options.environment;
    size_t n = 0;
    while (common[n]) n++;
    env->variables = calloc(n + 3, sizeof *env->variables);
    if (!env->variables) return err_set(e, ERR_MEMORY, "out of memory for an environment");
    snprintf(env->api, sizeof env->api, "AWS_LAMBDA_RUNTIME_API=127.0.0.1:%u", (unsigned)http_server_port(env->server));
    env->variables[0] = env->api;
    env->variables[1] = env->stream;
    memcpy(env->variables + 2, common, n * sizeof *common);
    return name_stream(env, e);
}

bool environment_open(struct environment *env, struct err *e) {
    return runtime_server_start(env, &env->server, e) && make_variables(env, e);
}

/* ---- its process ---- */

bool environment_is_empty(const struct environment *env) {
    return !function_by_hand(env->function) && !env->pid && !env->wanted && !env->starting;
}

bool environment_is_coming(const struct environment *env) {
    bool serves = env->pid && !env->dying && !env->running && !env->stale && !env->why[0];
    return env->wanted || (env->starting && !env->stale) || serves || function_by_hand(env->function);
}

static void end_process(struct environment *env) {
    if (!env->pid || env->dying) return;
    env->dying = true;
    process_kill(env->pid);
}

void environment_retire(struct environment *env) {
    env->stale = true;
    bool idle = !env->running && env->end_ms == INT64_MAX;
    if (idle || !env->ready) end_process(env);
}

void environment_stop(struct environment *env) {
    end_process(env);
    if (env->running && env->running->writer) /* the request has its line in the log already, for its head is sent */
        log_line(LOG_WARN, "%.*s: its streamed reply breaks off: everything stops", STR_ARG(name_of(env)));
    if (env->running) finish(env, FUNCTION_EXITED, STR(""), "everything stops");
}

static void fail_start(struct environment *env, const char *why) {
    struct function *f = env->function;
    f->failed_starts++;
    snprintf(f->why, sizeof f->why, "%s", why);
    struct invocation *first = function_take_first(f);
    if (first) invocation_finish(first, env->timed_out ? FUNCTION_TIMED_OUT : FUNCTION_EXITED, STR(""), why);
}

/* A start that failed takes one invocation with it, as a crash does: those behind get a start of their own. */
static void note_end(struct environment *env, const char *words) {
    struct function *f = env->function;
    bool during_init = !env->ready, ordered = (env->dying && !env->why[0]) || f->stopping;
    char why[INVOCATION_WHY_BYTES];
    if (env->why[0]) snprintf(why, sizeof why, "%s", env->why);
    else
        snprintf(why, sizeof why, "bootstrap ended%s: %s", during_init ? " before its first GET /invocation/next" : "",
                 words);
    env->pid = 0;
    env->generation++;
    env->ready = env->dying = false;
    env->why[0] = 0;
    env->end_ms = INT64_MAX;
    if (!ordered) log_line(LOG_ERROR, "%.*s: %s", STR_ARG(name_of(env)), why);
    if (during_init && !ordered) fail_start(env, why);
    if (env->running) finish(env, FUNCTION_EXITED, STR(""), why);
    function_scale(f);
    pthread_cond_broadcast(&f->changed);
}

static bool start_process(struct environment *env, pid_t *pid, struct err *e) {
    const struct function_options *o = &env->function->options;
    if ((!env->server && !environment_open(env, e)) || !name_stream(env, e)) return false;
    if (process_start(o->bootstrap, o->task_root, env->variables, pid, e)) return true;
    if (e->kind == ERR_CONFIG) exec_why(o->bootstrap, e);
    return false;
}

/* One life of the process; the lock is held except while it is started and lives. */
static void live(struct environment *env) {
    struct function *f = env->function;
    struct err e;
    pid_t pid;
    char words[64];
    env->wanted = env->timed_out = env->stale = false;
    env->starting = true;
    pthread_mutex_unlock(&f->lock);
    bool ok = start_process(env, &pid, &e);
    pthread_mutex_lock(&f->lock);
    env->starting = false;
    env->generation++;
    if (!ok) {
        snprintf(env->why, sizeof env->why, "%s", e.msg);
        note_end(env, "");
        return;
    }
    env->pid = pid;
    env->born_ms = clock_monotonic_ms();
    env->end_ms = env->born_ms + f->options.init_timeout_ms;
    if (f->stopping || env->stale) end_process(env);
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
    process_await(pid);
    pthread_mutex_lock(&f->lock);
    process_reap(pid, words);
    note_end(env, words);
}

/* The process dies with the thread that started it, so this one stays. */
static void *supervise(void *user) {
    struct environment *env = user;
    struct function *f = env->function;
    pthread_mutex_lock(&f->lock);
    while (!f->stopping) {
        if (env->wanted) live(env);
        else function_wait(f, INT64_MAX);
    }
    pthread_mutex_unlock(&f->lock);
    return NULL;
}

bool environment_want(struct environment *env) {
    if (!env->supervised) env->supervised = pthread_create(&env->supervisor, NULL, supervise, env) == 0;
    env->wanted = env->supervised;
    pthread_cond_broadcast(&env->function->changed);
    return env->wanted;
}

void environment_join(struct environment *env) {
    if (env->supervised) pthread_join(env->supervisor, NULL);
}

void environment_close(struct environment *env) {
    http_server_stop(env->server);
    free(env->variables);
    env->supervised = false;
    env->server = NULL;
    env->variables = NULL;
}

static void end_late(struct environment *env) {
    struct function *f = env->function;
    long long seconds = (long long)function_timeout_ms(f) / 1000;
    if (env->running) {
        log_line(LOG_ERROR, "%.*s: Task timed out after %lld.00 seconds", STR_ARG(name_of(env)), seconds);
        finish(env, FUNCTION_TIMED_OUT, STR(""), "the function timed out");
    } else if (env->ready) {
        log_line(LOG_ERROR, "%.*s: bootstrap asked for no further event within %lld s", STR_ARG(name_of(env)), seconds);
    } else if (!env->why[0]) {
        env->timed_out = true;
        snprintf(env->why, sizeof env->why, "bootstrap made no GET /invocation/next within %lld s",
                 (long long)f->options.init_timeout_ms / 1000);
    }
    end_process(env);
    env->end_ms = INT64_MAX;
    function_scale(f);
}

int64_t environment_keep_time(struct environment *env, int64_t now_ms) {
    if (env->end_ms <= now_ms) end_late(env);
    return env->end_ms;
}

/* ---- its Runtime API ---- */

static void begin(struct environment *env) {
    env->running = function_take_first(env->function);
    env->running->state = INVOCATION_RUNNING;
    env->running->deadline_ms = env->end_ms = clock_monotonic_ms() + function_timeout_ms(env->function);
    pthread_cond_broadcast(&env->function->changed); /* the timekeeper has a nearer time to wake now */
}

static bool deliver(const struct invocation *inv, struct environment_delivery *d, struct arena *a) {
    char *event = arena_copy(a, (struct str){inv->event, inv->event_n});
    char *id = arena_copy(a, str_of(inv->request_id)), *trace = arena_copy(a, str_of(inv->trace_id));
    int64_t left_ms = inv->deadline_ms - clock_monotonic_ms();
    *d = (struct environment_delivery){{event, inv->event_n}, str_of(id), str_of(trace), clock_unix_ms() + left_ms};
    return event && id && trace;
}

/* Is whoever asked still there? A request that arrives behind its process's end, or that was given up for another one,
   must not take an invocation with it. */
static bool is_asking(const struct environment *env, unsigned generation, unsigned ask) {
    bool alive = function_by_hand(env->function) || (env->pid && !env->dying);
    return alive && !env->function->stopping && env->generation == generation && env->asks == ask;
}

static void note_ask(struct environment *env) {
    if (!env->ready && !function_by_hand(env->function))
        log_line(LOG_INFO, "%.*s: environment %u is ready after %lld ms", STR_ARG(name_of(env)), env->number,
                 (long long)(clock_monotonic_ms() - env->born_ms));
    env->ready = env->function->came_up = true;
    if (!env->running) env->end_ms = INT64_MAX;
    pthread_cond_broadcast(&env->function->changed);
}

bool environment_take(struct environment *env, struct environment_delivery *d, struct arena *a) {
    struct function *f = env->function;
    pthread_mutex_lock(&f->lock);
    while (env->starting) function_wait(f, INT64_MAX); /* it is quicker than the thread that started it */
    unsigned generation = env->generation, ask = ++env->asks;
    if (env->stale && !env->running) end_process(env);
    if (is_asking(env, generation, ask)) note_ask(env);
    while (is_asking(env, generation, ask) && (env->running ? env->running->writer != NULL : !f->queue))
        function_wait(f, INT64_MAX); /* a reply that is being streamed is an answer */
    bool ok = is_asking(env, generation, ask);
    if (ok && !env->running) begin(env);
    ok = ok && deliver(env->running, d, a);
    pthread_mutex_unlock(&f->lock);
    return ok;
}

static bool is_current(const struct environment *env, struct str request_id) {
    const struct invocation *inv = env->running;
    return inv && !inv->writer && str_eq(str_of(inv->request_id), request_id);
}

bool environment_answer(struct environment *env, struct str request_id, enum function_outcome outcome,
                        struct str body) {
    struct function *f = env->function;
    pthread_mutex_lock(&f->lock);
    bool current = is_current(env, request_id);
    if (current) finish(env, outcome, body, outcome == FUNCTION_REPLY ? "" : "the function answered with an error");
    pthread_mutex_unlock(&f->lock);
    return current;
}

enum environment_stream environment_stream_begin(struct environment *env, struct str request_id,
                                                 struct str content_type, struct stream_pipe **pipe) {
    struct function *f = env->function;
    pthread_mutex_lock(&f->lock);
    enum environment_stream kind = is_current(env, request_id) ? ENVIRONMENT_COLLECT : ENVIRONMENT_NOT_CURRENT;
    if (kind == ENVIRONMENT_COLLECT && env->running->streams) {
        bool ok = invocation_stream(env->running, content_type);
        if (ok) *pipe = env->running->writer;
        else finish(env, FUNCTION_EXITED, STR(""), "out of memory for a streamed reply");
        kind = ok ? ENVIRONMENT_STREAM : ENVIRONMENT_NOT_CURRENT;
    }
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
    return kind;
}

bool environment_stream_end(struct environment *env, struct stream_pipe *pipe, enum function_outcome outcome,
                            const char *why) {
    struct function *f = env->function;
    pthread_mutex_lock(&f->lock);
    bool current = env->running && env->running->writer == pipe;
    if (current && outcome != FUNCTION_REPLY) log_line(LOG_ERROR, "%.*s: %s", STR_ARG(name_of(env)), why);
    if (current) finish(env, outcome, STR(""), why);
    pthread_mutex_unlock(&f->lock);
    stream_pipe_end(pipe);
    return current;
}

void environment_init_failed(struct environment *env, struct str error_type, struct str error_message) {
    struct function *f = env->function;
    pthread_mutex_lock(&f->lock);
    char why[INVOCATION_WHY_BYTES];
    snprintf(why, sizeof why, "init failed: %.*s: %.*s", STR_ARG(error_type), STR_ARG(error_message));
    if (function_by_hand(f)) {
        log_line(LOG_ERROR, "%.*s: %s", STR_ARG(name_of(env)), why);
        if (env->running) finish(env, FUNCTION_EXITED, STR(""), why); /* of a process that went */
        else fail_start(env, why);
    } else if (!env->ready) {
        memcpy(env->why, why, sizeof why);
        env->end_ms = clock_monotonic_ms() + GRACE_MS;
    }
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

const struct model_function *environment_model(const struct environment *env) {
    return env->function->options.model;
}
