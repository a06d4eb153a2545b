/* SPDX-License-Identifier: Apache-2.0 */
/* local/policy_range.c: which statements name some value of a route with parameters, and which name all. */
#include "policy_range.h"

#include "check.h"

#define PART POLICY_RANGE_PART
#define PARTS POLICY_RANGE_PARTS
#define REST POLICY_RANGE_REST

static void meetings(void **state) {
    (void)state;
    static const struct {
        const char *pattern, *range;
        bool meet;
    } table[] = {
        {"a/1", "a/" PART, true},
        {"a/1*", "a/" PART, true},
        {"a/*", "a/" PART, true},
        {"*", "a/" PART, true},
        {"a/", "a/" PART, false},
        {"a/1/2", "a/" PART, false},
        {"a/*/2", "a/" PART, false},
        {"*/2", "a/" PART, true},
        {"b/*", "a/" PART, false},
        {"a/?", "a/" PART, true},
        {"?/1", "a/" PART, true},
        {"a", "a/" PART, false},
        {"a/1/p", "a/" PART "/p", true},
        {"a/1/q", "a/" PART "/p", false},
        {"a/*p", "a/" PART "/p", true},
        {"a/1/2", "a/" PARTS, true},
        {"a/*/*", "a/" PARTS, true},
        {"a/", "a/" PARTS, false},
        {"a/", "a/" REST, true},
        {"a/1/2", "a/" REST, true},
        {"b", "a/" REST, false},
        {"x*y:a/1", "xz:y:a/" PART, false},
        {"x*:y:a/1", "xz:y:a/" PART, true},
        {"x?y", "x:y", false},
        {"a/*?*?*", "a/" PART, true},
        {"", "", true},
        {"a", "", false},
        {"**", "", true},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const struct policy_range range = {.pattern = str_of(table[i].range)};
        if (policy_range_meets(&range, str_of(table[i].pattern)) != table[i].meet) fail_msg("%s", table[i].pattern);
    }
}

static bool is_not_search(const void *of, struct str resource) {
    ++*(unsigned *)(uintptr_t)of;
    return !str_eq(resource, STR("a/search"));
}

/* What another route takes is written out only where the pattern leaves nothing else. */
static void other_routes(void **state) {
    (void)state;
    unsigned asked = 0;
    const struct policy_range range = {.pattern = STR("a/" PART), .belongs = is_not_search, .of = &asked};
    assert_false(policy_range_meets(&range, STR("a/search")));
    assert_false(policy_range_meets(&range, STR("*/search")));
    assert_true(policy_range_meets(&range, STR("a/search*")));
    assert_true(policy_range_meets(&range, STR("a/*search")));
    assert_true(policy_range_meets(&range, STR("a/s????h")));
    assert_true(policy_range_meets(&range, STR("a/*")));
    assert_int_equal(asked, 6);
    assert_false(policy_range_meets(&range, STR("b/search")));
    assert_int_equal(asked, 6);
}

/* A pattern without end costs no time, and is taken to meet. */
static void bounded(void **state) {
    (void)state;
    static char text[100000];
    memset(text, '*', sizeof text);
    const struct policy_range range = {.pattern = STR("a/" PART)};
    assert_true(policy_range_meets(&range, (struct str){text, sizeof text}));
    assert_true(policy_range_meets(&range, (struct str){text, 4000}));
    memset(text, '?', sizeof text);
    assert_true(policy_range_meets(&range, (struct str){text, 4000}));
    text[0] = 'b';
    assert_false(policy_range_meets(&range, (struct str){text, 4000}));
}

/* An Allow of one value and a Deny of all, each read for the best and for the worst of the values. */
static void decisions(void **state) {
    (void)state;
    static const struct {
        const char *resource;
        bool allow, best;
        enum policy_decision decision;
    } table[] = {
        {"a/1", true, true, POLICY_ALLOW},
        {"a/1", true, false, POLICY_IMPLICIT_DENY},
        {"a/*", true, false, POLICY_ALLOW},
        {"a/1", false, true, POLICY_IMPLICIT_DENY},
        {"a/1", false, false, POLICY_EXPLICIT_DENY},
        {"a/*", false, true, POLICY_EXPLICIT_DENY},
        {"a/??*", false, true, POLICY_IMPLICIT_DENY},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct str action = STR("x:y"), resource = str_of(table[i].resource);
        struct policy_statement s = {
            .allow = table[i].allow, .actions = &action, .resources = &resource, .n_actions = 1, .n_resources = 1};
        const struct policy_statements all = {&s, 1, 1};
        const struct policy_range range = {
            .pattern = STR("a/" PART), .samples = {STR("a/~~~~"), STR("a/~")}, .best = table[i].best};
        const struct policy_request rq = {.action = action, .resource = STR("a/~~~~"), .range = &range};
        assert_int_equal(policy_evaluate(&all, &rq).decision, table[i].decision);
        check_str(policy_range_resource(&s, &rq), resource);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE("a statement and a route with parameters have a resource in common, or not", meetings),
        CASE("a value that another route takes does not count", other_routes),
        CASE("long patterns are bounded work", bounded),
        CASE("some values and all values are decided apart", decisions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
