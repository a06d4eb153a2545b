/* SPDX-License-Identifier: Apache-2.0 */
/* local/profile.c: AWS's shared credentials file and the environment. */
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "profile.h"

#define SAMPLE \
    "# a comment\n; another\n\n[default]\naws_access_key_id=AKIADEFAULT\naws_secret_access_key = s=e/c+r \n" \
    "[ bob ] # with a word\r\n\taws_access_key_id = ASIABOB\r\nregion = x\r\nAWS_SECRET_ACCESS_KEY=bobs\r\n" \
    "aws_session_token = tok==\r\n[empty]\n[last]\naws_secret_access_key=l\naws_access_key_id=AKIALAST"

static struct arena arena;

static int open_arena(void **state) {
    (void)state;
    arena_init(&arena, 4 * 1024 * 1024);
    return 0;
}

static int close_arena(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

static void reads_profiles(void **state) {
    (void)state;
    struct profile k;
    struct err e;
    check_ok(profile_read(STR(SAMPLE), "f", STR("default"), &k, &e), e);
    check_text(k.keys.id, "AKIADEFAULT");
    check_text(k.keys.secret, "s=e/c+r");
    assert_null(k.keys.token.p);
    check_ok(profile_read(STR(SAMPLE), "f", STR("bob"), &k, &e), e);
    check_text(k.keys.id, "ASIABOB");
    check_text(k.keys.secret, "bobs");
    check_text(k.keys.token, "tok==");
    check_ok(profile_read(STR(SAMPLE), "f", STR("last"), &k, &e), e);
    check_text(k.keys.id, "AKIALAST");
}

static void names_place(void **state) {
    (void)state;
    static const char *const bad[][2] = {
        {"[p]\naws_access_key_id=A\n", "f: profile [p] has no aws_secret_access_key"},
        {"[p]\naws_secret_access_key=HIDDEN\n", "f: profile [p] has no aws_access_key_id"},
        {"[P]\n", "f: there is no profile [p]"},
        {"", "f: there is no profile [p]"},
        {"[p]\n\nHIDDEN\n", "f:3: neither [profile] nor name = value"},
        {"[q]\nHIDDEN", "f:2: neither [profile] nor name = value"},
        {"[p\n", "f:1: a profile's name has no ']'"},
        {"[p] HIDDEN\n", "f:1: there is text behind a profile's ']'"},
        {"[p]\n[q]\n[p]\n", "f:3: the profile is there a second time"},
        {"[p]\naws_access_key_id=HIDDEN\naws_access_key_id=HIDDEN\n", "f:3: this key is there a second time"},
        {"[p]\naws_session_token=\n", "f:2: this key has no value"},
        {"[p]\naws_access_key_id=HID\x01"
         "DEN\n",
         "f:2: a control byte stands in a value"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct profile k;
        struct err e = {0};
        assert_false(profile_read(str_of(bad[i][0]), "f", STR("p"), &k, &e));
        assert_string_equal(e.msg, bad[i][1]);
        assert_int_equal(e.kind, ERR_CONFIG);
    }
}

static void every_prefix(void **state) {
    (void)state;
    struct str text = STR(SAMPLE);
    for (size_t n = 0; n <= text.n; n++) {
        struct profile k;
        struct err e;
        char *exact = malloc(n ? n : 1); /* so that a sanitizer sees a byte too far */
        assert_non_null(exact);
        memcpy(exact, text.p, n);
        profile_read((struct str){exact, n}, "f", STR("last"), &k, &e);
        free(exact);
    }
}

static void set(const char *name, const char *value) {
    if (value) assert_int_equal(setenv(name, value, 1), 0);
    else unsetenv(name);
}

static void environment(void **state) {
    (void)state;
    struct profile k;
    struct err e;
    set("AWS_ACCESS_KEY_ID", NULL);
    assert_false(profile_find(NULL, NULL, &k, &arena, &e));
    set("AWS_ACCESS_KEY_ID", "AKIA1");
    set("AWS_SECRET_ACCESS_KEY", NULL);
    assert_false(profile_find(NULL, NULL, &k, &arena, &e));
    set("AWS_SECRET_ACCESS_KEY", "s");
    set("AWS_SESSION_TOKEN", NULL);
    check_ok(profile_find(NULL, NULL, &k, &arena, &e), e);
    check_text(k.keys.id, "AKIA1");
    assert_int_equal(k.keys.token.n, 0);
    set("AWS_ACCESS_KEY_ID", "ASIA1");
    assert_false(profile_find(NULL, NULL, &k, &arena, &e));
    assert_non_null(strstr(e.msg, "AWS_SESSION_TOKEN"));
    set("AWS_SESSION_TOKEN", "t");
    check_ok(profile_find(NULL, NULL, &k, &arena, &e), e);
    check_text(k.keys.token, "t");
}

static void files(void **state) {
    (void)state;
    char home[] = "/tmp/test_profile_XXXXXX", path[128];
    struct profile k;
    struct err e;
    assert_non_null(mkdtemp(home));
    snprintf(path, sizeof path, "%s/credentials", home);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fputs(
        "[a]\naws_access_key_id=ASIA1\naws_secret_access_key=s\n[b]\naws_access_key_id=AKIA2\naws_secret_access_key=s",
        f);
    assert_int_equal(fclose(f), 0);
    check_ok(profile_find("b", path, &k, &arena, &e), e);
    check_text(k.keys.id, "AKIA2");
    set("AWS_SHARED_CREDENTIALS_FILE", path);
    check_ok(profile_find("b", NULL, &k, &arena, &e), e);
    assert_false(profile_find("a", NULL, &k, &arena, &e));
    assert_non_null(strstr(e.msg, "aws_session_token"));
    set("AWS_SHARED_CREDENTIALS_FILE", NULL);
    set("HOME", home);
    assert_false(profile_find("b", NULL, &k, &arena, &e));
    assert_non_null(strstr(e.msg, "/.aws/credentials: "));
    set("HOME", NULL);
    assert_false(profile_find("b", NULL, &k, &arena, &e));
    assert_int_equal(remove(path), 0);
    assert_int_equal(remove(home), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE("comments, CRLF, indents and other settings are read past", reads_profiles),
        CASE("an error names file and line, never a value", names_place),
        CASE("any prefix of a file is read without harm", every_prefix),
        CASE("without a profile the environment has the keys", environment),
        CASE("the file is the given one, the variable's, or the home's", files),
    };
    return cmocka_run_group_tests_name("profile", tests, open_arena, close_arena);
}
