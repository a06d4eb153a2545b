/* SPDX-License-Identifier: Apache-2.0 */
#include "call_send.h"

#include <stdio.h>
#include <unistd.h>

#include "clock.h"
#include "clock_skew.h"
#include "explain.h"
#include "retry.h"

enum { MAX_EXPLANATION_BYTES = 64 * 1024, MAX_WIRE_BYTES = 256 * 1024 };

static bool fail(struct call *call, int code) {
    call->code = code;
    return false;
}

bool call_send_time(struct call *call, int64_t *left_ms) {
    *left_ms = HTTP_NO_TIMEOUT;
    if (!call->flags.max_time_ms) return true;
    *left_ms = call->end_ms - clock_monotonic_ms();
    if (*left_ms > 0) return true;
    err_set(&call->c->e, ERR_TIMEOUT, "the %lld ms of --max-time were over before the request was sent",
            (long long)call->flags.max_time_ms);
    return fail(call, CALL_TIMEOUT);
}

/* --- Signing --------------------------------------------------------------------------------------------------------- */

/* Some take no payload hash, and the signer leaves it out by itself only where it sees the body. */
static void set_hash(struct call *call) {
    struct sigv4_scope *scope = &call->c->scope;
    bool lattice = str_eq(scope->service, STR("vpc-lattice-svcs"));
    bool s3_link =
        scope->placement == SIGV4_IN_QUERY && sigv4_path_of(SIGV4_PATH_BY_SERVICE, scope->service) == SIGV4_PATH_S3;
    if (!call->body.apart || scope->payload == SIGV4_PAYLOAD_UNSIGNED) return;
    scope->payload = lattice || s3_link ? SIGV4_PAYLOAD_UNSIGNED : SIGV4_PAYLOAD_HASH;
    scope->payload_hash = str_of(call->body.hash);
}

bool call_send_sign(struct call *call) {
    struct client *c = call->c;
    c->rq.fields.n = c->n_given;
    c->rq.query = call->query;
    if (!call->flags.dated) c->scope.unix_s = clock_unix_ms() / 1000 + call->skew_s;
    set_hash(call);
    return sigv4_sign_texts(&c->rq, &c->profile.keys, &c->scope, &call->texts, &c->arena, &c->e) ||
           fail(call, c->e.kind == ERR_MEMORY ? CALL_MEMORY : CALL_REFUSED);
}

/* --- One attempt ----------------------------------------------------------------------------------------------------- */

static bool read_body(void *user, char *p, size_t n, size_t *got, struct err *e) {
    struct call *call = user;
    if (!call_body_read(&call->body, p, n, got, e)) return false;
    call_progress_step(&call->sending, *got);
    return true;
}

static bool on_header(void *user, const struct http_response *rs, struct err *e) {
    struct call *call = user;
    call_progress_end(&call->sending);
    if (!str_read_int64(http_field_get(&rs->fields, STR("Content-Length")), 0, INT64_MAX, &call->receiving.total))
        call->receiving.total = 0;
    return call_output_header(&call->output, rs, e);
}

static bool on_body(void *user, struct str bytes, struct err *e) {
    struct call *call = user;
    call_progress_step(&call->receiving, bytes.n);
    return call_output_write(&call->output, bytes, e);
}

static void on_wire(void *user, enum http_transfer_event event, struct str text) {
    struct call *call = user;
    if (event == HTTP_TRANSFER_RESPONSE) call_output_line(&call->output, text);
    if (call->flags.verbose) call_watch(&call->wire, event, text);
}

static void begin(struct call *call) {
    bool meter = isatty(STDERR_FILENO) && !call->flags.silent && !call->flags.verbose;
    bool file = call->output.path || !isatty(STDOUT_FILENO);
    call->sending = (struct call_progress){.on = meter, .verb = "sent", .total = call->body.bytes};
    call->receiving = (struct call_progress){.on = meter && file, .verb = "received"};
    call_body_rewind(&call->body);
    call_output_begin(&call->output);
    buf_init(&call->wire, MAX_WIRE_BYTES, &call->c->arena);
}

/* Of an exchange that failed. What our own functions refused is not libcurl's. */
static int exit_code(const struct call *call) {
    int code = http_transfer_code(call->http);
    if (call->output.failed) return CALL_WRITE;
    if (call->body.failed) return CALL_READ;
    if (code) return code;
    switch (call->c->e.kind) {
    case ERR_PARSE: return CALL_REFUSED;
    case ERR_MEMORY: return CALL_MEMORY;
    default: return CALL_RECEIVE;
    }
}

static bool exchange(struct call *call) {
    struct client *c = call->c;
    struct http_transfer transfer = {
        .any_certificate = call->flags.insecure, .header = on_header, .write = on_body, .user = call};
    int64_t left_ms;
    begin(call);
    if (call->flags.verbose || call->flags.include) transfer.watch = on_wire;
    if (call->body.apart) {
        transfer.read = read_body;
        transfer.body_bytes = call->body.bytes;
    }
    if (!call_send_time(call, &left_ms)) return false;
    bool ok = http_transfer(call->http, &c->rq, &transfer, left_ms, &call->answer, &c->arena, &c->e);
    call_progress_end(&call->sending);
    call_progress_end(&call->receiving);
    return ok || fail(call, exit_code(call));
}

/* --- A refusal ------------------------------------------------------------------------------------------------------- */

static bool again(struct call *call, struct retry *retry) {
    struct str body = call_output_held(&call->output), message;
    if (!body.p || call->flags.dated) return false;
    message = upstream_fault_message(body, &call->c->arena);
    enum upstream_fault fault = upstream_fault_of_answer(&call->answer, message);
    int64_t skew_s = call->skew_s;
    bool corrected = clock_skew_correct(&call->answer, fault, message, clock_unix_ms() / 1000, &skew_s);
    if (!corrected || retry_decide(retry, call->c->rq.method, fault, 403, RETRY_CORRECTED_CLOCK) != RETRY_CLOCK)
        return false;
    call->skew_s = skew_s;
    if (!call->flags.silent)
        fprintf(stderr, "apigw call: this clock is %lld s %s the service's; signed again with the service's time\n",
                (long long)(skew_s < 0 ? -skew_s : skew_s), skew_s < 0 ? "ahead of" : "behind");
    http_disconnect(call->http); /* a body out of a file cannot be sent again by libcurl, should the connection die */
    return true;
}

/* A 403 of the function itself has no cause to be found: not a word of it, unless it was asked for. */
static bool explain(struct call *call) {
    struct client *c = call->c;
    struct http_response rs = call->answer;
    struct sigv4_explanation x;
    struct buf out;
    bool terminal = isatty(STDERR_FILENO) && !call->flags.silent, always = call->flags.explain == CALL_EXPLAIN_ALWAYS;
    rs.body = call_output_held(&call->output);
    if (!rs.body.p || !(always || (call->flags.explain == CALL_EXPLAIN_TERMINAL && terminal))) return true;
    if (!call_output_end(&call->output, &c->e)) return false;
    if (!explain_texts(&call->texts, &rs, &c->profile.keys, &x, &c->arena, &c->e)) return false;
    if (x.cause == SIGV4_CAUSE_UNKNOWN && !always) return true;
    buf_init(&out, MAX_EXPLANATION_BYTES, &c->arena);
    explain_write(&out, &rs, &x);
    if (!buf_ok(&out, &c->e)) return false;
    fwrite(out.p, 1, out.n, stderr);
    return true;
}

bool call_send(struct call *call) {
    struct client *c = call->c;
    struct retry retry = {0};
    do {
        if (!call_send_sign(call)) return false;
        if (exchange(call)) continue;
        struct err ignored;
        call_output_close(&call->output, &ignored);
        return false;
    } while (again(call, &retry));
    if (!explain(call) || !call_output_end(&call->output, &c->e) || !call_output_close(&call->output, &c->e))
        return fail(call, call->output.failed ? CALL_WRITE : CALL_MEMORY);
    bool bad = call->answer.status >= 400 && (call->flags.fail || call->flags.fail_with_body);
    if (bad) err_set(&c->e, ERR_REFUSED, "the answer is %d", call->answer.status);
    return !bad || fail(call, CALL_FAILED);
}
