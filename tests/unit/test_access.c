/* SPDX-License-Identifier: Apache-2.0 */
/* local/access.c: the tables of API Gateway and of STS, row by row.
   https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html */
#include "access.h"

#include "check.h"

enum word { NONE, ALLOW, DENY };

static struct arena arena;
static struct str any[] = {STR_INIT("*")};

static int open_arena(void **state) {
    (void)state;
    arena_init(&arena, 16 * 1024 * 1024);
    return 0;
}

static int close_arena(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

static struct policy_statements policy_of(enum word word, struct policy_statement *at, struct policy_principal *p) {
    *at = (struct policy_statement){.allow = word == ALLOW,
                                    .actions = any,
                                    .n_actions = 1,
                                    .resources = any,
                                    .n_resources = 1,
                                    .principals = p,
                                    .n_principals = p ? 1 : 0,
                                    .line = 7,
                                    .policy_name = STR("p")};
    return (struct policy_statements){at, word == NONE ? 0 : 1, 1};
}

struct row {
    const char *account; /* the caller's; NULL: anonymous */
    enum word identity, session, resource;
    enum policy_principal_kind named;
    const char *name;
    bool allowed;
};

struct bounded_row {
    enum { UNBOUND, BOUND_NONE, BOUND_ALLOW, BOUND_DENY } boundary;
    bool role; /* arn:session of arn:role, not the user arn:bob */
    struct row row;
};

static struct access_answer ask_bounded(const struct bounded_row *b, enum policy_closeness suffices) {
    const struct row *r = &b->row;
    struct policy_statement s[4];
    struct policy_principal p = {r->named, str_of(r->name)};
    const struct policy_statements session = policy_of(r->session, &s[1], NULL),
                                   resource = policy_of(r->resource, &s[2], &p);
    static const enum word words[] = {NONE, NONE, ALLOW, DENY};
    const struct model_principal who = {.kind = b->role ? MODEL_ROLE : MODEL_USER,
                                        .profile = STR("bob"),
                                        .arn = b->role ? STR("arn:role") : STR("arn:bob"),
                                        .user_arn = b->role ? STR("arn:session") : STR("arn:bob"),
                                        .account_id = str_of(r->account),
                                        .has_boundary = b->boundary != UNBOUND,
                                        .boundary = policy_of(words[b->boundary], &s[3], NULL),
                                        .policies = policy_of(r->identity, &s[0], NULL)};
    const struct keyring_entry entry = {.who = &who, .session_policy = &session};
    const struct access_question q = {.caller = r->account ? &entry : NULL,
                                      .action = STR("a:b"),
                                      .resource = STR("arn:aws:a:::b"),
                                      .owner_account = STR("1"),
                                      .resource_policy = &resource,
                                      .suffices = suffices};
    struct access_answer answer;
    struct err e;
    check_ok(access_decide(&q, &answer, &arena, &e), e);
    assert_int_equal(answer.allowed, answer.why.n == 0);
    return answer;
}

static struct access_answer ask(const struct row *r, enum policy_closeness suffices) {
    return ask_bounded(&(struct bounded_row){UNBOUND, false, *r}, suffices);
}

static void check_rows(const struct row *rows, size_t n, enum policy_closeness suffices) {
    for (size_t i = 0; i < n; i++)
        if (ask(&rows[i], suffices).allowed != rows[i].allowed) fail_msg("row %zu", i);
}

static void same_account(void **state) {
    (void)state;
    static const struct row rows[] = {
        {"1", ALLOW, ALLOW, ALLOW, POLICY_ARN, "arn:bob", true},
        {"1", ALLOW, ALLOW, NONE, POLICY_ARN, "arn:bob", true},
        {"1", ALLOW, ALLOW, DENY, POLICY_ARN, "arn:bob", false},
        {"1", NONE, ALLOW, ALLOW, POLICY_ARN, "arn:bob", true},
        {"1", NONE, ALLOW, NONE, POLICY_ARN, "arn:bob", false},
        {"1", NONE, ALLOW, DENY, POLICY_ARN, "arn:bob", false},
        {"1", DENY, ALLOW, ALLOW, POLICY_ARN, "arn:bob", false},
        {"1", DENY, ALLOW, NONE, POLICY_ARN, "arn:bob", false},
        {"1", DENY, ALLOW, DENY, POLICY_ARN, "arn:bob", false},
        {"1", NONE, ALLOW, ALLOW, POLICY_ANYONE, "*", true},
        {"1", NONE, ALLOW, ALLOW, POLICY_ACCOUNT, "1", false},
        {"1", ALLOW, ALLOW, ALLOW, POLICY_ACCOUNT, "1", true},
        {"1", ALLOW, ALLOW, ALLOW, POLICY_ARN, "arn:other", true},
        {"1", NONE, ALLOW, ALLOW, POLICY_ARN, "arn:other", false},
        {"1", ALLOW, ALLOW, DENY, POLICY_ARN, "arn:other", true},
        {"1", ALLOW, ALLOW, DENY, POLICY_ACCOUNT, "1", false},
        {"1", ALLOW, ALLOW, DENY, POLICY_ANYONE, "*", false},
    };
    check_rows(rows, sizeof rows / sizeof *rows, POLICY_BY_ANYONE);
}

static void other_account(void **state) {
    (void)state;
    static const struct row rows[] = {
        {"2", ALLOW, ALLOW, ALLOW, POLICY_ARN, "arn:bob", true},
        {"2", ALLOW, ALLOW, NONE, POLICY_ARN, "arn:bob", false},
        {"2", ALLOW, ALLOW, DENY, POLICY_ARN, "arn:bob", false},
        {"2", NONE, ALLOW, ALLOW, POLICY_ARN, "arn:bob", false},
        {"2", NONE, ALLOW, NONE, POLICY_ARN, "arn:bob", false},
        {"2", NONE, ALLOW, DENY, POLICY_ARN, "arn:bob", false},
        {"2", DENY, ALLOW, ALLOW, POLICY_ARN, "arn:bob", false},
        {"2", DENY, ALLOW, DENY, POLICY_ARN, "arn:bob", false},
        {"2", ALLOW, ALLOW, ALLOW, POLICY_ACCOUNT, "2", true},
        {"2", ALLOW, ALLOW, ALLOW, POLICY_ACCOUNT, "1", false},
        {"2", ALLOW, ALLOW, ALLOW, POLICY_ANYONE, "*", true},
        {"2", NONE, ALLOW, ALLOW, POLICY_ANYONE, "*", false},
    };
    check_rows(rows, sizeof rows / sizeof *rows, POLICY_BY_ANYONE);
    check_rows(rows, sizeof rows / sizeof *rows, POLICY_BY_ARN);
}

static void sessions(void **state) {
    (void)state;
    static const struct row rows[] = {
        {"1", ALLOW, NONE, NONE, POLICY_ANYONE, "*", false},  {"1", ALLOW, DENY, ALLOW, POLICY_ANYONE, "*", false},
        {"1", NONE, ALLOW, NONE, POLICY_ANYONE, "*", false},  {"1", ALLOW, NONE, ALLOW, POLICY_ARN, "arn:bob", false},
        {"2", ALLOW, NONE, ALLOW, POLICY_ANYONE, "*", false}, {"2", ALLOW, ALLOW, ALLOW, POLICY_ANYONE, "*", true},
    };
    check_rows(rows, sizeof rows / sizeof *rows, POLICY_BY_ANYONE);
}

static void check_bounded(const struct bounded_row *rows, size_t n, enum policy_closeness suffices) {
    for (size_t i = 0; i < n; i++)
        if (ask_bounded(&rows[i], suffices).allowed != rows[i].row.allowed) fail_msg("row %zu", i);
}

static void boundaries(void **state) {
    (void)state;
    static const struct bounded_row rows[] = {
        {BOUND_ALLOW, false, {"1", ALLOW, ALLOW, NONE, POLICY_ANYONE, "*", true}},
        {BOUND_NONE, false, {"1", ALLOW, ALLOW, NONE, POLICY_ANYONE, "*", false}},
        {BOUND_DENY, false, {"1", ALLOW, ALLOW, NONE, POLICY_ANYONE, "*", false}},
        {BOUND_ALLOW, false, {"1", NONE, ALLOW, NONE, POLICY_ANYONE, "*", false}},
        {BOUND_ALLOW, false, {"1", NONE, ALLOW, ALLOW, POLICY_ANYONE, "*", true}},
        {BOUND_NONE, false, {"1", NONE, ALLOW, ALLOW, POLICY_ANYONE, "*", false}},
        {BOUND_NONE, false, {"1", ALLOW, ALLOW, ALLOW, POLICY_ACCOUNT, "1", false}},
        {BOUND_ALLOW, false, {"2", ALLOW, ALLOW, ALLOW, POLICY_ANYONE, "*", true}},
        {BOUND_NONE, false, {"2", ALLOW, ALLOW, ALLOW, POLICY_ARN, "arn:bob", false}},
        {BOUND_DENY, false, {"2", ALLOW, ALLOW, ALLOW, POLICY_ARN, "arn:bob", false}},
        {BOUND_ALLOW, true, {"1", ALLOW, ALLOW, NONE, POLICY_ANYONE, "*", true}},
        {BOUND_ALLOW, true, {"1", ALLOW, NONE, NONE, POLICY_ANYONE, "*", false}},
        {BOUND_NONE, true, {"1", ALLOW, ALLOW, NONE, POLICY_ANYONE, "*", false}},
        {BOUND_NONE, true, {"2", ALLOW, ALLOW, ALLOW, POLICY_ARN, "arn:session", false}},
        {BOUND_ALLOW, true, {"2", NONE, ALLOW, ALLOW, POLICY_ARN, "arn:session", false}},
    };
    check_bounded(rows, sizeof rows / sizeof *rows, POLICY_BY_ANYONE);
}

/* What names a user or a session itself is not limited by what they lack elsewhere; what names a role is. */
static void given_directly(void **state) {
    (void)state;
    static const struct bounded_row rows[] = {
        {BOUND_NONE, false, {"1", NONE, ALLOW, ALLOW, POLICY_ARN, "arn:bob", true}},
        {BOUND_DENY, false, {"1", NONE, ALLOW, ALLOW, POLICY_ARN, "arn:bob", false}},
        {BOUND_NONE, false, {"1", DENY, ALLOW, ALLOW, POLICY_ARN, "arn:bob", false}},
        {BOUND_NONE, true, {"1", NONE, ALLOW, ALLOW, POLICY_ARN, "arn:role", false}},
        {BOUND_ALLOW, true, {"1", NONE, ALLOW, ALLOW, POLICY_ARN, "arn:role", true}},
        {BOUND_ALLOW, true, {"1", NONE, NONE, ALLOW, POLICY_ARN, "arn:role", false}},
        {BOUND_NONE, true, {"1", NONE, NONE, ALLOW, POLICY_ARN, "arn:session", true}},
        {BOUND_NONE, true, {"1", NONE, DENY, ALLOW, POLICY_ARN, "arn:session", false}},
        {BOUND_DENY, true, {"1", NONE, NONE, ALLOW, POLICY_ARN, "arn:session", false}},
        {BOUND_ALLOW, true, {"1", NONE, NONE, ALLOW, POLICY_ARN, "arn:other", false}},
    };
    check_bounded(rows, sizeof rows / sizeof *rows, POLICY_BY_ANYONE);
    check_bounded(rows, sizeof rows / sizeof *rows, POLICY_BY_ARN);
}

static void trust(void **state) {
    (void)state;
    static const struct row rows[] = {
        {"1", NONE, ALLOW, ALLOW, POLICY_ARN, "arn:bob", true},
        {"1", NONE, ALLOW, ALLOW, POLICY_ACCOUNT, "1", false},
        {"1", ALLOW, ALLOW, ALLOW, POLICY_ACCOUNT, "1", true},
        {"1", NONE, ALLOW, ALLOW, POLICY_ANYONE, "*", false},
        {"1", ALLOW, ALLOW, ALLOW, POLICY_ANYONE, "*", true},
        {"1", ALLOW, ALLOW, NONE, POLICY_ANYONE, "*", false},
        {"1", ALLOW, ALLOW, ALLOW, POLICY_ARN, "arn:other", false},
        {"1", DENY, ALLOW, ALLOW, POLICY_ARN, "arn:bob", false},
        {"1", ALLOW, ALLOW, ALLOW, POLICY_SERVICE, "lambda.amazonaws.com", false},
    };
    check_rows(rows, sizeof rows / sizeof *rows, POLICY_BY_ARN);
}

static void anonymous(void **state) {
    (void)state;
    static const struct row rows[] = {
        {NULL, ALLOW, ALLOW, ALLOW, POLICY_ANYONE, "*", true},
        {NULL, ALLOW, ALLOW, NONE, POLICY_ANYONE, "*", false},
        {NULL, ALLOW, ALLOW, DENY, POLICY_ANYONE, "*", false},
        {NULL, ALLOW, ALLOW, ALLOW, POLICY_ACCOUNT, "1", false},
        {NULL, ALLOW, ALLOW, ALLOW, POLICY_ARN, "arn:bob", false},
    };
    check_rows(rows, sizeof rows / sizeof *rows, POLICY_BY_ANYONE);
}

static void reasons(void **state) {
    (void)state;
    struct access_answer a = ask(&(struct row){"1", NONE, ALLOW, NONE, POLICY_ANYONE, "*", false}, POLICY_BY_ANYONE);
    assert_int_equal(a.missing, ACCESS_IDENTITY);
    check_text(a.why, "no statement of bob allows a:b on arn:aws:a:::b");
    a = ask(&(struct row){"2", ALLOW, ALLOW, NONE, POLICY_ANYONE, "*", false}, POLICY_BY_ANYONE);
    assert_int_equal(a.missing, ACCESS_RESOURCE);
    check_text(a.why, "no statement of the resource-based policy allows bob to do a:b on arn:aws:a:::b");
    a = ask(&(struct row){"1", ALLOW, NONE, ALLOW, POLICY_ANYONE, "*", false}, POLICY_BY_ANYONE);
    assert_int_equal(a.missing, ACCESS_SESSION);
    a = ask(&(struct row){"1", ALLOW, ALLOW, DENY, POLICY_ANYONE, "*", false}, POLICY_BY_ANYONE);
    assert_true(a.explicit_deny);
    assert_int_equal(a.missing, ACCESS_RESOURCE);
    check_text(a.why, "denied by line 7, policy p");
    a = ask_bounded(&(struct bounded_row){BOUND_NONE, false, {"1", ALLOW, ALLOW, NONE, POLICY_ANYONE, "*", false}},
                    POLICY_BY_ANYONE);
    assert_int_equal(a.missing, ACCESS_BOUNDARY);
    check_text(a.why, "no statement of the permissions boundary allows bob to do a:b on arn:aws:a:::b");
}

int main(void) {
    const struct CMUnitTest cases[] = {
        CASE("in one account either side may allow, a Deny wins, an account alone allows nobody", same_account),
        CASE("from another account both sides must allow", other_account),
        CASE("a session's policy takes away and never gives", sessions),
        CASE("a permissions boundary takes away and never gives", boundaries),
        CASE("what a resource policy gives to a user or session by ARN, only a Deny takes away", given_directly),
        CASE("a trust policy that names the caller needs no policy of his", trust),
        CASE("an anonymous caller needs an Allow for everybody", anonymous),
        CASE("the log says which policy is missing", reasons),
    };
    return cmocka_run_group_tests_name("access", cases, open_arena, close_arena);
}
