/* SPDX-License-Identifier: Apache-2.0 */
/* handlers/assume_role.c against a scripted STS: keys are used, kept, refreshed, and refused when a part is missing. */
#include "assume_role.h"
#include "keys_fixture.h"

#define ARN "arn:aws:iam::123456789012:role/path/caller"
#define CREDENTIALS(id, secret, token, expires) \
    "{\"AssumeRoleResponse\":{\"AssumeRoleResult\":{\"Credentials\":{" id secret token expires "\"x\":1}}}}"
#define ID "\"AccessKeyId\":\"ASIAROLE\","
#define SECRET "\"SecretAccessKey\":\"role secret\","
#define TOKEN "\"SessionToken\":\"role token\","
#define EXPIRES "\"Expiration\":1700000900,"

static struct assume_role role;
static const struct sigv4_keys OWN = {STR_INIT("ASIAOWN"), STR_INIT("own secret"), STR_INIT("own token")};

static int set_up(void **state) {
    unsetenv("AWS_ENDPOINT_URL_STS");
    unsetenv("AWS_LAMBDA_FUNCTION_NAME");
    log_open(LOG_TEXT, LOG_FATAL, 2);
    return open_arena(state);
}

static const struct credentials_time *at(int64_t now_s) {
    static struct credentials_time when;
    when = (struct credentials_time){now_s, 5000};
    return &when;
}

static bool open_role(const char *arn, const char *region) {
    const struct assume_role_options options = {
        .role_arn = str_of(arn), .arn_name = "THE_ARN", .region = str_of(region)};
    return assume_role_open(&role, &options, &arena, &e);
}

static void start(const struct scripted_step *steps, size_t n) {
    start_at("AWS_ENDPOINT_URL_STS", "", steps, n);
    check_ok(open_role(ARN, "eu-central-1"), e);
}

static void stop(int requests) {
    assume_role_close(&role);
    stop_after(requests);
}

static bool get_keys(int64_t now_s) {
    return assume_role_keys(&role, &OWN, at(now_s), &keys, &arena, &e);
}

static void asked_and_used(void **state) {
    (void)state;
    const struct scripted_step step = answer("200 OK", CREDENTIALS(ID, SECRET, TOKEN, EXPIRES));
    setenv("AWS_LAMBDA_FUNCTION_NAME", "my-function", 1);
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
               "%2Fcaller&RoleSessionName=my-function&DurationSeconds=900");
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
    check_ok(get_keys(NOW + 599), e);
    check_text(keys.id, "ASIAROLE");
    check_ok(get_keys(NOW + 600), e); /* five minutes before the end */
    check_text(keys.id, "ASIANEXT");
    check_ok(get_keys(NOW + 900), e);
    stop(2);
    scripted_close(&server);
}

static bool ask(const struct credentials_time *when, struct sigv4_keys *mine, struct arena *a, struct err *why) {
    return assume_role_keys(&role, &OWN, when, mine, a, why);
}

static void one_request(void **state) {
    (void)state;
    struct scripted_step step = answer("200 OK", CREDENTIALS(ID, SECRET, TOKEN, EXPIRES));
    step.delay_ms = 100;
    start(&step, 1);
    check_eight_ask(&(struct asker){.ask = ask, .id = "ASIAROLE"});
    stop(1);
    scripted_close(&server);
}

static void refusals(void **state) {
    (void)state;
    static const struct {
        const char *status, *body, *sentence;
    } bad[] = {
#define REFUSAL(code) "{\"Error\":{\"Code\":\"" code "\",\"Message\":\"own token\"}}"
        {"403 Forbidden", REFUSAL("AccessDenied"),
         "403 AccessDenied for " ARN ": the policy of the own role (or user) needs"},
        {"403 Forbidden", REFUSAL("ExpiredToken"), "ExpiredToken for " ARN ": the own session token has expired"},
        {"403 Forbidden", REFUSAL("InvalidClientTokenId"), "the own access key id, or its session token, is not known"},
        {"403 Forbidden", REFUSAL("SignatureDoesNotMatch"), "the clock is off"},
        {"403 Forbidden", REFUSAL("RegionDisabledException"), "activate STS for this region"},
        {"400 Bad Request", REFUSAL("own token"), "400 without a code for"},
        {"403 Forbidden", "<ErrorResponse><Error><Code>AccessDenied</Code><Message>own token</Message></Error></x>",
         "403 AccessDenied for"},
        {"500 Error", "<xml>", "500 without a code for " ARN ": try again later"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const struct scripted_step step = answer(bad[i].status, bad[i].body);
        start(&step, 1);
        assert_false(get_keys(NOW));
        assert_int_equal(e.kind, ERR_REFUSED);
        assert_true(str_starts(str_of(e.msg), STR("assuming THE_ARN: STS answered ")));
        if (!strstr(e.msg, bad[i].sentence)) fail_msg("case %zu: %s", i, e.msg);
        assert_null(strstr(e.msg, "own token"));
        stop(1);
        scripted_close(&server);
    }
}

static void unreachable(void **state) {
    (void)state;
    struct scripted_step late = answer("200 OK", CREDENTIALS(ID, SECRET, TOKEN, EXPIRES));
    const struct credentials_time soon = {NOW, 50};
    late.delay_ms = 20000;
    start(&late, 1);
    assert_false(assume_role_keys(&role, &OWN, &soon, &keys, &arena, &e));
    assert_int_equal(e.kind, ERR_TIMEOUT);
    assert_true(str_starts(str_of(e.msg), STR("assuming THE_ARN: ")));
    assume_role_close(&role);
    scripted_stop(&server);
    scripted_close(&server);
    check_ok(open_role(ARN, "eu-central-1"), e); /* nobody listens there now */
    assert_false(get_keys(NOW));
    assert_int_equal(e.kind, ERR_NETWORK);
    assert_true(str_starts(str_of(e.msg), STR("assuming THE_ARN: POST http://127.0.0.1:")));
    assume_role_close(&role);
}

static void xml(void **state) {
    (void)state;
    const struct scripted_step step = answer(
        "200 OK", "<AssumeRoleResponse xmlns=\"x\"><AssumeRoleResult>\n<Credentials><AccessKeyId>ASIAXML</AccessKeyId>"
                  "<SecretAccessKey>a/\"+=</SecretAccessKey>\n<SessionToken>t==</SessionToken>"
                  "<Expiration>2023-11-14T22:28:20.123Z</Expiration></Credentials></AssumeRoleResult>");
    start(&step, 1);
    check_ok(get_keys(NOW), e);
    check_ok(get_keys(NOW + 599), e);
    check_text(keys.id, "ASIAXML");
    check_text(keys.secret, "a/\"+=");
    check_text(keys.token, "t==");
    stop(1);
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
        {CREDENTIALS(ID, SECRET, "\"SessionToken\":\"undefined\",", EXPIRES), "SessionToken holds the word"},
        {CREDENTIALS(ID, SECRET, TOKEN, ""), "Expiration"},
        {CREDENTIALS(ID, SECRET, TOKEN, "\"Expiration\":\"soon\","), "Expiration"},
        {CREDENTIALS(ID, SECRET, TOKEN, "\"Expiration\":-1,"), "Expiration"},
        {CREDENTIALS(ID, SECRET, TOKEN, "\"Expiration\":1700000000,"), "ended already"},
        {"{}", "AccessKeyId"},
        {"nonsense", "200"},
        {"<xml/>", "AccessKeyId"},
        {"<AccessKeyId>a</AccessKeyId><SecretAccessKey>role &amp; secret</SecretAccessKey>", "SecretAccessKey"},
        {"<AccessKeyId>a</AccessKeyId><SecretAccessKey>role secret", "SecretAccessKey"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const struct scripted_step step = answer("200 OK", bad[i].body);
        start(&step, 1);
        if (get_keys(NOW)) fail_msg("taken: %s", bad[i].body);
        if (!strstr(e.msg, bad[i].named)) fail_msg("%s: %s", bad[i].body, e.msg);
        assert_int_equal(e.kind, ERR_PROTOCOL);
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
        {"arn:aws-eusc:iam::1:role/x", "eusc-de-east-1", "sts.eusc-de-east-1.amazonaws.eu"},
        {"arn:aws-iso:iam::1:role/x", "us-iso-east-1", "sts.us-iso-east-1.c2s.ic.gov"},
        {"arn:aws-iso-b:iam::1:role/x", "us-isob-east-1", "sts.us-isob-east-1.sc2s.sgov.gov"},
        {"arn:aws-iso-e:iam::1:role/x", "eu-isoe-west-1", "sts.eu-isoe-west-1.cloud.adc-e.uk"},
        {"arn:aws-iso-f:iam::1:role/x", "us-isof-south-1", "sts.us-isof-south-1.csp.hci.ic.gov"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_ok(open_role(cases[i].arn, cases[i].region), e);
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
        {"", NULL, "THE_ARN"},
        {"role/x", NULL, "THE_ARN"},
        {"arn:aws:iam::1:user/x", NULL, "THE_ARN"},
        {"arn:aws:sts::1:assumed-role/x/y", NULL, "THE_ARN"},
        {"arn:aws:iam::1:role/", NULL, "THE_ARN"},
        {"arn:aws:iam::1:role/x\n", NULL, "THE_ARN"},
        {"arn:aws-moon:iam::1:role/x", NULL, "AWS_ENDPOINT_URL_STS"},
        {ARN, "http://sts.example", "AWS_ENDPOINT_URL_STS"},
        {ARN, "sts.example", "AWS_ENDPOINT_URL_STS"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (bad[i].endpoint) setenv("AWS_ENDPOINT_URL_STS", bad[i].endpoint, 1);
        if (open_role(bad[i].arn, "eu-central-1")) fail_msg("taken: %s", bad[i].arn);
        assert_int_equal(e.kind, ERR_CONFIG);
        if (!strstr(e.msg, bad[i].named)) fail_msg("%s: %s", bad[i].arn, e.msg);
        assume_role_close(&role);
    }
}

static void other_partition(void **state) {
    (void)state;
    setenv("AWS_ENDPOINT_URL_STS", "https://sts.moon.example", 1);
    check_ok(open_role("arn:aws-moon:iam::1:role/x", "moon-1"), e);
    check_text(role.endpoint.host, "sts.moon.example");
    assume_role_close(&role);
}

static void bad_regions(void **state) {
    (void)state;
    static const char *const bad[] = {NULL, "", "eu.west", "eu-west-1/x", "eu west"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(open_role(ARN, bad[i]));
        assert_non_null(strstr(e.msg, "region"));
    }
}

static void session_names(void **state) {
    (void)state;
    static const char *const bad[] = {"x", "two words", "a/b", "\xc3\xa9\xc3\xa9"};
    struct assume_role_options options = {.role_arn = STR(ARN), .arn_name = "A", .region = STR("eu-west-1")};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        options.session_name = str_of(bad[i]);
        assert_false(assume_role_open(&role, &options, &arena, &e));
        assert_non_null(strstr(e.msg, "session name"));
    }
    options.session_name = STR("me@example.com,+=_-");
    check_ok(assume_role_open(&role, &options, &arena, &e), e);
    check_text(role.options.session_name, "me@example.com,+=_-");
    assume_role_close(&role);
    setenv("AWS_LAMBDA_FUNCTION_NAME", "f", 1);
    options.session_name = (struct str){0};
    check_ok(assume_role_open(&role, &options, &arena, &e), e);
    check_text(role.options.session_name, "lambda-iam-c");
    assume_role_close(&role);
}

#define ROLE_CASE(sentence, function) \
    { sentence, function, set_up, close_arena, NULL }

int main(void) {
    const struct CMUnitTest tests[] = {
        ROLE_CASE("the role is asked for with the own keys, and its keys are given out", asked_and_used),
        ROLE_CASE("keys are kept until five minutes before their end", kept_and_refreshed),
        ROLE_CASE("eight threads make one request", one_request),
        ROLE_CASE("a refusal is told by its code with what to do, without its message", refusals),
        ROLE_CASE("a late STS and one that is not there are told apart", unreachable),
        ROLE_CASE("an answer in XML will do", xml),
        ROLE_CASE("an answer without one of its parts is refused by the part's name", missing_parts),
        ROLE_CASE("the endpoint follows region and partition", endpoints),
        ROLE_CASE("what is no region's name does not become a host", bad_regions),
        ROLE_CASE("session names are those that STS takes", session_names),
        ROLE_CASE("a wrong ARN or endpoint is refused by the variable's name", bad_settings),
        ROLE_CASE("bug: a given endpoint serves a partition that is not known", other_partition),
    };
    return cmocka_run_group_tests_name("assume_role", tests, NULL, NULL);
}
