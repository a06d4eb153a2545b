/* SPDX-License-Identifier: Apache-2.0 */
/* A monitor: one lock and one condition a function. An invocation is owned by its gateway thread and, while it waits or
   runs, by the function too; the last of the two frees it. */
#include "function.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "log.h"
#include "process.h"

enum state { QUEUED, RUNNING, DONE };

struct invocation {
    struct invocation *next;
    enum state state;
    enum function_outcome outcome;
    char *event, *body, *request_id, *trace_id; /* malloc'd */
    size_t event_n, body_n;
    int64_t deadline_ms; /* of the monotonic clock, once it runs */
    int owners;
};

struct function {
    struct function_options options;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t supervisor;
    struct invocation *queue, *running;
    pid_t pid;                                       /* 0: no process */
    unsigned generation;                             /* counts starts and ends of the process */
    bool wanted, ready, dying, stopping, supervised; /* dying: killed, and not yet reaped */
};

static void let_go(struct invocation *inv) {
    if (--inv->owners > 0) return;
    free(inv->event);
    free(inv->body);
    free(inv->request_id);
    free(inv->trace_id);
    free(inv);
}

/* The wait ends at end_ms of the monotonic clock; false: it did. */
static bool wait_until(struct function *f, int64_t end_ms) {
    struct timespec t = {.tv_sec = (time_t)(end_ms / 1000), .tv_nsec = (long)(end_ms % 1000) * 1000000L};
    return pthread_cond_timedwait(&f->changed, &f->lock, &t) == 0;
}

/* Ends the running or a queued invocation. The body is copied; a failed copy is an exited environment, never a cut. */
static void finish(struct function *f, struct invocation *inv, enum function_outcome outcome, struct str body) {
    inv->state = DONE;
    inv->outcome = outcome;
    if (body.n && (inv->body = malloc(body.n))) memcpy(inv->body, body.p, body.n);
    if (body.n && !inv->body) inv->outcome = FUNCTION_EXITED;
    inv->body_n = inv->body ? body.n : 0;
    if (f->running == inv) f->running = NULL;
    let_go(inv);
    pthread_cond_broadcast(&f->changed);
}

static void fail_all(struct function *f) {
    if (f->running) finish(f, f->running, FUNCTION_EXITED, (struct str){0});
    while (f->queue) {
        struct invocation *inv = f->queue;
        f->queue = inv->next;
        finish(f, inv, FUNCTION_EXITED, (struct str){0});
    }
}

/* ---- the process ---- */

static void note_end(struct function *f, const char *words) {
    bool during_init = !f->ready;
    f->pid = 0;
    f->generation++;
    f->ready = false;
    if (!f->stopping)
        log_line(LOG_ERROR, "%.*s: bootstrap ended%s: %s", STR_ARG(f->options.model->logical_id),
                 during_init ? " before its first GET /invocation/next" : "", words);
    if (during_init) fail_all(f); /* what waits would only see the same again */
    else if (f->running) finish(f, f->running, FUNCTION_EXITED, (struct str){0});
    pthread_cond_broadcast(&f->changed);
}

/* One life of the process; the lock is held except while it lives. */
static void run_once(struct function *f) {
    struct err e;
    pid_t pid;
    char words[64];
    f->wanted = f->ready = f->dying = false;
    if (!process_start(f->options.bootstrap, f->options.task_root, f->options.environment, &pid, &e)) {
        note_end(f, "it was not executed");
        log_line(LOG_ERROR, "%s", e.msg);
        return;
    }
    f->pid = pid;
    f->generation++;
    pthread_mutex_unlock(&f->lock);
    process_await(pid);
    pthread_mutex_lock(&f->lock);
    process_reap(pid, words);
    note_end(f, words);
}

static void *supervise(void *user) {
    struct function *f = user;
    pthread_mutex_lock(&f->lock);
    while (!f->stopping) {
        if (f->wanted || f->queue) run_once(f);
        else pthread_cond_wait(&f->changed, &f->lock);
    }
    pthread_mutex_unlock(&f->lock);
    return NULL;
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
    f->supervised = pthread_create(&f->supervisor, NULL, supervise, f) == 0;
    *out = f;
    if (f->supervised) return true;
    function_close(f);
    return err_set(e, ERR_MEMORY, "cannot start a thread");
}

void function_stop(struct function *f) {
    if (!f) return;
    pthread_mutex_lock(&f->lock);
    f->stopping = true;
    if (f->pid) process_kill(f->pid);
    fail_all(f);
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
    if (f->supervised) pthread_join(f->supervisor, NULL);
    f->supervised = false;
}

void function_close(struct function *f) {
    if (!f) return;
    function_stop(f);
    pthread_cond_destroy(&f->changed);
    pthread_mutex_destroy(&f->lock);
    free(f);
}

bool function_start(struct function *f, int64_t timeout_ms, struct err *e) {
    int64_t end_ms = clock_monotonic_ms() + timeout_ms;
    pthread_mutex_lock(&f->lock);
    unsigned before = f->generation;
    f->wanted = true;
    pthread_cond_broadcast(&f->changed);
    while (!f->ready && !f->stopping && !(f->generation > before && !f->pid) && wait_until(f, end_ms)) continue;
    bool ready = f->ready, ended = !f->pid;
    if (!ready)
        err_set(e, ERR_CONFIG, "%.*s did not start: %s%s", STR_ARG(f->options.model->logical_id), f->options.bootstrap,
                ended ? " ended before its first GET /invocation/next; its own lines above say why"
                      : " made no GET /invocation/next in time");
    pthread_mutex_unlock(&f->lock);
    return ready;
}

/* ---- the gateway's side ---- */

static char *copy(struct str s) {
    char *p = malloc(s.n + 1);
    if (!p) return NULL;
    if (s.n) memcpy(p, s.p, s.n);
    p[s.n] = 0;
    return p;
}

static struct invocation *make(struct str event, struct str request_id, struct str trace_id) {
    struct invocation *inv = calloc(1, sizeof *inv);
    if (!inv) return NULL;
    *inv = (struct invocation){.owners = 2, .event_n = event.n};
    inv->event = copy(event);
    inv->request_id = copy(request_id);
    inv->trace_id = copy(trace_id);
    if (inv->event && inv->request_id && inv->trace_id) return inv;
    inv->owners = 1;
    let_go(inv);
    return NULL;
}

static void enqueue(struct function *f, struct invocation *inv) {
    struct invocation **last = &f->queue;
    while (*last) last = &(*last)->next;
    *last = inv;
    pthread_cond_broadcast(&f->changed);
}

/* The caller gives up: a queued invocation is never delivered, a running one goes on without anybody waiting for it. */
static void abandon(struct function *f, struct invocation *inv) {
    for (struct invocation **at = &f->queue; *at; at = &(*at)->next) {
        if (*at != inv) continue;
        *at = inv->next;
        finish(f, inv, FUNCTION_TOO_LATE, (struct str){0});
        return;
    }
}

static void enforce_timeout(struct function *f) {
    log_line(LOG_ERROR, "%.*s: Task timed out after %lld.00 seconds", STR_ARG(f->options.model->logical_id),
             (long long)f->options.model->timeout_s);
    finish(f, f->running, FUNCTION_TIMED_OUT, (struct str){0});
    f->dying = true;
    if (f->pid) process_kill(f->pid);
}

/* Any waiting thread enforces the deadline of whatever runs, so one that was abandoned cannot block the queue. */
static void await_outcome(struct function *f, struct invocation *inv, int64_t end_ms) {
    while (inv->state != DONE) {
        int64_t wake_ms = end_ms;
        if (f->running && f->running->deadline_ms < wake_ms) wake_ms = f->running->deadline_ms;
        if (wait_until(f, wake_ms)) continue;
        int64_t now_ms = clock_monotonic_ms();
        if (inv->state == DONE) break;
        if (f->running && f->running->deadline_ms <= now_ms) enforce_timeout(f);
        else if (now_ms >= end_ms) break;
    }
    if (inv->state != DONE) abandon(f, inv);
}

bool function_invoke(struct function *f, struct str event, struct str request_id, struct str trace_id,
                     int64_t timeout_ms, struct function_result *result, struct arena *a, struct err *e) {
    struct invocation *inv = make(event, request_id, trace_id);
    if (!inv) return err_set(e, ERR_MEMORY, "out of memory for an invocation");
    pthread_mutex_lock(&f->lock);
    if (f->stopping) {
        finish(f, inv, FUNCTION_EXITED, (struct str){0});
    } else {
        enqueue(f, inv);
        await_outcome(f, inv, clock_monotonic_ms() + timeout_ms);
    }
    bool done = inv->state == DONE;
    result->outcome = done ? inv->outcome : FUNCTION_TOO_LATE;
    char *body = arena_copy(a, (struct str){inv->body, done ? inv->body_n : 0});
    result->body = (struct str){body, done ? inv->body_n : 0};
    let_go(inv);
    pthread_mutex_unlock(&f->lock);
    return body || err_set(e, ERR_MEMORY, "out of memory for a reply");
}

/* ---- the Runtime API's side ---- */

static bool deliver(struct function *f, struct function_delivery *d, struct arena *a) {
    const struct invocation *inv = f->running;
    char *event = arena_copy(a, (struct str){inv->event, inv->event_n});
    char *id = arena_copy(a, str_of(inv->request_id)), *trace = arena_copy(a, str_of(inv->trace_id));
    int64_t left_ms = inv->deadline_ms - clock_monotonic_ms();
    *d = (struct function_delivery){{event, inv->event_n}, str_of(id), str_of(trace), clock_unix_ms() + left_ms};
    return event && id && trace;
}

/* Is the process that asked still there? A request that arrives behind its end must not take an invocation with it. */
static bool is_asking(const struct function *f, unsigned generation) {
    return !f->stopping && f->pid && !f->dying && f->generation == generation;
}

bool function_take(struct function *f, struct function_delivery *d, struct arena *a) {
    pthread_mutex_lock(&f->lock);
    unsigned generation = f->generation;
    f->ready |= is_asking(f, generation);
    pthread_cond_broadcast(&f->changed);
    while (is_asking(f, generation) && !f->running && !f->queue) pthread_cond_wait(&f->changed, &f->lock);
    bool ok = is_asking(f, generation);
    if (ok && !f->running) {
        f->running = f->queue;
        f->queue = f->running->next;
        f->running->next = NULL;
        f->running->state = RUNNING;
        f->running->deadline_ms = clock_monotonic_ms() + f->options.model->timeout_s * 1000;
        pthread_cond_broadcast(&f->changed); /* whoever waits has a nearer time to wake now */
    }
    ok = ok && deliver(f, d, a);
    pthread_mutex_unlock(&f->lock);
    return ok;
}

bool function_answer(struct function *f, struct str request_id, enum function_outcome outcome, struct str body) {
    pthread_mutex_lock(&f->lock);
    bool current = f->running && str_eq(str_of(f->running->request_id), request_id);
    if (current) finish(f, f->running, outcome, body);
    pthread_mutex_unlock(&f->lock);
    return current;
}

void function_init_failed(struct function *f) {
    pthread_mutex_lock(&f->lock);
    fail_all(f);
    pthread_mutex_unlock(&f->lock);
}

const struct model_function *function_model(const struct function *f) {
    return f->options.model;
}
