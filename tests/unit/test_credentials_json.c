/* SPDX-License-Identifier: Apache-2.0 */
/* handlers/credentials_json.c: what STS, the container endpoint and a credential_process answer. */
#include "credentials.h"
#include "json.h"
#include "with_arena.h"

#define ID "\"AccessKeyId\":\"ASIAX\","
#define SECRET "\"SecretAccessKey\":\"Se3cret\","
#define TOKEN "\"Token\":\"tok==\","
#define END "\"Expiration\":\"2023-11-14T22:13:20Z\""

static bool read_text(const char *text, bool long_term, struct credentials *found, struct err *e) {
    const struct credentials_names names = {"AccessKeyId", "SecretAccessKey", "Token", long_term};
    struct cJSON *root;
    check_ok(json_read(str_of(text), &root, e), *e);
    bool ok = credentials_read_json(root, &names, found, &arena, e);
    json_close(root); /* the keys must be copies */
    return ok;
}

static void good(void **state) {
    (void)state;
    struct credentials found;
    struct err e;
    check_ok(read_text("{" ID SECRET TOKEN END "}", false, &found, &e), e);
    check_text(found.keys.id, "ASIAX");
    check_text(found.keys.secret, "Se3cret");
    check_text(found.keys.token, "tok==");
    assert_int_equal(found.expires_s, 1700000000);
    check_ok(read_text("{" ID SECRET TOKEN "\"Expiration\":1.7E9}", false, &found, &e), e);
    assert_int_equal(found.expires_s, 1700000000);
}

static void long_term(void **state) {
    (void)state;
    struct credentials found;
    struct err e;
    check_ok(read_text("{\"AccessKeyId\":\"AKIAX\",\"SecretAccessKey\":\"s\"}", true, &found, &e), e);
    assert_null(found.keys.token.p);
    assert_true(found.expires_s == CREDENTIALS_NO_END);
    assert_false(read_text("{\"AccessKeyId\":\"ASIAX\",\"SecretAccessKey\":\"s\"}", true, &found, &e));
    assert_non_null(strstr(e.msg, "Token"));
}

static void missing(void **state) {
    (void)state;
    static const struct {
        const char *text, *sentence;
    } bad[] = {
        {"{" SECRET TOKEN END "}", "there is no AccessKeyId"},
        {"{" ID TOKEN END "}", "there is no SecretAccessKey"},
        {"{" ID SECRET END "}", "there is no Token"},
        {"{" ID SECRET TOKEN "\"x\":1}", "there is no Expiration"},
        {"{" ID SECRET "\"Token\":\"\"," END "}", "there is no Token"},
        {"{" ID SECRET "\"Token\":7," END "}", "there is no Token"},
        {"{" ID SECRET "\"Token\":\"undefined\"," END "}", "Token holds the word a program writes for \"no value\""},
        {"{" ID SECRET "\"Token\":\"a\\nb\"," END "}", "Token holds a control byte (a line end?)"},
        {"{" ID SECRET TOKEN "\"Expiration\":\"soon\"}", "Expiration is no time of the form 2015-08-30T12:36:00Z"},
        {"{" ID SECRET TOKEN "\"Expiration\":-1}", "Expiration is no time of the form 2015-08-30T12:36:00Z"},
        {"{" ID SECRET TOKEN "\"Expiration\":1e300}", "Expiration is no time of the form 2015-08-30T12:36:00Z"},
        {"[]", "there is no AccessKeyId"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct credentials found;
        struct err e;
        if (read_text(bad[i].text, false, &found, &e)) fail_msg("taken: %s", bad[i].text);
        assert_string_equal(e.msg, bad[i].sentence);
        assert_int_equal(e.kind, ERR_PROTOCOL);
    }
}

static void times(void **state) {
    (void)state;
    static const char *const same[] = {"2023-11-14T22:13:20Z", "2023-11-14T22:13:20.123456Z",
                                       "2023-11-14T22:13:20+00:00", "2023-11-15T00:13:20.5+02:00",
                                       "2023-11-14T16:43:20-0530"};
    static const char *const bad[] = {"",
                                      "2023-11-14T22:13:20",
                                      "2023-11-14 22:13:20Z",
                                      "2023-13-14T22:13:20Z",
                                      "2023-02-30T22:13:20Z",
                                      "20231114T221320Z",
                                      "2023-11-14T22:13:20ZZ",
                                      "2023-11-14T22:13:20+0:00",
                                      "2023-11-14T22:13:20+24:00",
                                      "2023-11-14T22:13:20+-1:00",
                                      "2023-11-14T22:13:20.",
                                      "2023/11/14T22:13:20Z"};
    int64_t t;
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        t = 0;
        if (!credentials_read_time(str_of(same[i]), &t) || t != 1700000000) fail_msg("%s: %lld", same[i], (long long)t);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (credentials_read_time(str_of(bad[i]), &t)) fail_msg("taken: %s", bad[i]);
}

static void words(void **state) {
    (void)state;
    check_text(credentials_word(STR("Access.Denied1")), "Access.Denied1");
    check_text(credentials_word((struct str){0}), "without a code");
    check_text(credentials_word(STR("")), "without a code");
    check_text(credentials_word(STR("two words")), "without a code");
    check_text(credentials_word(STR("a\nb")), "without a code");
    char long_word[65];
    memset(long_word, 'x', sizeof long_word);
    check_text(credentials_word((struct str){long_word, 65}), "without a code");
    assert_int_equal(credentials_word((struct str){long_word, 64}).n, 64);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE("keys and their end are read, by number or text", good),
        CASE("keys for long have neither token nor end where that is fine", long_term),
        CASE("what is missing or malformed is named, and no value shown", missing),
        CASE("times have fractions and offsets", times),
        CASE("a code is shown only if it is a word", words),
    };
    return cmocka_run_group_tests_name("credentials_json", tests, open_arena, close_arena);
}
