/* SPDX-License-Identifier: Apache-2.0 */
/* The open side: signs the caller's request with its role's keys and passes it on. What the private API refuses is told to
   the caller by class and request id only: a mismatch reply can hold the session token. */
#include <stdlib.h>

#include "apigw.h"
#include "handlers.h"
#include "json.h"
#include "log.h"
#include "private_api.h"

enum {
    MARGIN_MS = 300, /* kept for our own reply */
    MAX_CALL_MS = 29000,
    FAILURE_BYTES = 4096,
};

bool public_init(void *user, struct err *e) {
    if (!private_api_open(user, e)) return false;
    private_api_warm(user);
    return true;
}

bool public_after_restore(void *user, struct err *e) {
    (void)e;
    private_api_disconnect(user);
    return true;
}

static struct str or_dash(struct str s) {
    return s.n ? s : STR("-");
}

/* One line for a call, with the ids of both sides: ours are the line's own. */
static void log_call(enum log_level level, int status, struct str type, const struct private_api_answer *answer,
                     const char *words) {
    const struct http_response *rs = &answer->response;
    log_line(
        level,
        "answered %d%s%.*s: %d attempt%s, %lld ms, upstream status %d, upstream request %.*s, apigw %.*s, %zu bytes"
        "%s%s",
        status, type.n ? " " : "", STR_ARG(type), answer->attempts, answer->attempts == 1 ? "" : "s",
        (long long)answer->duration_ms, rs->status, STR_ARG(or_dash(upstream_fault_id(rs, STR("x-amzn-RequestId")))),
        STR_ARG(or_dash(upstream_fault_id(rs, STR("x-amz-apigw-id")))), rs->body.n, *words ? ": " : "", words);
}

/* The class that AWS gave, where our own tells no more. */
static struct str error_type(const struct private_api_answer *answer) {
    enum upstream_fault fault = answer->fault;
    bool general = fault == UPSTREAM_FORBIDDEN || fault == UPSTREAM_REFUSAL || fault == UPSTREAM_THROTTLED ||
                   fault == UPSTREAM_FAILURE || fault == UPSTREAM_LATE;
    struct str class = general ? upstream_fault_class(&answer->response) : (struct str){0};
    return class.p ? class : str_of(upstream_fault_words(fault)->error_type);
}

/* why: the sentence of the failure when there is no answer; else empty. */
static bool write_failure(const struct private_api_answer *answer, const char *why, struct http_response *rs,
                          struct arena *a, struct err *e) {
    const struct upstream_words *words = upstream_fault_words(answer->fault);
    struct str type = error_type(answer);
    struct buf body, said;
    buf_init(&body, FAILURE_BYTES, a);
    buf_addf(&body, "{\"message\":\"%s\",\"errorType\":", words->message);
    json_write_text(&body, type);
    if (answer->response.status) buf_addf(&body, ",\"upstreamStatus\":%d", answer->response.status);
    else buf_add(&body, STR(",\"upstreamStatus\":null"));
    buf_add(&body, STR(",\"requestId\":"));
    json_write_text(&body, upstream_fault_id(&answer->response, STR("x-amzn-RequestId")));
    buf_add_char(&body, '}');
    *rs = (struct http_response){.status = words->status, .body = buf_str(&body)};
    buf_init(&said, FAILURE_BYTES, a);
    buf_addf(&said, "%s%s%s; %s%c", why, *why ? "; " : "", words->message, words->advice, 0);
    if (!buf_ok(&body, e) || !buf_ok(&said, e)) return false;
    log_call(words->status < 500 ? LOG_WARN : LOG_ERROR, words->status, type, answer, said.p);
    return true;
}

static bool is_json(struct str text) {
    struct err ignored;
    struct cJSON *root;
    bool ok = json_read(text, &root, &ignored);
    json_close(root);
    return ok;
}

/* The trace of this invocation; a caller without one, as a test, may have given its own. */
static struct str trace_id(const struct apigw_event *ev, const struct lambda_invocation *inv) {
    return inv->trace_id.n ? inv->trace_id : http_field_get(&ev->http.fields, STR("X-Amzn-Trace-Id"));
}

/* The private API's answer, or what became of it instead, as our own response. */
static bool forward(struct private_api *api, const struct apigw_event *ev, const struct lambda_invocation *inv,
                    struct http_response *rs, struct err *e) {
    int64_t left_ms = lambda_remaining_ms(inv) - MARGIN_MS;
    struct private_api_call call = {.method = ev->http.method,
                                    .query = ev->http.query,
                                    .content_type = http_field_get(&ev->http.fields, STR("content-type")),
                                    .trace_id = trace_id(ev, inv),
                                    .body = ev->http.body,
                                    .timeout_ms = left_ms > MAX_CALL_MS ? MAX_CALL_MS : left_ms};
    struct private_api_answer answer;
    struct err why = {.kind = ERR_NONE};
    log_line(LOG_INFO, "calling %.*s %.*s%.*s as %.*s/%.*s", STR_ARG(call.method), STR_ARG(api->host),
             STR_ARG(api->url.path), STR_ARG(api->region), STR_ARG(api->service));
    bool came = private_api_exchange(api, &call, &answer, inv->arena, &why);
    if (!came || answer.fault != UPSTREAM_OK) return write_failure(&answer, came ? "" : why.msg, rs, inv->arena, e);
    bool bodiless = answer.response.status == 204 || str_eq(call.method, STR("HEAD"));
    if (!bodiless && !is_json(answer.response.body)) {
        answer.fault = UPSTREAM_NOT_JSON;
        return write_failure(&answer, "", rs, inv->arena, e);
    }
    *rs = (struct http_response){.status = answer.response.status, .body = answer.response.body};
    log_call(LOG_INFO, rs->status, STR(""), &answer, "");
    return true;
}

bool public_handle(void *user, const struct lambda_invocation *inv, struct buf *reply, struct err *e) {
    struct apigw_event ev;
    struct http_response rs = {0};
    if (!apigw_read_event(inv->payload, &ev, inv->arena, e) || !forward(user, &ev, inv, &rs, e)) return false;
    if (!http_field_add(&rs.fields, STR("Content-Type"), STR("application/json"), inv->arena, e)) return false;
    apigw_write_reply(reply, ev.format, &rs);
    return true;
}
