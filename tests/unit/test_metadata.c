/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/metadata.c: asked once, remembered, forgotten; and nobody gets to see the token. */
#include <pthread.h>
#include <time.h>

#include "check.h"
#include "metadata.h"
#include "scripted_server.h"

#define TOKEN "s3cr3t-t0k3n"
#define ANSWER(status, fields, n, body) "HTTP/1.1 " status "\r\n" fields "Content-Length: " n "\r\n\r\n" body
#define ZONE(fields, name) ANSWER("200 OK", fields, "33", "{\"AvailabilityZoneID\":\"" name "\"}")

static int64_t later_s;

/* The linker (--wrap) leads every clock_gettime of this program to the first, and keeps the second for the real one. */
int moved_clock(clockid_t id, struct timespec *t) __asm__("__wrap_clock_gettime");
int real_clock(clockid_t id, struct timespec *t) __asm__("__real_clock_gettime");

int moved_clock(clockid_t id, struct timespec *t) {
    int result = real_clock(id, t);
    t->tv_sec += (time_t)later_s;
    return result;
}

static struct scripted_server server;
static struct metadata *metadata;
static struct arena arena;

static void start(const struct scripted_step *steps, size_t n) {
    struct err e;
    later_s = 0;
    arena_init(&arena, 64 * 1024);
    scripted_start(&server, steps, n);
    check_ok(metadata_open(str_of(server.host_port), STR(TOKEN), &metadata, &e), e);
}

#define START(steps) start(steps, sizeof steps / sizeof *steps)

static void stop(int requests) {
    metadata_close(metadata);
    scripted_stop(&server);
    assert_int_equal(server.requests, requests);
    scripted_close(&server);
    arena_close(&arena);
}

static void check_zone(const char *expected) {
    struct str id;
    struct err e;
    check_ok(metadata_availability_zone_id(metadata, &id, &arena, &e), e);
    check_str(id, str_of(expected));
}

static void request(void **state) {
    (void)state;
    static const struct scripted_step steps[] = {{.bytes = STR_INIT(ZONE("", "use1-az1"))}};
    START(steps);
    check_zone("use1-az1");
    scripted_stop(&server);
    check_text(scripted_line(server.request[0]), "GET /2026-01-15/metadata/execution-environment HTTP/1.1");
    check_text(scripted_field(server.request[0], "Authorization"), "Bearer " TOKEN);
    check_str(scripted_field(server.request[0], "Host"), str_of(server.host_port));
    metadata_close(metadata);
    scripted_close(&server);
    arena_close(&arena);
}

static void asked_once(void **state) {
    (void)state;
    static const struct scripted_step steps[] = {{.bytes = STR_INIT(ZONE("", "use1-az1"))},
                                                 {.bytes = STR_INIT(ZONE("", "use1-az2"))}};
    START(steps);
    check_zone("use1-az1");
    later_s = 43190;
    check_zone("use1-az1");
    later_s = 43210;
    check_zone("use1-az2");
    stop(2);
}

static void cache_control(void **state) {
    (void)state;
    static const struct scripted_step steps[] = {
        {.bytes = STR_INIT(ZONE("Cache-Control: private, MAX-AGE=60, immutable\r\n", "use1-az1"))},
        {.bytes = STR_INIT(ZONE("Cache-Control: max-age=0\r\n", "use1-az2"))},
        {.bytes = STR_INIT(ZONE("Cache-Control: private,no-store\r\n", "use1-az3"))},
        {.bytes = STR_INIT(ZONE("Cache-Control: max-age=\r\n", "use1-az4"))},
        {.bytes = STR_INIT(ZONE("Cache-Control: private\r\n", "use1-az5"))}};
    START(steps);
    check_zone("use1-az1");
    later_s = 50;
    check_zone("use1-az1");
    later_s = 70;
    check_zone("use1-az2");
    check_zone("use1-az3");
    check_zone("use1-az4");
    check_zone("use1-az5");
    later_s = 43000;
    check_zone("use1-az5");
    stop(5);
}

static void forgotten(void **state) {
    (void)state;
    static const struct scripted_step steps[] = {{.bytes = STR_INIT(ZONE("", "use1-az1"))},
                                                 {.bytes = STR_INIT(ZONE("", "use1-az2"))}};
    START(steps);
    check_zone("use1-az1");
    metadata_forget(metadata);
    check_zone("use1-az2");
    check_zone("use1-az2");
    metadata_close(metadata);
    scripted_stop(&server);
    assert_int_equal(server.requests, 2);
    assert_int_equal(server.connections, 2); /* the one from before the snapshot is not used again */
    scripted_close(&server);
    arena_close(&arena);
}

static void failures(void **state) {
    (void)state;
    static const struct scripted_step steps[] = {
        {.bytes = STR_INIT(ANSWER("401 Unauthorized", "", "0", ""))},
        {.bytes = STR_INIT(ANSWER("405 Method Not Allowed", "", "0", ""))},
        {.bytes = STR_INIT(ANSWER("500 Internal Server Error", "", "0", ""))},
        {.bytes = STR_INIT(ANSWER("302 Found", "Location: /\r\n", "0", ""))},
        {.bytes = STR_INIT(ANSWER("200 OK", "", "2", "{}"))},
        {.bytes = STR_INIT(ANSWER("200 OK", "", "3", "az1"))},
        {.bytes = STR_INIT(ANSWER("200 OK", "", "25", "{\"AvailabilityZoneID\":\"\"}"))},
        {.bytes = STR_INIT(ANSWER("200 OK", "", "24", "{\"AvailabilityZoneID\":7} "))},
        {.bytes = STR_INIT(ZONE("", "use1-az1"))}};
    static const struct {
        enum err_kind kind;
        const char *words;
    } expected[] = {{ERR_REFUSED, "AWS_LAMBDA_METADATA_TOKEN is not this environment's token"},
                    {ERR_PROTOCOL, "405: AWS_LAMBDA_METADATA_API names another server"},
                    {ERR_PROTOCOL, "500: the metadata endpoint failed"},
                    {ERR_PROTOCOL, "302 instead of 200"},
                    {ERR_PROTOCOL, "without an AvailabilityZoneID"},
                    {ERR_PROTOCOL, "not JSON"},
                    {ERR_PROTOCOL, "without an AvailabilityZoneID"},
                    {ERR_PROTOCOL, "without an AvailabilityZoneID"}};
    START(steps);
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        struct str id;
        struct err e;
        assert_false(metadata_availability_zone_id(metadata, &id, &arena, &e));
        assert_int_equal(e.kind, expected[i].kind);
        if (!strstr(e.msg, expected[i].words)) fail_msg("\"%s\" does not say \"%s\"", e.msg, expected[i].words);
        assert_null(strstr(e.msg, TOKEN));
    }
    check_zone("use1-az1"); /* a failure is not remembered */
    stop(9);
}

static void nobody_there(void **state) {
    (void)state;
    static const struct scripted_step none[1];
    struct str id;
    struct err e;
    start(none, 0);
    scripted_stop(&server);
    assert_false(metadata_availability_zone_id(metadata, &id, &arena, &e));
    assert_int_equal(e.kind, ERR_NETWORK);
    assert_null(strstr(e.msg, TOKEN));
    metadata_close(metadata);
    scripted_close(&server);
    arena_close(&arena);
}

static void *ask(void *user) {
    struct arena a;
    struct str id;
    struct err e;
    (void)user;
    arena_init(&a, 4096);
    bool ok = metadata_availability_zone_id(metadata, &id, &a, &e) && str_eq(id, STR("use1-az1"));
    arena_close(&a);
    return ok ? &server : NULL;
}

static void many_threads(void **state) {
    (void)state;
    static const struct scripted_step steps[] = {{.bytes = STR_INIT(ZONE("", "use1-az1"))}};
    pthread_t threads[8];
    START(steps);
    for (int i = 0; i < 8; i++) assert_int_equal(pthread_create(&threads[i], NULL, ask, NULL), 0);
    for (int i = 0; i < 8; i++) {
        void *result;
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_non_null(result);
    }
    stop(1);
}

static void bad_configuration(void **state) {
    (void)state;
    char long_token[8192];
    memset(long_token, 'x', sizeof long_token);
    const struct {
        struct str host_port, token;
        const char *words;
    } cases[] = {
        {{0}, STR(TOKEN), "AWS_LAMBDA_METADATA_API is not set"},
        {STR(""), STR(TOKEN), "AWS_LAMBDA_METADATA_API is not set"},
        {STR("127.0.0.1:1/x"), STR(TOKEN), "it should be host:port"},
        {STR("127.0.0.1:99999"), STR(TOKEN), "it should be host:port"},
        {STR("127.0.0.1:1?x"), STR(TOKEN), "it should be host:port"},
        {{long_token, sizeof long_token}, STR(TOKEN), "it should be host:port"},
        {STR("127.0.0.1:1"), {0}, "AWS_LAMBDA_METADATA_TOKEN is not set"},
        {STR("127.0.0.1:1"), STR(TOKEN "\r\nX: y"), "cannot be sent in a header field"},
        {STR("127.0.0.1:1"), {long_token, sizeof long_token}, "cannot be sent in a header field"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct metadata *m;
        struct err e;
        assert_false(metadata_open(cases[i].host_port, cases[i].token, &m, &e));
        assert_int_equal(e.kind, ERR_CONFIG);
        if (!strstr(e.msg, cases[i].words)) fail_msg("\"%s\" does not say \"%s\"", e.msg, cases[i].words);
        assert_null(strstr(e.msg, TOKEN));
    }
}

static void no_memory(void **state) {
    (void)state;
    static const struct scripted_step steps[] = {{.bytes = STR_INIT(ZONE("", "use1-az1"))}};
    struct arena small;
    struct str id;
    struct err e;
    START(steps);
    arena_init(&small, 4);
    assert_false(metadata_availability_zone_id(metadata, &id, &small, &e));
    assert_int_equal(e.kind, ERR_MEMORY);
    stop(1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE("the endpoint is asked with the token", request),
        CASE("it is asked once in 43,200 s", asked_once),
        CASE("its Cache-Control is obeyed", cache_control),
        CASE("after a restore it is asked again, on a new connection", forgotten),
        CASE("each failure is named, without the token, and asked again", failures),
        CASE("an endpoint that is not there is a network error", nobody_there),
        CASE("many threads ask once", many_threads),
        CASE("unusable variables are named, without the token", bad_configuration),
        CASE("an arena that is full is an error", no_memory),
    };
    return cmocka_run_group_tests_name("metadata", tests, NULL, NULL);
}
