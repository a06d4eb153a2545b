/* SPDX-License-Identifier: Apache-2.0 */
/* The watchdog sleeps until the earliest deadline of its slots; a slot that begins with an earlier one wakes it. */
#include "watchdog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "log.h"

enum {
    AHEAD_MS = 20,            /* or Lambda's own Sandbox.Timedout, which names no function, would be there first */
    LONGEST_SLEEP_MS = 60000, /* a deadline in the far future is looked at again; the clock may have been set */
    STACK_BYTES = 512 * 1024,
};

struct watchdog {
    pthread_t thread;
    pthread_mutex_t lock; /* of the three below */
    pthread_cond_t wake;
    int64_t wake_ms;
    bool stop;
    struct runtime_api *api;
    void (*on_lost)(void *user, const struct err *why);
    void *user;
    size_t n;
    struct watchdog_slot slots[];
};

static int64_t due_ms(const struct lambda_invocation *inv) {
    return inv->deadline_ms > AHEAD_MS ? inv->deadline_ms - AHEAD_MS : 0;
}

/* The slot is locked. */
static void expire(struct watchdog *w, struct watchdog_slot *slot) {
    struct log_scope scope = {slot->inv->request_id, slot->inv->trace_id, slot->inv->tenant_id};
    char message[80];
    int64_t ran_ms = clock_unix_ms() - slot->began_ms;
    struct err e;
    snprintf(message, sizeof message, "timed out after %lld ms", (long long)(ran_ms > 0 ? ran_ms : 0));
    struct lambda_failure f = {.error_type = STR("Function.Timeout"), .error_message = str_of(message)};
    log_set_scope(&scope);
    log_failure(LOG_ERROR, &(struct log_cause){f.error_type, f.error_message, NULL, 0},
                "the invocation's time is over");
    slot->expired = true;
    bool ok = runtime_api_error(w->api, slot->inv, &f, &e);
    bool lost = !ok && e.kind != ERR_REFUSED && runtime_api_status(w->api);
    if (!ok && !lost) log_line(LOG_ERROR, "%s", e.msg);
    slot->inv = NULL;
    log_set_scope(NULL);
    if (lost) w->on_lost(w->user, &e);
}

/* Returns when it is to look again. */
static int64_t look(struct watchdog *w) {
    int64_t next_ms = clock_unix_ms() + LONGEST_SLEEP_MS;
    for (size_t i = 0; i < w->n; i++) {
        struct watchdog_slot *slot = &w->slots[i];
        pthread_mutex_lock(&slot->lock);
        if (slot->inv && due_ms(slot->inv) <= clock_unix_ms()) expire(w, slot);
        else if (slot->inv && due_ms(slot->inv) < next_ms) next_ms = due_ms(slot->inv);
        pthread_mutex_unlock(&slot->lock);
    }
    return next_ms;
}

/* wake_ms is for ever during a look: what begins meanwhile lowers it, and there is no sleep past that. */
static void *watch(void *user) {
    struct watchdog *w = user;
    pthread_mutex_lock(&w->lock);
    while (!w->stop) {
        w->wake_ms = INT64_MAX;
        pthread_mutex_unlock(&w->lock);
        int64_t next_ms = look(w);
        pthread_mutex_lock(&w->lock);
        if (next_ms < w->wake_ms) w->wake_ms = next_ms;
        while (!w->stop && w->wake_ms > clock_unix_ms()) {
            struct timespec until = {(time_t)(w->wake_ms / 1000), (long)(w->wake_ms % 1000) * 1000000L};
            pthread_cond_timedwait(&w->wake, &w->lock, &until);
        }
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

static bool start(struct watchdog *w, struct err *e) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    int error = pthread_create(&w->thread, &attributes, watch, w);
    pthread_attr_destroy(&attributes);
    return !error || err_set(e, ERR_CONFIG, "the deadline watchdog's thread does not start: %s", strerror(error));
}

static void give_back(struct watchdog *w) {
    for (size_t i = 0; i < w->n; i++) pthread_mutex_destroy(&w->slots[i].lock);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->wake);
    free(w);
}

bool watchdog_open(struct runtime_api *api, size_t slots, void (*on_lost)(void *user, const struct err *why),
                   void *user, struct watchdog **watchdog, struct err *e) {
    struct watchdog *w = calloc(1, sizeof *w + slots * sizeof *w->slots);
    if (!w) return err_set(e, ERR_MEMORY, "out of memory for the deadline watchdog");
    w->api = api;
    w->on_lost = on_lost;
    w->user = user;
    w->n = slots;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->wake, NULL);
    for (size_t i = 0; i < slots; i++) {
        w->slots[i].watchdog = w;
        pthread_mutex_init(&w->slots[i].lock, NULL);
    }
    if (!start(w, e)) {
        give_back(w);
        return false;
    }
    *watchdog = w;
    return true;
}

void watchdog_close(struct watchdog *w) {
    if (!w) return;
    pthread_mutex_lock(&w->lock);
    w->stop = true;
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    runtime_api_close(w->api);
    give_back(w);
}

struct watchdog_slot *watchdog_slot(struct watchdog *w, size_t at) {
    return w ? &w->slots[at] : NULL;
}

void watchdog_begin(struct watchdog_slot *slot, const struct lambda_invocation *inv) {
    if (!slot) return;
    pthread_mutex_lock(&slot->lock);
    slot->inv = inv;
    slot->began_ms = clock_unix_ms();
    slot->expired = false;
    pthread_mutex_unlock(&slot->lock);
    struct watchdog *w = slot->watchdog;
    pthread_mutex_lock(&w->lock);
    if (due_ms(inv) < w->wake_ms) {
        w->wake_ms = due_ms(inv);
        pthread_cond_signal(&w->wake);
    }
    pthread_mutex_unlock(&w->lock);
}

bool watchdog_end(struct watchdog_slot *slot) {
    if (!watchdog_hold(slot)) return false;
    if (slot) slot->inv = NULL;
    watchdog_release(slot);
    return true;
}

bool watchdog_hold(struct watchdog_slot *slot) {
    if (!slot) return true;
    pthread_mutex_lock(&slot->lock);
    if (!slot->expired) return true;
    pthread_mutex_unlock(&slot->lock);
    return false;
}

void watchdog_release(struct watchdog_slot *slot) {
    if (slot) pthread_mutex_unlock(&slot->lock);
}
