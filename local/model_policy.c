/* SPDX-License-Identifier: Apache-2.0 */
/* In: policy documents of the template. Out: the statements that can speak about execute-api:Invoke. What the evaluator
   does not know is refused, unless the statement's actions have nothing to do with calling an API.
   https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html */
#include <string.h>

#include "model_parts.h"

static bool out_of_memory(const struct node *place, struct err *e) {
    return err_set(e, ERR_MEMORY, "%s: out of memory for the template", place->file);
}

static bool read_texts(struct model_reader *r, const struct node *n, const char *what, struct str **out, size_t *n_out,
                       struct err *e) {
    const struct node *v = NULL;
    if (!template_resolve(r->t, n, &v, e)) return false;
    size_t most = !v ? 0 : v->kind == NODE_SEQUENCE ? v->n : 1;
    if (most == 0) return node_error(n, e, "%s of a statement is empty", what);
    *out = arena_zero(r->arena, most * sizeof **out);
    if (!*out) return out_of_memory(n, e);
    for (*n_out = 0; *n_out < most; ++*n_out) {
        const struct node *item = v->kind == NODE_SEQUENCE ? v->at[*n_out].value : v;
        if (item->kind != NODE_SCALAR || item->text.n == 0)
            return node_error(item, e, "%s of a statement is a text or a list of texts", what);
        (*out)[*n_out] = item->text;
    }
    return true;
}

/* IAM refuses a resource whose partition or service is not written out, and so a '*' there must not match here. */
static bool check_resource(struct str resource, const struct node *place, struct err *e) {
    struct str rest = resource, head;
    if (str_eq(resource, STR("*"))) return true;
    if (str_find(resource, STR("${")) != SIZE_MAX)
        return node_error(place, e, "the policy variable in the Resource %.*s is not supported: write the value",
                          STR_ARG(resource));
    bool ok = str_cut(&rest, ':', &head) && str_eq(head, STR("arn"));
    for (int i = 0; ok && i < 2; i++)
        ok = str_cut(&rest, ':', &head) && head.n && !memchr(head.p, '*', head.n) && !memchr(head.p, '?', head.n);
    return ok || node_error(place, e, "the Resource %.*s is neither * nor an ARN with partition and service",
                            STR_ARG(resource));
}

static bool add_statement(struct model_reader *r, struct policy_statements *into, struct policy_statement s,
                          const struct node *place, struct err *e) {
    if (into->n == into->cap) {
        size_t cap = into->cap ? 2 * into->cap : 4;
        void *grown = arena_grow(r->arena, into->at, into->cap * sizeof s, cap * sizeof s);
        if (!grown) return out_of_memory(place, e);
        into->at = grown;
        into->cap = cap;
    }
    into->at[into->n++] = s;
    return true;
}

static bool concerns_invoke(const struct policy_statement *s) {
    for (size_t i = 0; i < s->n_actions; i++)
        if (policy_matches(s->actions[i], STR("execute-api:Invoke"), POLICY_ACTION)) return true;
    return false;
}

static bool read_effect(struct model_reader *r, const struct node *n, bool *allow, struct err *e) {
    struct str effect;
    if (!model_parts_text(r, n, "Effect", &effect, e)) return false;
    *allow = effect.p && str_eq(effect, STR("Allow"));
    if (*allow || (effect.p && str_eq(effect, STR("Deny")))) return true;
    return node_error(n, e, "the Effect of a statement is neither Allow nor Deny");
}

static bool read_statement(struct model_reader *r, const struct node *n, struct str policy_name,
                           struct policy_statements *into, struct err *e) {
    static const struct model_rule rules[] = {
        {"Sid", MODEL_USED, NULL},
        {"Effect", MODEL_USED, NULL},
        {"Action", MODEL_USED, NULL},
        {"Resource", MODEL_USED, NULL},
        {"Condition", MODEL_USED, NULL},
        {"NotResource", MODEL_USED, NULL}, /* these two: refused below */
        {"NotAction", MODEL_REFUSED, "list the actions that are meant"},
        {"Principal", MODEL_REFUSED, "a role's or user's policy has none"},
        {"NotPrincipal", MODEL_REFUSED, "a role's or user's policy has none"},
        {NULL, MODEL_USED, NULL},
    };
    struct policy_statement s = {.policy_name = policy_name, .file = n->file, .line = n->line};
    if (n->kind != NODE_MAPPING) return node_error(n, e, "a statement is a mapping");
    if (!model_parts_check(r, n, "a policy statement", rules, e)) return false;
    const struct node *action = node_get(n, "Action"), *resource = node_get(n, "Resource");
    if (!action) return node_error(n, e, "a statement without Action");
    if (!read_texts(r, action, "Action", &s.actions, &s.n_actions, e)) return false;
    if (!concerns_invoke(&s)) return true;
    if (node_get(n, "Condition"))
        return node_error(node_get(n, "Condition"), e,
                          "the Condition of a statement about execute-api:Invoke is not "
                          "supported: it could not be evaluated here");
    if (node_get(n, "NotResource"))
        return node_error(node_get(n, "NotResource"), e,
                          "NotResource is not supported: list the resources that are meant");
    if (!resource) return node_error(n, e, "a statement without Resource");
    if (!read_effect(r, n, &s.allow, e) || !read_texts(r, resource, "Resource", &s.resources, &s.n_resources, e))
        return false;
    for (size_t i = 0; i < s.n_resources; i++)
        if (!check_resource(s.resources[i], resource, e)) return false;
    return add_statement(r, into, s, n, e);
}

bool model_policy_read_document(struct model_reader *r, const struct node *document, struct str policy_name,
                                struct policy_statements *into, struct err *e) {
    static const struct model_rule rules[] = {{"Version", MODEL_USED, NULL},
                                              {"Id", MODEL_NO_EFFECT, NULL},
                                              {"Statement", MODEL_USED, NULL},
                                              {NULL, MODEL_USED, NULL}};
    const struct node **items;
    struct str version;
    size_t n;
    if (!model_parts_check(r, document, "a policy document", rules, e)) return false;
    if (!model_parts_text(r, document, "Version", &version, e)) return false;
    if (version.p && !str_eq(version, STR("2012-10-17")))
        return node_error(document, e, "the Version of a policy document is not 2012-10-17");
    if (!node_get(document, "Statement")) return node_error(document, e, "a policy document without Statement");
    if (!model_parts_items(r, node_get(document, "Statement"), &items, &n, e)) return false;
    if (n == 0) return node_error(document, e, "the Statement of a policy document is empty");
    for (size_t i = 0; i < n; i++)
        if (!read_statement(r, items[i], policy_name, into, e)) return false;
    return true;
}

bool model_policy_read_list(struct model_reader *r, const struct node *policies, struct model_principal *p,
                            struct err *e) {
    static const struct model_rule rules[] = {
        {"PolicyName", MODEL_USED, NULL}, {"PolicyDocument", MODEL_USED, NULL}, {NULL, MODEL_USED, NULL}};
    const struct node **items, *document;
    size_t n;
    if (!model_parts_items(r, policies, &items, &n, e)) return false;
    for (size_t i = 0; i < n; i++) {
        struct str name;
        if (!model_parts_check(r, items[i], "a policy", rules, e)) return false;
        if (!model_parts_text(r, items[i], "PolicyName", &name, e)) return false;
        document = node_get(items[i], "PolicyDocument");
        if (!name.p || !document) return node_error(items[i], e, "a policy needs PolicyName and PolicyDocument");
        if (!template_resolve_top(r->t, document, &document, e)) return false;
        if (!document) return node_error(items[i], e, "a policy needs a PolicyDocument");
        if (!model_policy_read_document(r, document, name, &p->policies, e)) return false;
    }
    return true;
}

/* What a managed policy says is not in the template. AWS's own ones only grant, but for those that are named after
   what they do; a customer's could deny, and a Deny that is not seen would open a door. */
static bool check_managed(struct model_reader *r, const struct node *arn, struct err *e) {
    struct str s;
    if (!template_resolve_text(r->t, arn, "the name of a managed policy", &s, e)) return false;
    bool is_arn = str_starts(s, STR("arn:"));
    bool denies = str_find(s, STR("Deny")) != SIZE_MAX || str_find(s, STR("Quarantine")) != SIZE_MAX;
    if (denies || (is_arn && str_find(s, STR(":iam::aws:policy/")) == SIZE_MAX))
        return node_error(arn, e,
                          "the managed policy %.*s is not supported: a Deny in it could not be seen here; write the "
                          "statements inline",
                          STR_ARG(s));
    return model_parts_notice(r, arn, e, "the managed policy %.*s grants nothing here", STR_ARG(s));
}

bool model_policy_check_managed(struct model_reader *r, const struct node *arns, struct err *e) {
    const struct node **items;
    size_t n;
    if (!model_parts_items(r, arns, &items, &n, e)) return false;
    for (size_t i = 0; i < n; i++)
        if (!check_managed(r, items[i], e)) return false;
    return true;
}

/* A function's Policies: documents, names of managed policies, and SAM's policy templates (which only grant).
   https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-policy-templates.html */
bool model_policy_read_sam(struct model_reader *r, const struct node *policies, struct model_principal *p,
                           struct err *e) {
    const struct node **items;
    size_t n;
    if (!model_parts_items(r, policies, &items, &n, e)) return false;
    for (size_t i = 0; i < n; i++) {
        const struct node *item = items[i];
        bool is_name = item->kind == NODE_SCALAR || node_is_intrinsic(item);
        struct buf name;
        buf_init(&name, 256, r->arena);
        buf_addf(&name, "%.*sPolicy%zu", STR_ARG(p->logical_id), i);
        if (!buf_ok(&name, e)) return false;
        if (is_name && !check_managed(r, item, e)) return false;
        if (is_name) continue;
        if (item->kind == NODE_MAPPING && item->n == 1 && str_ends(item->at[0].key, STR("Policy"))) {
            if (!model_parts_notice(r, item, e, "the SAM policy template %.*s grants nothing here",
                                    STR_ARG(item->at[0].key)))
                return false;
        } else if (!model_policy_read_document(r, item, buf_str(&name), &p->policies, e)) {
            return false;
        }
    }
    return true;
}
