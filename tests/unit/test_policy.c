/* SPDX-License-Identifier: Apache-2.0 */
/* Wildcards and decisions of identity policies. */
#include "policy.h"

#include "check.h"

static bool match(const char *pattern, const char *text) {
    return policy_matches(str_of(pattern), str_of(text), POLICY_RESOURCE);
}

static void wildcards(void **state) {
    (void)state;
    assert_true(match("*", ""));
    assert_true(match("*", "anything"));
    assert_true(match("", ""));
    assert_false(match("", "a"));
    assert_false(match("?", ""));
    assert_true(match("?", "a"));
    assert_true(match("a*c", "abbbc"));
    assert_false(match("a*c", "abbb"));
    assert_true(match("*a*b", "xaxbxaxb"));
    assert_true(match("a**", "a"));
    assert_false(match("a", "ab"));
    assert_false(match("ab", "a"));
    assert_true(match("arn:aws:execute-api:*:1:api/*/GET/*", "arn:aws:execute-api:eu-west-1:1:api/dev/GET/private"));
    assert_false(match("arn:aws:execute-api:*:1:api/*/GET/*", "arn:aws:execute-api:eu-west-1:1:api/dev/POST/private"));
}

/* A version or alias is written behind the function's name, and is another resource. */
static void function_arns(void **state) {
    (void)state;
#define FUNCTION "arn:aws:lambda:eu-west-1:123456789012:function:"
    assert_true(match(FUNCTION "private", FUNCTION "private"));
    assert_true(match(FUNCTION "*", FUNCTION "private"));
    assert_true(match(FUNCTION "pri*", FUNCTION "private"));
    assert_true(match("arn:aws:lambda:*:*:function:private", FUNCTION "private"));
    assert_false(match(FUNCTION "private:*", FUNCTION "private"));
    assert_false(match(FUNCTION "private:$LATEST", FUNCTION "private"));
    assert_false(match(FUNCTION "private", FUNCTION "private:prod"));
    assert_true(match(FUNCTION "private:*", FUNCTION "private:prod"));
    assert_false(match(FUNCTION "Private", FUNCTION "private"));
    assert_false(match(FUNCTION "private", FUNCTION "private2"));
}

static void letter_case(void **state) {
    (void)state;
    assert_true(policy_matches(STR("Execute-API:inv*"), STR("execute-api:Invoke"), POLICY_ACTION));
    assert_false(policy_matches(STR("Execute-API:inv*"), STR("execute-api:Invoke"), POLICY_RESOURCE));
    assert_false(policy_matches(STR("@"), STR("`"), POLICY_ACTION));
}

static void no_blow_up(void **state) {
    (void)state;
    static char text[20001], pattern[4001];
    memset(text, 'a', sizeof text - 1);
    for (size_t i = 0; i + 1 < sizeof pattern; i += 2) memcpy(pattern + i, "*a", 2);
    pattern[sizeof pattern - 2] = 'b';
    assert_false(match(pattern, text));
}

static void segments(void **state) {
    (void)state;
    assert_true(match("arn:aws:execute-api:*", "arn:aws:execute-api:eu-west-1:1:api/dev/GET/a"));
    assert_true(match("arn:*:1:api/*", "arn:aws:execute-api:eu-west-1:1:api/dev/GET/a"));
    assert_false(match("arn:a*i/dev/GET/a", "arn:aws:execute-api:eu-west-1:1:api/dev/GET/a"));
    assert_false(match("arn?aws", "arn:aws"));
    assert_false(match("a:*x:b", "a:c:x:b"));
    assert_true(match("a:*:x*:b", "a:c:d:xy:b"));
}

/* Every pattern and text of up to five characters, against the definition itself. */
static bool by_definition(const char *p, const char *t) {
    if (!*p) return !*t;
    bool far = p[1] == 0 || p[1] == ':';
    if (*p == '*') return by_definition(p + 1, t) || (*t && (far || *t != ':') && by_definition(p, t + 1));
    return *t && (*p == '?' ? *t != ':' : *p == *t) && by_definition(p + 1, t + 1);
}

static void spell(char *out, unsigned n, const char *letters, unsigned base) {
    while (n) *out++ = letters[n % base], n /= base;
    *out = 0;
}

static void all_short_ones(void **state) {
    (void)state;
    char p[8], t[8];
    for (unsigned i = 0; i < 6 * 6 * 6 * 6 * 6; i++) {
        spell(p, i, "*?ab:*", 6);
        for (unsigned k = 0; k < 3 * 3 * 3 * 3 * 3; k++) {
            spell(t, k, "ab:", 3);
            assert_int_equal(match(p, t), by_definition(p, t));
        }
    }
}

static struct str invoke[] = {{"execute-api:Invoke", 18}};
static struct str everything[] = {{"*", 1}};
static struct str get[] = {{"arn:x/GET/private", 17}};

static struct policy_result ask(const struct policy_statements *s, const char *action, const char *resource) {
    const struct policy_request rq = {.action = str_of(action), .resource = str_of(resource)};
    return policy_evaluate(s, &rq);
}

static void decisions(void **state) {
    (void)state;
    struct policy_statement at[] = {
        {.allow = true, .actions = invoke, .n_actions = 1, .resources = get, .n_resources = 1},
        {.allow = true, .actions = everything, .n_actions = 1, .resources = get, .n_resources = 1},
        {.allow = false, .actions = invoke, .n_actions = 1, .resources = everything, .n_resources = 1},
    };
    struct policy_statements s = {.at = at, .n = 2, .cap = 3};
    struct policy_result result = ask(&s, "execute-api:Invoke", "arn:x/GET/private");
    assert_int_equal(result.decision, POLICY_ALLOW);
    assert_ptr_equal(result.deciding, &at[0]);
    result = ask(&s, "execute-api:Invoke", "arn:x/GET/Private");
    assert_int_equal(result.decision, POLICY_IMPLICIT_DENY);
    assert_null(result.deciding);
    assert_int_equal(ask(&s, "EXECUTE-API:INVOKE", "arn:x/GET/private").decision, POLICY_ALLOW);
    s.n = 3;
    result = ask(&s, "execute-api:Invoke", "arn:x/GET/private");
    assert_int_equal(result.decision, POLICY_EXPLICIT_DENY);
    assert_ptr_equal(result.deciding, &at[2]);
    s.n = 0;
    assert_int_equal(ask(&s, "execute-api:Invoke", "arn:x/GET/private").decision, POLICY_IMPLICIT_DENY);
}

/* Who is named how closely. */
static void principals(void **state) {
    (void)state;
    static const struct policy_caller user = {STR_INIT("1"), STR_INIT("arn:u"), {0}},
                                      session = {STR_INIT("1"), STR_INIT("arn:s"), STR_INIT("arn:r")},
                                      stranger = {STR_INIT("2"), STR_INIT("arn:x"), {0}}, anonymous = {0};
    static const struct {
        struct policy_principal p;
        const struct policy_caller *caller;
        enum policy_closeness expected;
    } rows[] = {
        {{POLICY_ANYONE, STR_INIT("*")}, &user, POLICY_BY_ANYONE},
        {{POLICY_ANYONE, STR_INIT("*")}, &anonymous, POLICY_BY_ANYONE},
        {{POLICY_ACCOUNT, STR_INIT("1")}, &user, POLICY_BY_ACCOUNT},
        {{POLICY_ACCOUNT, STR_INIT("1")}, &session, POLICY_BY_ACCOUNT},
        {{POLICY_ACCOUNT, STR_INIT("1")}, &stranger, POLICY_BY_NOBODY},
        {{POLICY_ACCOUNT, STR_INIT("1")}, &anonymous, POLICY_BY_NOBODY},
        {{POLICY_ARN, STR_INIT("arn:u")}, &user, POLICY_BY_ARN},
        {{POLICY_ARN, STR_INIT("arn:u")}, &stranger, POLICY_BY_NOBODY},
        {{POLICY_ARN, STR_INIT("arn:s")}, &session, POLICY_BY_SESSION},
        {{POLICY_ARN, STR_INIT("arn:r")}, &session, POLICY_BY_ARN},
        {{POLICY_ARN, STR_INIT("arn:r")}, &user, POLICY_BY_NOBODY},
        {{POLICY_ARN, STR_INIT("")}, &anonymous, POLICY_BY_NOBODY},
        {{POLICY_SERVICE, STR_INIT("arn:u")}, &user, POLICY_BY_NOBODY},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct policy_principal p = rows[i].p;
        struct policy_statement at = {.allow = true,
                                      .actions = everything,
                                      .n_actions = 1,
                                      .resources = everything,
                                      .n_resources = 1,
                                      .principals = &p,
                                      .n_principals = 1};
        const struct policy_statements s = {&at, 1, 1};
        const struct policy_request rq = {.action = STR("a:b"), .resource = STR("r"), .caller = rows[i].caller};
        struct policy_result result = policy_evaluate(&s, &rq);
        assert_int_equal(result.decision == POLICY_ALLOW, rows[i].expected != POLICY_BY_NOBODY);
        assert_int_equal(result.closeness, rows[i].expected);
        at.allow = false;
        result = policy_evaluate(&s, &rq);
        assert_int_equal(result.decision == POLICY_EXPLICIT_DENY, rows[i].expected != POLICY_BY_NOBODY);
    }
}

static void plain_text(void **state) {
    (void)state;
    assert_true(policy_matches(STR("a*c"), STR("a:b:c"), POLICY_TEXT));
    assert_true(policy_matches(STR("a?c"), STR("a:c"), POLICY_TEXT));
    assert_false(policy_matches(STR("A*"), STR("abc"), POLICY_TEXT));
}

int main(void) {
    const struct CMUnitTest cases[] = {
        CASE("* is any run of characters and ? is one", wildcards),
        CASE("actions are compared without case, resources with", letter_case),
        CASE("a * goes beyond a colon only at the end of its segment", segments),
        CASE("a pattern for a function's versions is none for the function", function_arns),
        CASE("many stars do not take long", no_blow_up),
        CASE("short patterns mean what the definition says", all_short_ones),
        CASE("a Deny wins over an Allow, and nothing is no", decisions),
        CASE("a condition's text has no segments", plain_text),
        CASE("a principal is anyone, an account, a user, a role or one session", principals),
    };
    return cmocka_run_group_tests_name("policy", cases, NULL, NULL);
}
