/* SPDX-License-Identifier: Apache-2.0 */
/* The same members as XML, which SDKs ask for, or as JSON (Accept: application/json). */
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "json.h"
#include "sts_parts.h"

#define NAMESPACE "https://sts.amazonaws.com/doc/2011-06-15/"

static void write_xml(struct buf *out, struct str s) {
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '&') buf_add(out, STR("&amp;"));
        else if (c == '<') buf_add(out, STR("&lt;"));
        else if (c == '>') buf_add(out, STR("&gt;"));
        else if ((unsigned char)c < ' ' || (unsigned char)c >= 0x7f)
            buf_add_char(out, '?'); /* no text of ours has one */
        else buf_add_char(out, c);
    }
}

/* A comma is needed behind everything but an opening brace. */
static void begin_member(struct sts_call *c, const char *name) {
    struct str sofar = buf_str(&c->body);
    if (!c->json) {
        buf_addf(&c->body, "<%s>", name);
        return;
    }
    if (sofar.n && sofar.p[sofar.n - 1] != '{') buf_add_char(&c->body, ',');
    buf_addf(&c->body, "\"%s\":", name);
}

void sts_answer_open(struct sts_call *c, const char *name) {
    begin_member(c, name);
    if (c->json) buf_add_char(&c->body, '{');
}

void sts_answer_close(struct sts_call *c, const char *name) {
    if (c->json) buf_add_char(&c->body, '}');
    else buf_addf(&c->body, "</%s>", name);
}

void sts_answer_text(struct sts_call *c, const char *name, struct str value) {
    begin_member(c, name);
    if (c->json) json_write_text(&c->body, value);
    else write_xml(&c->body, value);
    if (!c->json) buf_addf(&c->body, "</%s>", name);
}

void sts_answer_moment(struct sts_call *c, const char *name, int64_t unix_s) {
    struct tm tm = {0};
    time_t t = (time_t)unix_s;
    gmtime_r(&t, &tm);
    begin_member(c, name);
    if (c->json) buf_addf(&c->body, "%lld", (long long)unix_s);
    else
        buf_addf(&c->body, "%04d-%02d-%02dT%02d:%02d:%02dZ</%s>", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
                 tm.tm_hour, tm.tm_min, tm.tm_sec, name);
}

void sts_answer_begin(struct sts_call *c, const char *action) {
    char name[64];
    c->status = 200;
    if (c->json) {
        snprintf(name, sizeof name, "%sResponse", action);
        buf_add_char(&c->body, '{');
        sts_answer_open(c, name);
    } else {
        buf_addf(&c->body, "<%sResponse xmlns=\"" NAMESPACE "\">", action);
    }
    snprintf(name, sizeof name, "%sResult", action);
    sts_answer_open(c, name);
}

void sts_answer_end(struct sts_call *c, const char *action) {
    char name[64];
    snprintf(name, sizeof name, "%sResult", action);
    sts_answer_close(c, name);
    sts_answer_open(c, "ResponseMetadata");
    sts_answer_text(c, "RequestId", str_of(c->request_id));
    sts_answer_close(c, "ResponseMetadata");
    snprintf(name, sizeof name, "%sResponse", action);
    sts_answer_close(c, name);
    if (c->json) buf_add_char(&c->body, '}');
}

void sts_answer_error(struct sts_call *c, int status, struct str code, struct str message) {
    c->status = status;
    c->code = code;
    c->body.n = 0;
    if (c->json) buf_add_char(&c->body, '{');
    else buf_add(&c->body, STR("<ErrorResponse xmlns=\"" NAMESPACE "\">"));
    sts_answer_open(c, "Error");
    sts_answer_text(c, "Type", status >= 500 ? STR("Receiver") : STR("Sender"));
    sts_answer_text(c, "Code", code);
    sts_answer_text(c, "Message", message);
    sts_answer_close(c, "Error");
    sts_answer_text(c, "RequestId", str_of(c->request_id));
    if (c->json) buf_add_char(&c->body, '}');
    else buf_add(&c->body, STR("</ErrorResponse>"));
}

void sts_answer_errorf(struct sts_call *c, int status, struct str code, const char *fmt, ...) {
    char message[8192];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(message, sizeof message, fmt, ap);
    va_end(ap);
    sts_answer_error(c, status, code, n > 0 ? str_of(message) : STR(""));
}
