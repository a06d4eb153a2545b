/* SPDX-License-Identifier: Apache-2.0 */
/* The loop of a runtime, once or n times. Everything of one invocation lives in one arena and goes at once.
   https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html */
#include "worker.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "crash.h"
#include "lambda_turn.h"
#include "log.h"

enum {
    INVOCATION_BYTES = 96 * 1024 * 1024,      /* below the smallest memory size of a function, 128 MB */
    REPLY_BYTES = 2 * LAMBDA_MAX_REPLY_BYTES, /* more than may be sent, so that the error can name the size */
    MAX_REFUSED_IN_A_ROW = 3,                 /* deliveries that cannot be answered come again at once: do not spin */
    TRACE_VARIABLE_BYTES = 4096,
    /* An eighth of what main has: libcurl, OpenSSL and a JSON tree of full depth take less than a tenth of it, and the
       address space of WORKER_MAX threads stays at 1 GiB. Only what is touched is memory. */
    STACK_BYTES = 1024 * 1024,
    GRACE_MS = 200,
};

enum gate { GATE_CLOSED, GATE_OPEN, GATE_OFF };

/* What the workers have in common. */
struct pool {
    const struct lambda_program *program;
    struct watchdog *watchdog;
    bool concurrent;
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t changed;
    enum gate gate;
    size_t running;
    bool lost;
    struct err why;
};

struct worker {
    struct pool *pool;
    struct runtime_api *api;
    pthread_t thread;
    struct arena arena;
    struct lambda_turn turn;
    int refused;
};

/* X-Ray's SDKs look for the variable; an invocation without a trace must not see the one before it. Not setenv: glibc
   keeps every value it was ever given, 100 bytes an invocation. The environment points into our buffer instead. */
static void export_trace(const struct lambda_invocation *inv) {
    static char variable[TRACE_VARIABLE_BYTES] = "_X_AMZN_TRACE_ID=";
    char *value = variable + sizeof "_X_AMZN_TRACE_ID=" - 1;
    size_t room = sizeof variable - (size_t)(value - variable);
    bool fits = inv->trace_id.n && inv->trace_id.n < room;
    if (inv->trace_id.n && !fits) log_line(LOG_WARN, "a trace id of %zu bytes is not exported", inv->trace_id.n);
    if (!fits) {
        unsetenv("_X_AMZN_TRACE_ID");
        return;
    }
    memcpy(value, inv->trace_id.p, inv->trace_id.n);
    value[inv->trace_id.n] = 0;
    if (getenv("_X_AMZN_TRACE_ID") != value) putenv(variable);
}

/* False: this one has no reply that Lambda took, or the environment is lost; *e says which. */
static bool handle(struct worker *w, struct lambda_invocation *inv, struct err *e) {
    const struct lambda_program *program = w->pool->program;
    struct buf reply;
    struct err cause = {0};
    lambda_turn_begin(&w->turn, inv);
    buf_init(&reply, REPLY_BYTES, inv->arena);
    watchdog_begin(w->turn.slot, inv);
    bool ok = program->handle(program->user, inv, &reply, &cause);
    if (watchdog_end(w->turn.slot)) return lambda_turn_answer(&w->turn, inv, ok, &reply, &cause, e);
    lambda_turn_drop(&w->turn);
    return true;
}

/* An answer that never came about is one invocation's loss while others are running; next will tell whether there is an
   environment left. Alone, next would only give the same event again, for a second run. */
static bool ends_environment(const struct worker *w, const struct err *e) {
    return e->kind != ERR_REFUSED && (!w->pool->concurrent || runtime_api_status(w->api));
}

/* False: the environment is lost. */
static bool serve(struct worker *w, struct lambda_invocation *inv, struct err *e) {
    struct log_scope scope = {inv->request_id, inv->trace_id, inv->tenant_id};
    int64_t began_ms = clock_monotonic_ms();
    log_set_scope(&scope);
    crash_set_scope(inv);
    if (!w->pool->concurrent) export_trace(inv);
    bool ok = handle(w, inv, e), go_on = ok || !ends_environment(w, e);
    if (ok)
        log_line(LOG_DEBUG, "event of %zu bytes answered in %lld ms", inv->payload.n,
                 (long long)(clock_monotonic_ms() - began_ms));
    else if (go_on) log_line(LOG_ERROR, "%s", e->msg);
    crash_set_scope(NULL);
    log_set_scope(NULL);
    return go_on;
}

/* One turn. False: the environment is lost. */
static bool turn(struct worker *w, struct err *e) {
    struct lambda_invocation inv;
    if (runtime_api_next(w->api, &inv, &w->arena, e)) {
        w->refused = 0;
        return serve(w, &inv, e);
    }
    if (e->kind != ERR_REFUSED || ++w->refused == MAX_REFUSED_IN_A_ROW) return false;
    log_line(LOG_ERROR, "%s", e->msg);
    return true;
}

/* The first reason is the one that is told. */
static void lose(void *user, const struct err *why) {
    struct pool *pool = user;
    pthread_mutex_lock(&pool->lock);
    if (!pool->lost) pool->why = *why;
    pool->lost = true;
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
}

static bool is_lost(struct pool *pool) {
    pthread_mutex_lock(&pool->lock);
    bool lost = pool->lost;
    pthread_mutex_unlock(&pool->lock);
    return lost;
}

static void loop(struct worker *w) {
    struct err e;
    arena_init(&w->arena, INVOCATION_BYTES);
    w->turn.api = w->api;
    crash_set_scope(NULL);
    while (!is_lost(w->pool)) {
        if (!turn(w, &e)) lose(w->pool, &e);
        arena_reset(&w->arena);
    }
    arena_close(&w->arena);
    arena_close(&w->turn.notes);
}

static void pool_open(struct pool *pool, const struct lambda_program *program, bool concurrent) {
    *pool = (struct pool){.program = program, .concurrent = concurrent};
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->changed, NULL);
}

static void pool_close(struct pool *pool) {
    pthread_cond_destroy(&pool->changed);
    pthread_mutex_destroy(&pool->lock);
}

void worker_run_one(const struct lambda_program *program, struct runtime_api *api, struct err *why) {
    struct pool pool;
    struct worker w = {.pool = &pool, .api = api};
    pool_open(&pool, program, false);
    loop(&w);
    *why = pool.why;
    pool_close(&pool);
}

/* --- many --- */

/* A worker waits until all have started: when one cannot, none has taken an event yet. */
static void *work(void *user) {
    struct worker *w = user;
    struct pool *pool = w->pool;
    struct err e;
    pthread_mutex_lock(&pool->lock);
    while (pool->gate == GATE_CLOSED) pthread_cond_wait(&pool->changed, &pool->lock);
    bool go = pool->gate == GATE_OPEN;
    pthread_mutex_unlock(&pool->lock);
    if (go && crash_enter_thread(&e)) {
        loop(w);
        crash_leave_thread();
    } else if (go) {
        lose(pool, &e);
    }
    runtime_api_close(w->api);
    pthread_mutex_lock(&pool->lock);
    pool->running--;
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

static bool start(struct worker *w, const pthread_attr_t *attributes, struct str host_port, struct err *e) {
    struct pool *pool = w->pool;
    if (!runtime_api_open(host_port, pool->program->user_agent, &w->api, e)) return false;
    int error = pthread_create(&w->thread, attributes, work, w);
    if (!error) return true;
    runtime_api_close(w->api);
    return err_set(e, ERR_CONFIG, "a worker's thread does not start: %s", strerror(error));
}

static bool start_watchdog(struct pool *pool, struct str host_port, size_t n, struct err *e) {
    struct runtime_api *api;
    if (!pool->program->deadline_watchdog) return true;
    if (!runtime_api_open(host_port, pool->program->user_agent, &api, e)) return false;
    if (watchdog_open(api, n, lose, pool, &pool->watchdog, e)) return true;
    runtime_api_close(api);
    return false;
}

static bool start_all(struct pool *pool, struct worker *workers, size_t n, struct str host_port, struct err *e) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    bool ok = start_watchdog(pool, host_port, n, e);
    for (size_t i = 0; ok && i < n; i++) {
        workers[i] = (struct worker){.pool = pool, .turn.slot = watchdog_slot(pool->watchdog, i)};
        ok = start(&workers[i], &attributes, host_port, e);
        if (ok) pool->running++;
        else err_prefix(e, "worker %zu of %zu: ", i + 1, n);
    }
    pthread_attr_destroy(&attributes);
    return ok;
}

static void open_gate(struct pool *pool, enum gate gate) {
    pthread_mutex_lock(&pool->lock);
    pool->gate = gate;
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
}

/* True: all workers have ended. Those in next or in a handler cannot be called back; they have a moment to end of
   themselves, for what one of them has met the others mostly meet too. */
static bool wait_for_end(struct pool *pool) {
    struct timespec until;
    pthread_mutex_lock(&pool->lock);
    while (!pool->lost) pthread_cond_wait(&pool->changed, &pool->lock);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += GRACE_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    while (pool->running && pthread_cond_timedwait(&pool->changed, &pool->lock, &until) == 0) continue;
    bool quiet = pool->running == 0;
    pthread_mutex_unlock(&pool->lock);
    return quiet;
}

bool worker_run_many(const struct lambda_program *program, struct str host_port, size_t n, bool *quiet,
                     struct err *why) {
    struct pool *pool = malloc(sizeof *pool);
    struct worker *workers = calloc(n, sizeof *workers);
    if (!pool || !workers) {
        free(pool);
        free(workers);
        return err_set(why, ERR_MEMORY, "out of memory for %zu workers", n);
    }
    pool_open(pool, program, true);
    bool started = start_all(pool, workers, n, host_port, why);
    size_t made = pool->running;
    open_gate(pool, started ? GATE_OPEN : GATE_OFF);
    *quiet = !started || wait_for_end(pool);
    if (started) *why = pool->why;
    for (size_t i = 0; i < made; i++)
        *quiet ? pthread_join(workers[i].thread, NULL) : pthread_detach(workers[i].thread);
    if (!*quiet) return true; /* the threads that still run need what is left here */
    watchdog_close(pool->watchdog);
    pool_close(pool);
    free(workers);
    free(pool);
    return started;
}
