/* SPDX-License-Identifier: Apache-2.0 */
/* One client of the Runtime API and one scripted peer, for the tests of runtime/runtime_api.c. */
#ifndef TESTS_RUNTIME_API_FIXTURE_H
#define TESTS_RUNTIME_API_FIXTURE_H

#include <stdio.h>
#include <time.h>

#include "check.h"
#include "json.h"
#include "log.h"
#include "runtime_api.h"
#include "scripted_server.h"

#define BASE "/2018-06-01/runtime"

static struct arena arena;
static struct scripted_server server;
static struct runtime_api *api;
static struct lambda_invocation inv;
static struct err e;

static inline int set_up(void **state) {
    (void)state;
    arena_init(&arena, 64 << 20);
    log_open(LOG_TEXT, LOG_FATAL, 2);
    e = (struct err){0};
    return 0;
}

static inline int tear_down(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

static inline void start(const struct scripted_step *steps, size_t n) {
    scripted_start(&server, steps, n);
    check_ok(runtime_api_open(str_of(server.host_port), STR(""), &api, &e), e);
}

/* The linker (--wrap) leads the runtime's pauses here: in one of them the peer begins to listen. */
static int pauses_refused;
int __real_nanosleep(const struct timespec *t, struct timespec *left);
int __wrap_nanosleep(const struct timespec *t, struct timespec *left);
int __wrap_nanosleep(const struct timespec *t, struct timespec *left) {
    if (pauses_refused && !--pauses_refused) scripted_listen(&server);
    return __real_nanosleep(t, left);
}

/* A peer that refuses connections until the runtime has paused so often. */
static inline void start_deaf(const struct scripted_step *step, int pauses) {
    scripted_start_deaf(&server, step, 1);
    pauses_refused = pauses;
    check_ok(runtime_api_open(str_of(server.host_port), STR(""), &api, &e), e);
}

static inline void stop(void) {
    runtime_api_close(api);
    scripted_stop(&server);
}

static inline struct lambda_invocation invocation(const char *invocation_id) {
    return (struct lambda_invocation){
        .request_id = STR("req-1"), .invocation_id = str_of(invocation_id), .arena = &arena, .deadline_ms = INT64_MAX};
}

static const struct scripted_step ACCEPTED = {.bytes = STR_INIT("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")};

#define API_CASE(sentence, function) \
    { sentence, function, set_up, tear_down, NULL }

#endif
