/* SPDX-License-Identifier: Apache-2.0 */
/* local/profile_process.c with small commands of /bin/sh. */
#include <stdio.h>
#include <unistd.h>

#include "profile_process.h"
#include "with_arena.h"

enum { NOW = 1700000000 };

static struct sigv4_keys keys;
static struct err e;

static bool run(const char *command, int64_t timeout_ms) {
    const struct credentials_time when = {NOW, timeout_ms};
    return profile_process_run(str_of(command), &when, &keys, &arena, &e);
}

static void words(void **state) {
    (void)state;
    static const struct {
        const char *command, *words[5];
    } good[] = {
        {"a", {"a"}},
        {"  a\tb  c ", {"a", "b", "c"}},
        {"'a b' \"c d\"", {"a b", "c d"}},
        {"a'b'\"c\"d", {"abcd"}},
        {"'' \"\" x", {"", "", "x"}},
        {"a\\ b \\'c", {"a b", "'c"}},
        {"\"a\\\"b\\\\c\\d$e`\"", {"a\"b\\c\\d$e`"}},
        {"'a\\'", {"a\\"}},
        {"a;b|c $HOME *", {"a;b|c", "$HOME", "*"}},
        {"#a b", {"#a", "b"}},
    };
    static const char *const bad[] = {"", "  ", "a 'b", "a \"b", "a\\", "\"a\\\"", "'a\"", "\"a\\"};
    char **argv;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        size_t n = 0;
        check_ok(profile_process_split(str_of(good[i].command), &argv, &arena, &e), e);
        for (; n < 5 && good[i].words[n]; n++) {
            assert_non_null(argv[n]);
            assert_string_equal(argv[n], good[i].words[n]);
        }
        assert_null(argv[n]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (profile_process_split(str_of(bad[i]), &argv, &arena, &e)) fail_msg("taken: %s", bad[i]);
        assert_int_equal(e.kind, ERR_CONFIG);
    }
}

#define ECHO(json) "sh -c 'echo \"$0\"' '" json "'"
#define BOTH "\"AccessKeyId\":\"AKIAX\",\"SecretAccessKey\":\"Se3cret\""

static void good_answers(void **state) {
    (void)state;
    check_ok(run(ECHO("{\"Version\":1," BOTH "}"), 20000), e);
    check_text(keys.id, "AKIAX");
    check_text(keys.secret, "Se3cret");
    assert_null(keys.token.p);
    check_ok(run(ECHO("{\"Version\":1," BOTH ",\"SessionToken\":\"t\",\"Expiration\":\"2023-11-14T22:28:20+00:00\"}"),
                 20000),
             e);
    check_text(keys.token, "t");
}

static void bad_answers(void **state) {
    (void)state;
    static const struct {
        const char *command, *sentence;
        enum err_kind kind;
    } bad[] = {
        {"/nonexistent/Se3cret", "it cannot be executed: No such file or directory", ERR_CONFIG},
        {"sh -c 'echo Se3cret; exit 3'", "it failed (exit status 3); its own words stand above", ERR_CONFIG},
        {"sh -c 'kill -9 $$'", "it failed (signal: ", ERR_CONFIG},
        {"echo Se3cret", "what it wrote is not JSON", ERR_PROTOCOL},
        {"true", "what it wrote is not JSON", ERR_PROTOCOL},
        {"sh -c 'exec >&-'", "what it wrote is not JSON", ERR_PROTOCOL},
        {ECHO("{" BOTH "}"), "its answer has no \"Version\": 1", ERR_PROTOCOL},
        {ECHO("{\"Version\":2," BOTH "}"), "its answer has no \"Version\": 1", ERR_PROTOCOL},
        {ECHO("{\"Version\":\"1\"," BOTH "}"), "its answer has no \"Version\": 1", ERR_PROTOCOL},
        {ECHO("{\"Version\":1,\"AccessKeyId\":\"A\"}"), "in its answer: there is no SecretAccessKey", ERR_PROTOCOL},
        {ECHO("{\"Version\":1,\"SecretAccessKey\":\"Se3cret\"}"), "in its answer: there is no AccessKeyId",
         ERR_PROTOCOL},
        {ECHO("{\"Version\":1," BOTH ",\"Expiration\":\"soon\"}"), "Expiration is no time", ERR_PROTOCOL},
        {ECHO("{\"Version\":1," BOTH ",\"Expiration\":\"2023-11-14T22:13:20Z\"}"), "have ended already", ERR_PROTOCOL},
        {ECHO("{\"Version\":1,\"AccessKeyId\":\"ASIAX\",\"SecretAccessKey\":\"Se3cret\"}"),
         "temporary (ASIA...) but SessionToken is not set", ERR_PROTOCOL},
        {"head -c 70000 /dev/zero", "it wrote more than 65536 bytes", ERR_LIMIT},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (run(bad[i].command, 20000)) fail_msg("taken: %s", bad[i].command);
        if (!strstr(e.msg, bad[i].sentence)) fail_msg("%s: %s", bad[i].command, e.msg);
        assert_int_equal(e.kind, bad[i].kind);
        assert_null(strstr(e.msg, "Se3cret"));
    }
}

static void too_slow(void **state) {
    (void)state;
    assert_false(run("sleep 60", 50));
    assert_int_equal(e.kind, ERR_TIMEOUT);
    assert_false(run("sh -c 'exec >&-; exec sleep 60'", 50)); /* its output has an end, it has none */
    assert_int_equal(e.kind, ERR_TIMEOUT);
}

static void input_and_errors(void **state) {
    (void)state;
    int in[2], err[2], old_in = dup(0), old_err = dup(2);
    char words[64] = "";
    assert_int_equal(pipe(in), 0);
    assert_int_equal(pipe(err), 0);
    assert_int_equal(write(in[1], "AKIAREAD\n", 9), 9);
    dup2(in[0], 0);
    dup2(err[1], 2);
    bool ok = run("sh -c 'read id; echo words >&2; printf \"%s\" \"$0$id$1\"' '{\"Version\":1,\"AccessKeyId\":\"' "
                  "'\",\"SecretAccessKey\":\"s\"}'",
                  20000);
    dup2(old_in, 0);
    dup2(old_err, 2);
    assert_int_equal(read(err[0], words, sizeof words - 1), 6);
    for (int i = 0; i < 2; i++) close(in[i]), close(err[i]);
    close(old_in);
    close(old_err);
    check_ok(ok, e);
    check_text(keys.id, "AKIAREAD");
    assert_string_equal(words, "words\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE("words are split and unquoted as a shell does, nothing is expanded", words),
        CASE("keys are read, with and without token and end", good_answers),
        CASE("a command that fails and an answer that is none are told, without a word of them", bad_answers),
        CASE("a command that takes too long is ended", too_slow),
        CASE("its input and its errors are ours", input_and_errors),
    };
    return cmocka_run_group_tests_name("profile_process", tests, open_arena, close_arena);
}
