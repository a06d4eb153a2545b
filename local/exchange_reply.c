/* SPDX-License-Identifier: Apache-2.0 */
/* Header fields that a service keeps for itself are dropped, or pass under another name.
   https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
   https://docs.aws.amazon.com/apigateway/latest/developerguide/lambda-proxy-binary-media.html */
#include "exchange_reply.h"

#include "base64.h"
#include "exchange_event.h"
#include "json.h"

enum fate { PASS, DROP, RENAME };

static enum fate fate_of(enum model_api_kind kind, struct str name) {
    static const char *const hop[] = {"connection", "content-length",    "keep-alive", "te",
                                      "trailer",    "transfer-encoding", "upgrade",    NULL};
    static const char *const rest_renamed[] = {"authorization",    "connection", "content-md5", "date",
                                               "max-forwards",     "server",     "user-agent",  "www-authenticate",
                                               "x-amzn-requestid", NULL};
    static const char *const rest_dropped[] = {"expect", "host", "proxy-authenticate", "via", NULL};
    static const char *const url_renamed[] = {"www-authenticate", NULL};
    static const char *const ours[] = {"date", "x-amzn-requestid", "apigw-requestid", NULL};
    if (kind == MODEL_REST_API && exchange_is_one_of(name, rest_renamed)) return RENAME;
    if (kind == MODEL_REST_API && exchange_is_one_of(name, rest_dropped)) return DROP;
    if (kind == MODEL_FUNCTION_URL && exchange_is_one_of(name, url_renamed)) return RENAME;
    return exchange_is_one_of(name, hop) || exchange_is_one_of(name, ours) ? DROP : PASS;
}

static bool add_field(const struct exchange *x, struct http_fields *to, const struct http_field *f, struct err *e) {
    enum fate fate = fate_of(x->place->api->kind, f->name);
    struct buf name;
    if (fate == DROP) return true;
    if (fate == PASS) return http_field_add(to, f->name, f->value, x->arena, e);
    buf_init(&name, 64, x->arena);
    buf_addf(&name, "x-amzn-Remapped-%.*s", STR_ARG(f->name));
    return buf_ok(&name, e) && http_field_add(to, buf_str(&name), f->value, x->arena, e);
}

/* A REST API gives bytes to whoever asks for one of BinaryMediaTypes first, and base64 as it is to everybody else. */
static bool wants_bytes(const struct exchange *x) {
    struct str first, rest = http_field_get(&x->rq->fields, STR("accept"));
    str_cut(&rest, ',', &first);
    return exchange_event_is_type(x->place->api, first);
}

static bool is_base64(struct str json) {
    struct cJSON *root;
    struct err ignored;
    if (str_find(json, STR("isBase64Encoded")) == SIZE_MAX || !json_read(json, &root, &ignored)) return false;
    bool on = json_is_true(json_get(root, "isBase64Encoded"));
    json_close(root);
    return on;
}

static bool encode(const struct exchange *x, struct str *body, struct err *e) {
    struct buf b;
    buf_init(&b, SIZE_MAX / 4, x->arena);
    base64_write(&b, *body);
    *body = buf_str(&b);
    return buf_ok(&b, e);
}

bool exchange_reply_head(const struct exchange *x, const struct http_response *from, struct http_response *rs,
                         struct err *e) {
    if (from->status < 200) /* for a client an interim answer, behind which it waits for another */
        return err_set(e, ERR_PARSE, "malformed proxy reply: a statusCode below 200 is no final answer");
    *rs = (struct http_response){.status = from->status};
    for (size_t i = 0; i < from->fields.n; i++)
        if (!add_field(x, &rs->fields, &from->fields.at[i], e)) return false;
    return true;
}

bool exchange_reply_read(const struct exchange *x, struct str json, struct http_response *rs, struct err *e) {
    enum model_api_kind kind = x->place->api->kind;
    struct http_response reply;
    if (!apigw_read_reply(json, exchange_event_format(kind), &reply, x->arena, e) ||
        !exchange_reply_head(x, &reply, rs, e))
        return false;
    rs->body = reply.body;
    bool as_text = kind == MODEL_REST_API && reply.body.n && !wants_bytes(x) && is_base64(json);
    return !as_text || encode(x, &rs->body, e);
}
