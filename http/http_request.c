/* SPDX-License-Identifier: Apache-2.0 */
/* A request as libcurl wants it: target, header lines and body as the caller wrote them, and none of the fields that
   libcurl would add by itself. Lines are libcurl's list made in our arena: nothing is allocated for each. */
#include <string.h>

#include "http_client.h"

enum { MAX_TARGET_BYTES = 65535, LONG_BODY_BYTES = 64 * 1024 };

/* "Name: value", or "Name;" which is libcurl's way to send an empty one; an absent value is "Name:", to send none. */
bool http_request_line(struct curl_slist ***tail, struct str name, struct str value, struct arena *a) {
    struct curl_slist *node = arena_take(a, sizeof *node);
    char *text = value.n < SIZE_MAX / 4 && name.n < SIZE_MAX / 4 ? arena_take(a, name.n + value.n + 3) : NULL;
    if (!node || !text) return false;
    *node = (struct curl_slist){.data = text};
    memcpy(text, name.p, name.n);
    text += name.n;
    *text++ = value.p && !value.n ? ';' : ':';
    if (value.n) {
        *text++ = ' ';
        memcpy(text, value.p, value.n);
        text += value.n;
    }
    *text = 0;
    **tail = node;
    *tail = &node->next;
    return true;
}

/* A tab is a field's own white space (RFC 9110 section 5.5). */
static bool has_control(struct str value) {
    for (struct str piece; value.p;) {
        str_cut(&value, '\t', &piece);
        if (str_has_control(piece)) return true;
    }
    return false;
}

static bool check_field(const struct http_field *f, const struct http_request *rq, bool streaming, struct err *e) {
    int64_t length;
    if (!http_is_token(f->name)) return err_set(e, ERR_PARSE, "a header field has a name that is no HTTP token");
    if (has_control(f->value))
        return err_set(e, ERR_PARSE, "the header field %.*s has a control byte in its value", STR_ARG(f->name));
    if (str_eq_nocase(f->name, STR("transfer-encoding")))
        return err_set(e, ERR_PARSE, "Transfer-Encoding is not for the caller to set");
    if (!str_eq_nocase(f->name, STR("content-length"))) return true;
    if (streaming) return err_set(e, ERR_PARSE, "a body that is written piece by piece has no Content-Length");
    if (!str_read_int64(f->value, 0, INT64_MAX, &length) || (uint64_t)length != rq->body.n)
        return err_set(e, ERR_PARSE, "Content-Length differs from the body's %zu bytes", rq->body.n);
    return true;
}

static bool add_fields(struct http_client *c, const struct http_request *rq, struct curl_slist ***tail, bool *ok,
                       struct err *e) {
    for (size_t i = 0; *ok && i < rq->fields.n; i++) {
        const struct http_field *f = &rq->fields.at[i];
        if (!check_field(f, rq, c->x.streaming, e)) return false;
        if (str_eq_nocase(f->name, STR("content-length"))) continue; /* libcurl writes it */
        struct str value = str_trim(f->value);
        *ok = http_request_line(tail, f->name, value.n ? value : STR(""), &c->scratch);
    }
    return true;
}

static bool add_own(struct http_client *c, const struct http_fields *f, struct curl_slist ***tail) {
    if (!c->user_agent || http_field_get(f, STR("User-Agent")).p) return true;
    if (http_field_get(f, STR("Host")).p)
        return http_request_line(tail, STR("User-Agent"), str_of(c->user_agent), &c->scratch);
    **tail = c->own;
    *tail = &c->own[1].next;
    **tail = NULL;
    return true;
}

/* Content-Type and Expect are libcurl's own ideas for a body only, Expect for one above 1 MB or of unknown size. */
static bool set_header(struct http_client *c, const struct http_request *rq, bool body, struct err *e) {
    static const struct str not_by_itself[] = {STR_INIT("Accept"), STR_INIT("Content-Type"), STR_INIT("Expect")};
    struct curl_slist *list = NULL, **tail = &list;
    bool ok = true;
    if (!add_fields(c, rq, &tail, &ok, e)) return false;
    size_t n = !body ? 1 : c->x.streaming || rq->body.n > LONG_BODY_BYTES ? 3 : 2;
    for (size_t i = 0; ok && i < n; i++)
        if (!http_field_get(&rq->fields, not_by_itself[i]).p)
            ok = http_request_line(&tail, not_by_itself[i], (struct str){0}, &c->scratch);
    if (ok) ok = add_own(c, &rq->fields, &tail);
    if (ok && c->x.streaming) ok = http_request_line(&tail, STR("Transfer-Encoding"), STR("chunked"), &c->scratch);
    if (!ok) return err_set(e, ERR_MEMORY, "out of memory for the request's header");
    curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, list);
    return true;
}

static bool check_target(const struct http_request *rq, struct err *e) {
    if (!http_is_token(rq->method) || rq->path.n == 0 || rq->path.p[0] != '/')
        return err_set(e, ERR_PARSE, "the request has no method or no absolute path");
    if (rq->path.n > MAX_TARGET_BYTES || rq->query.n > MAX_TARGET_BYTES - rq->path.n)
        return err_set(e, ERR_LIMIT, "the request target is longer than %d bytes", MAX_TARGET_BYTES);
    return true;
}

static size_t bad_byte(struct str s) {
    size_t i = 0;
    while ((unsigned char)s.p[i] > 0x20 && s.p[i] != 0x7f) i++;
    return i;
}

static bool set_target(struct http_client *c, const struct http_request *rq, struct err *e) {
    struct buf target;
    if (!check_target(rq, e)) return false;
    buf_init(&target, MAX_TARGET_BYTES + 2, &c->scratch);
    buf_add(&target, rq->path);
    if (rq->query.p) buf_add_char(&target, '?');
    buf_add(&target, rq->query);
    buf_add_char(&target, 0);
    if (!buf_ok(&target, e)) return false;
    struct str text = {target.p, target.n - 1};
    if (str_has_control(text) || memchr(text.p, ' ', text.n))
        return err_set(e, ERR_PARSE, "the request target has a space or control byte at position %zu", bad_byte(text));
    curl_easy_setopt(c->curl, CURLOPT_REQUEST_TARGET, target.p);
    return true;
}

/* CURLOPT_HTTPGET, NOBODY and POST each undo the others; `natural` is the method that libcurl then uses by itself. */
static bool set_method(struct http_client *c, const struct http_request *rq, struct str natural, struct err *e) {
    char *method = NULL;
    if (!str_eq(rq->method, natural) && !(method = arena_copy(&c->scratch, rq->method)))
        return err_set(e, ERR_MEMORY, "out of memory for the request's method");
    if (method || c->custom_method) curl_easy_setopt(c->curl, CURLOPT_CUSTOMREQUEST, method);
    c->custom_method = method != NULL;
    return true;
}

static bool idempotent(struct str method) {
    return !str_eq(method, STR("POST")) && !str_eq(method, STR("PATCH"));
}

bool http_request_set(struct http_client *c, const struct http_request *rq, struct err *e) {
    struct exchange *x = &c->x;
    bool head = str_eq(rq->method, STR("HEAD"));
    bool body = x->streaming || rq->body.n || !idempotent(rq->method) || str_eq(rq->method, STR("PUT"));
    if (head && body) /* libcurl would send it as a POST and wait for a body */
        return err_set(e, ERR_PARSE, "a HEAD request cannot have a body here");
    if (!set_target(c, rq, e) || !set_header(c, rq, body, e)) return false;
    x->method = rq->method;
    x->path = rq->path;
    x->once = x->streaming || c->options.resend == HTTP_RESEND_NONE ||
              (c->options.resend == HTTP_RESEND_IDEMPOTENT && !idempotent(rq->method));
    if (!body) {
        curl_easy_setopt(c->curl, CURLOPT_HTTPGET, 1L);
        if (head) curl_easy_setopt(c->curl, CURLOPT_NOBODY, 1L);
        return set_method(c, rq, head ? STR("HEAD") : STR("GET"), e);
    }
    curl_easy_setopt(c->curl, CURLOPT_POST, 1L);
    curl_easy_setopt(c->curl, CURLOPT_POSTFIELDSIZE_LARGE, x->streaming ? (curl_off_t)-1 : (curl_off_t)rq->body.n);
    curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, x->streaming ? NULL : rq->body.n ? rq->body.p : "");
    return set_method(c, rq, STR("POST"), e);
}
