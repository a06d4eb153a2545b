/* SPDX-License-Identifier: Apache-2.0 */
/* Deadlines of concurrent invocations: one thread with a connection of its own answers for those that run too long.
   Exactly one side answers: the watchdog while an invocation is between begin and end, else its worker. For worker.c. */
#ifndef RUNTIME_WATCHDOG_H
#define RUNTIME_WATCHDOG_H

#include <pthread.h>

#include "runtime_api.h"

/* One worker's invocation, as the watchdog sees it. The lock is held while /error is posted, so that nothing of the
   invocation goes away meanwhile. */
struct watchdog_slot {
    pthread_mutex_t lock;
    const struct lambda_invocation *inv; /* NULL: none is running */
    int64_t began_ms;
    bool expired; /* it has been answered for */
    struct watchdog *watchdog;
};

/* api is the watchdog's alone from here on. on_lost is called when the environment is lost, from the watchdog's thread. */
bool watchdog_open(struct runtime_api *api, size_t slots, void (*on_lost)(void *user, const struct err *why),
                   void *user, struct watchdog **watchdog, struct err *e);
void watchdog_close(struct watchdog *watchdog); /* NULL is fine; closes the api too */
struct watchdog_slot *watchdog_slot(struct watchdog *watchdog, size_t at);

/* All take NULL, which is a slot that never expires. */
void watchdog_begin(struct watchdog_slot *slot, const struct lambda_invocation *inv);
bool watchdog_end(struct watchdog_slot *slot);  /* false: it has expired and must not be answered again */
bool watchdog_hold(struct watchdog_slot *slot); /* false: expired. Else it does not expire until watchdog_release */
void watchdog_release(struct watchdog_slot *slot);

#endif
