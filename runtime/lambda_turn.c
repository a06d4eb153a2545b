/* SPDX-License-Identifier: Apache-2.0 */
/* What a handler can say beside its reply: a content type, more about a failure, a stream. And how it all is answered. */
#include "lambda_turn.h"

#include <string.h>

#include "apigw.h"
#include "json.h"
#include "log.h"

enum {
    NOTES_BYTES = 16 * 1024 * 1024, /* room for a failure's body of the largest size */
    PRELUDE_BYTES = 1024 * 1024,
};

/* Every slice of *f is copied; what does not fit is left out, and said so. */
static struct str keep(struct lambda_turn *turn, struct str s, const char *what) {
    if (!s.p) return s;
    struct str kept = {arena_copy(&turn->notes, s), s.n};
    if (kept.p) return kept;
    log_line(LOG_ERROR, "no memory is left for %s of %zu bytes: it is not sent", what, s.n);
    return (struct str){0};
}

void lambda_turn_begin(struct lambda_turn *turn, struct lambda_invocation *inv) {
    if (!turn->notes.limit) arena_init(&turn->notes, NOTES_BYTES);
    arena_reset(&turn->notes);
    turn->content_type = (struct str){0};
    turn->failure = (struct lambda_failure){0};
    turn->streaming = false;
    inv->turn = turn;
}

void lambda_set_content_type(const struct lambda_invocation *inv, struct str content_type) {
    if (!inv->turn) return;
    if (str_has_control(content_type)) {
        log_line(LOG_ERROR, "a content type with a control byte is not sent: the reply goes out as application/json");
        return;
    }
    inv->turn->content_type = keep(inv->turn, content_type, "a content type");
}

void lambda_set_failure(const struct lambda_invocation *inv, const struct lambda_failure *failure) {
    struct lambda_turn *turn = inv->turn;
    if (!turn) return;
    struct str *frames = NULL;
    size_t n = failure->stack_trace ? failure->stack_trace_n : 0;
    if (n && n < NOTES_BYTES / sizeof *frames) frames = arena_take(&turn->notes, n * sizeof *frames);
    turn->failure = (struct lambda_failure){
        .error_type = keep(turn, failure->error_type, "an error type"),
        .error_message = keep(turn, failure->error_message, "an error message"),
        .stack_trace = frames,
        .stack_trace_n = frames ? n : 0,
        .xray_error_cause = keep(turn, failure->xray_error_cause, "an X-Ray error cause"),
        .body = keep(turn, failure->body, "an error body"),
    };
    for (size_t i = 0; i < turn->failure.stack_trace_n; i++)
        frames[i] = keep(turn, failure->stack_trace[i], "a stack frame");
    if (str_has_control(failure->content_type)) log_line(LOG_ERROR, "a content type with a control byte is not sent");
    else turn->failure.content_type = keep(turn, failure->content_type, "a content type");
}

/* --- streams --- */

static bool begin_stream(const struct lambda_invocation *inv, struct str content_type, struct err *e) {
    struct lambda_turn *turn = inv->turn;
    if (!turn || (!turn->api && !turn->write))
        return err_set(e, ERR_HANDLER, "a response can be streamed to the Runtime API only");
    if (turn->streaming) return err_set(e, ERR_HANDLER, "this invocation's response stream has begun already");
    if (!turn->api) return turn->streaming = true;
    if (!watchdog_hold(turn->slot)) return err_set(e, ERR_REFUSED, "the time-out of this invocation has been reported");
    turn->streaming = runtime_api_stream_begin(turn->api, inv, content_type, e);
    watchdog_release(turn->slot);
    return turn->streaming;
}

bool lambda_stream_begin(const struct lambda_invocation *inv, struct str content_type, struct err *e) {
    return begin_stream(inv, content_type, e);
}

bool lambda_stream_write(const struct lambda_invocation *inv, struct str bytes, struct err *e) {
    struct lambda_turn *turn = inv->turn;
    if (!turn || !turn->streaming) return err_set(e, ERR_HANDLER, "no response stream has begun");
    if (!turn->api) return turn->write(bytes, e);
    if (!watchdog_hold(turn->slot)) return err_set(e, ERR_REFUSED, "the time-out of this invocation has been reported");
    watchdog_release(turn->slot); /* a write may wait long, and may not keep the watchdog from its work */
    return runtime_api_stream_write(turn->api, bytes, e);
}

static bool is_cookie(const struct http_field *f) {
    return str_eq_nocase(f->name, STR("Set-Cookie"));
}

static bool seen_before(const struct http_fields *f, size_t at) {
    for (size_t i = 0; i < at; i++)
        if (str_eq_nocase(f->at[i].name, f->at[at].name)) return true;
    return false;
}

/* The value of the field at `at` and of all later ones of its name. */
static void write_joined(struct buf *json, const struct http_fields *f, size_t at, struct arena *a) {
    struct buf joined;
    buf_init(&joined, PRELUDE_BYTES, a);
    buf_add(&joined, f->at[at].value);
    for (size_t i = at + 1; i < f->n; i++) {
        if (!str_eq_nocase(f->at[i].name, f->at[at].name)) continue;
        buf_add(&joined, STR(", "));
        buf_add(&joined, f->at[i].value);
    }
    json_write_text(json, buf_str(&joined));
    json->failed |= joined.failed;
}

static void write_prelude(struct buf *json, const struct http_response *head, struct arena *a) {
    const struct http_fields *f = &head->fields;
    const char *comma = "";
    buf_addf(json, "{\"statusCode\":%d,\"headers\":{", head->status);
    for (size_t i = 0; i < f->n; i++) {
        if (is_cookie(&f->at[i]) || seen_before(f, i)) continue;
        buf_add(json, str_of(comma));
        json_write_text(json, f->at[i].name);
        buf_add_char(json, ':');
        write_joined(json, f, i, a);
        comma = ",";
    }
    buf_add(json, STR("},\"cookies\":["));
    comma = "";
    for (size_t i = 0; i < f->n; i++) {
        if (!is_cookie(&f->at[i])) continue;
        buf_add(json, str_of(comma));
        json_write_text(json, f->at[i].value);
        comma = ",";
    }
    buf_add(json, STR("]}\0\0\0\0\0\0\0\0"));
}

bool lambda_stream_begin_http(const struct lambda_invocation *inv, const struct http_response *head, struct err *e) {
    struct buf prelude;
    if (head->status < 100 || head->status > 599)
        return err_set(e, ERR_HANDLER, "a stream cannot begin with the HTTP status %d", head->status);
    if (head->body.n)
        return err_set(e, ERR_HANDLER, "the head of a stream has a body of %zu bytes; write it", head->body.n);
    if (!inv->turn) return begin_stream(inv, (struct str){0}, e);
    buf_init(&prelude, PRELUDE_BYTES, &inv->turn->notes);
    write_prelude(&prelude, head, &inv->turn->notes);
    if (!buf_ok(&prelude, e)) return err_prefix(e, "the head of a stream: ");
    return begin_stream(inv, STR(APIGW_PRELUDE_TYPE), e) && lambda_stream_write(inv, buf_str(&prelude), e);
}

/* --- answers --- */

struct lambda_failure lambda_turn_failure(const struct err *cause) {
    return (struct lambda_failure){.error_type = str_of(runtime_api_error_type(cause->kind)),
                                   .error_message = str_of(cause->msg)};
}

static void log_it(const struct lambda_failure *f) {
    log_failure(LOG_ERROR, &(struct log_cause){f->error_type, f->error_message, f->stack_trace, f->stack_trace_n},
                "the invocation failed");
}

struct lambda_failure lambda_turn_complete(const struct lambda_turn *turn, struct err *cause) {
    struct lambda_failure f = turn->failure;
    if (cause->kind == ERR_NONE && !f.error_message.p)
        err_set(cause, ERR_HANDLER, "the handler failed without saying why");
    struct lambda_failure plain = lambda_turn_failure(cause);
    if (!f.error_type.n) f.error_type = plain.error_type;
    if (!f.error_message.p) f.error_message = plain.error_message;
    return f;
}

static bool post_failure(struct lambda_turn *turn, const struct lambda_invocation *inv, const struct lambda_failure *f,
                         struct err *e) {
    log_it(f);
    return runtime_api_error(turn->api, inv, f, e);
}

static bool end_stream(struct lambda_turn *turn, bool ok, const struct buf *reply, struct err *cause, struct err *e) {
    struct lambda_failure f = {0};
    if (reply->n) log_line(LOG_ERROR, "the handler streamed its response: a reply of %zu bytes is dropped", reply->n);
    if (!ok) f = lambda_turn_complete(turn, cause);
    if (!ok) log_it(&f);
    return runtime_api_stream_end(turn->api, ok ? NULL : &f, e);
}

bool lambda_turn_answer(struct lambda_turn *turn, const struct lambda_invocation *inv, bool ok, const struct buf *reply,
                        struct err *cause, struct err *e) {
    struct lambda_failure f;
    if (turn->streaming) return end_stream(turn, ok, reply, cause, e);
    if (!ok) {
        f = lambda_turn_complete(turn, cause);
        return post_failure(turn, inv, &f, e);
    }
    if (buf_ok(reply, cause)) {
        if (runtime_api_response(turn->api, inv, turn->content_type, buf_str(reply), e)) return true;
        if (e->kind != ERR_LIMIT) return false;
        *cause = *e; /* nothing was sent: it can still be said why */
    }
    err_prefix(cause, "the reply: ");
    f = lambda_turn_failure(cause);
    if (cause->kind == ERR_LIMIT) f.error_type = STR("Function.ResponseSizeTooLarge");
    return post_failure(turn, inv, &f, e);
}

void lambda_turn_drop(struct lambda_turn *turn) {
    if (turn->streaming) runtime_api_disconnect(turn->api);
    turn->streaming = false;
    log_line(LOG_WARN, "the handler ended after its time-out was reported: its result is dropped");
}
