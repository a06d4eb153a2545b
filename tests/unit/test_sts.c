/* SPDX-License-Identifier: Apache-2.0 */
/* local/sts*.c over a socket: the two forms of an answer, and what is no call. Who may assume what is in test_access.c, and
   real clients are in e2e/sts.py.
   https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
#include "sts.h"

#include <stdio.h>
#include <time.h>

#include "check.h"
#include "json.h"
#include "log.h"
#include "session.h"
#include "wire.h"

#define ROLE_ARN "arn:aws:iam::123456789012:role/r"
#define ASSUME \
    "Action=AssumeRole&Version=2011-06-15&RoleSessionName=one&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fr"
#define IDENTITY "Action=GetCallerIdentity&Version=2011-06-15"

static struct str any[] = {STR_INIT("*")};
static struct policy_principal bob[] = {{POLICY_ARN, STR_INIT("arn:aws:iam::123456789012:user/bob&co")}};
static struct policy_statement trusts_bob[] = {{.allow = true,
                                                .actions = any,
                                                .n_actions = 1,
                                                .resources = any,
                                                .n_resources = 1,
                                                .principals = bob,
                                                .n_principals = 1}};
static struct model_principal who[] = {{.kind = MODEL_USER,
                                        .profile = STR_INIT("bob"),
                                        .arn = STR_INIT("arn:aws:iam::123456789012:user/bob&co"),
                                        .user_arn = STR_INIT("arn:aws:iam::123456789012:user/bob&co"),
                                        .account_id = STR_INIT("123456789012"),
                                        .unique_id = STR_INIT("AIDABOB")},
                                       {.kind = MODEL_ROLE,
                                        .name = STR_INIT("r"),
                                        .profile = STR_INIT("Role"),
                                        .arn = STR_INIT(ROLE_ARN),
                                        .account_id = STR_INIT("123456789012"),
                                        .unique_id = STR_INIT("AROAR"),
                                        .max_session_s = 3600,
                                        .trust = {trusts_bob, 1, 1}}};
static const struct model MODEL = {.region = STR_INIT("eu-west-1"),
                                   .account_id = STR_INIT("123456789012"),
                                   .partition = STR_INIT("aws"),
                                   .principals = who,
                                   .n_principals = 2};
static struct arena arena;
static struct keyring ring;
static struct sts *sts;

static int start(void **state) {
    struct err e;
    (void)state;
    log_open(LOG_TEXT, LOG_FATAL, 1);
    arena_init(&arena, 64 * 1024 * 1024);
    check_ok(keyring_make(&ring, &MODEL, &arena, &e), e);
    check_ok(session_open(&ring.sessions, &e), e);
    const struct sts_options options = {.model = &MODEL, .keyring = &ring};
    check_ok(sts_start(&options, &sts, &arena, &e), e);
    return 0;
}

static int stop(void **state) {
    (void)state;
    sts_stop(sts);
    keyring_close(&ring);
    arena_close(&arena);
    return 0;
}

static void add(struct http_request *rq, const char *name, const char *value) {
    struct err e;
    check_ok(http_field_add(&rq->fields, str_of(name), str_of(value), &arena, &e), e);
}

static struct http_response ask(const char *method, const char *accept, const char *body) {
    struct http_request rq = {.method = str_of(method), .path = STR("/"), .body = str_of(body)};
    const struct sigv4_scope scope = {.region = STR("us-gov-west-1"), .service = STR("sts"), .unix_s = time(NULL)};
    struct http_response rs;
    struct err e;
    add(&rq, "Host", "127.0.0.1");
    add(&rq, "Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
    if (accept) add(&rq, "Accept", accept);
    check_ok(sigv4_sign(&rq, &ring.at[0].keys, &scope, &arena, &e), e);
    assert_true(wire_exchange(sts_port(sts), WIRE_WAIT_S, &rq, &rs, &arena));
    return rs;
}

static bool has(struct http_response rs, const char *part) {
    return str_find(rs.body, str_of(part)) != SIZE_MAX;
}

static void xml(void **state) {
    (void)state;
    struct http_response rs = ask("POST", NULL, IDENTITY);
    assert_int_equal(rs.status, 200);
    check_text(http_field_get(&rs.fields, STR("content-type")), "text/xml");
    struct str id = http_field_get(&rs.fields, STR("x-amzn-requestid"));
    struct buf expected;
    buf_init(&expected, 4096, &arena);
    buf_addf(
        &expected,
        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>"
        "<Arn>arn:aws:iam::123456789012:user/bob&amp;co</Arn><UserId>AIDABOB</UserId><Account>123456789012</Account>"
        "</GetCallerIdentityResult><ResponseMetadata><RequestId>%.*s</RequestId></ResponseMetadata>"
        "</GetCallerIdentityResponse>",
        STR_ARG(id));
    check_str(rs.body, buf_str(&expected));
    rs = ask("POST", "*/*", "Action=%3Cb%3E&Version=1");
    assert_int_equal(rs.status, 400);
    assert_true(
        has(rs, "<Error><Type>Sender</Type><Code>InvalidAction</Code><Message>Could not find operation &lt;b&gt; for"));
}

static void json(void **state) {
    (void)state;
    struct http_response rs = ask("POST", "application/json", ASSUME "&DurationSeconds=900");
    struct cJSON *root;
    struct err e;
    assert_int_equal(rs.status, 200);
    check_text(http_field_get(&rs.fields, STR("content-type")), "application/json");
    check_ok(json_read(rs.body, &root, &e), e);
    const struct cJSON *result = json_get(json_get(root, "AssumeRoleResponse"), "AssumeRoleResult");
    const struct cJSON *keys = json_get(result, "Credentials");
    check_text(json_get_text(json_get(result, "AssumedRoleUser"), "Arn"),
               "arn:aws:sts::123456789012:assumed-role/r/one");
    const struct keyring_entry *session = keyring_find(&ring, json_get_text(keys, "AccessKeyId"));
    assert_non_null(session);
    check_str(json_get_text(keys, "SecretAccessKey"), session->keys.secret);
    check_str(json_get_text(keys, "SessionToken"), session->keys.token);
    assert_true(session->expires_unix_s >= time(NULL) + 890 && session->expires_unix_s <= time(NULL) + 900);
    keyring_give_back(&ring, session);
    json_close(root);
    rs = ask("POST", "application/json", "Action=\xff&Version=1");
    assert_int_equal(rs.status, 400);
    check_ok(json_read(rs.body, &root, &e), e);
    check_text(json_get_text(json_get(root, "Error"), "Code"), "InvalidAction");
    json_close(root);
}

static void no_calls(void **state) {
    (void)state;
    static const struct {
        const char *method, *body, *code;
    } rows[] = {
        {"PUT", IDENTITY, "InvalidAction"},
        {"POST", "", "MissingAction"},
        {"POST", "Action=GetCallerIdentity&Version=2011-06-16", "InvalidAction"},
        {"POST", "Action=getcalleridentity&Version=2011-06-15", "InvalidAction"},
        {"POST", IDENTITY "&Action=AssumeRole", "ValidationError"},
        {"POST", IDENTITY "&Other=1", "ValidationError"},
        {"POST", "Action=%", "MalformedQueryString"},
        {"POST", ASSUME "&DurationSeconds=899", "ValidationError"},
        {"POST", ASSUME "&DurationSeconds=3601", "ValidationError"},
        {"POST", ASSUME "&DurationSeconds=", "ValidationError"},
        {"POST", ASSUME "&RoleSessionName=two", "ValidationError"},
        {"POST", ASSUME "&TokenCode=123456", "ValidationError"},
        {"POST", ASSUME "&PolicyArns.member.1.arn=x", "ValidationError"},
        {"POST", ASSUME "&SourceIdentity=me", "ValidationError"},
        {"POST", ASSUME "&ExternalId=x", "ValidationError"},
        {"POST", ASSUME "&Policy=", "ValidationError"},
        {"POST", ASSUME "&Policy=%7B%7D", "MalformedPolicyDocument"},
        {"POST", "Action=AssumeRole&Version=2011-06-15&RoleSessionName=x&RoleArn=" ROLE_ARN, "ValidationError"},
        {"POST", "Action=AssumeRole&Version=2011-06-15&RoleSessionName=xy&RoleArn=nobody", "ValidationError"},
        {"POST", "Action=GetSessionToken&Version=2011-06-15&DurationSeconds=129601", "ValidationError"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct http_response rs = ask(rows[i].method, NULL, rows[i].body);
        char code[64];
        snprintf(code, sizeof code, "<Code>%s</Code>", rows[i].code);
        if (rs.status != 400 || !has(rs, code)) fail_msg("%s: %d %.*s", rows[i].body, rs.status, STR_ARG(rs.body));
    }
}

static void refused(void **state) {
    (void)state;
    bob[0].name = STR("arn:aws:iam::123456789012:user/bob");
    struct http_response rs = ask("POST", NULL, ASSUME);
    bob[0].name = who[0].arn;
    assert_int_equal(rs.status, 403);
    assert_true(
        has(rs, "<Code>AccessDenied</Code><Message>User: arn:aws:iam::123456789012:user/bob&amp;co is not authorized "
                "to perform: sts:AssumeRole on resource: " ROLE_ARN "</Message>"));
    assert_int_equal(ask("POST", NULL, ASSUME).status, 200);
}

static void full(void **state) {
    (void)state;
    const struct session_wish wish = {.model = &MODEL, .who = &who[0], .now_s = 1, .expires_unix_s = INT32_MAX};
    const struct keyring_entry *entry;
    struct err e;
    while (session_add(ring.sessions, &wish, &entry, &e)) keyring_give_back(&ring, entry);
    assert_int_equal(e.kind, ERR_LIMIT);
    struct http_response rs = ask("POST", NULL, ASSUME);
    assert_int_equal(rs.status, 400);
    assert_true(has(rs, "<Code>Throttling</Code>"));
    assert_int_equal(ask("POST", NULL, IDENTITY).status, 200);
}

static void too_large(void **state) {
    (void)state;
    char *body = arena_zero(&arena, 70001);
    memset(body, 'a', 70000);
    assert_int_equal(ask("POST", NULL, body).status, 413);
}

#define WITH_STS(sentence, function) \
    { sentence, function, start, stop, NULL }

int main(void) {
    const struct CMUnitTest cases[] = {
        WITH_STS("an answer is XML, its text escaped", xml),
        WITH_STS("an answer is JSON when that is accepted, and its keys are the session's", json),
        WITH_STS("what is not understood, or not supported, is refused by its code", no_calls),
        WITH_STS("who may not is told who he is and what he may not", refused),
        WITH_STS("when too many sessions are alive there is no other, and the rest works", full),
        WITH_STS("a body that is too large is 413", too_large),
    };
    return cmocka_run_group_tests_name("sts", cases, NULL, NULL);
}
