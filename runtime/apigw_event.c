/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the events of REST APIs (payload 1.0), HTTP APIs and Function URLs (payload 2.0) into one struct, and writes the
   first kind for local use. A member that decides what the handler sees must have its type; identity may hold anything. */
#include "apigw.h"

#include <cjson/cJSON.h>
#include <time.h>

#include "base64.h"
#include "json.h"
#include "percent.h"

enum { MAX_QUERY_BYTES = 64 * 1024 };

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
                        {"requestId", &ev->request_id}, {"extendedRequestId", &ev->extended_request_id}) &&
           READ_MEMBERS(r, identity, {"userArn", &id->user_arn}, {"caller", &id->caller}, {"user", &id->user},
                        {"accessKey", &id->access_key}, {"accountId", &id->account_id},
                        {"principalOrgId", &id->principal_org_id}, {"sourceIp", &id->source_ip},
                        {"userAgent", &id->user_agent});
}

static bool read_v2(struct reader *r, const cJSON *event, struct apigw_event *ev) {
    const cJSON *context = json_get(event, "requestContext"), *http, *iam;
    struct str raw_query = {0};
    struct apigw_identity *id = &ev->identity;
    if (!read_object(r, context, "http", &http)) return false;
    iam = json_get(json_get(context, "authorizer"), "iam");
    ev->format = APIGW_HTTP_V2;
    read_epoch(json_get(context, "timeEpoch"), &ev->time_epoch_ms);
    return read_text(r, http, "method", &ev->http.method) && read_text(r, event, "rawPath", &ev->http.path) &&
           read_map(r, event, "headers", &ev->http.fields) && read_text(r, event, "rawQueryString", &raw_query) &&
           http_query_read(raw_query, &ev->params, r->arena, r->e) &&
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

/* ---- writing ---- */

static bool same_name(const struct http_field *a, const struct http_field *b, bool ignore_case) {
    return ignore_case ? str_eq_nocase(a->name, b->name) : str_eq(a->name, b->name);
}

static bool repeated_before(const struct http_fields *f, size_t i, bool ignore_case) {
    for (size_t k = 0; k < i; k++)
        if (same_name(&f->at[k], &f->at[i], ignore_case)) return true;
    return false;
}

/* The single map shows the last value of a repeated name, the multi map all of them. No entries at all is null. */
static void write_map(struct buf *out, const char *member, const struct http_fields *f, bool multi, bool ignore_case) {
    buf_addf(out, ",\"%s\":%s", member, f->n ? "{" : "null");
    for (size_t i = 0, written = 0; i < f->n; i++) {
        struct str last = f->at[i].value;
        if (repeated_before(f, i, ignore_case)) continue;
        if (written++) buf_add_char(out, ',');
        json_write_text(out, f->at[i].name);
        buf_add(out, multi ? STR(":[") : STR(":"));
        if (multi) json_write_text(out, f->at[i].value);
        for (size_t k = i + 1; k < f->n; k++) {
            if (!same_name(&f->at[i], &f->at[k], ignore_case)) continue;
            last = f->at[k].value;
            if (multi) buf_add_char(out, ',');
            if (multi) json_write_text(out, last);
        }
        if (multi) buf_add_char(out, ']');
        else json_write_text(out, last);
    }
    if (f->n) buf_add_char(out, '}');
}

static void write_pairs(struct buf *out, const struct member *m, size_t n) {
    for (size_t i = 0; i < n; i++) {
        buf_addf(out, "%s\"%s\":", i ? "," : "", m[i].name);
        json_write_text(out, *m[i].to);
    }
}

#define WRITE_PAIRS(out, ...) \
    write_pairs(out, (const struct member[]){__VA_ARGS__}, \
                sizeof((const struct member[]){__VA_ARGS__}) / sizeof(struct member))

static void write_identity(struct buf *out, struct apigw_identity id) {
    struct str none = {0};
    buf_add(out, STR(",\"identity\":{"));
    WRITE_PAIRS(out, {"cognitoIdentityPoolId", &none}, {"accountId", &id.account_id}, {"cognitoIdentityId", &none},
                {"caller", &id.caller}, {"sourceIp", &id.source_ip}, {"principalOrgId", &id.principal_org_id},
                {"accessKey", &id.access_key}, {"cognitoAuthenticationType", &none},
                {"cognitoAuthenticationProvider", &none}, {"userArn", &id.user_arn}, {"userAgent", &id.user_agent},
                {"user", &id.user});
    buf_add_char(out, '}');
}

static void write_context(struct buf *out, struct apigw_event ev, struct arena *a) {
    char time_text[40];
    struct tm tm;
    time_t seconds = (time_t)(ev.time_epoch_ms / 1000);
    gmtime_r(&seconds, &tm);
    strftime(time_text, sizeof time_text, "%d/%b/%Y:%H:%M:%S +0000", &tm);
    struct str time_str = str_of(time_text);
    struct buf path; /* here, and only here, the path has its stage */
    buf_init(&path, out->limit, a);
    buf_addf(&path, "/%.*s", STR_ARG(ev.stage));
    buf_add(&path, ev.http.path);
    out->failed |= path.failed;
    struct str staged = buf_str(&path);
    buf_add(out, STR(",\"requestContext\":{"));
    WRITE_PAIRS(out, {"resourceId", &ev.resource_id}, {"resourcePath", &ev.resource}, {"httpMethod", &ev.http.method},
                {"extendedRequestId", &ev.extended_request_id}, {"requestTime", &time_str}, {"path", &staged},
                {"accountId", &ev.account_id}, {"protocol", &ev.protocol}, {"stage", &ev.stage},
                {"domainPrefix", &ev.domain_prefix}, {"requestId", &ev.request_id}, {"domainName", &ev.domain_name},
                {"apiId", &ev.api_id});
    buf_addf(out, ",\"requestTimeEpoch\":%lld", (long long)ev.time_epoch_ms);
    write_identity(out, ev.identity);
    buf_add_char(out, '}');
}

void apigw_write_event(struct buf *json, const struct apigw_event *event, struct arena *a) {
    struct apigw_event ev = *event;
    buf_add_char(json, '{');
    WRITE_PAIRS(json, {"resource", &ev.resource}, {"path", &ev.http.path}, {"httpMethod", &ev.http.method});
    write_map(json, "headers", &ev.http.fields, false, true);
    write_map(json, "multiValueHeaders", &ev.http.fields, true, true);
    write_map(json, "queryStringParameters", &ev.params, false, false);
    write_map(json, "multiValueQueryStringParameters", &ev.params, true, false);
    write_map(json, "pathParameters", &ev.path_params, false, false);
    write_map(json, "stageVariables", &ev.stage_variables, false, false);
    write_context(json, ev, a);
    buf_add(json, STR(",\"body\":"));
    if (ev.body_is_base64) {
        buf_add_char(json, '"');
        base64_write(json, ev.http.body);
        buf_add_char(json, '"');
    } else {
        json_write_text(json, ev.http.body.n ? ev.http.body : (struct str){0});
    }
    buf_addf(json, ",\"isBase64Encoded\":%s}", ev.body_is_base64 ? "true" : "false");
}
