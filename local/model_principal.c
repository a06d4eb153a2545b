/* SPDX-License-Identifier: Apache-2.0 */
/* Roles and users: names, ARNs, ids as IAM writes them, and the policies that are theirs.
   https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html */
#include "model_parts.h"
#include "stable_id.h"

enum { UNIQUE_CHARACTERS = 17, MAX_ARN = 2048 };

static const struct model_rule rules[] = {
    {"RoleName", MODEL_USED, NULL},
    {"UserName", MODEL_USED, NULL},
    {"Path", MODEL_USED, NULL},
    {"Policies", MODEL_USED, NULL},
    {"ManagedPolicyArns", MODEL_USED, NULL},
    {"AssumeRolePolicyDocument", MODEL_USED, NULL},
    {"Description", MODEL_NO_EFFECT, NULL},
    {"MaxSessionDuration", MODEL_USED, NULL},
    {"Tags", MODEL_NO_EFFECT, NULL},
    {"LoginProfile", MODEL_NO_EFFECT, NULL},
    {"PermissionsBoundary", MODEL_USED, NULL},
    {"Groups", MODEL_REFUSED, "give the user policies of its own"},
    {NULL, MODEL_USED, NULL},
};

static bool same_twice(const struct model_reader *r, const struct model_principal *p, const struct node *place,
                       struct err *e) {
    for (size_t i = 0; i < r->model->n_principals; i++) {
        const struct model_principal *other = &r->model->principals[i];
        if (other == p) continue;
        if (other->kind == p->kind && str_eq(other->account_id, p->account_id) && str_eq_nocase(other->name, p->name))
            return node_error(place, e, "%.*s and %.*s have the same name %.*s", STR_ARG(p->logical_id),
                              STR_ARG(other->logical_id), STR_ARG(p->name));
        if (str_eq(other->profile, p->profile))
            return node_error(place, e, "%.*s and %.*s would have the same profile %.*s: rename one",
                              STR_ARG(p->logical_id), STR_ARG(other->logical_id), STR_ARG(p->profile));
    }
    return true;
}

static bool read_name(struct model_reader *r, struct template_resource *resource, struct model_principal *p,
                      struct err *e) {
    struct buf dotted;
    const struct node *arn;
    buf_init(&dotted, MAX_ARN, r->arena);
    buf_addf(&dotted, "%.*s.Arn", STR_ARG(resource->id));
    if (!buf_ok(&dotted, e) || !template_name_of(r->t, resource, &p->name, e)) return false;
    if (!template_name_att(r->t, buf_str(&dotted), resource->node, &arn, e)) return false;
    p->arn = arn->text;
    p->profile = p->kind == MODEL_ROLE ? p->logical_id : p->name;
    p->unique_id =
        str_of(stable_id(p->arn, p->kind == MODEL_ROLE ? "AROA" : "AIDA", UNIQUE_CHARACTERS, true, r->arena));
    if (!p->unique_id.p) return err_set(e, ERR_MEMORY, "%s: out of memory for the template", resource->node->file);
    return same_twice(r, p, resource->node, e);
}

static bool read_trust(struct model_reader *r, const struct node *properties, struct model_principal *p,
                       struct err *e) {
    const struct model_document_of of = {.kind = MODEL_TRUST, .name = STR("AssumeRolePolicyDocument")};
    const struct node *document = node_get(properties, "AssumeRolePolicyDocument");
    int64_t range[] = {3600, 43200};
    if (p->kind == MODEL_USER)
        return !document || node_error(document, e, "AssumeRolePolicyDocument is not a property of AWS::IAM::User");
    if (document && !template_resolve_top(r->t, document, &document, e)) return false;
    return model_parts_number(r, properties, "MaxSessionDuration", range, &p->max_session_s, e) &&
           (!document || model_policy_read_document(r, document, &of, &p->trust, e));
}

bool model_principal_read(struct model_reader *r, struct template_resource *resource, struct err *e) {
    struct model_principal *p = &r->model->principals[r->model->n_principals];
    const struct node *properties = resource->properties;
    bool role = str_eq(resource->type, STR("AWS::IAM::Role"));
    *p = (struct model_principal){.kind = role ? MODEL_ROLE : MODEL_USER,
                                  .logical_id = resource->id,
                                  .max_session_s = 3600,
                                  .account_id = r->t->stack->account_id};
    if (!read_name(r, resource, p, e)) return false;
    r->model->n_principals++;
    if (resource->role_of || !properties) return true; /* the former: its policies are read with its function */
    if (node_get(properties, role ? "UserName" : "RoleName"))
        return node_error(properties, e, "%s is not a property of %.*s", role ? "UserName" : "RoleName",
                          STR_ARG(resource->type));
    return model_parts_check(r, properties, role ? "an AWS::IAM::Role" : "an AWS::IAM::User", rules, e) &&
           read_trust(r, properties, p, e) && model_policy_read_list(r, node_get(properties, "Policies"), p, e) &&
           model_managed_add_list(r, node_get(properties, "ManagedPolicyArns"), p, e) &&
           model_managed_bound(r, properties, p, e);
}

static struct model_principal *by_name(const struct model_reader *r, enum model_principal_kind kind, struct str name) {
    for (size_t i = r->first_principal; i < r->model->n_principals; i++)
        if (r->model->principals[i].kind == kind && str_eq(r->model->principals[i].name, name))
            return &r->model->principals[i];
    return NULL;
}

static bool attach_to(struct model_reader *r, const struct node *names, enum model_principal_kind kind,
                      const struct policy_statements *statements, struct err *e) {
    for (size_t i = 0; names && i < names->n; i++) {
        const struct node *name = names->at[i].value;
        struct model_principal *p = name->kind == NODE_SCALAR ? by_name(r, kind, name->text) : NULL;
        if (!p)
            return node_error(name, e, "the policy is for a %s that is not in this file",
                              kind == MODEL_ROLE ? "role" : "user");
        if (!model_policy_join(r, statements, &p->policies, name, e)) return false;
    }
    return true;
}

bool model_principal_attach_to(struct model_reader *r, const struct node *properties, bool must,
                               const struct policy_statements *statements, struct err *e) {
    const struct node *roles, *users;
    if (!model_parts_get(r, properties, "Roles", &roles, e) || !model_parts_get(r, properties, "Users", &users, e))
        return false;
    bool lists = (!roles || roles->kind == NODE_SEQUENCE) && (!users || users->kind == NODE_SEQUENCE);
    if (!lists || (must && (roles ? roles->n : 0) + (users ? users->n : 0) == 0))
        return node_error(properties, e, "a policy needs a list of Roles or Users");
    return attach_to(r, roles, MODEL_ROLE, statements, e) && attach_to(r, users, MODEL_USER, statements, e);
}

bool model_principal_attach(struct model_reader *r, const struct template_resource *policy, struct err *e) {
    static const struct model_rule policy_rules[] = {{"PolicyName", MODEL_USED, NULL},
                                                     {"PolicyDocument", MODEL_USED, NULL},
                                                     {"Roles", MODEL_USED, NULL},
                                                     {"Users", MODEL_USED, NULL},
                                                     {"Groups", MODEL_REFUSED, "attach the policy to roles or users"},
                                                     {NULL, MODEL_USED, NULL}};
    const struct node *properties = policy->properties, *document = NULL;
    struct policy_statements statements = {0};
    struct str name;
    if (!properties) return node_error(policy->node, e, "%.*s has no Properties", STR_ARG(policy->id));
    if (!model_parts_check(r, properties, "an AWS::IAM::Policy", policy_rules, e)) return false;
    if (!model_parts_text(r, properties, "PolicyName", &name, e)) return false;
    if (node_get(properties, "PolicyDocument") &&
        !template_resolve_top(r->t, node_get(properties, "PolicyDocument"), &document, e))
        return false;
    if (!name.p || !document) return node_error(properties, e, "a policy needs PolicyName and PolicyDocument");
    return model_policy_read_document(r, document, &(struct model_document_of){.name = name}, &statements, e) &&
           model_principal_attach_to(r, properties, true, &statements, e);
}

/* What requestContext.identity.userArn will show. */
bool model_principal_finish(struct model_reader *r, struct err *e) {
    const struct model *m = r->model;
    for (size_t i = 0; i < m->n_principals; i++) {
        struct model_principal *p = &m->principals[i];
        struct buf b;
        p->user_arn = p->arn;
        if (p->kind == MODEL_USER) continue;
        if (!p->session.p) p->session = STR("apigw");
        buf_init(&b, MAX_ARN, r->arena);
        buf_addf(&b, "arn:%.*s:sts::%.*s:assumed-role/%.*s/%.*s", STR_ARG(m->partition), STR_ARG(p->account_id),
                 STR_ARG(p->name), STR_ARG(p->session));
        if (!buf_ok(&b, e)) return false;
        p->user_arn = buf_str(&b);
    }
    return true;
}
