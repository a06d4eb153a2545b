/* SPDX-License-Identifier: Apache-2.0 */
/* A thread looks after the deadlines. It only shuts a connection down: the server's own thread sees the end, and closes. */
#include "connections.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "clock.h"
#include "log.h"

struct connection {
    struct connection *next, **self; /* self: what points to this one */
    int fd;
    int64_t end_ms;
};

struct connections {
    pthread_mutex_t lock;
    pthread_cond_t stopped;
    pthread_t thread;
    struct connection *first;
    unsigned n, max, part_s;
    uint16_t port;
    bool full_told, stopping;
};

static void wait_until(struct connections *all, int64_t until_ms) {
    struct timespec t = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
    pthread_cond_timedwait(&all->stopped, &all->lock, &t);
}

static void end_late(struct connections *all, struct connection *c) {
    c->end_ms = INT64_MAX;
    log_line(LOG_WARN, "port %u: a connection is closed: head or body of its request took more than %u s",
             (unsigned)all->port, all->part_s);
    shutdown(c->fd, SHUT_RDWR);
}

/* A deadline that is set while this sleeps is no nearer than the end of the sleep. */
static void *keep_time(void *user) {
    struct connections *all = user;
    pthread_mutex_lock(&all->lock);
    while (!all->stopping) {
        int64_t now_ms = clock_monotonic_ms(), next_ms = now_ms + (int64_t)all->part_s * 1000;
        for (struct connection *c = all->first; c; c = c->next) {
            if (c->end_ms <= now_ms) end_late(all, c);
            if (c->end_ms < next_ms) next_ms = c->end_ms;
        }
        wait_until(all, next_ms);
    }
    pthread_mutex_unlock(&all->lock);
    return NULL;
}

static bool make_locks(struct connections *all) {
    pthread_condattr_t monotonic;
    if (pthread_condattr_init(&monotonic) != 0) return false;
    bool ok = pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0 &&
              pthread_cond_init(&all->stopped, &monotonic) == 0;
    pthread_condattr_destroy(&monotonic);
    if (ok && pthread_mutex_init(&all->lock, NULL) == 0) return true;
    if (ok) pthread_cond_destroy(&all->stopped);
    return false;
}

static void destroy(struct connections *all) {
    pthread_mutex_destroy(&all->lock);
    pthread_cond_destroy(&all->stopped);
    free(all);
}

bool connections_open(struct connections **all, unsigned max, unsigned part_s, struct err *e) {
    struct connections *c = calloc(1, sizeof *c);
    if (!c || !make_locks(c)) {
        free(c);
        return err_set(e, ERR_MEMORY, "out of memory for a server");
    }
    c->max = max;
    c->part_s = part_s;
    if (part_s && pthread_create(&c->thread, NULL, keep_time, c) != 0) {
        destroy(c);
        return err_set(e, ERR_MEMORY, "cannot start a thread for a server");
    }
    *all = c;
    return true;
}

void connections_close(struct connections *all) {
    if (!all) return;
    pthread_mutex_lock(&all->lock);
    all->stopping = true;
    pthread_cond_broadcast(&all->stopped);
    pthread_mutex_unlock(&all->lock);
    if (all->part_s) pthread_join(all->thread, NULL);
    destroy(all);
}

void connections_set_port(struct connections *all, uint16_t port) {
    pthread_mutex_lock(&all->lock);
    all->port = port;
    pthread_mutex_unlock(&all->lock);
}

/* Said once, until there is room again. */
bool connections_admit(struct connections *all) {
    pthread_mutex_lock(&all->lock);
    bool room = all->n < all->max, tell = !room && !all->full_told;
    all->full_told = !room;
    unsigned port = all->port;
    pthread_mutex_unlock(&all->lock);
    if (tell)
        log_line(LOG_WARN,
                 "port %u has %u connections, as many as there may be: others are closed until one of them ends", port,
                 all->max);
    return room;
}

struct connection *connections_join(struct connections *all, int fd) {
    struct connection *c = calloc(1, sizeof *c);
    pthread_mutex_lock(&all->lock);
    all->n++;
    if (c) {
        *c = (struct connection){all->first, &all->first, fd, INT64_MAX};
        if (c->next) c->next->self = &c->next;
        all->first = c;
    }
    pthread_mutex_unlock(&all->lock);
    connections_await_part(all, c);
    return c;
}

void connections_leave(struct connections *all, struct connection *c) {
    pthread_mutex_lock(&all->lock);
    all->n--;
    if (c) *c->self = c->next;
    if (c && c->next) c->next->self = c->self;
    pthread_mutex_unlock(&all->lock);
    free(c);
}

static void set_end(struct connections *all, struct connection *c, int64_t end_ms) {
    if (!c) return;
    pthread_mutex_lock(&all->lock);
    c->end_ms = end_ms;
    pthread_mutex_unlock(&all->lock);
}

void connections_await_part(struct connections *all, struct connection *c) {
    set_end(all, c, all->part_s ? clock_monotonic_ms() + (int64_t)all->part_s * 1000 : INT64_MAX);
}

void connections_have_request(struct connections *all, struct connection *c) {
    set_end(all, c, INT64_MAX);
}
