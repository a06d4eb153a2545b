/* SPDX-License-Identifier: Apache-2.0 */
/* local/call_flags.c */
#include "call_flags.h"
#include "check.h"

static struct client *client;
static struct call_flags flags;

#define READ(...) \
    read_words((char *[]){"call", "http://127.0.0.1/", __VA_ARGS__}, \
               (int)(sizeof((char *[]){"call", "u", __VA_ARGS__}) / sizeof(char *)))

static const char *read_words(char **argv, int argc) {
    client_close(client);
    client = client_open();
    assert_non_null(client);
    bool ok = call_flags_read(&flags, client, argc, argv);
    if (!ok) assert_int_equal(client->e.kind, ERR_CONFIG);
    return ok ? "" : client->e.msg;
}

static void methods(void **state) {
    (void)state;
    assert_string_equal(READ("-s"), "");
    assert_string_equal(client->method, "GET");
    assert_string_equal(READ("-d", "x"), "");
    assert_string_equal(client->method, "POST");
    assert_string_equal(READ("-I"), "");
    assert_string_equal(client->method, "HEAD");
    assert_true(flags.include);
    assert_string_equal(READ("-T", "f"), "");
    assert_string_equal(client->method, "PUT");
    assert_string_equal(READ("-G", "-d", "a=b"), "");
    assert_string_equal(client->method, "GET");
    assert_false(client->has_body);
    assert_string_equal(READ("-GI", "-d", "a=b"), "");
    assert_string_equal(client->method, "HEAD");
}

static void bodies(void **state) {
    (void)state;
    assert_string_equal(READ("-d", "@f"), "");
    assert_string_equal(flags.file, "f");
    assert_null(flags.data.p);
    assert_string_equal(READ("--data-raw", "@f"), "");
    assert_null(flags.file);
    check_text(flags.data, "@f");
    assert_string_equal(READ("-d", ""), "");
    assert_true(client->has_body && flags.data.p && !flags.data.n);
    assert_string_equal(READ("--json", "@-"), "");
    assert_true(flags.json && strcmp(flags.file, "-") == 0);
    assert_string_equal(READ("-d", "a", "-T", "f"), "--data and --upload-file both give the body");
    assert_string_equal(READ("-G", "-T", "f"), "-G puts -d into the query, and nothing else");
}

static void seconds(void **state) {
    static const struct {
        char *text;
        int64_t ms;
    } good[] = {{"2", 2000},  {"0.25", 250}, {"1.5", 1500}, {".1", 100},
                {"3.", 3000}, {"0", 0},      {"0.0009", 1}, {"1.23456", 1234}};
    static char *const bad[] = {"", ".", "-1", "1e3", "1.-5", "1.x", "1.123x", " 1", "99999999"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_string_equal(READ("-m", good[i].text), "");
        assert_int_equal(flags.max_time_ms, good[i].ms);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_non_null(strstr(READ("--connect-timeout", bad[i]), "--connect-timeout takes seconds, not '"));
}

static void refused(void **state) {
    (void)state;
    assert_non_null(strstr(READ("-L"), "redirects are not followed"));
    assert_non_null(strstr(READ("--retry", "3"), "--retry: a call is made once"));
    assert_non_null(strstr(READ("-u", "a:secret"), "--user: keys on a command line"));
    assert_null(strstr(client->e.msg, "secret"));
    assert_non_null(strstr(READ("--aws-sigv4", "aws:amz"), "--aws-sigv4: every call is signed"));
    assert_non_null(strstr(READ("-A", "me"), "--user-agent: use -H 'User-Agent"));
    assert_non_null(strstr(READ("-x", "http://proxy"), "--proxy: proxies are not used"));
    assert_non_null(strstr(READ("-f", "--fail-with-body"), "one of them"));
    assert_non_null(strstr(READ("-I", "-X", "GET"), "no -X"));
    assert_non_null(strstr(READ("--print", "x"), "--print does not know 'x'"));
}

static void explanations(void **state) {
    (void)state;
    assert_string_equal(READ("-s"), "");
    assert_int_equal(flags.explain, CALL_EXPLAIN_TERMINAL);
    assert_string_equal(READ("--explain"), "");
    assert_int_equal(flags.explain, CALL_EXPLAIN_ALWAYS);
    assert_string_equal(READ("--explain", "--no-explain"), "");
    assert_int_equal(flags.explain, CALL_EXPLAIN_NEVER);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE("the method is the flags'", methods),
        CASE("the body is text or a file, and only one", bodies),
        CASE("times are seconds with a fraction, and a short one is not none", seconds),
        CASE("what is missing on purpose says why", refused),
        CASE("--no-explain wins", explanations),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    client_close(client);
    return failed;
}
