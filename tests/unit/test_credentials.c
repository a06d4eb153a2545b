/* SPDX-License-Identifier: Apache-2.0 */
/* handlers/credentials.c: keys that no AWS service would take are refused before anything is sent, and never shown. */
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "credentials.h"
#include "log.h"
#include "scripted_server.h"

static void set(const char *name, const char *value) {
    if (value) setenv(name, value, 1);
    else unsetenv(name);
}

static bool read_keys(const char *id, const char *secret, const char *token, struct sigv4_keys *keys, struct err *e) {
    set("AWS_ACCESS_KEY_ID", id);
    set("AWS_SECRET_ACCESS_KEY", secret);
    set("AWS_SESSION_TOKEN", token);
    return credentials_from_environment(keys, e);
}

static void good_keys(void **state) {
    (void)state;
    struct sigv4_keys keys;
    struct err e;
    check_ok(read_keys("ASIAX", "s/e+c", "token==", &keys, &e), e);
    check_text(keys.id, "ASIAX");
    check_text(keys.secret, "s/e+c");
    check_text(keys.token, "token==");
    check_ok(read_keys("AKIAX", "s", NULL, &keys, &e), e);
    assert_null(keys.token.p);
    check_ok(read_keys("AKIAX", "s", "", &keys, &e), e);
    assert_null(keys.token.p);
    check_ok(read_keys("AKIAX", "s", "token", &keys, &e), e);
    check_text(keys.token, "token");
}

static void bad_keys(void **state) {
    (void)state;
    static const struct {
        const char *id, *secret, *token, *named;
    } bad[] = {
        {NULL, "Se3cret", NULL, "AWS_ACCESS_KEY_ID"},
        {"", "Se3cret", NULL, "AWS_ACCESS_KEY_ID"},
        {"AKIAX", NULL, NULL, "AWS_SECRET_ACCESS_KEY"},
        {"AKIAX", "", NULL, "AWS_SECRET_ACCESS_KEY"},
        {"ASIAX", "Se3cret", NULL, "AWS_SESSION_TOKEN"},
        {"ASIAX", "Se3cret", "", "AWS_SESSION_TOKEN"},
        {"ASIAX", "Se3cret", "undefined", "AWS_SESSION_TOKEN"},
        {"ASIAX", "Se3cret", "null", "AWS_SESSION_TOKEN"},
        {"AKIAX\n", "Se3cret", NULL, "control byte"},
        {"AKIAX", "Se3cret\n", NULL, "control byte"},
        {"ASIAX", "Se3cret", "tok\ren", "AWS_SESSION_TOKEN holds a control byte"},
        {"ASIAX", "Se3cret", "None", "AWS_SESSION_TOKEN"},
        {"AKIAX", "Se3cret", "undefined", "AWS_SESSION_TOKEN"},
        {"AKIAX", "undefined", NULL, "AWS_SECRET_ACCESS_KEY"},
        {"undefined", "Se3cret", NULL, "AWS_ACCESS_KEY_ID"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct sigv4_keys keys;
        struct err e;
        if (read_keys(bad[i].id, bad[i].secret, bad[i].token, &keys, &e)) fail_msg("taken: case %zu", i);
        assert_int_equal(e.kind, ERR_CONFIG);
        if (!strstr(e.msg, bad[i].named)) fail_msg("case %zu: %s", i, e.msg);
        assert_null(strstr(e.msg, "Se3cret"));
    }
}

/* Finds keys with a container endpoint named that answers once; how often it was asked. */
static int find_keys(const char *id, struct sigv4_keys *keys, struct arena *arena) {
    static const char body[] = "{\"AccessKeyId\":\"ASIACONTAINER\",\"SecretAccessKey\":\"s\",\"Token\":\"t\","
                               "\"Expiration\":\"2023-11-14T23:13:20Z\"}";
    struct scripted_server server;
    struct credentials_cache cache;
    struct credentials_time when = {1700000000, 5000};
    struct err e;
    char url[80];
    const struct scripted_step step = {.bytes = scripted_answer("200 OK", "", str_of(body), arena)};
    scripted_start(&server, &step, 1);
    snprintf(url, sizeof url, "http://%s/keys", server.host_port);
    set("AWS_CONTAINER_CREDENTIALS_FULL_URI", url);
    set("AWS_ACCESS_KEY_ID", id);
    check_ok(credentials_cache_open(&cache, &e), e);
    check_ok(credentials_find(&cache, &when, keys, arena, &e), e);
    credentials_cache_close(&cache);
    scripted_stop(&server);
    scripted_close(&server);
    return server.requests;
}

static void endpoint(void **state) {
    (void)state;
    struct arena arena;
    struct sigv4_keys keys;
    arena_init(&arena, 1 << 20);
    log_open(LOG_TEXT, LOG_FATAL, 2);
    set("AWS_SECRET_ACCESS_KEY", "s");
    set("AWS_SESSION_TOKEN", NULL);
    assert_int_equal(find_keys("AKIAENVIRONMENT", &keys, &arena), 0);
    check_text(keys.id, "AKIAENVIRONMENT");
    assert_int_equal(find_keys("", &keys, &arena), 1);
    check_text(keys.id, "ASIACONTAINER");
    assert_int_equal(find_keys(NULL, &keys, &arena), 1);
    set("AWS_CONTAINER_CREDENTIALS_FULL_URI", NULL);
    arena_close(&arena);
}

static void nothing(void **state) {
    (void)state;
    struct credentials_cache cache = {0};
    struct credentials_time when = {1700000000, 5000};
    struct sigv4_keys keys;
    struct err e;
    set("AWS_ACCESS_KEY_ID", NULL);
    set("AWS_CONTAINER_CREDENTIALS_FULL_URI", "");
    assert_false(credentials_find(&cache, &when, &keys, NULL, &e));
    assert_string_equal(e.msg, "AWS_ACCESS_KEY_ID is not set");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE("keys with and without a token are read, an empty token is none", good_keys),
        CASE("missing, cut or misspelt keys are refused by name and never shown", bad_keys),
        CASE("the container endpoint is asked only when the environment has no key", endpoint),
        CASE("without key and endpoint the missing key is named", nothing),
    };
    return cmocka_run_group_tests_name("credentials", tests, NULL, NULL);
}
