/* SPDX-License-Identifier: Apache-2.0 */
/* local/facts.c: which condition keys a request has.
   https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html */
#include "facts.h"

#include "check.h"

static struct arena arena;
static struct http_fields known;
static const struct model_principal USER = {.kind = MODEL_USER,
                                            .name = STR_INIT("alice"),
                                            .arn = STR_INIT("arn:aws:iam::1:user/alice"),
                                            .account_id = STR_INIT("1"),
                                            .unique_id = STR_INIT("AIDAX")},
                                    ROLE = {.kind = MODEL_ROLE,
                                            .name = STR_INIT("r"),
                                            .arn = STR_INIT("arn:aws:iam::1:role/r"),
                                            .account_id = STR_INIT("1"),
                                            .unique_id = STR_INIT("AROAX"),
                                            .session = STR_INIT("own")};

static int open_arena(void **state) {
    (void)state;
    arena_init(&arena, 1024 * 1024);
    return 0;
}

static int close_arena(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

static void collect(const struct keyring_entry *caller, const struct http_request *rq) {
    const struct facts facts = {.caller = caller,
                                .rq = rq,
                                .peer_ip = STR("192.0.2.1"),
                                .region = STR("eu-west-1"),
                                .owner_account = STR("9"),
                                .now_s = 1440938160};
    struct err e;
    known = (struct http_fields){0};
    check_ok(facts_add(&facts, &known, &arena, &e), e);
    for (size_t i = 0; i < known.n; i++) assert_true(policy_knows_key(known.at[i].name));
}

static void collect_url(struct str auth_type, bool invoked) {
    const struct http_request rq = {0};
    const struct facts facts = {.rq = &rq, .function_url_auth_type = auth_type, .invoked_via_function_url = invoked};
    struct err e;
    known = (struct http_fields){0};
    check_ok(facts_add(&facts, &known, &arena, &e), e);
    for (size_t i = 0; i < known.n; i++) assert_true(policy_knows_key(known.at[i].name));
}

#define FACT(key, value) check_str(http_field_get(&known, STR(key)), STR(value))
#define NO_FACT(key) assert_null(http_field_get(&known, STR(key)).p)

static void of_a_user(void **state) {
    (void)state;
    const struct http_request rq = {0};
    struct keyring_entry entry = {.who = &USER, .keys = {STR_INIT("AKIA"), STR_INIT("s"), {0}}};
    collect(&entry, &rq);
    FACT("aws:PrincipalArn", "arn:aws:iam::1:user/alice");
    FACT("aws:PrincipalAccount", "1");
    FACT("aws:PrincipalType", "User");
    FACT("aws:userid", "AIDAX");
    FACT("aws:username", "alice");
    FACT("aws:PrincipalIsAWSService", "false");
    NO_FACT("aws:MultiFactorAuthPresent");
    entry.keys.token = STR("token");
    collect(&entry, &rq);
    FACT("aws:MultiFactorAuthPresent", "false");
    FACT("aws:username", "alice");
}

static void of_a_session(void **state) {
    (void)state;
    const struct http_request rq = {0};
    struct keyring_entry entry = {.who = &ROLE, .keys = {STR_INIT("ASIA"), STR_INIT("s"), STR_INIT("t")}};
    collect(&entry, &rq);
    FACT("aws:PrincipalArn", "arn:aws:iam::1:role/r");
    FACT("aws:PrincipalType", "AssumedRole");
    FACT("aws:userid", "AROAX:own");
    NO_FACT("aws:username");
    entry.session = STR("other");
    collect(&entry, &rq);
    FACT("aws:userid", "AROAX:other");
}

static void of_nobody(void **state) {
    (void)state;
    const struct http_request rq = {0};
    collect(NULL, &rq);
    FACT("aws:PrincipalType", "Anonymous");
    NO_FACT("aws:PrincipalArn");
    NO_FACT("aws:PrincipalAccount");
    NO_FACT("aws:username");
}

static void of_the_request(void **state) {
    (void)state;
    struct http_field at[] = {{STR("User-Agent"), STR("a/1")}, {STR("referer"), STR("r")}, {STR("Referer"), STR("q")}};
    const struct http_request rq = {.fields = {at, 3, 3}};
    collect(NULL, &rq);
    FACT("aws:CurrentTime", "2015-08-30T12:36:00Z");
    FACT("aws:EpochTime", "1440938160");
    FACT("aws:SourceIp", "192.0.2.1");
    FACT("aws:SecureTransport", "true");
    FACT("aws:RequestedRegion", "eu-west-1");
    FACT("aws:ResourceAccount", "9");
    FACT("aws:UserAgent", "a/1");
    assert_int_equal(http_field_count(&known, STR("aws:Referer")), 2);
    at[0].name = STR("x");
    collect(NULL, &rq);
    NO_FACT("aws:UserAgent");
    NO_FACT("lambda:FunctionUrlAuthType");
    NO_FACT("lambda:InvokedViaFunctionUrl");
}

static void of_a_function_url(void **state) {
    (void)state;
    collect_url(STR("AWS_IAM"), false);
    FACT("lambda:FunctionUrlAuthType", "AWS_IAM");
    NO_FACT("lambda:InvokedViaFunctionUrl");
    collect_url((struct str){0}, true);
    NO_FACT("lambda:FunctionUrlAuthType");
    FACT("lambda:InvokedViaFunctionUrl", "true");
}

int main(void) {
    const struct CMUnitTest cases[] = {
        CASE("a user has a name, and no session's keys until he has one", of_a_user),
        CASE("a role's session is its role, with its own id", of_a_session),
        CASE("an anonymous caller has no ARN and no account", of_nobody),
        CASE("time, address, agent and region are the request's", of_the_request),
        CASE("each of the two questions of a function URL has a key of its own", of_a_function_url),
    };
    return cmocka_run_group_tests_name("facts", cases, open_arena, close_arena);
}
