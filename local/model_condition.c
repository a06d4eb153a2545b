/* SPDX-License-Identifier: Apache-2.0 */
/* The Condition of a statement: OPERATOR: {KEY: value or values}. An operator, or a value that its operator cannot take, is
   refused, as IAM does; a key that is not known here gets a notice, and its statement never opens anything.
   https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html */
#include "model_parts.h"

static const struct {
    const char *name;
    enum policy_operator type;
    enum policy_relation relation;
    bool negated;
} operators[] = {
    {"StringEquals", POLICY_STRING_EQUALS, POLICY_EQUAL, false},
    {"StringNotEquals", POLICY_STRING_EQUALS, POLICY_EQUAL, true},
    {"StringEqualsIgnoreCase", POLICY_STRING_EQUALS_IGNORE_CASE, POLICY_EQUAL, false},
    {"StringNotEqualsIgnoreCase", POLICY_STRING_EQUALS_IGNORE_CASE, POLICY_EQUAL, true},
    {"StringLike", POLICY_STRING_LIKE, POLICY_EQUAL, false},
    {"StringNotLike", POLICY_STRING_LIKE, POLICY_EQUAL, true},
    {"ArnEquals", POLICY_ARN_LIKE, POLICY_EQUAL, false},
    {"ArnNotEquals", POLICY_ARN_LIKE, POLICY_EQUAL, true},
    {"ArnLike", POLICY_ARN_LIKE, POLICY_EQUAL, false},
    {"ArnNotLike", POLICY_ARN_LIKE, POLICY_EQUAL, true},
    {"IpAddress", POLICY_IP_ADDRESS, POLICY_EQUAL, false},
    {"NotIpAddress", POLICY_IP_ADDRESS, POLICY_EQUAL, true},
    {"Bool", POLICY_BOOL, POLICY_EQUAL, false},
    {"NumericEquals", POLICY_NUMERIC, POLICY_EQUAL, false},
    {"NumericNotEquals", POLICY_NUMERIC, POLICY_EQUAL, true},
    {"NumericLessThan", POLICY_NUMERIC, POLICY_LESS, false},
    {"NumericLessThanEquals", POLICY_NUMERIC, POLICY_AT_MOST, false},
    {"NumericGreaterThan", POLICY_NUMERIC, POLICY_GREATER, false},
    {"NumericGreaterThanEquals", POLICY_NUMERIC, POLICY_AT_LEAST, false},
    {"DateEquals", POLICY_DATE, POLICY_EQUAL, false},
    {"DateNotEquals", POLICY_DATE, POLICY_EQUAL, true},
    {"DateLessThan", POLICY_DATE, POLICY_LESS, false},
    {"DateLessThanEquals", POLICY_DATE, POLICY_AT_MOST, false},
    {"DateGreaterThan", POLICY_DATE, POLICY_GREATER, false},
    {"DateGreaterThanEquals", POLICY_DATE, POLICY_AT_LEAST, false},
    {"Null", POLICY_NULL, POLICY_EQUAL, false},
};

static bool take_start(struct str *s, struct str start) {
    if (!str_starts(*s, start)) return false;
    *s = (struct str){s->p + start.n, s->n - start.n};
    return true;
}

static bool read_operator(struct str name, struct policy_condition *c) {
    static const struct str if_exists = STR_INIT("IfExists");
    if (take_start(&name, STR("ForAnyValue:"))) c->set = POLICY_ANY_VALUE;
    else if (take_start(&name, STR("ForAllValues:"))) c->set = POLICY_ALL_VALUES;
    c->if_exists = str_ends(name, if_exists);
    if (c->if_exists) name.n -= if_exists.n;
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        if (!str_eq(name, str_of(operators[i].name))) continue;
        c->type = operators[i].type;
        c->relation = operators[i].relation;
        c->negated = operators[i].negated;
        return c->type != POLICY_NULL || !(c->if_exists || c->set != POLICY_ONE_VALUE);
    }
    return false;
}

static bool check_values(struct model_reader *r, const struct node *place, const struct policy_statement *s,
                         const struct policy_condition *c, struct err *e) {
    bool text = c->type <= POLICY_ARN_LIKE;
    for (size_t i = 0; i < c->n_values; i++) {
        if (!policy_check_value(c->type, c->values[i]))
            return node_error(place, e, "%.*s cannot be compared under the operator of this Condition",
                              STR_ARG(c->values[i]));
        if (text && !model_policy_check_variables(r, place, s, c->values[i], e)) return false;
    }
    return true;
}

static bool read_values(struct model_reader *r, const struct node *v, struct policy_condition *c, struct err *e) {
    c->n_values = v->kind == NODE_SEQUENCE ? v->n : 1;
    if (c->n_values == 0) return node_error(v, e, "a Condition without values");
    c->values = arena_zero(r->arena, c->n_values * sizeof *c->values);
    if (!c->values) return err_set(e, ERR_MEMORY, "%s: out of memory for the template", v->file);
    for (size_t i = 0; i < c->n_values; i++) {
        const struct node *item = v->kind == NODE_SEQUENCE ? v->at[i].value : v;
        if (item->kind != NODE_SCALAR || node_is_rewritten(item))
            return node_error(item, e, "a value of a Condition is no plain text: put it in quotes");
        c->values[i] = item->text;
    }
    return true;
}

static bool read_key(struct model_reader *r, struct node_member member, struct policy_condition c,
                     struct policy_statement *s, struct err *e) {
    struct node place = {.file = member.value->file, .line = member.line};
    c.key = member.key;
    if (str_find(c.key, STR(":")) == SIZE_MAX)
        return node_error(&place, e, "%.*s is no condition key (aws:SourceIp is one)", STR_ARG(c.key));
    if (!read_values(r, member.value, &c, e) || !check_values(r, &place, s, &c, e)) return false;
    if (!policy_knows_key(c.key) &&
        !model_parts_notice(r, &place, e,
                            "the condition key %.*s is not known here: its statement never allows, and always denies",
                            STR_ARG(c.key)))
        return false;
    struct policy_condition *grown =
        arena_grow(r->arena, s->conditions, s->n_conditions * sizeof c, (s->n_conditions + 1) * sizeof c);
    if (!grown) return err_set(e, ERR_MEMORY, "%s: out of memory for the template", place.file);
    s->conditions = grown;
    s->conditions[s->n_conditions++] = c;
    return true;
}

bool model_condition_read(struct model_reader *r, const struct node *condition, struct policy_statement *s,
                          struct err *e) {
    const struct node *all = NULL;
    if (!template_resolve(r->t, condition, &all, e)) return false;
    if (!all) return true;
    if (all->kind != NODE_MAPPING) return node_error(condition, e, "a Condition is a mapping of operators");
    for (size_t i = 0; i < all->n; i++) {
        struct node place = {.file = condition->file, .line = all->at[i].line};
        const struct node *keys = all->at[i].value;
        struct policy_condition c = {0};
        if (!read_operator(all->at[i].key, &c))
            return node_error(&place, e, "the condition operator %.*s is not supported", STR_ARG(all->at[i].key));
        if (keys->kind != NODE_MAPPING) return node_error(&place, e, "a condition operator takes a mapping of keys");
        for (size_t k = 0; k < keys->n; k++)
            if (!read_key(r, keys->at[k], c, s, e)) return false;
    }
    return true;
}
