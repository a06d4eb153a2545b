/* SPDX-License-Identifier: Apache-2.0 */
/* A function's events: those of type Api and HttpApi become routes. SAM reads them before anything is resolved, so path, method
   and authorizer must be written out.
   https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-api.html
   https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-httpapi.html */
#include "api.h"
#include "model_parts.h"

static const struct model_rule api_event_rules[] = {
    {"RestApiId", MODEL_USED, NULL},
    {"Path", MODEL_USED, NULL},
    {"Method", MODEL_USED, NULL},
    {"Auth", MODEL_USED, NULL},
    {"TimeoutInMillis", MODEL_NOTICE, NULL},
    {"RequestModel", MODEL_REFUSED, "requests are not validated here"},
    {"RequestParameters", MODEL_REFUSED, "requests are not validated here"},
    {NULL, MODEL_USED, NULL},
};

static const struct model_rule event_auth_rules[] = {
    {"Authorizer", MODEL_USED, NULL},
    {"InvokeRole", MODEL_USED, NULL},
    {"ApiKeyRequired", MODEL_USED, NULL},
    {"ResourcePolicy", MODEL_REFUSED, "write it as Auth.ResourcePolicy of the API"},
    {NULL, MODEL_USED, NULL},
};

static const struct model_rule http_event_rules[] = {
    {"ApiId", MODEL_USED, NULL},
    {"Path", MODEL_USED, NULL},
    {"Method", MODEL_USED, NULL},
    {"Auth", MODEL_USED, NULL},
    {"PayloadFormatVersion", MODEL_USED, NULL},
    {"TimeoutInMillis", MODEL_NOTICE, NULL},
    {"RouteSettings", MODEL_NO_EFFECT, NULL},
    {NULL, MODEL_USED, NULL},
};

static const struct model_rule http_auth_rules[] = {
    {"Authorizer", MODEL_USED, NULL},
    {NULL, MODEL_USED, NULL},
};

/* The two types of event that make routes. */
static const struct kind {
    enum model_api_kind api;
    const char *owner, *id_property, *api_type, *implicit;
    const struct model_rule *rules;
} rest = {MODEL_REST_API,         "an event of type Api", "RestApiId",
          "AWS::Serverless::Api", "ServerlessRestApi",    api_event_rules},
  http = {MODEL_HTTP_API,  "an event of type HttpApi", "ApiId", "AWS::Serverless::HttpApi", "ServerlessHttpApi",
          http_event_rules};

static bool read_method(const struct node *n, struct str *method, const struct node *place, struct err *e) {
    if (!n) return node_error(place, e, "the event has no Method");
    *method = (struct str){0};
    if (n->kind == NODE_SCALAR && str_eq_nocase(n->text, STR("ANY"))) *method = STR("ANY");
    for (size_t i = 0; n->kind == NODE_SCALAR && i < API_N_METHODS; i++)
        if (str_eq_nocase(n->text, api_methods[i])) *method = api_methods[i];
    return method->p ||
           node_error(n, e, "the Method is not one of GET POST PUT DELETE PATCH HEAD OPTIONS ANY, written out");
}

static bool find_api(struct model_reader *r, const struct node *n, const struct kind *kind, size_t *index,
                     const struct node *place, struct err *e) {
    const struct node *id = node_is(n, "Ref") ? n->at[0].value : NULL;
    struct str name = !n ? str_of(kind->implicit) : id && id->kind == NODE_SCALAR ? id->text : (struct str){0};
    for (*index = 0; name.p && *index < r->model->n_apis; ++*index)
        if (r->model->apis[*index].kind == kind->api && str_eq(r->model->apis[*index].logical_id, name)) return true;
    return node_error(n ? n : place, e, "%s is not a !Ref to an %s that exists in this template", kind->id_property,
                      kind->api_type);
}

/* An event may ask for a key by itself, or do without the one that its API asks for; SAM refuses the latter elsewhere. */
static bool read_key(struct model_reader *r, const struct node *n, const struct model_auth *api, bool *api_key,
                     struct err *e) {
    *api_key = api->api_key;
    if (!n) return true;
    if (n->kind != NODE_SCALAR || node_is_null(n))
        return node_error(n, e, "ApiKeyRequired of an event is true or false, written out");
    if (!model_api_key_required(r, n, api_key, e)) return false;
    return *api_key || api->api_key ||
           node_error(n, e, "ApiKeyRequired false is an error in SAM when the API does not require a key");
}

/* Authorizer NONE opens one route of a protected API, AWS_IAM protects one of an open one. */
static bool read_authorizer(const struct node *n, const struct model_auth *api, bool *aws_iam, struct err *e) {
    if (!n) return true;
    bool text = n->kind == NODE_SCALAR;
    *aws_iam = text && str_eq(n->text, STR("AWS_IAM"));
    if (!*aws_iam && !(text && str_eq(n->text, STR("NONE"))))
        return node_error(n, e, "the Authorizer of an event is AWS_IAM or NONE, written out");
    return *aws_iam || api->has_default ||
           node_error(n, e, "Authorizer NONE is an error in SAM when the API has no DefaultAuthorizer");
}

static bool read_auth(struct model_reader *r, const struct node *n, const struct model_auth *api,
                      struct model_route *route, struct err *e) {
    bool no_invoke_role = api->no_invoke_role;
    route->aws_iam = api->aws_iam;
    route->api_key = api->api_key;
    if (!n) return true;
    if (!model_parts_check(r, n, "Auth of an event", event_auth_rules, e)) return false;
    if (!read_key(r, node_get(n, "ApiKeyRequired"), api, &route->api_key, e)) return false;
    const struct node *role = node_get(n, "InvokeRole");
    if (role && (role->kind != NODE_SCALAR || !str_eq(role->text, STR("NONE"))))
        return node_error(role, e, "the InvokeRole of an event is not NONE: only NONE is supported here");
    if (role) no_invoke_role = true;
    if (!read_authorizer(node_get(n, "Authorizer"), api, &route->aws_iam, e)) return false;
    if (!route->aws_iam || no_invoke_role) return true;
    return node_error(n, e,
                      "AWS_IAM without InvokeRole: NONE makes API Gateway call the function with the caller's "
                      "credentials, so that callers need lambda:InvokeFunction too: set InvokeRole: NONE");
}

static bool read_http_auth(struct model_reader *r, const struct node *n, const struct model_auth *api,
                           struct model_route *route, const struct node *place, struct err *e) {
    const struct node *authorizer = node_get(n, "Authorizer");
    route->aws_iam = model_http_api_protects(api, route);
    if (n && (!model_parts_check(r, n, "Auth of an event", http_auth_rules, e) ||
              !read_authorizer(authorizer, api, &route->aws_iam, e)))
        return false;
    if (authorizer && route->aws_iam && !api->iam_enabled)
        return node_error(
            authorizer, e,
            "Authorizer AWS_IAM is an error in SAM when Auth of the API has no EnableIamAuthorizer: true");
    if (authorizer || route->aws_iam == api->aws_iam) return true;
    return model_parts_notice(r, place, e,
                              "OPTIONS %.*s is open: SAM leaves the DefaultAuthorizer of an HttpApi out there; write "
                              "Auth: {Authorizer: AWS_IAM} at the event",
                              STR_ARG(route->path));
}

static bool add_route(struct model_reader *r, struct model_api *api, struct model_route route, const struct node *place,
                      struct err *e) {
    for (size_t i = 0; i < api->n_routes; i++) {
        const struct model_route *other = &api->routes[i];
        if (str_eq(other->method, route.method) && str_eq(other->path, route.path))
            return node_error(place, e, "%.*s %.*s of %.*s is already there in line %u", STR_ARG(route.method),
                              STR_ARG(route.path), STR_ARG(api->logical_id), other->line);
        if (!model_path_agree(api->kind, other->path, route.path))
            return node_error(place, e,
                              "%.*s and %.*s (line %u) of %.*s have different names for one place: API Gateway takes "
                              "one",
                              STR_ARG(route.path), STR_ARG(other->path), other->line, STR_ARG(api->logical_id));
    }
    struct model_route *grown =
        arena_grow(r->arena, api->routes, api->n_routes * sizeof route, (api->n_routes + 1) * sizeof route);
    if (!grown) return err_set(e, ERR_MEMORY, "%s: out of memory for the template", place->file);
    api->routes = grown;
    api->routes[api->n_routes++] = route;
    return true;
}

static bool check_format(struct model_reader *r, const struct node *n, struct err *e) {
    struct str format;
    if (!model_parts_text(r, n, "PayloadFormatVersion", &format, e)) return false;
    return !format.p || str_eq(format, STR("2.0")) ||
           node_error(node_get(n, "PayloadFormatVersion"), e, "the PayloadFormatVersion %.*s is not supported: \"2.0\"",
                      STR_ARG(format));
}

/* Without Path and Method an event of an HTTP API takes what no other route takes. */
static bool read_http(struct model_reader *r, const struct node *n, struct model_route *route, const struct node *place,
                      struct err *e) {
    size_t api = 0;
    if (n && !model_parts_check(r, n, http.owner, http.rules, e)) return false;
    if (!find_api(r, node_get(n, http.id_property), &http, &api, place, e)) return false;
    const struct node *path = node_get(n, "Path"), *method = node_get(n, "Method");
    route->path = STR("$default");
    route->method = STR("ANY");
    if ((path || method) &&
        (!model_path_read(path, http.api, &route->path, place, e) || !read_method(method, &route->method, place, e)))
        return false;
    return (!n || check_format(r, n, e)) && read_http_auth(r, node_get(n, "Auth"), &r->auth[api], route, place, e) &&
           add_route(r, &r->model->apis[api], *route, place, e);
}

static bool read_rest(struct model_reader *r, const struct node *n, struct model_route *route, const struct node *place,
                      struct err *e) {
    size_t api = 0;
    return model_parts_check(r, n, rest.owner, rest.rules, e) &&
           find_api(r, node_get(n, rest.id_property), &rest, &api, place, e) &&
           model_path_read(node_get(n, "Path"), rest.api, &route->path, place, e) &&
           read_method(node_get(n, "Method"), &route->method, place, e) &&
           read_auth(r, node_get(n, "Auth"), &r->auth[api], route, e) &&
           add_route(r, &r->model->apis[api], *route, place, e);
}

bool model_event_read(struct model_reader *r, const struct model_function *f, struct node_member event, struct err *e) {
    const struct node *type = node_get(event.value, "Type"), *n = node_get(event.value, "Properties");
    struct node place = {.file = event.value->file, .line = event.line};
    struct model_route route = {.function = f, .line = event.line};
    if (!type || type->kind != NODE_SCALAR)
        return node_error(&place, e, "the event %.*s has no Type", STR_ARG(event.key));
    if (str_eq(type->text, STR("HttpApi"))) return read_http(r, n, &route, &place, e);
    if (!str_eq(type->text, STR("Api")))
        return model_parts_notice(r, &place, e, "the event %.*s of type %.*s is never triggered here",
                                  STR_ARG(event.key), STR_ARG(type->text));
    if (!n) return node_error(&place, e, "the event %.*s has no Properties", STR_ARG(event.key));
    return read_rest(r, n, &route, &place, e);
}
