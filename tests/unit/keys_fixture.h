/* SPDX-License-Identifier: Apache-2.0 */
/* A scripted source of keys and the keys that came of it, for the tests of each source. */
#ifndef TESTS_KEYS_FIXTURE_H
#define TESTS_KEYS_FIXTURE_H

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "credentials_cache.h"
#include "log.h"
#include "scripted_server.h"
#include "with_arena.h"

enum { NOW = 1700000000 }; /* 2023-11-14T22:13:20Z */

static struct scripted_server server;
static struct sigv4_keys keys;
static struct err e;

static inline struct scripted_step answer(const char *status, const char *body) {
    return (struct scripted_step){
        .bytes = scripted_answer(status, "Content-Type: application/json\r\n", str_of(body), &arena)};
}

/* The server's address and `tail` go into the variable. */
static inline void start_at(const char *variable, const char *tail, const struct scripted_step *steps, size_t n) {
    char url[128];
    scripted_start(&server, steps, n);
    snprintf(url, sizeof url, "http://%s%s", server.host_port, tail);
    setenv(variable, url, 1);
}

static inline void stop_after(int requests) {
    scripted_stop(&server);
    assert_int_equal(server.requests, requests);
}

/* One of eight threads that ask at once. */
struct asker {
    pthread_t thread;
    bool (*ask)(const struct credentials_time *when, struct sigv4_keys *mine, struct arena *a, struct err *why);
    const char *id; /* what it is to get */
    bool ok;
};

static inline void *ask_once(void *user) {
    struct asker *asker = user;
    const struct credentials_time when = {NOW, 20000};
    struct sigv4_keys mine;
    struct arena a;
    struct err why;
    arena_init(&a, 1 << 20);
    asker->ok = asker->ask(&when, &mine, &a, &why) && str_eq(mine.id, str_of(asker->id));
    arena_close(&a);
    return NULL;
}

static inline void check_eight_ask(const struct asker *asker) {
    struct asker askers[8];
    for (size_t i = 0; i < 8; i++) {
        askers[i] = *asker;
        assert_int_equal(pthread_create(&askers[i].thread, NULL, ask_once, &askers[i]), 0);
    }
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(pthread_join(askers[i].thread, NULL), 0);
        assert_true(askers[i].ok);
    }
}

#endif
