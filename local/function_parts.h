/* SPDX-License-Identifier: Apache-2.0 */
/* What the queue (function.c) and the environments (environment.c) share: one monitor, that is one lock and one condition a
   function. Everything here is read and written, and every function here called, under that lock unless it says
   otherwise. */
#ifndef LOCAL_FUNCTION_PARTS_H
#define LOCAL_FUNCTION_PARTS_H

#include <pthread.h>
#include <sys/types.h>

#include "environment.h"
#include "http_server.h"
#include "invocation.h"

struct environment {
    struct function *function;
    unsigned number;            /* from 1 */
    struct http_server *server; /* its Runtime API, from its first start to the end of the function */
    char api[64], stream[128];  /* the two variables of its own */
    char **variables;           /* those and the function's */
    pthread_t supervisor;       /* starts the process and sees it end, which is the only way to a child's end */
    struct invocation *running;
    pid_t pid;                      /* 0: no process */
    unsigned generation;            /* counts starts and ends of the process */
    unsigned asks;                  /* counts GET next: only the latest one is answered */
    int64_t born_ms;                /* when the process was started */
    int64_t end_ms;                 /* when it is killed, INT64_MAX: not yet known */
    bool supervised;                /* the thread is there */
    bool wanted, starting;          /* a process is to be started; is being started, so that its id is not known yet */
    bool ready;                     /* it has asked for an event */
    bool dying;                     /* killed, and not yet reaped */
    bool timed_out;                 /* in its init */
    bool stale;                     /* its program is not the current one */
    char why[INVOCATION_WHY_BYTES]; /* it ends; empty: as its exit status says */
};

struct function {
    struct function_options options;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t timekeeper; /* enforces time-outs */
    struct invocation *queue;
    struct environment *environments;
    unsigned failed_starts;
    char why[INVOCATION_WHY_BYTES]; /* the last of them failed */
    int64_t begun_ms;               /* function_begin; 0: not yet */
    bool came_up;                   /* an environment has asked for an event */
    bool renews;                    /* one environment is to be started though nothing waits */
    bool keeps_time, stopping;
};

/* ---- of function.c ---- */

void function_wait(struct function *f, int64_t end_ms);         /* for a change, until end_ms of the monotonic clock */
void function_scale(struct function *f);                        /* starts environments for what waits */
struct invocation *function_take_first(struct function *f);     /* off the queue; NULL: it is empty */
int64_t function_timeout_ms(const struct function *f);          /* of an invocation */
static inline bool function_by_hand(const struct function *f) { /* somebody else starts the process */
    return !f->options.bootstrap;
}

/* ---- of environment.c ---- */

bool environment_open(struct environment *env, struct err *e); /* its Runtime API; without the lock */
bool environment_want(struct environment *env);                /* starts a process there; false: no thread for it */
bool environment_is_empty(const struct environment *env);      /* neither has nor gets a process */
bool environment_is_coming(const struct environment *env);     /* takes the next invocation, now or after its start */
int64_t environment_keep_time(struct environment *env,
                              int64_t now_ms);    /* kills what is late; returns when to come again */
void environment_retire(struct environment *env); /* ends it now, or when it asks for the next event */
void environment_stop(struct environment *env);
/* When the function stops, without the lock: first all threads end, for each looks at all environments. */
void environment_join(struct environment *env);
void environment_close(struct environment *env);

#endif
