/* SPDX-License-Identifier: Apache-2.0 */
/* AWS::Serverless::HttpApi: its stage, and how its routes are protected. SAM compares Auth with what is written, before anything
   is resolved: EnableIamAuthorizer must be a plain true, or AWS_IAM is no authorizer that it knows.
   https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-httpapi-httpapiauth.html */
#include "model_parts.h"

static const struct model_rule api_rules[] = {
    {"Name", MODEL_USED, NULL},
    {"StageName", MODEL_USED, NULL},
    {"StageVariables", MODEL_USED, NULL},
    {"Auth", MODEL_USED, NULL},
    {"AccessLogSettings", MODEL_NO_EFFECT, NULL},
    {"DefaultRouteSettings", MODEL_NO_EFFECT, NULL},
    {"RouteSettings", MODEL_NO_EFFECT, NULL},
    {"FailOnWarnings", MODEL_NO_EFFECT, NULL},
    {"Description", MODEL_NO_EFFECT, NULL},
    {"Tags", MODEL_NO_EFFECT, NULL},
    {"PropagateTags", MODEL_NO_EFFECT, NULL},
    {"CorsConfiguration", MODEL_REFUSED, "the API would answer OPTIONS itself; answer it in the function"},
    {"DefinitionBody", MODEL_REFUSED, "write the routes as Events of the functions"},
    {"DefinitionUri", MODEL_REFUSED, "write the routes as Events of the functions"},
    {"Domain", MODEL_REFUSED, "custom domains are not served here; leave it out"},
    {"DisableExecuteApiEndpoint", MODEL_REFUSED, "the address that is served here would not exist"},
    {NULL, MODEL_USED, NULL},
};

static const struct model_rule auth_rules[] = {
    {"EnableIamAuthorizer", MODEL_USED, NULL},
    {"DefaultAuthorizer", MODEL_USED, NULL},
    {"Authorizers", MODEL_REFUSED, "the authorizer here is AWS_IAM"},
    {NULL, MODEL_USED, NULL},
};

static bool is_plain(const struct node *n, const char *text) {
    return n->kind == NODE_SCALAR && !n->quoted && str_eq(n->text, str_of(text));
}

static bool read_auth(struct model_reader *r, const struct node *n, struct model_auth *auth, struct err *e) {
    auth->no_invoke_role = true; /* an HTTP API has no such thing */
    if (!n) return true;
    if (!model_parts_check(r, n, "Auth of an AWS::Serverless::HttpApi", auth_rules, e)) return false;
    const struct node *enable = node_get(n, "EnableIamAuthorizer"), *authorizer = node_get(n, "DefaultAuthorizer");
    auth->iam_enabled = enable && is_plain(enable, "true");
    if (enable && !auth->iam_enabled && !is_plain(enable, "false"))
        return node_error(enable, e,
                          "EnableIamAuthorizer is true or false, written out without quotes: SAM takes anything else "
                          "for false");
    if (!authorizer) return true;
    if (authorizer->kind != NODE_SCALAR || !str_eq(authorizer->text, STR("AWS_IAM")))
        return node_error(authorizer, e,
                          "the DefaultAuthorizer of an AWS::Serverless::HttpApi is AWS_IAM, written out, or is left "
                          "out: NONE and functions are errors in SAM");
    if (!auth->iam_enabled)
        return node_error(authorizer, e,
                          "DefaultAuthorizer AWS_IAM without EnableIamAuthorizer: true is an error in SAM: add it");
    auth->has_default = auth->aws_iam = true;
    return true;
}

bool model_http_api_read(struct model_reader *r, const struct template_resource *resource, struct err *e) {
    struct model_api *api = &r->model->apis[r->model->n_apis];
    const struct node *properties = model_parts_merged(r, "HttpApi", resource, e);
    *api = (struct model_api){.kind = MODEL_HTTP_API, .logical_id = resource->id};
    if (!properties || !model_parts_check(r, properties, "an AWS::Serverless::HttpApi", api_rules, e)) return false;
    if (!model_api_read_names(r, properties, api, e) ||
        !read_auth(r, node_get(properties, "Auth"), &r->auth[r->model->n_apis], e))
        return false;
    if (!api->stage.p) api->stage = STR("$default");
    if (!model_api_read_variables(r, properties, "StageVariables", api, e)) return false;
    r->model->n_apis++;
    return true;
}

/* SAM writes DefaultAuthorizer on every route but those of OPTIONS. */
bool model_http_api_protects(const struct model_auth *auth, const struct model_route *route) {
    return auth->aws_iam && !str_eq(route->method, STR("OPTIONS"));
}

bool model_http_api_note_open(struct model_reader *r, const struct model_api *api, const struct model_auth *auth,
                              struct err *e) {
    const struct node *place = template_find(r->t, api->logical_id)->node;
    bool any = false;
    for (size_t i = 0; i < api->n_routes; i++) any |= api->routes[i].aws_iam;
    return !auth->iam_enabled || any ||
           model_parts_notice(
               r, place, e,
               "EnableIamAuthorizer of %.*s protects nothing by itself: without DefaultAuthorizer: AWS_IAM, "
               "or an Authorizer at an event, its routes are open",
               STR_ARG(api->logical_id));
}
