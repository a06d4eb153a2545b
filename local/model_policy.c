/* SPDX-License-Identifier: Apache-2.0 */
/* In: policy documents of the template. Out: the statements that can speak about a call of an API or function URL, or about
   sts:AssumeRole. What the evaluator does not know is refused, unless the statement's actions have nothing to do with them.
   https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html */
#include <string.h>

#include "model_parts.h"

static bool out_of_memory(const struct node *place, struct err *e) {
    return err_set(e, ERR_MEMORY, "%s: out of memory for the template", place->file);
}

bool model_policy_read_texts(struct model_reader *r, const struct node *n, const char *what, struct str **out,
                             size_t *n_out, struct err *e) {
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

bool model_policy_check_variables(struct model_reader *r, const struct node *place, const struct policy_statement *s,
                                  struct str text, struct err *e) {
    struct str unknown;
    if (str_find(text, STR("${")) == SIZE_MAX) return true;
    if (!s->has_variables)
        return node_error(place, e, "the policy variable in %.*s needs Version: \"2012-10-17\" in its document",
                          STR_ARG(text));
    if (!policy_check_variables(text, &unknown))
        return node_error(place, e, "%.*s holds a ${ that is no policy variable", STR_ARG(text));
    return !unknown.p ||
           model_parts_notice(r, place, e,
                              "the policy variable ${%.*s} is not known here: its statement never allows, and "
                              "always denies",
                              STR_ARG(unknown));
}

/* IAM refuses a resource whose partition or service is not written out, and so a '*' there must not match here. */
static bool check_resource(struct str resource, const struct node *place, struct err *e) {
    struct str rest = resource, head;
    if (str_eq(resource, STR("*"))) return true;
    bool ok = str_cut(&rest, ':', &head) && str_eq(head, STR("arn"));
    for (int i = 0; ok && i < 2; i++)
        ok = str_cut(&rest, ':', &head) && head.n && !memchr(head.p, '*', head.n) && !memchr(head.p, '?', head.n) &&
             !memchr(head.p, '$', head.n);
    return ok || node_error(place, e, "the Resource %.*s is neither * nor an ARN with partition and service",
                            STR_ARG(resource));
}

/* In a resource policy API Gateway writes the ARN of the API before execute-api:/STAGE/METHOD/path. */
static bool complete(struct model_reader *r, const struct model_document_of *of, struct str *resource, struct err *e) {
    static const struct str brief = STR_INIT("execute-api:/");
    const struct model *m = r->model;
    struct buf b;
    if (of->kind != MODEL_RESOURCE || !str_starts(*resource, brief)) return true;
    buf_init(&b, 4096, r->arena);
    buf_addf(&b, "arn:%.*s:execute-api:%.*s:%.*s:%.*s/", STR_ARG(m->partition), STR_ARG(m->region),
             STR_ARG(m->account_id), STR_ARG(of->api->api_id));
    buf_add(&b, (struct str){resource->p + brief.n, resource->n - brief.n});
    *resource = buf_str(&b);
    return buf_ok(&b, e);
}

static bool read_resources(struct model_reader *r, const struct node *n, const struct model_document_of *of,
                           struct policy_statement *s, struct err *e) {
    static struct str any[] = {STR_INIT("*")};
    if (of->kind == MODEL_TRUST) {
        s->resources = any; /* a trust policy is about its own role */
        s->n_resources = 1;
        return !n || node_error(n, e, "a statement of a trust policy has no Resource");
    }
    if (!model_policy_read_texts(r, n, "Resource", &s->resources, &s->n_resources, e)) return false;
    for (size_t i = 0; i < s->n_resources; i++)
        if (!complete(r, of, &s->resources[i], e) || !check_resource(s->resources[i], n, e) ||
            !model_policy_check_variables(r, n, s, s->resources[i], e))
            return false;
    return true;
}

bool model_policy_join(struct model_reader *r, const struct policy_statements *from, struct policy_statements *into,
                       const struct node *place, struct err *e) {
    size_t n = into->n + from->n;
    if (n > into->cap) {
        size_t cap = n > 2 * into->cap ? n : 2 * into->cap;
        void *grown = arena_grow(r->arena, into->at, into->cap * sizeof *into->at, cap * sizeof *into->at);
        if (!grown) return out_of_memory(place, e);
        into->at = grown;
        into->cap = cap;
    }
    for (size_t i = 0; i < from->n; i++) into->at[into->n++] = from->at[i];
    return true;
}

static bool has_action(const struct policy_statement *s, struct str action) {
    for (size_t i = 0; i < s->n_actions; i++)
        if (policy_matches(s->actions[i], action, POLICY_ACTION)) return true;
    return false;
}

static bool concerns(const struct model_reader *r, const struct policy_statement *s, enum model_document kind) {
    if (kind != MODEL_TRUST && has_action(s, STR("execute-api:Invoke"))) return true;
    if (kind != MODEL_RESOURCE && has_action(s, STR("sts:AssumeRole"))) return true;
    return kind == MODEL_IDENTITY && !r->no_function_url &&
           (has_action(s, STR("lambda:InvokeFunctionUrl")) || has_action(s, STR("lambda:InvokeFunction")));
}

static bool read_effect(struct model_reader *r, const struct node *n, bool *allow, struct err *e) {
    struct str effect;
    if (!model_parts_text(r, n, "Effect", &effect, e)) return false;
    *allow = effect.p && str_eq(effect, STR("Allow"));
    if (*allow || (effect.p && str_eq(effect, STR("Deny")))) return true;
    return node_error(n, e, "the Effect of a statement is neither Allow nor Deny");
}

static bool read_elements(struct model_reader *r, const struct node *n, const struct model_document_of *of,
                          struct policy_statement *s, struct err *e) {
    const struct node *resource = node_get(n, "Resource"), *principal = node_get(n, "Principal");
    if (node_get(n, "NotResource"))
        return node_error(node_get(n, "NotResource"), e,
                          "NotResource is not supported: list the resources that are meant");
    if (!resource && of->kind != MODEL_TRUST) return node_error(n, e, "a statement without Resource");
    if (!principal && of->kind != MODEL_IDENTITY) return node_error(n, e, "a statement without Principal");
    return read_effect(r, n, &s->allow, e) && read_resources(r, resource, of, s, e) &&
           (!principal || model_trust_read(r, principal, s, e)) &&
           (!node_get(n, "Condition") || model_condition_read(r, node_get(n, "Condition"), s, e));
}

static bool read_statement(struct model_reader *r, const struct node *n, const struct model_document_of *of,
                           bool has_variables, struct policy_statements *into, struct err *e) {
    static const struct model_rule rules[] = {
        {"Sid", MODEL_USED, NULL},
        {"Effect", MODEL_USED, NULL},
        {"Action", MODEL_USED, NULL},
        {"Resource", MODEL_USED, NULL},
        {"Principal", MODEL_USED, NULL},
        {"Condition", MODEL_USED, NULL},
        {"NotResource", MODEL_USED, NULL}, /* refused below */
        {"NotAction", MODEL_REFUSED, "list the actions that are meant"},
        {"NotPrincipal", MODEL_REFUSED, "name those who are meant"},
        {NULL, MODEL_USED, NULL},
    };
    struct policy_statement s = {
        .policy_name = of->name, .file = n->file, .line = n->line, .has_variables = has_variables};
    if (n->kind != NODE_MAPPING) return node_error(n, e, "a statement is a mapping");
    if (!model_parts_check(r, n, "a policy statement", rules, e)) return false;
    const struct node *action = node_get(n, "Action");
    if (of->kind == MODEL_IDENTITY && node_get(n, "Principal"))
        return node_error(node_get(n, "Principal"), e,
                          "Principal of a policy statement is not supported here: a role's or user's policy has none");
    if (!action) return node_error(n, e, "a statement without Action");
    if (!model_policy_read_texts(r, action, "Action", &s.actions, &s.n_actions, e)) return false;
    if (!model_action_check(r, n, &s, e)) return false;
    if (!concerns(r, &s, of->kind)) return true;
    return read_elements(r, n, of, &s, e) && model_policy_join(r, &(struct policy_statements){&s, 1, 1}, into, n, e);
}

static bool read_all(struct model_reader *r, const struct node *place, const struct node *statements,
                     const struct model_document_of *of, bool has_variables, struct policy_statements *into,
                     struct err *e) {
    const struct node **items;
    size_t n;
    if (!statements) return node_error(place, e, "a policy document without Statement");
    if (!model_parts_items(r, statements, &items, &n, e)) return false;
    if (n == 0) return node_error(place, e, "the Statement of a policy document is empty");
    for (size_t i = 0; i < n; i++)
        if (!read_statement(r, items[i], of, has_variables, into, e)) return false;
    return true;
}

bool model_policy_read_statements(struct model_reader *r, const struct node *place, const struct node *statements,
                                  const struct model_document_of *of, struct policy_statements *into, struct err *e) {
    return read_all(r, place, statements, of, true, into, e);
}

bool model_policy_read_document(struct model_reader *r, const struct node *document, const struct model_document_of *of,
                                struct policy_statements *into, struct err *e) {
    static const struct model_rule rules[] = {{"Version", MODEL_USED, NULL},
                                              {"Id", MODEL_NO_EFFECT, NULL},
                                              {"Statement", MODEL_USED, NULL},
                                              {NULL, MODEL_USED, NULL}};
    struct str version;
    if (!model_parts_check(r, document, "a policy document", rules, e)) return false;
    if (!model_parts_text(r, document, "Version", &version, e)) return false;
    if (version.p && !str_eq(version, STR("2012-10-17")))
        return node_error(document, e, "the Version of a policy document is not 2012-10-17");
    return read_all(r, document, node_get(document, "Statement"), of, version.p, into, e);
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
        if (!model_policy_read_document(r, document, &(struct model_document_of){.name = name}, &p->policies, e))
            return false;
    }
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
        if (is_name && !model_managed_add(r, item, true, p, e)) return false;
        if (is_name) continue;
        if (item->kind == NODE_MAPPING && item->n == 1 && str_ends(item->at[0].key, STR("Policy"))) {
            if (!model_managed_add_template(r, item, buf_str(&name), p, e)) return false;
        } else if (!model_policy_read_document(r, item, &(struct model_document_of){.name = buf_str(&name)},
                                               &p->policies, e)) {
            return false;
        }
    }
    return true;
}
