/* SPDX-License-Identifier: Apache-2.0 */
/* Limits, verdict, event, invocation, reply, log: the first that says no answers. */
#include "exchange.h"

#include <stdio.h>
#include <string.h>

#include "answer.h"
#include "clock.h"
#include "exchange_event.h"
#include "exchange_reply.h"
#include "exchange_stream.h"
#include "log.h"
#include "random.h"

enum {
    MAX_EVENT_BYTES = 6 * 1024 * 1024, /* of a synchronous invocation */
    LONGEST_INVOCATION_MS = 16 * 60 * 1000,
};

bool exchange_is_one_of(struct str name, const char *const *names) {
    for (; *names; names++)
        if (str_eq_nocase(name, str_of(*names))) return true;
    return false;
}

/* The answer of the kind of API, and why, for the log. Without memory for its type the answer goes without. */
static void answer(struct exchange *x, enum answer which, struct str why) {
    struct err ignored;
    const char *kept = arena_copy(x->arena, why);
    x->verdict.why = kept ? (struct str){kept, why.n} : STR("out of memory");
    answer_make(x->place->api->kind, which, x->rs, x->arena, &ignored);
}

/* ---- limits ---- */

static bool within_limits(struct exchange *x) {
    const struct answer_limits *limits = answer_limits(x->place->api->kind);
    const struct http_request *rq = x->rq;
    size_t url = rq->path.n + (rq->query.p ? rq->query.n + 1 : 0), n = 0;
    if (limits->with_request_line) n = rq->method.n + url + sizeof "  HTTP/1.1" - 1;
    for (size_t i = 0; i < rq->fields.n; i++) n += rq->fields.at[i].value.n;
    if (limits->url_bytes && url > limits->url_bytes)
        answer(x, ANSWER_LONG_URL, STR("the URL is longer than the API takes"));
    else if (limits->header_bytes && n > limits->header_bytes)
        answer(x, ANSWER_LONG_HEADERS, STR("the values of the header fields are together longer than the API takes"));
    else if (x->place->api->kind == MODEL_REST_API && http_field_get(&rq->fields, STR("transfer-encoding")).p)
        answer(x, ANSWER_BAD_REQUEST, STR("a REST API passes no Transfer-Encoding to a function: send Content-Length"));
    else return true;
    return false;
}

/* ---- the function ---- */

/* The server reads the body of a stream; nobody does when there is no head for it. */
static void give_reply(struct exchange *x, const struct function_result *result) {
    struct stream_pipe *stream = result->stream;
    struct http_response reply;
    struct err e;
    bool ok = stream ? exchange_stream_head(x, stream, result->content_type, &reply, &e)
                     : exchange_reply_read(x, result->body, &reply, &e);
    if (ok) *x->rs = reply;
    else answer(x, ANSWER_BAD_REPLY, str_of(e.msg));
    if (ok) *x->stream = stream;
    else if (stream) stream_pipe_leave(stream);
}

/* Whatever comes back, one answer to it. */
static void give_result(struct exchange *x, const struct function_result *result) {
    switch (result->outcome) {
    case FUNCTION_REPLY: give_reply(x, result); break;
    case FUNCTION_ERROR:
    case FUNCTION_TIMED_OUT:
    case FUNCTION_EXITED: answer(x, ANSWER_BAD_REPLY, result->why); break;
    case FUNCTION_THROTTLED: answer(x, ANSWER_THROTTLED, result->why); break;
    case FUNCTION_TOO_LATE: answer(x, ANSWER_TOO_LATE, STR("no reply within the time of the integration")); break;
    }
}

static void invoke(struct exchange *x, struct str event) {
    const struct exchange_place *p = x->place;
    struct function *f = p->function_of(p->user, x->verdict.route->function);
    int64_t limit_ms = answer_limits(p->api->kind)->integration_ms, from_ms = clock_unix_ms();
    struct function_result result;
    struct err e;
    bool ok = (p->api->streams ? function_invoke_stream : function_invoke)(f, event, str_of(x->request_id), x->trace_id,
                                                                           limit_ms ? limit_ms : LONGEST_INVOCATION_MS,
                                                                           &result, x->arena, &e);
    x->function_ms = clock_unix_ms() - from_ms;
    if (ok) give_result(x, &result);
    else answer(x, ANSWER_BAD_REPLY, STR("out of memory"));
}

static void serve(struct exchange *x) {
    struct apigw_event ev;
    struct buf json;
    struct err e;
    if (!exchange_event_fill(x, &ev, &e)) {
        answer(x, e.kind == ERR_MEMORY ? ANSWER_FAULT : ANSWER_BAD_REQUEST, str_of(e.msg));
        return;
    }
    buf_init(&json, MAX_EVENT_BYTES, x->arena);
    apigw_write_event(&json, &ev, x->arena);
    if (buf_ok(&json, &e)) invoke(x, buf_str(&json));
    else if (e.kind == ERR_MEMORY) answer(x, ANSWER_FAULT, str_of(e.msg));
    else answer(x, ANSWER_LONG_BODY, STR("the event is longer than the 6 MiB that Lambda takes"));
}

/* ---- what is said of it ---- */

/* The ids that the kind of API sends. Copies: the answer is sent when this exchange is gone. */
static void add_ids(struct exchange *x) {
    struct err ignored;
    struct http_fields *f = &x->rs->fields;
    struct str request_id = str_of(arena_copy(x->arena, str_of(x->request_id)));
    struct str extended_id = str_of(arena_copy(x->arena, str_of(x->extended_id)));
    struct str trace_id = str_of(arena_copy(x->arena, x->trace_id));
    if (x->place->api->kind == MODEL_HTTP_API) {
        http_field_add(f, STR("Apigw-Requestid"), extended_id, x->arena, &ignored);
        return;
    }
    http_field_add(f, STR("x-amzn-RequestId"), request_id, x->arena, &ignored);
    if (x->place->api->kind == MODEL_REST_API)
        http_field_add(f, STR("x-amz-apigw-id"), extended_id, x->arena, &ignored);
    else http_field_add(f, STR("X-Amzn-Trace-Id"), trace_id, x->arena, &ignored);
}

static void write_log(const struct exchange *x) {
    const struct judge_verdict *v = &x->verdict;
    struct str type = http_field_get(&x->rs->fields, STR("x-amzn-ErrorType"));
    struct str who = v->caller ? v->caller->who->profile : STR("-");
    char function[40] = "";
    if (x->function_ms >= 0) snprintf(function, sizeof function, " (function %lldms)", (long long)x->function_ms);
    log_line(LOG_INFO, "%.*s %.*s%.*s %d %lldms%s %.*s%s%.*s%s%.*s", STR_ARG(x->rq->method),
             STR_ARG(x->place->api->logical_id), STR_ARG(x->rq->path), x->rs->status,
             (long long)(clock_unix_ms() - x->now_ms), function, STR_ARG(who), type.n ? " " : "", STR_ARG(type),
             v->why.n ? ": " : "", STR_ARG(v->why));
    if (v->cause.n) log_line(LOG_INFO, "  %.*s", STR_ARG(v->cause));
    if (v->fix.n) log_line(LOG_INFO, "  %.*s", STR_ARG(v->fix));
}

static void finish(struct exchange *x) {
    struct err ignored;
    if (!http_field_get(&x->rs->fields, STR("content-type")).p)
        http_field_add(&x->rs->fields, STR("Content-Type"), STR("application/json"), x->arena, &ignored);
    add_ids(x);
    write_log(x);
}

static bool make_ids(struct exchange *x) {
    char root[25];
    bool ok = random_uuid(x->request_id) && random_text(root, 24, "0123456789abcdef") &&
              random_text(x->extended_id, 15, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");
    memcpy(x->extended_id + 15, "=", 2);
    snprintf(x->trace_root, sizeof x->trace_root, "Root=1-%08llx-%s", (unsigned long long)(x->now_ms / 1000),
             ok ? root : "");
    struct str given = http_field_get(&x->rq->fields, STR("X-Amzn-Trace-Id"));
    x->trace_id = given.n ? given : str_of(x->trace_root);
    return ok;
}

static void judge_and_serve(struct exchange *x) {
    const struct judge j = {x->place->model, x->place->api, x->place->keyring};
    struct err e = {.msg = "no randomness for its ids"};
    bool ok = make_ids(x);
    struct log_scope scope = {.request_id = str_of(x->request_id)};
    log_set_scope(&scope);
    bool within = ok && within_limits(x);
    ok = ok && (!within || judge_request(&j, x->rq, x->peer_ip, x->now_ms / 1000, &x->verdict, x->arena, &e));
    if (!ok) answer(x, ANSWER_FAULT, str_of(e.msg));
    else if (x->verdict.refusal.status) *x->rs = x->verdict.refusal;
    else if (within) serve(x);
    finish(x);
    keyring_give_back(x->place->keyring, x->verdict.caller);
    log_set_scope(NULL);
}

void exchange_run(const struct exchange_place *place, const struct http_request *rq, struct str peer_ip,
                  struct http_response *rs, struct stream_pipe **stream, struct arena *a) {
    struct exchange x = {.place = place,
                         .rq = rq,
                         .rs = rs,
                         .stream = stream,
                         .arena = a,
                         .peer_ip = peer_ip,
                         .now_ms = clock_unix_ms(),
                         .function_ms = -1};
    judge_and_serve(&x);
}
