/* SPDX-License-Identifier: Apache-2.0 */
/* A stack under a lock; nothing that waits is done inside. */
#include "client_pool.h"

#include <stdlib.h>

struct client_pool_member {
    struct http_client *http;
    struct client_pool_member *next;
    unsigned era;
};

static void end(struct client_pool_member *m) {
    http_close(m->http);
    free(m);
}

static bool make(const struct client_pool *pool, unsigned era, struct client_pool_member **member, struct err *e) {
    struct client_pool_member *m = calloc(1, sizeof *m);
    if (!m) return err_set(e, ERR_MEMORY, "out of memory for an HTTP client");
    m->era = era;
    *member = m;
    if (http_open(&pool->origin, &pool->options, &m->http, e)) return true;
    free(m);
    return false;
}

bool client_pool_open(struct client_pool *pool, const struct url *origin, const struct http_options *options,
                      struct err *e) {
    *pool = (struct client_pool){.origin = *origin, .options = *options};
    if (!make(pool, 0, &pool->idle, e)) return false;
    pool->open = pthread_mutex_init(&pool->lock, NULL) == 0;
    if (pool->open) return true;
    end(pool->idle);
    return err_set(e, ERR_MEMORY, "out of memory for a lock");
}

/* A connection of an earlier era is given up here, where its client is needed again. */
bool client_pool_take(struct client_pool *pool, struct client_pool_member **member, struct err *e) {
    pthread_mutex_lock(&pool->lock);
    struct client_pool_member *m = pool->idle;
    unsigned era = pool->era;
    if (m) pool->idle = m->next;
    pthread_mutex_unlock(&pool->lock);
    if (!m) return make(pool, era, member, e);
    if (m->era != era) http_disconnect(m->http);
    m->era = era;
    *member = m;
    return true;
}

struct http_client *client_pool_http(const struct client_pool_member *m) {
    return m->http;
}

void client_pool_give(struct client_pool *pool, struct client_pool_member *m) {
    pthread_mutex_lock(&pool->lock);
    m->next = pool->idle;
    pool->idle = m;
    pthread_mutex_unlock(&pool->lock);
}

void client_pool_disconnect(struct client_pool *pool) {
    pthread_mutex_lock(&pool->lock);
    pool->era++;
    pthread_mutex_unlock(&pool->lock);
}

void client_pool_close(struct client_pool *pool) {
    if (!pool->open) return;
    for (struct client_pool_member *m = pool->idle, *next; m; m = next) {
        next = m->next;
        end(m);
    }
    pthread_mutex_destroy(&pool->lock);
    *pool = (struct client_pool){0};
}
