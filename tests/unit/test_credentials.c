/* SPDX-License-Identifier: Apache-2.0 */
/* handlers/credentials.c: keys that no AWS service would take are refused before anything is sent, and never shown. */
#include <stdlib.h>

#include "check.h"
#include "credentials.h"

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
        {NULL, "Se3cret", NULL, "AWS_ACCESS_KEY_ID"},           {"", "Se3cret", NULL, "AWS_ACCESS_KEY_ID"},
        {"AKIAX", NULL, NULL, "AWS_SECRET_ACCESS_KEY"},         {"AKIAX", "", NULL, "AWS_SECRET_ACCESS_KEY"},
        {"ASIAX", "Se3cret", NULL, "AWS_SESSION_TOKEN"},        {"ASIAX", "Se3cret", "", "AWS_SESSION_TOKEN"},
        {"ASIAX", "Se3cret", "undefined", "AWS_SESSION_TOKEN"}, {"ASIAX", "Se3cret", "null", "AWS_SESSION_TOKEN"},
        {"AKIAX\n", "Se3cret", NULL, "control byte"},           {"AKIAX", "Se3cret\n", NULL, "control byte"},
        {"ASIAX", "Se3cret", "tok\ren", "control byte"},
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

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE("keys with and without a token are read, an empty token is none", good_keys),
        CASE("missing, cut or misspelt keys are refused by name and never shown", bad_keys),
    };
    return cmocka_run_group_tests_name("credentials", tests, NULL, NULL);
}
