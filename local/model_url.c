/* SPDX-License-Identifier: Apache-2.0 */
/* The URL of a function, and the policy of a function that has one: SAM's own two permissions for AuthType NONE, and those
   that an AWS::Lambda::Permission adds.
   https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html */
#include "model_parts.h"

static const struct model_rule url_rules[] = {
    {"AuthType", MODEL_USED, NULL},
    {"InvokeMode", MODEL_USED, NULL},
    {"Cors", MODEL_REFUSED, "Lambda would answer OPTIONS itself; answer it in the function"},
    {NULL, MODEL_USED, NULL},
};

static const struct model_rule permission_rules[] = {
    {"Action", MODEL_USED, NULL},
    {"FunctionName", MODEL_USED, NULL},
    {"Principal", MODEL_USED, NULL},
    {"FunctionUrlAuthType", MODEL_USED, NULL},
    {"InvokedViaFunctionUrl", MODEL_USED, NULL},
    {"SourceArn", MODEL_REFUSED, "it goes with a service, and no service calls here"},
    {"SourceAccount", MODEL_REFUSED, "it goes with a service, and no service calls here"},
    {"EventSourceToken", MODEL_REFUSED, "it goes with a service, and no service calls here"},
    {"PrincipalOrgID", MODEL_REFUSED, "organizations are not known here; name the account"},
    {NULL, MODEL_USED, NULL},
};

/* One statement of a function's policy, as lambda:AddPermission writes it. */
struct grant {
    struct str name, action;
    struct policy_principal principal;
    struct str auth_type; /* absent: any */
    bool via_url;
};

static bool out_of_memory(const struct node *place, struct err *e) {
    return err_set(e, ERR_MEMORY, "%s: out of memory for the template", place->file);
}

static bool add_condition(struct model_reader *r, struct policy_statement *s, struct policy_condition c,
                          struct str value, const struct node *place, struct err *e) {
    c.values = arena_zero(r->arena, sizeof *c.values);
    if (!c.values) return out_of_memory(place, e);
    c.values[c.n_values++] = value;
    s->conditions[s->n_conditions++] = c;
    return true;
}

static bool add_grant(struct model_reader *r, struct model_api *url, const struct grant *g, const struct node *place,
                      struct err *e) {
    struct policy_statements *to = &url->policy;
    struct policy_statement s = {
        .allow = true, .policy_name = g->name, .file = place->file, .line = place->line, .has_variables = true};
    struct str *texts = arena_zero(r->arena, 2 * sizeof *texts);
    s.principals = arena_zero(r->arena, sizeof *s.principals);
    s.conditions = arena_zero(r->arena, 2 * sizeof *s.conditions);
    void *grown = arena_grow(r->arena, to->at, to->n * sizeof s, (to->n + 1) * sizeof s);
    if (!texts || !s.principals || !s.conditions || !grown) return out_of_memory(place, e);
    texts[0] = g->action;
    texts[1] = url->routes[0].function->arn;
    s.actions = texts, s.n_actions = 1;
    s.resources = texts + 1, s.n_resources = 1;
    s.principals[s.n_principals++] = g->principal;
    if (g->auth_type.p &&
        !add_condition(
            r, &s, (struct policy_condition){.type = POLICY_STRING_EQUALS, .key = STR("lambda:FunctionUrlAuthType")},
            g->auth_type, place, e))
        return false;
    if (g->via_url &&
        !add_condition(r, &s,
                       (struct policy_condition){.type = POLICY_BOOL, .key = STR("lambda:InvokedViaFunctionUrl")},
                       STR("true"), place, e))
        return false;
    to->at = grown;
    to->at[to->n++] = s;
    to->cap = to->n;
    url->has_policy = true;
    return true;
}

static bool add_public(struct model_reader *r, struct model_api *url, const struct node *place, struct err *e) {
    const struct policy_principal anyone = {POLICY_ANYONE, STR("*")};
    struct str id = url->routes[0].function->logical_id;
    struct buf call, invoke;
    buf_init(&call, 1024, r->arena);
    buf_init(&invoke, 1024, r->arena);
    buf_addf(&call, "%.*sUrlPublicPermissions", STR_ARG(id));
    buf_addf(&invoke, "%.*sURLInvokeAllowPublicAccess", STR_ARG(id));
    const struct grant first = {buf_str(&call), STR("lambda:InvokeFunctionUrl"), anyone, STR("NONE"), false};
    const struct grant second = {buf_str(&invoke), STR("lambda:InvokeFunction"), anyone, {0}, true};
    return buf_ok(&call, e) && buf_ok(&invoke, e) && add_grant(r, url, &first, place, e) &&
           add_grant(r, url, &second, place, e);
}

static bool read_config(struct model_reader *r, const struct node *n, struct model_api *url, bool *aws_iam,
                        struct err *e) {
    const struct node *auth = node_get(n, "AuthType");
    struct str mode;
    bool text = auth && auth->kind == NODE_SCALAR;
    *aws_iam = text && str_eq(auth->text, STR("AWS_IAM"));
    if (!*aws_iam && !(text && str_eq(auth->text, STR("NONE"))))
        return node_error(auth ? auth : n, e,
                          "AuthType is AWS_IAM or NONE, written out: of a function SAM makes no permission, and then "
                          "NONE would let nobody in");
    if (!model_parts_text(r, n, "InvokeMode", &mode, e)) return false;
    url->streams = mode.p && str_eq(mode, STR("RESPONSE_STREAM"));
    return !mode.p || url->streams || str_eq(mode, STR("BUFFERED")) ||
           node_error(node_get(n, "InvokeMode"), e, "InvokeMode is neither BUFFERED nor RESPONSE_STREAM");
}

static bool check_function(const struct model_reader *r, const struct node *function, const struct node *n,
                           struct err *e) {
    const struct node *alias = node_get(function, "AutoPublishAlias");
    if (alias)
        return node_error(alias, e,
                          "AutoPublishAlias beside FunctionUrlConfig is not supported here: the URL would be the "
                          "alias's, and policies would have to name that");
    return str_eq(r->model->partition, STR("aws")) ||
           node_error(n, e,
                      "FunctionUrlConfig: there are no function URLs, or their address is not known here, in %.*s",
                      STR_ARG(r->model->region));
}

bool model_url_read(struct model_reader *r, const struct model_function *f, const struct node *function,
                    struct err *e) {
    const struct node *n = node_get(function, "FunctionUrlConfig");
    struct model_api *url = &r->model->apis[r->model->n_apis];
    struct template_resource *resource = NULL;
    bool aws_iam;
    if (!n) return true;
    for (size_t i = 0; i < r->t->n_resources && !resource; i++)
        if (r->t->resources[i].url_of && str_eq(r->t->resources[i].url_of->id, f->logical_id))
            resource = &r->t->resources[i];
    if (!resource) return node_error(n, e, "the URL of %.*s was not found", STR_ARG(f->logical_id));
    *url = (struct model_api){
        .kind = MODEL_FUNCTION_URL, .logical_id = resource->id, .name = f->name, .stage = STR("$default")};
    if (!model_parts_check(r, n, "FunctionUrlConfig", url_rules, e) || !check_function(r, function, n, e)) return false;
    if (!read_config(r, n, url, &aws_iam, e) || !template_name_of(r->t, resource, &url->api_id, e)) return false;
    url->routes = arena_zero(r->arena, sizeof *url->routes);
    if (!url->routes) return out_of_memory(n, e);
    url->routes[url->n_routes++] = (struct model_route){
        .method = STR("ANY"), .path = STR("$default"), .aws_iam = aws_iam, .function = f, .line = n->line};
    r->model->n_apis++;
    return aws_iam || add_public(r, url, n, e);
}

/* ---- AWS::Lambda::Permission ---- */

static struct model_api *url_of(const struct model_reader *r, const struct model_function *f) {
    for (size_t i = 0; i < r->model->n_apis; i++)
        if (r->model->apis[i].kind == MODEL_FUNCTION_URL && r->model->apis[i].routes[0].function == f)
            return &r->model->apis[i];
    return NULL;
}

static bool find_function(struct model_reader *r, const struct node *n, const struct model_function **f,
                          struct err *e) {
    struct str name;
    if (!model_parts_text(r, n, "FunctionName", &name, e)) return false;
    for (size_t i = 0; name.p && i < r->model->n_functions; i++) {
        *f = &r->model->functions[i];
        if (str_eq((*f)->name, name) || str_eq((*f)->arn, name)) return true;
    }
    return node_error(n, e, "FunctionName is not the name or the Arn of a function of this template");
}

static bool read_grant(struct model_reader *r, const struct node *n, struct grant *g, struct err *e) {
    struct str principal, via;
    if (!model_parts_text(r, n, "Action", &g->action, e) || !model_parts_text(r, n, "Principal", &principal, e) ||
        !model_parts_text(r, n, "FunctionUrlAuthType", &g->auth_type, e) ||
        !model_parts_text(r, n, "InvokedViaFunctionUrl", &via, e))
        return false;
    bool url = g->action.p && str_eq(g->action, STR("lambda:InvokeFunctionUrl"));
    if (!url && !(g->action.p && str_eq(g->action, STR("lambda:InvokeFunction"))))
        return node_error(n, e, "the Action is neither lambda:InvokeFunctionUrl nor lambda:InvokeFunction");
    if (!principal.p || !model_trust_read_one(principal, &g->principal))
        return node_error(n, e,
                          "the Principal is not *, an account, or the ARN of an account's root, a user or a role: SAM "
                          "makes the permissions of events, leave those out");
    if (g->auth_type.p && !(url && (str_eq(g->auth_type, STR("AWS_IAM")) || str_eq(g->auth_type, STR("NONE")))))
        return node_error(n, e, "FunctionUrlAuthType is AWS_IAM or NONE, and goes with lambda:InvokeFunctionUrl");
    g->via_url = via.p && str_eq(via, STR("true"));
    return !via.p || (!url && g->via_url) ||
           node_error(n, e, "InvokedViaFunctionUrl is true, and goes with lambda:InvokeFunction");
}

bool model_url_read_permission(struct model_reader *r, const struct template_resource *resource, struct err *e) {
    const struct node *n = resource->properties;
    struct grant g = {.name = resource->id};
    const struct model_function *f = NULL;
    if (!n) return node_error(resource->node, e, "%.*s has no Properties", STR_ARG(resource->id));
    if (!model_parts_check(r, n, "an AWS::Lambda::Permission", permission_rules, e) || !read_grant(r, n, &g, e) ||
        !find_function(r, n, &f, e))
        return false;
    struct model_api *url = url_of(r, f);
    if (url) return add_grant(r, url, &g, resource->node, e);
    return model_parts_notice(r, resource->node, e, "%.*s has no effect here: %.*s has no FunctionUrlConfig",
                              STR_ARG(resource->id), STR_ARG(f->logical_id));
}
