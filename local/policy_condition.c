/* SPDX-License-Identifier: Apache-2.0 */
/* Does one key under one operator hold for a request? A key that the request has not: no for what must be alike, yes for
   what must differ, yes with IfExists.
   https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html */
#include "policy_parts.h"

static enum policy_truth truth_of(bool is) {
    return is ? POLICY_YES : POLICY_NO;
}

/* Component by component: a wildcard does not reach into the next one; the last may hold colons. */
static bool arn_matches(const struct policy_pattern *pattern, struct str arn) {
    struct policy_pattern part = *pattern;
    struct str rest = pattern->text, piece;
    for (int i = 0; i < 6; i++) {
        bool last = i == 5, more = false, pattern_more = false;
        part.literal = pattern->literal ? pattern->literal + (rest.p - pattern->text.p) : NULL;
        if (last) part.text = rest, piece = arn;
        else pattern_more = str_cut(&rest, ':', &part.text), more = str_cut(&arn, ':', &piece);
        if (!policy_pattern_matches(&part, piece, POLICY_TEXT)) return false;
        if (!last && (!more || !pattern_more)) return false; /* that is no ARN */
    }
    return true;
}

static bool relation_holds(enum policy_relation relation, double fact, double value) {
    switch (relation) {
    case POLICY_EQUAL: return !(fact < value) && !(fact > value);
    case POLICY_LESS: return fact < value;
    case POLICY_AT_MOST: return fact <= value;
    case POLICY_GREATER: return fact > value;
    case POLICY_AT_LEAST: return fact >= value;
    }
    return false;
}

/* A fact of another type than the operator's is not comparable: nobody says what AWS would make of it. */
static enum policy_truth compare_typed(const struct policy_condition *c, struct str value, struct str fact) {
    struct policy_network network, address;
    double a, b;
    switch (c->type) {
    case POLICY_IP_ADDRESS:
        if (!policy_network_read(value, &network) || !policy_network_read(fact, &address)) return POLICY_UNCLEAR;
        return truth_of(policy_network_holds(&network, &address));
    case POLICY_NUMERIC:
        if (!policy_number_read(value, &a) || !policy_number_read(fact, &b)) return POLICY_UNCLEAR;
        return truth_of(relation_holds(c->relation, b, a));
    case POLICY_DATE:
        if (!policy_date_read(value, &a) || !policy_date_read(fact, &b)) return POLICY_UNCLEAR;
        return truth_of(relation_holds(c->relation, b, a));
    default: /* Bool */
        if (!policy_check_value(POLICY_BOOL, fact)) return POLICY_UNCLEAR;
        return truth_of(str_eq_nocase(value, fact));
    }
}

static enum policy_truth compare(const struct policy_statement *s, const struct policy_condition *c, struct str value,
                                 const struct policy_request *rq, struct str fact, struct str *unclear) {
    struct policy_pattern pattern;
    if (c->type > POLICY_ARN_LIKE) return compare_typed(c, value, fact);
    /* A variable without a value: whether it then differs is not for us to say. */
    if (policy_expand(s, value, rq, &pattern, unclear) != POLICY_YES) return POLICY_UNCLEAR;
    switch (c->type) {
    case POLICY_STRING_EQUALS: return truth_of(str_eq(pattern.text, fact));
    case POLICY_STRING_EQUALS_IGNORE_CASE: return truth_of(str_eq_nocase(pattern.text, fact));
    case POLICY_STRING_LIKE: return truth_of(policy_pattern_matches(&pattern, fact, POLICY_TEXT));
    default: return str_starts(fact, STR("arn:")) ? truth_of(arn_matches(&pattern, fact)) : POLICY_UNCLEAR;
    }
}

/* The values of the policy are alternatives; under a negated operator none of them may fit. */
static enum policy_truth holds_for(const struct policy_statement *s, const struct policy_condition *c,
                                   const struct policy_request *rq, struct str fact, struct str *unclear) {
    enum policy_truth any = POLICY_NO;
    for (size_t i = 0; i < c->n_values && any != POLICY_YES; i++)
        any = policy_or(any, compare(s, c, c->values[i], rq, fact, unclear));
    if (!c->negated || any == POLICY_UNCLEAR) return any;
    return truth_of(any == POLICY_NO);
}

static enum policy_truth without_value(const struct policy_condition *c) {
    if (c->if_exists) return POLICY_YES;
    if (c->set == POLICY_ANY_VALUE) return POLICY_NO;
    return truth_of(c->negated || c->set == POLICY_ALL_VALUES);
}

static enum policy_truth is_null(const struct policy_condition *c, bool absent) {
    for (size_t i = 0; i < c->n_values; i++)
        if (str_eq_nocase(c->values[i], STR("true")) == absent) return POLICY_YES;
    return POLICY_NO;
}

static enum policy_truth holds(const struct policy_statement *s, const struct policy_condition *c,
                               const struct policy_request *rq, struct str *unclear) {
    static const struct http_fields none;
    const struct http_fields *facts = rq->facts ? rq->facts : &none;
    size_t n = http_field_count(facts, c->key);
    if (n == 0 && !policy_knows_key(c->key)) return POLICY_UNCLEAR;
    if (c->type == POLICY_NULL) return is_null(c, n == 0);
    if (n == 0) return without_value(c);
    if (n > 1 && c->set == POLICY_ONE_VALUE) return POLICY_UNCLEAR;
    enum policy_truth truth = c->set == POLICY_ANY_VALUE ? POLICY_NO : POLICY_YES;
    for (size_t i = 0; i < facts->n; i++) {
        if (!str_eq_nocase(facts->at[i].name, c->key)) continue;
        enum policy_truth one = holds_for(s, c, rq, facts->at[i].value, unclear);
        truth = c->set == POLICY_ANY_VALUE ? policy_or(truth, one) : policy_and(truth, one);
    }
    return truth;
}

enum policy_truth policy_condition_holds(const struct policy_statement *s, const struct policy_condition *c,
                                         const struct policy_request *rq, struct str *unclear) {
    struct str inside = {0};
    enum policy_truth truth = holds(s, c, rq, &inside);
    if (truth == POLICY_UNCLEAR) *unclear = inside.p ? inside : c->key;
    return truth;
}

static bool has_six_parts(struct str s) {
    struct str part;
    for (int i = 0; i < 5; i++)
        if (!str_cut(&s, ':', &part)) return false;
    return true;
}

bool policy_check_value(enum policy_operator type, struct str value) {
    struct policy_network network;
    double number;
    switch (type) {
    case POLICY_ARN_LIKE: return has_six_parts(value) || str_find(value, STR("${")) != SIZE_MAX;
    case POLICY_IP_ADDRESS: return policy_network_read(value, &network);
    case POLICY_NUMERIC: return policy_number_read(value, &number);
    case POLICY_DATE: return policy_date_read(value, &number);
    case POLICY_BOOL:
    case POLICY_NULL: return str_eq_nocase(value, STR("true")) || str_eq_nocase(value, STR("false"));
    default: return true;
    }
}
