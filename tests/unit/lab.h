/* SPDX-License-Identifier: Apache-2.0 */
/* One function with the fake bootstrap, or with none, and threads that invoke it. */
#ifndef TESTS_LAB_H
#define TESTS_LAB_H

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "function.h"
#include "log.h"

enum { LAB_START_MS = 30000, LAB_INVOKE_MS = 60000 };

struct lab {
    struct model_function model;
    struct function_options options;
    struct function *function;
    struct arena arena;
    char handler[256], sanitizer[4][512];
    char *environment[8];
};

static inline void lab_set_environment(struct lab *lab, const char *handler) {
    static const char *const passed_on[] = {"ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"};
    size_t n = 0;
    snprintf(lab->handler, sizeof lab->handler, "_HANDLER=%s", handler);
    lab->environment[n++] = lab->handler;
    for (size_t i = 0; i < 4; i++) {
        const char *value = getenv(passed_on[i]);
        if (!value) continue;
        snprintf(lab->sanitizer[i], sizeof lab->sanitizer[i], "%s=%s", passed_on[i], value);
        lab->environment[n++] = lab->sanitizer[i];
    }
}

/* What a case changes before lab_open_function. */
static inline void lab_prepare(struct lab *lab, const char *bootstrap, const char *handler, int64_t timeout_s) {
    *lab = (struct lab){.model = {.logical_id = STR("Fn"), .arn = STR("arn:aws:lambda:x:1:function:fn")}};
    lab->model.timeout_s = timeout_s;
    log_open(LOG_TEXT, LOG_FATAL, 1);
    arena_init(&lab->arena, 256 * 1024 * 1024);
    lab_set_environment(lab, handler);
    lab->options = (struct function_options){.model = &lab->model,
                                             .bootstrap = bootstrap,
                                             .task_root = "/",
                                             .environment = lab->environment,
                                             .concurrency = 1,
                                             .init_timeout_ms = LAB_START_MS};
}

static inline void lab_open_function(struct lab *lab) {
    struct err e;
    check_ok(function_open(&lab->options, &lab->function, &e), e);
}

/* Opens everything, with one environment; its process is started by lab_start or by the first invocation. */
static inline void lab_open(struct lab *lab, const char *bootstrap, const char *handler, int64_t timeout_s) {
    lab_prepare(lab, bootstrap, handler, timeout_s);
    lab_open_function(lab);
}

static inline void lab_close(struct lab *lab) {
    function_close(lab->function);
    arena_close(&lab->arena);
}

/* Of a function without a bootstrap: where its Runtime API is. */
static inline uint16_t lab_port(const struct lab *lab) {
    const char *api = function_variables(lab->function)[0];
    return (uint16_t)strtoul(strrchr(api, ':') + 1, NULL, 10);
}

static inline void lab_start(struct lab *lab) {
    struct err e;
    check_ok(function_start(lab->function, &e), e);
}

/* One invocation in a thread of its own. */
struct lab_call {
    pthread_t thread;
    struct lab *lab;
    struct str event, request_id;
    int64_t timeout_ms;
    bool streams; /* it takes a reply while it is written */
    struct function_result result;
    struct arena arena;
    bool ok;
};

static inline void *lab_call_run(void *user) {
    struct lab_call *c = user;
    struct err e;
    c->ok = (c->streams ? function_invoke_stream : function_invoke)(
        c->lab->function, c->event, c->request_id, STR("Root=1-0-0"), c->timeout_ms, &c->result, &c->arena, &e);
    return NULL;
}

static inline void lab_call_begin(struct lab_call *c) {
    arena_init(&c->arena, 32 * 1024 * 1024);
    assert_int_equal(pthread_create(&c->thread, NULL, lab_call_run, c), 0);
}

static inline void lab_call_start(struct lab *lab, struct lab_call *c, const char *event, const char *id) {
    *c = (struct lab_call){.lab = lab, .event = str_of(event), .request_id = str_of(id), .timeout_ms = LAB_INVOKE_MS};
    lab_call_begin(c);
}

/* The body lives until the call is closed. */
static inline void lab_call_end(struct lab_call *c, enum function_outcome outcome) {
    pthread_join(c->thread, NULL);
    assert_true(c->ok);
    assert_int_equal(c->result.outcome, outcome);
}

static inline void lab_call_close(struct lab_call *c) {
    arena_close(&c->arena);
}

/* One invocation, here and now. */
static inline struct function_result lab_invoke_for(struct lab *lab, const char *event, int64_t timeout_ms) {
    static unsigned count;
    struct function_result result;
    struct err e;
    char id[32];
    snprintf(id, sizeof id, "request-%u", ++count);
    check_ok(function_invoke(lab->function, str_of(event), str_of(id), STR("Root=1-0-0"), timeout_ms, &result,
                             &lab->arena, &e),
             e);
    return result;
}

static inline struct str lab_invoke(struct lab *lab, const char *event, enum function_outcome outcome) {
    struct function_result result = lab_invoke_for(lab, event, LAB_INVOKE_MS);
    assert_int_equal(result.outcome, outcome);
    return result.body;
}

static inline void lab_sleep_ms(int ms) {
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L}, NULL);
}

/* Gone, or a zombie that nobody may reap here. */
static inline bool lab_is_dead(pid_t pid) {
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    FILE *f = fopen(path, "r");
    if (!f) return true;
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[n] = 0;
    const char *behind_name = strrchr(text, ')');
    return !n || (behind_name && (behind_name[2] == 'Z' || behind_name[2] == 'X'));
}

static inline bool lab_dies(pid_t pid) {
    for (int i = 0; i < 3000 && !lab_is_dead(pid); i++) lab_sleep_ms(10);
    return lab_is_dead(pid);
}

static inline pid_t lab_pid(struct lab *lab, const char *order) {
    int64_t pid = 0;
    assert_true(str_read_int64(lab_invoke(lab, order, FUNCTION_REPLY), 1, INT32_MAX, &pid));
    return (pid_t)pid;
}

#endif
