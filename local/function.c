/* SPDX-License-Identifier: Apache-2.0 */
/* The queue, and the thread that keeps time for all. */
#include "function.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "function_parts.h"
#include "log.h"

enum { DAY_S = 24 * 3600, TELL_MS = 3000 };

static struct environment *end_of(const struct function *f) {
    return f->environments ? f->environments + f->options.concurrency : NULL;
}

static struct str name_of(const struct function *f) {
    return f->options.model->logical_id;
}

void function_wait(struct function *f, int64_t end_ms) {
    struct timespec t = {.tv_sec = (time_t)(end_ms / 1000), .tv_nsec = (long)(end_ms % 1000) * 1000000L};
    if (end_ms == INT64_MAX) pthread_cond_wait(&f->changed, &f->lock);
    else pthread_cond_timedwait(&f->changed, &f->lock, &t);
}

int64_t function_timeout_ms(const struct function *f) {
    int64_t s = function_by_hand(f) ? DAY_S : f->options.model->timeout_s;
    return (f->options.timeout_s ? f->options.timeout_s : s) * 1000;
}

/* ---- the queue ---- */

static void enqueue(struct function *f, struct invocation *inv) {
    struct invocation **last = &f->queue;
    while (*last) last = &(*last)->next;
    *last = inv;
    inv->tell_ms = clock_monotonic_ms() + TELL_MS;
    function_scale(f);
    pthread_cond_broadcast(&f->changed);
}

struct invocation *function_take_first(struct function *f) {
    struct invocation *inv = f->queue;
    if (!inv) return NULL;
    f->queue = inv->next;
    inv->next = NULL;
    inv->tell_ms = function_by_hand(f) ? INT64_MAX : clock_monotonic_ms() + TELL_MS; /* whoever debugs knows */
    return inv;
}

static void fail_queue(struct function *f, const char *why) {
    for (struct invocation *inv; (inv = function_take_first(f));) invocation_finish(inv, FUNCTION_EXITED, STR(""), why);
    pthread_cond_broadcast(&f->changed);
}

/* As at Lambda, it does not wait then. More than `concurrency` do: that is a limit of this machine only. */
static bool is_throttled(const struct function *f) {
    int64_t under_way = 0;
    for (const struct invocation *inv = f->queue; inv; inv = inv->next) under_way++;
    for (const struct environment *env = f->environments; env < end_of(f); env++) under_way += env->running != NULL;
    return f->options.model->is_reserved && under_way >= f->options.model->reserved_concurrency;
}

/* One environment for each that waits. Those that are dying come back here when they are dead. */
void function_scale(struct function *f) {
    size_t wanted = 0, coming = 0, there = 0;
    for (struct invocation *inv = f->queue; inv; inv = inv->next) wanted++;
    for (struct environment *env = f->environments; env < end_of(f); env++) coming += environment_is_coming(env);
    if (!wanted && f->renews) wanted = 1;
    for (struct environment *env = f->environments; env < end_of(f); env++) {
        if (coming < wanted && !f->stopping && environment_is_empty(env)) coming += environment_want(env);
        there += !environment_is_empty(env);
    }
    if (coming) f->renews = false;
    if (!there) fail_queue(f, "cannot start a thread");
}

void function_replace(struct function *f) {
    if (function_by_hand(f)) return;
    size_t idle = 0, busy = 0;
    pthread_mutex_lock(&f->lock);
    for (struct environment *env = f->environments; env < end_of(f); env++) {
        if (environment_is_empty(env)) continue;
        idle += !env->running;
        busy += env->running != NULL;
        environment_retire(env);
    }
    log_line(
        LOG_INFO,
        "%.*s: %s has changed: idle environments that end now: %zu, busy ones that end after their invocation: %zu",
        STR_ARG(name_of(f)), f->options.bootstrap, idle, busy);
    f->renews = true;
    function_scale(f);
    pthread_mutex_unlock(&f->lock);
}

/* The caller gives up: a queued invocation is never delivered, a running one goes on without anybody waiting for it. */
static void abandon(struct function *f, struct invocation *inv) {
    for (struct invocation **at = &f->queue; *at; at = &(*at)->next) {
        if (*at != inv) continue;
        *at = inv->next;
        invocation_finish(inv, FUNCTION_TOO_LATE, STR(""), "it was not started in time");
        return;
    }
}

/* The caller is told as soon as a stream has begun. */
static bool is_told(const struct invocation *inv) {
    return inv->state == INVOCATION_DONE || inv->reader;
}

static bool result_of(struct invocation *inv, struct function_result *result, struct arena *a, struct err *e) {
    bool told = is_told(inv), streamed = inv->reader && inv->outcome == FUNCTION_REPLY;
    struct str body = {inv->body, inv->state == INVOCATION_DONE ? inv->body_n : 0};
    struct str why = told ? str_of(inv->why) : STR("it was not done in time"), type = str_of(inv->content_type);
    char *body_copy = arena_copy(a, body), *why_copy = arena_copy(a, why), *type_copy = arena_copy(a, type);
    if (!body_copy || !why_copy || !type_copy) return err_set(e, ERR_MEMORY, "out of memory for a reply");
    *result = (struct function_result){.outcome = told ? inv->outcome : FUNCTION_TOO_LATE,
                                       .body = {body_copy, body.n},
                                       .why = {why_copy, why.n},
                                       .stream = streamed ? inv->reader : NULL,
                                       .content_type = {type_copy, type.n}};
    if (streamed) inv->reader = NULL;
    return true;
}

static bool invoke(struct function *f, struct invocation *inv, int64_t timeout_ms, struct function_result *result,
                   struct arena *a, struct err *e) {
    if (!inv) return err_set(e, ERR_MEMORY, "out of memory for an invocation");
    if (function_by_hand(f)) timeout_ms = (int64_t)DAY_S * 1000;
    int64_t end_ms = clock_monotonic_ms() + timeout_ms;
    pthread_mutex_lock(&f->lock);
    if (f->stopping) invocation_finish(inv, FUNCTION_EXITED, STR(""), "everything stops");
    else if (is_throttled(f))
        invocation_finish(inv, FUNCTION_THROTTLED, STR(""), "more than ReservedConcurrentExecutions");
    else enqueue(f, inv);
    while (!is_told(inv) && clock_monotonic_ms() < end_ms) function_wait(f, end_ms);
    if (!is_told(inv)) abandon(f, inv);
    bool ok = result_of(inv, result, a, e);
    invocation_let_go(inv);
    pthread_mutex_unlock(&f->lock);
    return ok;
}

bool function_invoke(struct function *f, struct str event, struct str request_id, struct str trace_id,
                     int64_t timeout_ms, struct function_result *result, struct arena *a, struct err *e) {
    return invoke(f, invocation_make(event, request_id, trace_id), timeout_ms, result, a, e);
}

bool function_invoke_stream(struct function *f, struct str event, struct str request_id, struct str trace_id,
                            int64_t timeout_ms, struct function_result *result, struct arena *a, struct err *e) {
    struct invocation *inv = invocation_make(event, request_id, trace_id);
    if (inv) inv->streams = true;
    return invoke(f, inv, timeout_ms, result, a, e);
}

/* ---- time ---- */

/* Once for each invocation, where it is when it begins to take long. Returns when that will be. */
static int64_t tell(struct function *f, struct invocation *inv, int64_t now_ms) {
    if (inv->tell_ms > now_ms) return inv->tell_ms;
    const int s = TELL_MS / 1000;
    bool starting = false;
    for (struct environment *env = f->environments; env < end_of(f); env++) starting |= environment_is_coming(env);
    log_set_scope(&(struct log_scope){.request_id = str_of(inv->request_id)});
    if (inv->state == INVOCATION_RUNNING)
        log_line(LOG_WARN, "%.*s has been running for %d s (time-out %lld s)", STR_ARG(name_of(f)), s,
                 (long long)function_timeout_ms(f) / 1000);
    else if (function_by_hand(f))
        log_line(LOG_WARN, "%.*s has been waiting for %d s: start its process (%s)", STR_ARG(name_of(f)), s,
                 f->environments->api);
    else if (starting)
        log_line(LOG_WARN, "%.*s has been starting for %d s (time-out %lld s)", STR_ARG(name_of(f)), s,
                 (long long)f->options.init_timeout_ms / 1000);
    else
        log_line(LOG_WARN, "%.*s has been waiting for %d s: its %u environments are busy", STR_ARG(name_of(f)), s,
                 f->options.concurrency);
    log_set_scope(NULL);
    return inv->tell_ms = INT64_MAX;
}

static int64_t earlier(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* Enforces deadlines whether or not anybody waits: an abandoned invocation must not keep its environment for ever. */
static void *keep_time(void *user) {
    struct function *f = user;
    pthread_mutex_lock(&f->lock);
    while (!f->stopping) {
        int64_t now_ms = clock_monotonic_ms(), next_ms = INT64_MAX;
        for (struct environment *env = f->environments; env < end_of(f); env++) {
            next_ms = earlier(next_ms, environment_keep_time(env, now_ms));
            if (env->running) next_ms = earlier(next_ms, tell(f, env->running, now_ms));
        }
        for (struct invocation *inv = f->queue; inv; inv = inv->next) next_ms = earlier(next_ms, tell(f, inv, now_ms));
        function_wait(f, next_ms);
    }
    pthread_mutex_unlock(&f->lock);
    return NULL;
}

/* ---- the whole ---- */

static bool make_environments(struct function *f, struct err *e) {
    if (function_by_hand(f)) f->options.concurrency = 1;
    f->environments = calloc(f->options.concurrency, sizeof *f->environments);
    if (!f->environments) return err_set(e, ERR_MEMORY, "out of memory for environments");
    for (unsigned i = 0; i < f->options.concurrency; i++) {
        f->environments[i].function = f;
        f->environments[i].number = i + 1;
        f->environments[i].end_ms = INT64_MAX;
    }
    return !function_by_hand(f) || environment_open(f->environments, e);
}

bool function_open(const struct function_options *options, struct function **out, struct err *e) {
    struct function *f = calloc(1, sizeof *f);
    pthread_condattr_t monotonic;
    if (!f) return err_set(e, ERR_MEMORY, "out of memory for a function");
    f->options = *options;
    pthread_mutex_init(&f->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&f->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    bool ok = make_environments(f, e);
    if (ok) f->keeps_time = pthread_create(&f->timekeeper, NULL, keep_time, f) == 0;
    if (ok && f->keeps_time) {
        *out = f;
        return true;
    }
    if (ok) err_set(e, ERR_MEMORY, "cannot start a thread");
    function_close(f);
    return false;
}

void function_stop(struct function *f) {
    if (!f) return;
    pthread_mutex_lock(&f->lock);
    f->stopping = true;
    for (struct environment *env = f->environments; env < end_of(f); env++) environment_stop(env);
    fail_queue(f, "everything stops");
    pthread_mutex_unlock(&f->lock);
    if (f->keeps_time) pthread_join(f->timekeeper, NULL);
    f->keeps_time = false;
    for (struct environment *env = f->environments; env < end_of(f); env++) environment_join(env);
    for (struct environment *env = f->environments; env < end_of(f); env++) environment_close(env);
}

void function_close(struct function *f) {
    if (!f) return;
    function_stop(f);
    pthread_cond_destroy(&f->changed);
    pthread_mutex_destroy(&f->lock);
    free(f->environments);
    free(f);
}

/* A request may have come first, and started it. */
static void begin(struct function *f) {
    f->begun_ms = clock_monotonic_ms();
    if (f->stopping || !environment_is_empty(f->environments) || environment_want(f->environments)) return;
    snprintf(f->why, sizeof f->why, "cannot start a thread");
    f->failed_starts++;
}

void function_begin(struct function *f) {
    if (function_by_hand(f)) return;
    pthread_mutex_lock(&f->lock);
    begin(f);
    pthread_mutex_unlock(&f->lock);
}

/* False: it did not come up, and f->why says why. */
static bool await_start(struct function *f) {
    if (!f->begun_ms) begin(f);
    int64_t tell_ms = f->begun_ms + TELL_MS;
    while (!f->came_up && !f->stopping && !f->failed_starts) {
        function_wait(f, tell_ms);
        if (tell_ms > clock_monotonic_ms()) continue;
        tell_ms = INT64_MAX;
        log_line(LOG_WARN, "%.*s has been starting for %d s (time-out %lld s)", STR_ARG(name_of(f)), TELL_MS / 1000,
                 (long long)f->options.init_timeout_ms / 1000);
    }
    if (f->stopping) snprintf(f->why, sizeof f->why, "everything stops");
    return f->came_up && !f->stopping;
}

bool function_start(struct function *f, struct err *e) {
    if (function_by_hand(f)) return true;
    pthread_mutex_lock(&f->lock);
    bool ok = await_start(f), names_it = strstr(f->why, f->options.bootstrap);
    if (!ok)
        err_set(e, ERR_CONFIG, "%.*s did not start: %s%s%s", STR_ARG(name_of(f)), f->why, names_it ? "" : "; it is ",
                names_it ? "" : f->options.bootstrap);
    pthread_mutex_unlock(&f->lock);
    return ok;
}

char *const *function_variables(const struct function *f) {
    return function_by_hand(f) ? f->environments->variables : NULL;
}
