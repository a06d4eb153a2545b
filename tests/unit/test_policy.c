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

static void decisions(void **state) {
    (void)state;
    struct policy_statement at[] = {
        {.allow = true, .actions = invoke, .n_actions = 1, .resources = get, .n_resources = 1},
        {.allow = true, .actions = everything, .n_actions = 1, .resources = get, .n_resources = 1},
        {.allow = false, .actions = invoke, .n_actions = 1, .resources = everything, .n_resources = 1},
    };
    struct policy_statements s = {.at = at, .n = 2, .cap = 3};
    const struct policy_statement *deciding;
    assert_int_equal(policy_evaluate(&s, STR("execute-api:Invoke"), STR("arn:x/GET/private"), &deciding), POLICY_ALLOW);
    assert_ptr_equal(deciding, &at[0]);
    assert_int_equal(policy_evaluate(&s, STR("execute-api:Invoke"), STR("arn:x/GET/Private"), &deciding),
                     POLICY_IMPLICIT_DENY);
    assert_null(deciding);
    assert_int_equal(policy_evaluate(&s, STR("EXECUTE-API:INVOKE"), STR("arn:x/GET/private"), NULL), POLICY_ALLOW);
    s.n = 3;
    assert_int_equal(policy_evaluate(&s, STR("execute-api:Invoke"), STR("arn:x/GET/private"), &deciding),
                     POLICY_EXPLICIT_DENY);
    assert_ptr_equal(deciding, &at[2]);
    s.n = 0;
    assert_int_equal(policy_evaluate(&s, STR("execute-api:Invoke"), STR("arn:x/GET/private"), NULL),
                     POLICY_IMPLICIT_DENY);
}

int main(void) {
    const struct CMUnitTest cases[] = {
        CASE("* is any run of characters and ? is one", wildcards),
        CASE("actions are compared without case, resources with", letter_case),
        CASE("a * goes beyond a colon only at the end of its segment", segments),
        CASE("many stars do not take long", no_blow_up),
        CASE("short patterns mean what the definition says", all_short_ones),
        CASE("a Deny wins over an Allow, and nothing is no", decisions),
    };
    return cmocka_run_group_tests_name("policy", cases, NULL, NULL);
}
