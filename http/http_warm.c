/* SPDX-License-Identifier: Apache-2.0 */
/* A connection opened ahead. The exchange begins on the caller's thread and goes on in one of its own, which owns the client
   until it is joined; only curl_multi_wakeup touches the client meanwhile, as libcurl allows. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "http_client.h"
#include "log.h"

struct http_warm {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t ended;
    bool done;
    atomic_bool stop;
    struct http_clocks began;
    int64_t timeout_ms, deadline_ms;
    struct arena arena; /* of request and answer */
    struct http_request rq;
    struct http_response rs;
};

static void *run(void *user) {
    struct http_client *c = user;
    struct http_warm *w = c->warm;
    for (http_client_perform(c); !c->x.done && !atomic_load(&w->stop); http_client_perform(c))
        http_client_wait(c, w->deadline_ms, false);
    pthread_mutex_lock(&w->lock);
    w->done = true;
    pthread_cond_signal(&w->ended);
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* Signals are for the threads that were there before. */
static bool start(struct http_client *c) {
    sigset_t every, before;
    sigfillset(&every);
    pthread_sigmask(SIG_SETMASK, &every, &before);
    bool ok = pthread_create(&c->warm->thread, NULL, run, c) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return ok;
}

static struct http_warm *make(const struct http_client *c, int64_t timeout_ms) {
    pthread_condattr_t attributes;
    struct http_warm *w = calloc(1, sizeof *w);
    if (!w) return NULL;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->ended, &attributes);
    pthread_condattr_destroy(&attributes);
    arena_init(&w->arena, c->scratch.limit);
    w->began = http_clocks_now();
    w->timeout_ms = timeout_ms;
    return w;
}

static void discard(struct http_client *c) {
    struct http_warm *w = c->warm;
    pthread_cond_destroy(&w->ended);
    pthread_mutex_destroy(&w->lock);
    arena_close(&w->arena);
    free(w);
    c->warm = NULL;
}

static bool copy(struct arena *a, struct str from, struct str *to) {
    *to = (struct str){from.p ? arena_copy(a, from) : NULL, from.n};
    return !from.p || to->p;
}

static bool copy_request(struct http_warm *w, const struct http_request *rq, struct err *e) {
    struct arena *a = &w->arena;
    bool ok = copy(a, rq->method, &w->rq.method) && copy(a, rq->path, &w->rq.path) && copy(a, rq->query, &w->rq.query);
    for (size_t i = 0; ok && i < rq->fields.n; i++) {
        struct str name, value;
        ok = copy(a, rq->fields.at[i].name, &name) && copy(a, rq->fields.at[i].value, &value);
        if (ok && !http_field_add(&w->rq.fields, name, value, a, e)) return false;
    }
    return ok || err_set(e, ERR_MEMORY, "out of memory for the request that opens a connection");
}

static bool begin(struct http_client *c, const struct http_request *rq, struct err *e) {
    struct http_warm *w = c->warm;
    if (!copy_request(w, rq, e)) return false;
    c->x = (struct exchange){.rs = &w->rs, .arena = &w->arena, .timeout_ms = w->timeout_ms};
    buf_init(&c->x.body, c->options.max_response_bytes, &w->arena);
    if (!http_request_set(c, &w->rq, e)) return false;
    w->deadline_ms = http_client_deadline(w->began.monotonic_ms, w->timeout_ms);
    http_client_begin(c);
    if (start(c)) return true;
    http_client_end(c);
    return err_set(e, ERR_MEMORY, "no thread could be started that opens a connection");
}

bool http_warm(struct http_client *c, const struct http_request *rq, int64_t timeout_ms, struct err *e) {
    if (!http_client_ready(c, e)) return false;
    if (rq->body.n || !(str_eq(rq->method, STR("GET")) || str_eq(rq->method, STR("HEAD"))))
        return err_set(e, ERR_PARSE, "a connection is opened ahead by GET or HEAD, without a body");
    if (timeout_ms <= 0) return err_set(e, ERR_PARSE, "opening a connection ahead needs a time-out");
    c->warm = make(c, timeout_ms);
    if (!c->warm) return err_set(e, ERR_MEMORY, "out of memory to open a connection ahead");
    if (begin(c, rq, e)) return true;
    discard(c);
    return false;
}

/* Frozen in the middle of it, the peer is gone by now: the wall clock tells. */
static bool await(struct http_warm *w, int64_t deadline_ms) {
    if (deadline_ms > w->deadline_ms) deadline_ms = w->deadline_ms;
    struct timespec until = {(time_t)(deadline_ms / 1000), (long)(deadline_ms % 1000) * 1000000};
    int waited = 0;
    pthread_mutex_lock(&w->lock);
    while (!w->done && waited != ETIMEDOUT && http_clocks_since(&w->began) <= w->timeout_ms)
        waited = pthread_cond_timedwait(&w->ended, &w->lock, &until);
    bool done = w->done;
    pthread_mutex_unlock(&w->lock);
    return done;
}

static void join(struct http_client *c) {
    struct err why;
    pthread_join(c->warm->thread, NULL);
    http_client_end(c);
    c->used = c->warm->began; /* an answer that came before a freeze may have been read after it */
    if (!c->x.done) log_line(LOG_DEBUG, "%s: the connection was not open yet", c->origin);
    else if (!http_answer_judge(c, &why)) log_line(LOG_DEBUG, "no connection was opened ahead: %s", why.msg);
    discard(c);
}

void http_warm_settle(struct http_client *c, int64_t deadline_ms) {
    if (!c->warm) return;
    if (!await(c->warm, deadline_ms)) {
        http_warm_stop(c);
        return;
    }
    join(c);
}

void http_warm_stop(struct http_client *c) {
    if (!c->warm) return;
    atomic_store(&c->warm->stop, true);
    curl_multi_wakeup(c->multi);
    join(c);
}
