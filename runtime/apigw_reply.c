/* SPDX-License-Identifier: Apache-2.0 */
/* The proxy reply of a function, both ways. Reading follows the rules of each service: what it would answer with its own
   error is an error here.
   https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
   https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
   https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-response-payload */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "apigw.h"
#include "apigw_fields.h"
#include "base64.h"
#include "json.h"

static bool set_cookie(const struct http_field *f) {
    return str_eq_nocase(f->name, STR("set-cookie"));
}

static void write_values(struct buf *out, const struct http_fields *f, size_t i) {
    const char *comma = "";
    buf_add_char(out, '[');
    for (size_t k = i; k < f->n; k++) {
        if (!str_eq_nocase(f->at[k].name, f->at[i].name)) continue;
        buf_addf(out, "%s", comma);
        json_write_text(out, f->at[k].value);
        comma = ",";
    }
    buf_add_char(out, ']');
}

/* REST: names that occur once go to headers, the others to multiValueHeaders. */
static void write_rest_headers(struct buf *out, const struct http_fields *f) {
    for (int multi = 0; multi < 2; multi++) {
        const char *comma = "";
        buf_add(out, multi ? STR(",\"multiValueHeaders\":{") : STR(",\"headers\":{"));
        for (size_t i = 0; i < f->n; i++) {
            if ((http_field_count(f, f->at[i].name) > 1) != multi || !apigw_fields_first(f, i, APIGW_HEADERS)) continue;
            buf_addf(out, "%s", comma);
            json_write_text(out, f->at[i].name);
            buf_add_char(out, ':');
            if (multi) write_values(out, f, i);
            else json_write_text(out, f->at[i].value);
            comma = ",";
        }
        buf_add_char(out, '}');
    }
}

/* 2.0: one value a name, joined by commas; cookies have a list of their own because they hold commas. */
static void write_v2_headers(struct buf *out, const struct http_fields *f) {
    const char *comma = "";
    buf_add(out, STR(",\"headers\":{"));
    for (size_t i = 0; i < f->n; i++) {
        if (set_cookie(&f->at[i]) || !apigw_fields_first(f, i, APIGW_HEADERS)) continue;
        buf_addf(out, "%s", comma);
        json_write_text(out, f->at[i].name);
        buf_add_char(out, ':');
        apigw_fields_write_joined(out, f, i, APIGW_HEADERS, out->arena);
        comma = ",";
    }
    comma = "},\"cookies\":[";
    for (size_t i = 0; i < f->n; i++) {
        if (!set_cookie(&f->at[i])) continue;
        buf_addf(out, "%s", comma);
        json_write_text(out, f->at[i].value);
        comma = ",";
    }
    buf_add(out, comma[0] == ',' ? STR("]") : STR("}"));
}

void apigw_write_reply(struct buf *json, enum apigw_format format, const struct http_response *rs) {
    bool text = str_is_utf8(rs->body, NULL) && !(rs->body.n && memchr(rs->body.p, 0, rs->body.n));
    buf_addf(json, "{\"statusCode\":%d", rs->status);
    if (format == APIGW_REST) write_rest_headers(json, &rs->fields);
    else write_v2_headers(json, &rs->fields);
    buf_add(json, STR(",\"body\":"));
    if (text) {
        json_write_text(json, rs->body.p ? rs->body : STR(""));
    } else {
        buf_add_char(json, '"');
        base64_write(json, rs->body);
        buf_add_char(json, '"');
    }
    buf_addf(json, ",\"isBase64Encoded\":%s}", text ? "false" : "true");
}

/* ---- reading ---- */

static bool malformed(struct err *e, const char *why) {
    return err_set(e, ERR_PARSE, "malformed proxy reply: %s", why);
}

static bool known_members(const cJSON *reply, struct err *e) {
    static const char *const known[] = {"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"};
    const cJSON *member;
    cJSON_ArrayForEach(member, reply) {
        bool found = false;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            found |= str_eq(str_of(member->string), str_of(known[i]));
        if (!found)
            return malformed(e, "it has a member that a REST API does not know (only statusCode, headers, "
                                "multiValueHeaders, body and isBase64Encoded)");
    }
    return true;
}

static bool add_header(struct http_fields *f, const char *name, const cJSON *value, struct arena *a, struct err *e) {
    char number[32];
    struct str text = json_text(value);
    if (cJSON_IsNumber(value)) {
        snprintf(number, sizeof number, "%.15g", value->valuedouble);
        text = str_of(number);
    } else if (cJSON_IsBool(value)) {
        text = json_is_true(value) ? STR("true") : STR("false");
    }
    if (!text.p || !http_is_token(str_of(name)) || str_has_control(text))
        return malformed(e, "a header has a name or value that HTTP does not allow");
    const char *n = arena_copy(a, str_of(name)), *v = arena_copy(a, text);
    if (!n || !v) return err_set(e, ERR_MEMORY, "out of memory for the reply's headers");
    return http_field_add(f, str_of(n), (struct str){v, text.n}, a, e);
}

/* Both maps are merged; a name in multiValueHeaders hides the same name in headers. 2.0 has the one map. */
static bool read_headers(const cJSON *reply, enum apigw_format format, struct http_fields *f, struct arena *a,
                         struct err *e) {
    const cJSON *single = json_get(reply, "headers"), *multi = NULL, *item, *value;
    if (format == APIGW_REST) multi = json_get(reply, "multiValueHeaders");
    if ((!json_is_null(single) && !cJSON_IsObject(single)) || (!json_is_null(multi) && !cJSON_IsObject(multi)))
        return malformed(e, "headers or multiValueHeaders is not an object");
    cJSON_ArrayForEach(item, multi) {
        if (!cJSON_IsArray(item)) return malformed(e, "a value of multiValueHeaders is not a list");
        cJSON_ArrayForEach(value, item) if (!add_header(f, item->string, value, a, e)) return false;
    }
    size_t from_multi = f->n;
    cJSON_ArrayForEach(item, single) {
        struct http_fields before = {f->at, from_multi, from_multi};
        if (http_field_get(&before, str_of(item->string)).p) continue;
        if (!add_header(f, item->string, item, a, e)) return false;
    }
    return true;
}

static bool read_cookies(const cJSON *reply, struct http_fields *f, struct arena *a, struct err *e) {
    const cJSON *cookies = json_get(reply, "cookies"), *cookie;
    if (!json_is_null(cookies) && !cJSON_IsArray(cookies)) return malformed(e, "cookies is not a list");
    cJSON_ArrayForEach(cookie, cookies) {
        if (!cJSON_IsString(cookie)) return malformed(e, "a cookie is not a string");
        if (!add_header(f, "Set-Cookie", cookie, a, e)) return false;
    }
    return true;
}

static bool default_type(struct http_fields *f, struct str type, struct arena *a, struct err *e) {
    return http_field_get(f, STR("content-type")).p || http_field_add(f, STR("Content-Type"), type, a, e);
}

static bool keep_body(struct str text, struct http_response *rs, struct arena *a, struct err *e) {
    const char *kept = text.p ? arena_copy(a, text) : "";
    if (!kept) return err_set(e, ERR_MEMORY, "out of memory for the reply's body");
    rs->body = (struct str){kept, text.n};
    return true;
}

static bool read_body(const cJSON *reply, struct http_response *rs, struct arena *a, struct err *e) {
    const cJSON *body = json_get(reply, "body"), *flag = json_get(reply, "isBase64Encoded");
    if (!json_is_null(body) && !cJSON_IsString(body)) return malformed(e, "body is not a string");
    if (!json_is_null(flag) && !cJSON_IsBool(flag)) return malformed(e, "isBase64Encoded is not true or false");
    if (!keep_body(json_text(body), rs, a, e)) return false;
    return !json_is_true(flag) || base64_read(rs->body, &rs->body, a, e) || err_prefix(e, "malformed proxy reply: ");
}

/* A number, or its digits as a string: Lambda's own blueprints answer "200". */
static bool read_status(const cJSON *value, int *status, struct err *e) {
    int64_t digits = 0;
    if (cJSON_IsNumber(value) && value->valuedouble == (double)value->valueint) digits = value->valueint;
    else (void)str_read_int64(json_text(value), 100, 599, &digits);
    *status = (int)digits;
    return (digits >= 100 && digits <= 599) || malformed(e, "statusCode is not a whole number from 100 to 599");
}

/* No statusCode: all of it is the body. Of a string an HTTP API sends the text, a function URL the JSON. */
static bool infer_reply(struct str json, const cJSON *reply, enum apigw_format format, struct http_response *rs,
                        struct arena *a, struct err *e) {
    struct str text = format == APIGW_HTTP_V2 ? json_text(reply) : (struct str){0};
    rs->status = 200;
    return keep_body(text.p ? text : json, rs, a, e) && default_type(&rs->fields, STR("application/json"), a, e);
}

static bool read_reply(struct str json, const cJSON *reply, enum apigw_format format, struct http_response *rs,
                       struct arena *a, struct err *e) {
    const cJSON *status = json_get(reply, "statusCode");
    bool rest = format == APIGW_REST;
    if (!rest && !status) return infer_reply(json, reply, format, rs, a, e);
    if (!cJSON_IsObject(reply)) return malformed(e, "it is not an object");
    struct str type = format == APIGW_HTTP_V2 ? STR("text/plain; charset=utf-8") : STR("application/json");
    return (!rest || known_members(reply, e)) && read_status(status, &rs->status, e) &&
           read_headers(reply, format, &rs->fields, a, e) && (rest || read_cookies(reply, &rs->fields, a, e)) &&
           default_type(&rs->fields, type, a, e) && read_body(reply, rs, a, e);
}

bool apigw_read_reply(struct str json, enum apigw_format format, struct http_response *rs, struct arena *a,
                      struct err *e) {
    struct cJSON *root;
    *rs = (struct http_response){0};
    if (!json_read(json, &root, e)) return err_prefix(e, "malformed proxy reply: ");
    bool ok = read_reply(json, root, format, rs, a, e);
    json_close(root);
    return ok;
}

static bool read_prelude(const cJSON *head, struct http_response *rs, struct arena *a, struct err *e) {
    const cJSON *status = json_get(head, "statusCode");
    rs->status = 200;
    if (!cJSON_IsObject(head)) return malformed(e, "it is not an object");
    return (!status || read_status(status, &rs->status, e)) && read_headers(head, APIGW_REST, &rs->fields, a, e) &&
           read_cookies(head, &rs->fields, a, e) && default_type(&rs->fields, STR("application/octet-stream"), a, e);
}

bool apigw_read_prelude(struct str json, struct http_response *rs, struct arena *a, struct err *e) {
    struct cJSON *root;
    *rs = (struct http_response){0};
    bool ok = json_read(json, &root, e);
    if (ok) {
        ok = read_prelude(root, rs, a, e);
        json_close(root);
    }
    return ok || err_prefix(e, "the prelude of a stream: ");
}
