/* SPDX-License-Identifier: Apache-2.0 */
/* handlers/assume_role.c against a scripted STS: keys are used, kept, refreshed, and refused when a part is missing. */
#include <stdio.h>
#include <stdlib.h>

#include "assume_role.h"
#include "check.h"
#include "log.h"
#include "scripted_server.h"

#define ARN "arn:aws:iam::123456789012:role/path/caller"
#define CREDENTIALS(id, secret, token, expires) \
    "{\"AssumeRoleResponse\":{\"AssumeRoleResult\":{\"Credentials\":{" id secret token expires "\"x\":1}}}}"
#define ID "\"AccessKeyId\":\"ASIAROLE\","
#define SECRET "\"SecretAccessKey\":\"role secret\","
#define TOKEN "\"SessionToken\":\"role token\","
#define EXPIRES "\"Expiration\":1700000900,"

enum { NOW = 1700000000 };

static struct arena arena;
static struct scripted_server server;
static struct assume_role role;
static struct sigv4_keys keys;
static struct err e;
static const struct sigv4_keys OWN = {STR_INIT("ASIAOWN"), STR_INIT("own secret"), STR_INIT("own token")};

static int set_up(void **state) {
    (void)state;
    unsetenv("AWS_ENDPOINT_URL_STS");
    unsetenv("AWS_LAMBDA_FUNCTION_NAME");
    log_open(LOG_TEXT, LOG_FATAL, 2);
    arena_init(&arena, 8 << 20);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

static struct scripted_step answer(const char *status, const char *body) {
    return (struct scripted_step){
        .bytes = scripted_answer(status, "Content-Type: application/json\r\n", str_of(body), &arena)};
}

static void start(const struct scripted_step *steps, size_t n) {
    char url[80];
    scripted_start(&server, steps, n);
    snprintf(url, sizeof url, "http://%s", server.host_port);
    setenv("AWS_ENDPOINT_URL_STS", url, 1);
    check_ok(assume_role_open(&role, STR(ARN), STR("eu-central-1"), &arena, &e), e);
}

static void stop(int requests) {
    assume_role_close(&role);
    scripted_stop(&server);
    assert_int_equal(server.requests, requests);
}

static bool get_keys(int64_t now_s) {
    return assume_role_keys(&role, &OWN, now_s, 5000, &keys, &e);
}

static void asked_and_used(void **state) {
    (void)state;
    const struct scripted_step step = answer("200 OK", CREDENTIALS(ID, SECRET, TOKEN, EXPIRES));
    setenv("AWS_LAMBDA_FUNCTION_NAME", "my function", 1);
    start(&step, 1);
    check_ok(get_keys(NOW), e);
    check_text(keys.id, "ASIAROLE");
    check_text(keys.secret, "role secret");
    check_text(keys.token, "role token");
    stop(1);
    struct str rq = server.request[0];
    check_text(scripted_line(rq), "POST / HTTP/1.1");
    check_text(scripted_body(rq),
               "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fpath"
               "%2Fcaller&RoleSessionName=my%20function&DurationSeconds=900");
    check_text(scripted_field(rq, "Accept"), "application/json");
    check_text(scripted_field(rq, "X-Amz-Security-Token"), "own token");
    assert_true(str_starts(scripted_field(rq, "Authorization"),
                           STR("AWS4-HMAC-SHA256 Credential=ASIAOWN/20231114/eu-central-1/sts/aws4_request, ")));
    scripted_close(&server);
}

static void kept_and_refreshed(void **state) {
    (void)state;
    const struct scripted_step steps[] = {
        answer("200 OK", CREDENTIALS(ID, SECRET, TOKEN, EXPIRES)),
        answer("200 OK", CREDENTIALS("\"AccessKeyId\":\"ASIANEXT\",", SECRET, TOKEN, "\"Expiration\":1.7000018E9,"))};
    start(steps, 2);
    check_ok(get_keys(NOW), e);
    check_ok(get_keys(NOW + 839), e);
    check_text(keys.id, "ASIAROLE");
    check_ok(get_keys(NOW + 840), e); /* a minute before the end */
    check_text(keys.id, "ASIANEXT");
    check_ok(get_keys(NOW + 900), e);
    stop(2);
    scripted_close(&server);
}

static void refusal(void **state) {
    (void)state;
    const struct scripted_step steps[] = {
        answer("403 Forbidden", "{\"Error\":{\"Code\":\"AccessDenied\",\"Message\":\"own token\"}}"),
        answer("500 Error", "<xml>"), answer("200 OK", CREDENTIALS(ID, SECRET, TOKEN, EXPIRES))};
    start(steps, 3);
    assert_false(get_keys(NOW));
    assert_int_equal(e.kind, ERR_REFUSED);
    assert_non_null(strstr(e.msg, "PRIVATE_API_ROLE_ARN"));
    assert_non_null(strstr(e.msg, "AccessDenied"));
    assert_null(strstr(e.msg, "own token"));
    assert_false(get_keys(NOW));
    assert_non_null(strstr(e.msg, "500"));
    check_ok(get_keys(NOW), e); /* the next call asks again */
    stop(3);
    scripted_close(&server);
}

static void missing_parts(void **state) {
    (void)state;
    static const struct {
        const char *body, *named;
    } bad[] = {
        {CREDENTIALS("", SECRET, TOKEN, EXPIRES), "AccessKeyId"},
        {CREDENTIALS(ID, "", TOKEN, EXPIRES), "SecretAccessKey"},
        {CREDENTIALS(ID, SECRET, "", EXPIRES), "SessionToken"},
        {CREDENTIALS(ID, SECRET, "\"SessionToken\":\"\",", EXPIRES), "SessionToken"},
        {CREDENTIALS(ID, SECRET, "\"SessionToken\":7,", EXPIRES), "SessionToken"},
        {CREDENTIALS(ID, SECRET, "\"SessionToken\":\"undefined\",", EXPIRES), "AWS_SESSION_TOKEN"},
        {CREDENTIALS(ID, SECRET, TOKEN, ""), "Expiration"},
        {CREDENTIALS(ID, SECRET, TOKEN, "\"Expiration\":\"soon\","), "Expiration"},
        {CREDENTIALS(ID, SECRET, TOKEN, "\"Expiration\":-1,"), "Expiration"},
        {"{}", "AccessKeyId"},
        {"<xml>", "200"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const struct scripted_step step = answer("200 OK", bad[i].body);
        start(&step, 1);
        if (get_keys(NOW)) fail_msg("taken: %s", bad[i].body);
        if (!strstr(e.msg, bad[i].named)) fail_msg("%s: %s", bad[i].body, e.msg);
        assert_null(keys.id.p);
        assert_null(strstr(e.msg, "role secret"));
        stop(1);
        scripted_close(&server);
    }
}

static void endpoints(void **state) {
    (void)state;
    static const struct {
        const char *arn, *region, *host;
    } cases[] = {
        {ARN, "eu-central-1", "sts.eu-central-1.amazonaws.com"},
        {"arn:aws-us-gov:iam::1:role/x", "us-gov-west-1", "sts.us-gov-west-1.amazonaws.com"},
        {"arn:aws-cn:iam::1:role/x", "cn-north-1", "sts.cn-north-1.amazonaws.com.cn"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_ok(assume_role_open(&role, str_of(cases[i].arn), str_of(cases[i].region), &arena, &e), e);
        check_str(role.endpoint.host, str_of(cases[i].host));
        assert_true(role.endpoint.tls);
        assume_role_close(&role);
    }
}

static void bad_settings(void **state) {
    (void)state;
    static const struct {
        const char *arn, *endpoint, *named;
    } bad[] = {
        {"", NULL, "PRIVATE_API_ROLE_ARN"},
        {"role/x", NULL, "PRIVATE_API_ROLE_ARN"},
        {"arn:aws:iam::1:user/x", NULL, "PRIVATE_API_ROLE_ARN"},
        {"arn:aws:sts::1:assumed-role/x/y", NULL, "PRIVATE_API_ROLE_ARN"},
        {"arn:aws:iam::1:role/x\n", NULL, "PRIVATE_API_ROLE_ARN"},
        {"arn:aws-moon:iam::1:role/x", NULL, "AWS_ENDPOINT_URL_STS"},
        {ARN, "http://sts.example", "AWS_ENDPOINT_URL_STS"},
        {ARN, "sts.example", "AWS_ENDPOINT_URL_STS"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (bad[i].endpoint) setenv("AWS_ENDPOINT_URL_STS", bad[i].endpoint, 1);
        if (assume_role_open(&role, str_of(bad[i].arn), STR("eu-central-1"), &arena, &e))
            fail_msg("taken: %s", bad[i].arn);
        assert_int_equal(e.kind, ERR_CONFIG);
        if (!strstr(e.msg, bad[i].named)) fail_msg("%s: %s", bad[i].arn, e.msg);
        assume_role_close(&role);
    }
}

static void other_partition(void **state) {
    (void)state;
    setenv("AWS_ENDPOINT_URL_STS", "https://sts.moon.example", 1);
    check_ok(assume_role_open(&role, STR("arn:aws-moon:iam::1:role/x"), STR("moon-1"), &arena, &e), e);
    check_text(role.endpoint.host, "sts.moon.example");
    assume_role_close(&role);
}

#define ROLE_CASE(sentence, function) \
    { sentence, function, set_up, tear_down, NULL }

int main(void) {
    const struct CMUnitTest tests[] = {
        ROLE_CASE("the role is asked for with the own keys, and its keys are given out", asked_and_used),
        ROLE_CASE("keys are kept until a minute before their end", kept_and_refreshed),
        ROLE_CASE("a refusal is told by its code, without its message", refusal),
        ROLE_CASE("an answer without one of its parts is refused by the part's name", missing_parts),
        ROLE_CASE("the endpoint follows region and partition", endpoints),
        ROLE_CASE("a wrong ARN or endpoint is refused by the variable's name", bad_settings),
        ROLE_CASE("bug: a given endpoint serves a partition that is not known", other_partition),
    };
    return cmocka_run_group_tests_name("assume_role", tests, NULL, NULL);
}
