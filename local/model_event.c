/* SPDX-License-Identifier: Apache-2.0 */
/* A function's events: those of type Api become routes. SAM reads them before anything is resolved, so path, method and
   authorizer must be written out.
   https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-api.html */
#include <string.h>

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
    {"ResourcePolicy", MODEL_REFUSED, "resource policies are not evaluated here"},
    {NULL, MODEL_USED, NULL},
};

static bool read_method(const struct node *n, struct str *method, const struct node *place, struct err *e) {
    static const char *const known[] = {"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "ANY"};
    if (!n) return node_error(place, e, "an event of type Api has no Method");
    for (size_t i = 0; n->kind == NODE_SCALAR && i < sizeof known / sizeof *known; i++) {
        if (!str_eq_nocase(n->text, str_of(known[i]))) continue;
        *method = str_of(known[i]);
        return true;
    }
    return node_error(n, e, "the Method is not one of GET POST PUT DELETE PATCH HEAD OPTIONS ANY, written out");
}

static bool read_path(const struct node *n, struct str *path, const struct node *place, struct err *e) {
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:/";
    if (!n) return node_error(place, e, "an event of type Api has no Path");
    if (n->kind != NODE_SCALAR || n->text.n == 0 || n->text.p[0] != '/')
        return node_error(n, e, "the Path is not a text that begins with '/', written out");
    if (memchr(n->text.p, '{', n->text.n))
        return node_error(n, e, "path parameters (%.*s) are not supported here yet", STR_ARG(n->text));
    bool root = n->text.n == 1;
    bool ok = strspn(n->text.p, allowed) == n->text.n && str_find(n->text, STR("//")) == SIZE_MAX;
    if (!ok || (!root && str_ends(n->text, STR("/"))))
        return node_error(n, e, "the Path %.*s holds an empty part or something else than letters, digits and - . _ :",
                          STR_ARG(n->text));
    *path = n->text;
    return true;
}

static bool find_api(struct model_reader *r, const struct node *n, size_t *index, const struct node *place,
                     struct err *e) {
    if (!n)
        return node_error(place, e,
                          "an event without RestApiId makes an implicit API, which is not supported here: declare an "
                          "AWS::Serverless::Api and name it by RestApiId: !Ref");
    const struct node *id = node_is(n, "Ref") ? n->at[0].value : NULL;
    for (*index = 0; id && *index < r->model->n_apis; ++*index)
        if (id->kind == NODE_SCALAR && str_eq(r->model->apis[*index].logical_id, id->text)) return true;
    return node_error(n, e, "RestApiId is not a !Ref to an AWS::Serverless::Api that exists in this template");
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

/* Authorizer NONE opens one method of a protected API, AWS_IAM protects one method of an open one. */
static bool read_auth(struct model_reader *r, const struct node *n, const struct model_auth *api,
                      struct model_route *route, struct err *e) {
    bool *aws_iam = &route->aws_iam;
    bool no_invoke_role = api->no_invoke_role;
    *aws_iam = api->aws_iam;
    route->api_key = api->api_key;
    if (!n) return true;
    if (!model_parts_check(r, n, "Auth of an event", event_auth_rules, e)) return false;
    if (!read_key(r, node_get(n, "ApiKeyRequired"), api, &route->api_key, e)) return false;
    const struct node *authorizer = node_get(n, "Authorizer"), *role = node_get(n, "InvokeRole");
    if (role && (role->kind != NODE_SCALAR || !str_eq(role->text, STR("NONE"))))
        return node_error(role, e, "the InvokeRole of an event is not NONE: only NONE is supported here");
    if (role) no_invoke_role = true;
    if (authorizer) {
        bool text = authorizer->kind == NODE_SCALAR;
        *aws_iam = text && str_eq(authorizer->text, STR("AWS_IAM"));
        if (!*aws_iam && !(text && str_eq(authorizer->text, STR("NONE"))))
            return node_error(authorizer, e, "the Authorizer of an event is AWS_IAM or NONE, written out");
        if (!*aws_iam && !api->has_default)
            return node_error(authorizer, e,
                              "Authorizer NONE is an error in SAM when the API has no DefaultAuthorizer");
    }
    if (!*aws_iam || no_invoke_role) return true;
    return node_error(n, e,
                      "AWS_IAM without InvokeRole: NONE makes API Gateway call the function with the caller's "
                      "credentials, so that callers need lambda:InvokeFunction too: set InvokeRole: NONE");
}

static bool add_route(struct model_reader *r, struct model_api *api, struct model_route route, const struct node *place,
                      struct err *e) {
    for (size_t i = 0; i < api->n_routes; i++)
        if (str_eq(api->routes[i].method, route.method) && str_eq(api->routes[i].path, route.path))
            return node_error(place, e, "%.*s %.*s of %.*s is already there in line %u", STR_ARG(route.method),
                              STR_ARG(route.path), STR_ARG(api->logical_id), api->routes[i].line);
    struct model_route *grown =
        arena_grow(r->arena, api->routes, api->n_routes * sizeof route, (api->n_routes + 1) * sizeof route);
    if (!grown) return err_set(e, ERR_MEMORY, "%s: out of memory for the template", place->file);
    api->routes = grown;
    api->routes[api->n_routes++] = route;
    return true;
}

bool model_event_read(struct model_reader *r, const struct model_function *f, struct node_member event, struct err *e) {
    const struct node *type = node_get(event.value, "Type"), *n = node_get(event.value, "Properties");
    struct node place = {.file = event.value->file, .line = event.line};
    struct model_route route = {.function = f, .line = event.line};
    size_t api = 0;
    if (!type || type->kind != NODE_SCALAR)
        return node_error(&place, e, "the event %.*s has no Type", STR_ARG(event.key));
    if (str_eq(type->text, STR("HttpApi")))
        return node_error(type, e,
                          "events of type HttpApi are not supported here yet: use Api with an AWS::Serverless::Api");
    if (!str_eq(type->text, STR("Api")))
        return model_parts_notice(r, &place, e, "the event %.*s of type %.*s is never triggered here",
                                  STR_ARG(event.key), STR_ARG(type->text));
    if (!n) return node_error(&place, e, "the event %.*s has no Properties", STR_ARG(event.key));
    if (!model_parts_check(r, n, "an event of type Api", api_event_rules, e)) return false;
    if (!find_api(r, node_get(n, "RestApiId"), &api, &place, e)) return false;
    if (!read_path(node_get(n, "Path"), &route.path, &place, e) ||
        !read_method(node_get(n, "Method"), &route.method, &place, e) ||
        !read_auth(r, node_get(n, "Auth"), &r->auth[api], &route, e))
        return false;
    return add_route(r, &r->model->apis[api], route, &place, e);
}
