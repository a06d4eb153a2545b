/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the events of REST APIs (payload 1.0), HTTP APIs and Function URLs (payload 2.0) into one struct. A member that
   decides what the handler sees must have its type; identity may hold anything. */
#include "apigw.h"

#include <cjson/cJSON.h>

#include "base64.h"
#include "json.h"
#include "percent.h"

enum { MAX_QUERY_BYTES = 64 * 1024, MAX_EVENT_BYTES = 6 * 1024 * 1024 };

struct reader {
    struct arena *arena;
    struct err *e;
};

static bool wrong(struct reader *r, const char *name, const char *wanted) {
    return err_set(r->e, ERR_PARSE, "the event's %s is not %s", name, wanted);
}

static bool keep(struct reader *r, struct str s, struct str *out) {
    if (!s.p) return true;
    const char *p = arena_copy(r->arena, s);
    if (!p) return err_set(r->e, ERR_MEMORY, "out of memory for %zu bytes of the event", s.n);
    *out = (struct str){p, s.n};
    return true;
}

/* A string or nothing; what else stands there is absent. */
static bool read_lenient(struct reader *r, const cJSON *object, const char *name, struct str *out) {
    return keep(r, json_get_text(object, name), out);
}

static bool read_text(struct reader *r, const cJSON *object, const char *name, struct str *out) {
    const cJSON *value = json_get(object, name);
    if (!json_is_null(value) && !cJSON_IsString(value)) return wrong(r, name, "a string or null");
    return keep(r, json_text(value), out);
}

static bool read_object(struct reader *r, const cJSON *object, const char *name, const cJSON **out) {
    *out = json_get(object, name);
    if (!json_is_null(*out) && !cJSON_IsObject(*out)) return wrong(r, name, "an object or null");
    return true;
}

static bool add_pair(struct reader *r, struct http_fields *f, const char *name, const cJSON *value,
                     const char *member) {
    struct str n = {0}, v = {0};
    if (!cJSON_IsString(value)) return wrong(r, member, "a map of strings");
    return keep(r, str_of(name), &n) && keep(r, json_text(value), &v) && http_field_add(f, n, v, r->arena, r->e);
}

/* {"name": "value"} */
static bool read_map(struct reader *r, const cJSON *object, const char *member, struct http_fields *f) {
    const cJSON *map, *item;
    if (!read_object(r, object, member, &map)) return false;
    cJSON_ArrayForEach(item, map) if (!add_pair(r, f, item->string, item, member)) return false;
    return true;
}

/* {"name": ["value", ...]}, or the single-value map where that is missing */
static bool read_multi(struct reader *r, const cJSON *event, const char *multi, const char *single,
                       struct http_fields *f) {
    const cJSON *map, *list, *item;
    if (!read_object(r, event, multi, &map)) return false;
    if (json_is_null(map)) return read_map(r, event, single, f);
    cJSON_ArrayForEach(list, map) {
        if (!cJSON_IsArray(list)) return wrong(r, multi, "a map of lists");
        cJSON_ArrayForEach(item, list) if (!add_pair(r, f, list->string, item, multi)) return false;
    }
    return true;
}

static bool read_body(struct reader *r, const cJSON *event, struct apigw_event *ev) {
    const cJSON *flag = json_get(event, "isBase64Encoded");
    struct str text = json_text(flag), body = {0};
    bool on = json_is_true(flag) || str_eq(text, STR("true"));
    if (!on && !json_is_null(flag) && !cJSON_IsFalse(flag) && !str_eq(text, STR("false")))
        return wrong(r, "isBase64Encoded", "true or false");
    if (!read_text(r, event, "body", &body)) return false;
    ev->http.body = body;
    ev->body_is_base64 = on && body.p;
    if (!ev->body_is_base64) return true;
    return base64_read(body, &ev->http.body, r->arena, r->e) || err_prefix(r->e, "the event's body: ");
}

/* Encoded anew from the decoded parameters, so that no '+' and no odd escape reaches a signature. */
static bool write_query(struct reader *r, struct apigw_event *ev) {
    struct buf b;
    if (!ev->params.n) return true;
    buf_init(&b, MAX_QUERY_BYTES, r->arena);
    for (size_t i = 0; i < ev->params.n; i++) {
        if (i) buf_add_char(&b, '&');
        percent_write(&b, ev->params.at[i].name, false);
        buf_add_char(&b, '=');
        percent_write(&b, ev->params.at[i].value, false);
    }
    ev->http.query = buf_str(&b);
    return buf_ok(&b, r->e) || err_prefix(r->e, "the event's query: ");
}

struct member {
    const char *name;
    struct str *to;
};

static bool read_members(struct reader *r, const cJSON *object, const struct member *m, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!read_lenient(r, object, m[i].name, m[i].to)) return false;
    return true;
}

#define READ_MEMBERS(r, object, ...) \
    read_members(r, object, (const struct member[]){__VA_ARGS__}, \
                 sizeof((const struct member[]){__VA_ARGS__}) / sizeof(struct member))

static void read_epoch(const cJSON *value, int64_t *ms) {
    if (cJSON_IsNumber(value) && value->valuedouble >= 0 && value->valuedouble < 1e15)
        *ms = (int64_t)value->valuedouble;
}

static bool read_rest(struct reader *r, const cJSON *event, struct apigw_event *ev) {
    const cJSON *context, *identity = NULL;
    struct apigw_identity *id = &ev->identity;
    if (!read_object(r, event, "requestContext", &context)) return false;
    identity = json_get(context, "identity");
    if (!json_is_null(json_get(context, "elb")))
        return err_set(r->e, ERR_PARSE,
                       "this is a load balancer's event; only API Gateway and Function URL events are served");
    read_epoch(json_get(context, "requestTimeEpoch"), &ev->time_epoch_ms);
    return read_text(r, event, "httpMethod", &ev->http.method) && read_text(r, event, "path", &ev->http.path) &&
           READ_MEMBERS(r, event, {"resource", &ev->resource}) &&
           read_multi(r, event, "multiValueHeaders", "headers", &ev->http.fields) &&
           read_multi(r, event, "multiValueQueryStringParameters", "queryStringParameters", &ev->params) &&
           read_map(r, event, "pathParameters", &ev->path_params) &&
           read_map(r, event, "stageVariables", &ev->stage_variables) &&
           READ_MEMBERS(r, context, {"apiId", &ev->api_id}, {"stage", &ev->stage}, {"accountId", &ev->account_id},
                        {"resourceId", &ev->resource_id}, {"domainName", &ev->domain_name},
                        {"domainPrefix", &ev->domain_prefix}, {"protocol", &ev->protocol},
                        {"requestId", &ev->request_id}, {"extendedRequestId", &ev->extended_request_id},
                        {"deploymentId", &ev->deployment_id}) &&
           READ_MEMBERS(r, identity, {"userArn", &id->user_arn}, {"caller", &id->caller}, {"user", &id->user},
                        {"accessKey", &id->access_key}, {"accountId", &id->account_id},
                        {"principalOrgId", &id->principal_org_id}, {"sourceIp", &id->source_ip},
                        {"userAgent", &id->user_agent}, {"apiKey", &id->api_key}, {"apiKeyId", &id->api_key_id});
}

/* One field again, as the client sent them. A function URL leaves it among the headers. */
static bool read_cookies(struct reader *r, const cJSON *event, struct http_fields *f) {
    const cJSON *list = json_get(event, "cookies"), *item;
    struct buf joined;
    if (!json_is_null(list) && !cJSON_IsArray(list)) return wrong(r, "cookies", "a list of strings");
    buf_init(&joined, MAX_EVENT_BYTES, r->arena);
    cJSON_ArrayForEach(item, list) {
        if (!cJSON_IsString(item)) return wrong(r, "cookies", "a list of strings");
        if (joined.n) buf_add(&joined, STR("; "));
        buf_add(&joined, json_text(item));
    }
    if (!joined.n || http_field_get(f, STR("cookie")).p) return true;
    if (!buf_ok(&joined, r->e)) return err_prefix(r->e, "the event's cookies: ");
    return http_field_add(f, STR("cookie"), buf_str(&joined), r->arena, r->e);
}

static bool read_v2(struct reader *r, const cJSON *event, struct apigw_event *ev) {
    const cJSON *context = json_get(event, "requestContext"), *http, *iam;
    struct apigw_identity *id = &ev->identity;
    if (!read_object(r, context, "http", &http)) return false;
    iam = json_get(json_get(context, "authorizer"), "iam");
    bool is_url = str_find(json_get_text(context, "domainName"), STR(".lambda-url.")) != SIZE_MAX;
    ev->format = is_url ? APIGW_FUNCTION_URL : APIGW_HTTP_V2;
    read_epoch(json_get(context, "timeEpoch"), &ev->time_epoch_ms);
    return read_text(r, http, "method", &ev->http.method) && read_text(r, event, "rawPath", &ev->http.path) &&
           read_map(r, event, "headers", &ev->http.fields) && read_cookies(r, event, &ev->http.fields) &&
           read_text(r, event, "rawQueryString", &ev->raw_query) &&
           http_query_read(ev->raw_query, &ev->params, r->arena, r->e) &&
           read_map(r, event, "pathParameters", &ev->path_params) &&
           read_map(r, event, "stageVariables", &ev->stage_variables) &&
           READ_MEMBERS(r, event, {"routeKey", &ev->resource}) &&
           READ_MEMBERS(r, context, {"apiId", &ev->api_id}, {"stage", &ev->stage}, {"accountId", &ev->account_id},
                        {"domainName", &ev->domain_name}, {"domainPrefix", &ev->domain_prefix},
                        {"requestId", &ev->request_id}) &&
           READ_MEMBERS(r, http, {"protocol", &ev->protocol}, {"sourceIp", &id->source_ip},
                        {"userAgent", &id->user_agent}) &&
           READ_MEMBERS(r, iam, {"userArn", &id->user_arn}, {"callerId", &id->caller}, {"userId", &id->user},
                        {"accessKey", &id->access_key}, {"accountId", &id->account_id},
                        {"principalOrgId", &id->principal_org_id});
}

static bool read_shape(struct reader *r, const cJSON *event, struct apigw_event *ev) {
    const cJSON *context = json_get(event, "requestContext");
    if (!cJSON_IsObject(event)) return err_set(r->e, ERR_PARSE, "the event is JSON but not an object");
    bool v2 = !json_is_null(json_get(context, "http"));
    if (!v2 && json_is_null(json_get(event, "httpMethod")))
        return err_set(r->e, ERR_PARSE,
                       "the event has neither httpMethod (REST API) nor requestContext.http (HTTP API, "
                       "Function URL): it does not come from API Gateway");
    if (!(v2 ? read_v2(r, event, ev) : read_rest(r, event, ev))) return false;
    if (!http_is_token(ev->http.method)) return wrong(r, v2 ? "requestContext.http.method" : "httpMethod", "a method");
    return read_body(r, event, ev) && write_query(r, ev);
}

bool apigw_read_event(struct str json, struct apigw_event *event, struct arena *a, struct err *e) {
    struct reader r = {a, e};
    struct cJSON *root;
    *event = (struct apigw_event){0};
    if (!json_read(json, &root, e)) return err_prefix(e, "the event: ");
    bool ok = read_shape(&r, root, event);
    json_close(root);
    return ok;
}
