/* SPDX-License-Identifier: Apache-2.0 */
/* The protected side: says who called and what was sent. API Gateway has checked the caller before this code runs. */
#include "apigw.h"
#include "apigw_fields.h"
#include "base64.h"
#include "handlers.h"
#include "json.h"

static size_t count(const struct http_fields *f, struct str name) {
    size_t n = 0;
    for (size_t i = 0; i < f->n; i++) n += str_eq(f->at[i].name, name);
    return n;
}

static void write_param(struct buf *out, const struct http_fields *f, size_t i) {
    bool list = count(f, f->at[i].name) > 1, first = true;
    json_write_text(out, f->at[i].name);
    buf_add(out, list ? STR(":[") : STR(":"));
    for (size_t k = i; k < f->n; k++) {
        if (!str_eq(f->at[k].name, f->at[i].name)) continue;
        if (!first) buf_add_char(out, ',');
        json_write_text(out, f->at[k].value);
        first = false;
    }
    if (list) buf_add_char(out, ']');
}

static void write_params(struct buf *out, const struct http_fields *f) {
    const char *open = "{";
    if (!f->n) buf_add(out, STR("null"));
    for (size_t i = 0; i < f->n; i++) {
        if (!apigw_fields_first(f, i, APIGW_PARAMS)) continue;
        buf_addf(out, "%s", open);
        write_param(out, f, i);
        open = ",";
    }
    if (f->n) buf_add_char(out, '}');
}

static void write_echo(struct buf *out, const struct apigw_event *ev) {
    buf_add(out, STR("{\"message\":\"Hi from AWS_IAM auth enabled API\",\"userArn\":"));
    json_write_text(out, ev->identity.user_arn);
    buf_add(out, STR(",\"method\":"));
    json_write_text(out, ev->http.method);
    buf_add(out, STR(",\"params\":"));
    write_params(out, &ev->params);
    buf_add(out, STR(",\"body\":"));
    if (ev->body_is_base64) {
        buf_add_char(out, '"');
        base64_write(out, ev->http.body);
        buf_add(out, STR("\",\"isBase64Encoded\":true"));
    } else {
        json_write_text(out, ev->http.body);
    }
    buf_add_char(out, '}');
}

bool private_handle(void *user, const struct lambda_invocation *inv, struct buf *reply, struct err *e) {
    (void)user;
    struct apigw_event ev;
    struct http_response rs = {.status = 200};
    struct buf echo;
    if (!apigw_read_event(inv->payload, &ev, inv->arena, e)) return false;
    buf_init(&echo, LAMBDA_MAX_REPLY_BYTES, inv->arena);
    write_echo(&echo, &ev);
    if (!buf_ok(&echo, e)) return err_prefix(e, "the echo: ");
    rs.body = buf_str(&echo);
    if (!http_field_add(&rs.fields, STR("Content-Type"), STR("application/json"), inv->arena, e)) return false;
    apigw_write_reply(reply, ev.format, &rs);
    return true;
}
