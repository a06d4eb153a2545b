/* SPDX-License-Identifier: Apache-2.0 */
/* Writes events as AWS sends them: what is absent is null in payload 1.0 and left out in 2.0, but for the few members that
   captured events show.
   https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
   https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html */
#include <time.h>

#include "apigw.h"
#include "apigw_fields.h"
#include "base64.h"
#include "json.h"

struct pair {
    const char *name;
    struct str value;
};

/* Before every member but an object's first. */
static void write_comma(struct buf *out) {
    if (out->n && out->p[out->n - 1] != '{') buf_add_char(out, ',');
}

static void write_name(struct buf *out, const char *name) {
    write_comma(out);
    buf_addf(out, "\"%s\":", name);
}

static void write_pairs(struct buf *out, bool with_nulls, const struct pair *p, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (!with_nulls && !p[i].value.p) continue;
        write_name(out, p[i].name);
        json_write_text(out, p[i].value);
    }
}

#define WRITE(out, with_nulls, ...) \
    write_pairs(out, with_nulls, (const struct pair[]){__VA_ARGS__}, \
                sizeof((const struct pair[]){__VA_ARGS__}) / sizeof(struct pair))

static void write_time(struct buf *out, const char *text, const char *epoch, int64_t epoch_ms) {
    char written[40];
    struct tm tm;
    time_t seconds = (time_t)(epoch_ms / 1000);
    gmtime_r(&seconds, &tm);
    strftime(written, sizeof written, "%d/%b/%Y:%H:%M:%S +0000", &tm);
    WRITE(out, true, {text, str_of(written)});
    write_name(out, epoch);
    buf_addf(out, "%lld", (long long)epoch_ms);
}

/* The last members of every event. */
static void write_body(struct buf *out, const struct apigw_event *ev) {
    struct str text = ev->http.body.n ? ev->http.body : (struct str){0};
    if (ev->body_is_base64) {
        write_name(out, "body");
        buf_add_char(out, '"');
        base64_write(out, ev->http.body);
        buf_add_char(out, '"');
    } else {
        WRITE(out, ev->format == APIGW_REST, {"body", text});
    }
    write_name(out, "isBase64Encoded");
    buf_addf(out, "%s}", ev->body_is_base64 ? "true" : "false");
}

/* ---- payload 1.0 ---- */

/* The single map shows the last value of a repeated name, the multi map all of them. No entries at all is null. */
static void write_map(struct buf *out, const char *member, const struct http_fields *f, bool multi,
                      enum apigw_names names) {
    write_name(out, member);
    buf_add(out, f->n ? STR("{") : STR("null"));
    for (size_t i = 0; i < f->n; i++) {
        struct str last = f->at[i].value;
        if (!apigw_fields_first(f, i, names)) continue;
        write_comma(out);
        json_write_text(out, f->at[i].name);
        buf_add(out, multi ? STR(":[") : STR(":"));
        if (multi) json_write_text(out, f->at[i].value);
        for (size_t k = i + 1; k < f->n; k++) {
            if (!apigw_fields_same(&f->at[i], &f->at[k], names)) continue;
            last = f->at[k].value;
            if (multi) buf_add_char(out, ',');
            if (multi) json_write_text(out, last);
        }
        if (multi) buf_add_char(out, ']');
        else json_write_text(out, last);
    }
    if (f->n) buf_add_char(out, '}');
}

static void write_identity(struct buf *out, const struct apigw_identity *id) {
    struct str none = {0};
    write_name(out, "identity");
    buf_add_char(out, '{');
    WRITE(out, true, {"cognitoIdentityPoolId", none}, {"accountId", id->account_id}, {"cognitoIdentityId", none},
          {"caller", id->caller}, {"sourceIp", id->source_ip}, {"principalOrgId", id->principal_org_id},
          {"accessKey", id->access_key}, {"cognitoAuthenticationType", none}, {"cognitoAuthenticationProvider", none},
          {"userArn", id->user_arn}, {"userAgent", id->user_agent}, {"user", id->user});
    WRITE(out, false, {"apiKey", id->api_key}, {"apiKeyId", id->api_key_id});
    buf_add_char(out, '}');
}

static void write_rest_context(struct buf *out, const struct apigw_event *ev, struct arena *a) {
    struct buf path; /* here, and only here, the path has its stage */
    buf_init(&path, out->limit, a);
    buf_addf(&path, "/%.*s", STR_ARG(ev->stage));
    buf_add(&path, ev->http.path);
    out->failed |= path.failed;
    write_name(out, "requestContext");
    buf_add_char(out, '{');
    WRITE(out, true, {"resourceId", ev->resource_id}, {"resourcePath", ev->resource}, {"httpMethod", ev->http.method},
          {"extendedRequestId", ev->extended_request_id}, {"path", buf_str(&path)}, {"accountId", ev->account_id},
          {"protocol", ev->protocol}, {"stage", ev->stage}, {"domainPrefix", ev->domain_prefix},
          {"requestId", ev->request_id}, {"domainName", ev->domain_name}, {"apiId", ev->api_id});
    WRITE(out, false, {"deploymentId", ev->deployment_id});
    write_time(out, "requestTime", "requestTimeEpoch", ev->time_epoch_ms);
    write_identity(out, &ev->identity);
    buf_add_char(out, '}');
}

static void write_rest(struct buf *out, const struct apigw_event *ev, struct arena *a) {
    WRITE(out, true, {"resource", ev->resource}, {"path", ev->http.path}, {"httpMethod", ev->http.method});
    write_map(out, "headers", &ev->http.fields, false, APIGW_HEADERS);
    write_map(out, "multiValueHeaders", &ev->http.fields, true, APIGW_HEADERS);
    write_map(out, "queryStringParameters", &ev->params, false, APIGW_PARAMS);
    write_map(out, "multiValueQueryStringParameters", &ev->params, true, APIGW_PARAMS);
    write_map(out, "pathParameters", &ev->path_params, false, APIGW_PARAMS);
    write_map(out, "stageVariables", &ev->stage_variables, false, APIGW_PARAMS);
    write_rest_context(out, ev, a);
}

/* ---- payload 2.0 ---- */

static bool is_cookie(const struct http_field *f) {
    return str_eq_nocase(f->name, STR("cookie"));
}

/* Each cookie of each Cookie field, without the semicolons. */
static void write_cookies(struct buf *out, const struct http_fields *f) {
    bool any = false;
    for (size_t i = 0; i < f->n; i++) {
        struct str rest = is_cookie(&f->at[i]) ? f->at[i].value : (struct str){0}, cookie;
        while (rest.p) {
            str_cut(&rest, ';', &cookie);
            cookie = str_trim(cookie);
            if (!cookie.n) continue;
            if (!any) write_name(out, "cookies");
            buf_add_char(out, any ? ',' : '[');
            json_write_text(out, cookie);
            any = true;
        }
    }
    if (any) buf_add_char(out, ']');
}

/* Nothing at all without entries. */
static void write_single(struct buf *out, const char *member, const struct http_fields *f, struct arena *a) {
    if (!f->n) return;
    write_name(out, member);
    buf_add_char(out, '{');
    for (size_t i = 0; i < f->n; i++) {
        if (!apigw_fields_first(f, i, APIGW_PARAMS)) continue;
        write_comma(out);
        json_write_text(out, f->at[i].name);
        buf_add_char(out, ':');
        apigw_fields_write_joined(out, f, i, APIGW_PARAMS, a);
    }
    buf_add_char(out, '}');
}

static void write_lower(struct buf *out, struct str name, struct arena *a) {
    struct buf lower;
    buf_init(&lower, out->limit, a);
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        buf_add_char(&lower, c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c);
    }
    out->failed |= lower.failed;
    json_write_text(out, buf_str(&lower));
}

/* An HTTP API takes the cookies out; a function URL shows them twice. */
static void write_headers(struct buf *out, const struct apigw_event *ev, struct arena *a) {
    const struct http_fields *f = &ev->http.fields;
    write_name(out, "headers");
    buf_add_char(out, '{');
    for (size_t i = 0; i < f->n; i++) {
        if (!apigw_fields_first(f, i, APIGW_HEADERS) || (ev->format == APIGW_HTTP_V2 && is_cookie(&f->at[i]))) continue;
        write_comma(out);
        write_lower(out, f->at[i].name, a);
        buf_add_char(out, ':');
        apigw_fields_write_joined(out, f, i, APIGW_HEADERS, a);
    }
    buf_add_char(out, '}');
}

/* Where there is no value, an HTTP API sends the name of the condition key and an empty agent, a function URL null. */
static struct str or_none(struct str value, const struct apigw_event *ev, const char *none) {
    return value.p || ev->format == APIGW_FUNCTION_URL ? value : str_of(none);
}

static void write_authorizer(struct buf *out, const struct apigw_event *ev) {
    const struct apigw_identity *id = &ev->identity;
    if (!id->user_arn.p) return;
    write_name(out, "authorizer");
    buf_add(out, STR("{\"iam\":{"));
    WRITE(out, true, {"accessKey", id->access_key}, {"accountId", id->account_id}, {"callerId", id->caller},
          {"cognitoIdentity", {0}}, {"principalOrgId", or_none(id->principal_org_id, ev, "aws:PrincipalOrgID")},
          {"userArn", id->user_arn}, {"userId", id->user});
    buf_add(out, STR("}}"));
}

static void write_v2_context(struct buf *out, const struct apigw_event *ev) {
    write_name(out, "requestContext");
    buf_add_char(out, '{');
    WRITE(out, false, {"accountId", ev->account_id}, {"apiId", ev->api_id});
    write_authorizer(out, ev);
    WRITE(out, false, {"domainName", ev->domain_name}, {"domainPrefix", ev->domain_prefix});
    write_name(out, "http");
    buf_add_char(out, '{');
    WRITE(out, true, {"method", ev->http.method}, {"path", ev->http.path}, {"protocol", ev->protocol},
          {"sourceIp", ev->identity.source_ip}, {"userAgent", or_none(ev->identity.user_agent, ev, "")});
    buf_add_char(out, '}');
    WRITE(out, false, {"requestId", ev->request_id}, {"routeKey", ev->resource}, {"stage", ev->stage});
    write_time(out, "time", "timeEpoch", ev->time_epoch_ms);
    buf_add_char(out, '}');
}

static void write_v2(struct buf *out, const struct apigw_event *ev, struct arena *a) {
    struct str query = ev->raw_query.p ? ev->raw_query : ev->http.query;
    WRITE(out, true, {"version", STR("2.0")}, {"routeKey", ev->resource}, {"rawPath", ev->http.path},
          {"rawQueryString", query.p ? query : STR("")});
    write_cookies(out, &ev->http.fields);
    write_headers(out, ev, a);
    write_single(out, "queryStringParameters", &ev->params, a);
    write_v2_context(out, ev);
    write_single(out, "pathParameters", &ev->path_params, a);
    write_single(out, "stageVariables", &ev->stage_variables, a);
}

void apigw_write_event(struct buf *json, const struct apigw_event *event, struct arena *a) {
    buf_add_char(json, '{');
    if (event->format == APIGW_REST) write_rest(json, event, a);
    else write_v2(json, event, a);
    write_body(json, event);
}
