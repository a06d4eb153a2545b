/* SPDX-License-Identifier: Apache-2.0 */
/* Temporary keys of a source that has to be asked, kept for all threads until shortly before they end. One thread asks
   at a time; the others go on with the kept keys while these last, else they wait for it. Keys are refreshed minutes
   ahead of their end; while that fails the kept ones stay in use, with a warning in the log. */
#ifndef HANDLERS_CREDENTIALS_CACHE_H
#define HANDLERS_CREDENTIALS_CACHE_H

#include <pthread.h>

#include "sigv4.h"

#define CREDENTIALS_NO_END INT64_MAX

enum {
    CREDENTIALS_REFRESH_S = 300, /* this long before their end, keys are asked for anew */
    CREDENTIALS_LEAST_S = 10,    /* keys with less time left are not handed out */
    CREDENTIALS_DROP_S = 30,     /* keys are dropped once in this time */
};

struct credentials {
    struct sigv4_keys keys;
    int64_t expires_s; /* seconds since 1970, or CREDENTIALS_NO_END */
};

struct credentials_time {
    int64_t now_s;      /* seconds since 1970 */
    int64_t timeout_ms; /* greater than 0; bounds asking and waiting together */
};

/* Asks the source; runs in one thread at a time and outside of all locks. What is in the arena is wiped afterwards. */
struct credentials_source {
    bool (*ask)(void *user, const struct credentials_time *when, struct credentials *found, struct arena *a,
                struct err *e);
    void *user;
    const char *name; /* in warnings: "the keys of {name} could not be refreshed" */
};

/* All zero is a closed cache. */
struct credentials_cache {
    pthread_mutex_t lock;
    pthread_cond_t asked;
    bool open, asking;
    struct credentials kept; /* views into memory */
    char *memory;
    size_t memory_bytes;
    int64_t asked_s, pause_s; /* the last answer, and how long no other is asked for */
    int64_t dropped_s;
    struct err why; /* of the last failure */
};

bool credentials_cache_open(struct credentials_cache *cache, struct err *e);
void credentials_cache_close(struct credentials_cache *cache); /* wipes the keys; closed already is fine */

/* Any thread. *keys are copies in the arena. Errors: the source's own (after one, the same for up to two seconds
   without asking), ERR_TIMEOUT when another thread's answer did not come in time, ERR_MEMORY. */
bool credentials_cache_keys(struct credentials_cache *cache, const struct credentials_source *source,
                            const struct credentials_time *when, struct sigv4_keys *keys, struct arena *a,
                            struct err *e);

/* Any thread: a service takes the keys of this id for expired, so they are not handed out again. True: the next ones will
   be others; false: so were these, a moment ago, and did not help. */
bool credentials_cache_drop(struct credentials_cache *cache, struct str id, int64_t now_s);

#endif
