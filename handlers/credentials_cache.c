/* SPDX-License-Identifier: Apache-2.0 */
/* One lock, held only to look and to exchange keys; a flag says that a thread is asking. */
#include "credentials_cache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "log.h"
#include "wipe.h"

enum {
    WORK_BYTES = 256 * 1024, /* for one request and its answer */
    AHEAD_TIMEOUT_MS = 2000, /* a refresh that is not urgent must not use up the caller's time */
    AHEAD_PAUSE_S = 30,
    FAILURE_PAUSE_S = 2,
};

bool credentials_cache_open(struct credentials_cache *c, struct err *e) {
    pthread_condattr_t monotonic;
    *c = (struct credentials_cache){0};
    if (pthread_mutex_init(&c->lock, NULL) != 0) return err_set(e, ERR_MEMORY, "out of memory for a lock");
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    c->open = pthread_cond_init(&c->asked, &monotonic) == 0;
    pthread_condattr_destroy(&monotonic);
    if (c->open) return true;
    pthread_mutex_destroy(&c->lock);
    return err_set(e, ERR_MEMORY, "out of memory for a lock");
}

static void forget(struct credentials_cache *c) {
    wipe_bytes(c->memory, c->memory_bytes);
    free(c->memory);
    c->memory = NULL;
    c->memory_bytes = 0;
    c->kept = (struct credentials){0};
}

void credentials_cache_close(struct credentials_cache *c) {
    if (!c->open) return;
    forget(c);
    pthread_cond_destroy(&c->asked);
    pthread_mutex_destroy(&c->lock);
    *c = (struct credentials_cache){0};
}

/* From arena to arena; an absent part stays absent. */
static bool copy(struct sigv4_keys *to, const struct sigv4_keys *from, struct arena *a, struct err *e) {
    const struct str *parts[] = {&from->id, &from->secret, &from->token};
    struct str *copies[] = {&to->id, &to->secret, &to->token};
    for (size_t i = 0; i < 3; i++) {
        *copies[i] = (struct str){parts[i]->p ? arena_copy(a, *parts[i]) : NULL, parts[i]->n};
        if (parts[i]->p && !copies[i]->p) return err_set(e, ERR_MEMORY, "out of memory for keys");
    }
    return true;
}

/* A block of its own for found keys, which are views into it then. */
static bool pack(struct credentials *found, char **memory, size_t *bytes, struct err *e) {
    struct arena fixed;
    struct sigv4_keys from = found->keys;
    *bytes = from.id.n + from.secret.n + from.token.n + 512;
    *memory = malloc(*bytes);
    if (!*memory) return err_set(e, ERR_MEMORY, "out of memory for keys");
    arena_init_fixed(&fixed, *memory, *bytes);
    bool ok = copy(&found->keys, &from, &fixed, e);
    arena_close(&fixed);
    if (ok) return true;
    free(*memory);
    return false;
}

static int64_t left_s(const struct credentials_cache *c, int64_t now_s) {
    return c->memory ? c->kept.expires_s - now_s : 0;
}

static bool usable(const struct credentials_cache *c, int64_t now_s) {
    return left_s(c, now_s) >= CREDENTIALS_LEAST_S;
}

enum step { HAND_OUT, ASK, WAIT, FAIL };

static enum step next_step(const struct credentials_cache *c, int64_t now_s) {
    bool pausing = now_s - c->asked_s < c->pause_s && c->asked_s - now_s < c->pause_s;
    if (left_s(c, now_s) > CREDENTIALS_REFRESH_S) return HAND_OUT;
    if (usable(c, now_s)) return c->asking || pausing ? HAND_OUT : ASK;
    if (c->asking) return WAIT;
    return pausing && c->why.kind != ERR_NONE ? FAIL : ASK;
}

/* In working memory that is wiped, into a block that is to be kept. */
static bool ask(const struct credentials_source *source, const struct credentials_time *when, struct credentials *found,
                char **memory, size_t *bytes, struct err *e) {
    struct arena a;
    void *work = malloc(WORK_BYTES);
    if (!work) return err_set(e, ERR_MEMORY, "out of memory for a request for keys");
    arena_init_fixed(&a, work, WORK_BYTES);
    bool ok = source->ask(source->user, when, found, &a, e);
    if (ok && found->expires_s - when->now_s < CREDENTIALS_LEAST_S)
        ok =
            err_set(e, ERR_PROTOCOL, "the keys of %s have ended already; is this machine's clock right?", source->name);
    ok = ok && pack(found, memory, bytes, e);
    arena_close(&a);
    wipe_bytes(work, WORK_BYTES);
    free(work);
    return ok;
}

/* Called and left with the lock held. Only the thread that asks changes what is kept. */
static void refresh(struct credentials_cache *c, const struct credentials_source *source, int64_t now_s,
                    int64_t left_ms) {
    bool good = usable(c, now_s), ok;
    struct credentials_time when = {now_s, good && left_ms / 2 < AHEAD_TIMEOUT_MS ? left_ms / 2 + 1 : left_ms};
    struct credentials found;
    struct err why = {.kind = ERR_NONE};
    char *memory = NULL;
    size_t bytes = 0;
    if (good && when.timeout_ms > AHEAD_TIMEOUT_MS) when.timeout_ms = AHEAD_TIMEOUT_MS;
    c->asking = true;
    pthread_mutex_unlock(&c->lock);
    ok = ask(source, &when, &found, &memory, &bytes, &why);
    if (!ok && good)
        log_line(LOG_WARN, "the keys of %s could not be refreshed; the present ones last %lld s more: %s", source->name,
                 (long long)left_s(c, now_s), why.msg);
    pthread_mutex_lock(&c->lock);
    if (ok) {
        forget(c);
        c->memory = memory;
        c->memory_bytes = bytes;
        c->kept = found;
    }
    c->asked_s = now_s;
    c->pause_s = ok || good ? AHEAD_PAUSE_S : why.kind == ERR_TIMEOUT ? 0 : FAILURE_PAUSE_S; /* a time-out was one */
    c->why = why;
    c->asking = false;
    pthread_cond_broadcast(&c->asked);
}

static void await(struct credentials_cache *c, int64_t end_ms) {
    struct timespec end = {.tv_sec = (time_t)(end_ms / 1000), .tv_nsec = (long)(end_ms % 1000) * 1000000};
    pthread_cond_timedwait(&c->asked, &c->lock, &end);
}

/* With the lock held: until there are keys to hand out, or an error. */
static bool await_keys(struct credentials_cache *c, const struct credentials_source *source,
                       const struct credentials_time *when, struct err *e) {
    int64_t end_ms = clock_monotonic_ms() + (when->timeout_ms < INT32_MAX ? when->timeout_ms : INT32_MAX);
    for (bool asked = false;;) {
        enum step step = next_step(c, when->now_s);
        int64_t left_ms = end_ms - clock_monotonic_ms();
        if (step == HAND_OUT) return true;
        if (step == FAIL || (asked && c->why.kind != ERR_NONE)) {
            *e = c->why;
            return false;
        }
        if (left_ms <= 0) return err_set(e, ERR_TIMEOUT, "there was no time left to get the keys of %s", source->name);
        asked = step == ASK;
        if (asked) refresh(c, source, when->now_s, left_ms);
        else await(c, end_ms);
    }
}

bool credentials_cache_keys(struct credentials_cache *c, const struct credentials_source *source,
                            const struct credentials_time *when, struct sigv4_keys *keys, struct arena *a,
                            struct err *e) {
    pthread_mutex_lock(&c->lock);
    bool ok = await_keys(c, source, when, e) && copy(keys, &c->kept.keys, a, e);
    pthread_mutex_unlock(&c->lock);
    return ok;
}

bool credentials_cache_drop(struct credentials_cache *c, struct str id, int64_t now_s) {
    if (!c->open) return false;
    pthread_mutex_lock(&c->lock);
    bool kept = c->memory && str_eq(c->kept.keys.id, id); /* else another thread was here before */
    bool again = kept && now_s >= c->dropped_s && now_s - c->dropped_s < CREDENTIALS_DROP_S;
    if (kept && !again) {
        forget(c);
        c->pause_s = 0;
        c->dropped_s = now_s;
    }
    pthread_mutex_unlock(&c->lock);
    return !again;
}
