/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions and Rules: true or false, each decided once. A cycle is an error.
   https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-conditions.html */
#include "template.h"

enum { MAX_CHAIN = 128 };

static bool evaluate(struct template *t, const struct node *n, bool *is, struct err *e);

static bool equals(struct template *t, const struct node *arg, bool *is, struct err *e) {
    struct str left, right;
    if (arg->kind != NODE_SEQUENCE || arg->n != 2) return node_error(arg, e, "Fn::Equals compares two values");
    if (!template_resolve_text(t, arg->at[0].value, "a side of Fn::Equals", &left, e) ||
        !template_resolve_text(t, arg->at[1].value, "a side of Fn::Equals", &right, e))
        return false;
    *is = str_eq(left, right);
    return true;
}

/* All are evaluated, so that an error in any is seen. */
static bool combine(struct template *t, const struct node *arg, bool any, bool *is, struct err *e) {
    if (arg->kind != NODE_SEQUENCE || arg->n < 2 || arg->n > 10)
        return node_error(arg, e, "Fn::And and Fn::Or take two to ten conditions");
    *is = !any;
    for (size_t i = 0; i < arg->n; i++) {
        bool one;
        if (!evaluate(t, arg->at[i].value, &one, e)) return false;
        if (one == any) *is = any;
    }
    return true;
}

static bool negate(struct template *t, const struct node *arg, bool *is, struct err *e) {
    if (arg->kind != NODE_SEQUENCE || arg->n != 1) return node_error(arg, e, "Fn::Not takes a list of one condition");
    if (!evaluate(t, arg->at[0].value, is, e)) return false;
    *is = !*is;
    return true;
}

static bool evaluate_one(struct template *t, const struct node *n, bool *is, struct err *e) {
    if (!node_is_intrinsic(n))
        return node_error(n, e, "a condition is one of Fn::Equals, Fn::Not, Fn::And, Fn::Or, Condition");
    const struct node *arg = n->at[0].value;
    if (node_is(n, "Fn::Equals")) return equals(t, arg, is, e);
    if (node_is(n, "Fn::Not")) return negate(t, arg, is, e);
    if (node_is(n, "Fn::And")) return combine(t, arg, false, is, e);
    if (node_is(n, "Fn::Or")) return combine(t, arg, true, is, e);
    if (node_is(n, "Condition") && arg->kind == NODE_SCALAR) return template_condition_is(t, arg->text, n, is, e);
    return node_error(n, e, "%.*s is not supported in a condition", STR_ARG(n->at[0].key));
}

static bool evaluate(struct template *t, const struct node *n, bool *is, struct err *e) {
    if (t->depth >= MAX_CHAIN) return node_error(n, e, "conditions nested deeper than %d", MAX_CHAIN);
    t->depth++;
    bool ok = evaluate_one(t, n, is, e);
    t->depth--;
    return ok;
}

bool template_condition_is(struct template *t, struct str name, const struct node *place, bool *is, struct err *e) {
    struct template_condition *c = NULL;
    for (size_t i = 0; i < t->n_conditions && !c; i++)
        if (str_eq(t->conditions[i].name, name)) c = &t->conditions[i];
    if (!c) return node_error(place, e, "there is no condition %.*s", STR_ARG(name));
    if (c->state == TEMPLATE_BUSY) return node_error(place, e, "the condition %.*s depends on itself", STR_ARG(name));
    if (c->state == TEMPLATE_UNDECIDED) {
        bool result;
        c->state = TEMPLATE_BUSY;
        if (!evaluate(t, c->node, &result, e)) return false;
        c->state = result ? TEMPLATE_TRUE : TEMPLATE_FALSE;
    }
    *is = c->state == TEMPLATE_TRUE;
    return true;
}

bool template_condition_read(struct template *t, struct err *e) {
    const struct node *all = node_get(t->root, "Conditions");
    bool ignored;
    if (!all) return true;
    if (all->kind != NODE_MAPPING) return node_error(all, e, "Conditions is not a mapping");
    t->conditions = arena_zero(t->arena, (all->n + 1) * sizeof *t->conditions);
    if (!t->conditions) return err_set(e, ERR_MEMORY, "%s: out of memory for the template", all->file);
    for (; t->n_conditions < all->n; t->n_conditions++)
        t->conditions[t->n_conditions] =
            (struct template_condition){.name = all->at[t->n_conditions].key, .node = all->at[t->n_conditions].value};
    for (size_t i = 0; i < t->n_conditions; i++)
        if (!template_condition_is(t, t->conditions[i].name, t->conditions[i].node, &ignored, e)) return false;
    return true;
}

static bool check_assertions(struct template *t, struct str rule, const struct node *all, struct err *e) {
    if (!all || all->kind != NODE_SEQUENCE)
        return node_error(all ? all : t->root, e, "the rule %.*s has no Assertions", STR_ARG(rule));
    for (size_t i = 0; i < all->n; i++) {
        const struct node *one = all->at[i].value, *assert = node_get(one, "Assert");
        const struct node *why = node_get(one, "AssertDescription");
        bool holds;
        if (!assert) return node_error(one, e, "an assertion of the rule %.*s has no Assert", STR_ARG(rule));
        if (!evaluate(t, assert, &holds, e)) return false;
        if (!holds)
            return node_error(assert, e, "the rule %.*s does not hold: %.*s", STR_ARG(rule),
                              STR_ARG(why && why->kind == NODE_SCALAR ? why->text : STR("no AssertDescription")));
    }
    return true;
}

bool template_condition_check_rules(struct template *t, struct err *e) {
    const struct node *all = node_get(t->root, "Rules");
    if (!all) return true;
    if (all->kind != NODE_MAPPING) return node_error(all, e, "Rules is not a mapping");
    for (size_t i = 0; i < all->n; i++) {
        const struct node *rule = all->at[i].value, *when = node_get(rule, "RuleCondition");
        bool applies = true;
        if (rule->kind != NODE_MAPPING) return node_error(rule, e, "a rule is a mapping");
        if (when && !evaluate(t, when, &applies, e)) return false;
        if (applies && !check_assertions(t, all->at[i].key, node_get(rule, "Assertions"), e)) return false;
    }
    return true;
}
