/* SPDX-License-Identifier: Apache-2.0 */
/* The query protocol: parameters in, the caller verified, an action, an answer. */
#include "sts.h"

#include <string.h>

#include "clock.h"
#include "http_server.h"
#include "log.h"
#include "random.h"
#include "sigv4_verify.h"
#include "sts_parts.h"

enum {
    MAX_BODY_BYTES = 64 * 1024,
    MAX_ANSWER_BYTES = 64 * 1024,
    MAX_WHY_BYTES = 32 * 1024,
    MAX_CONNECTIONS = 64,
    IDLE_TIMEOUT_S = 60,
    MAX_SKEW_S = 900, /* of STS */
};

static const struct http_response TOO_LARGE = {.status = 413, .body = STR_INIT("RequestEntityTooLarge")};

struct sts {
    struct sts_options options;
    struct http_server *server;
};

static const struct {
    const char *name;
    void (*run)(struct sts_call *c);
} actions[] = {
    {"AssumeRole", sts_assume_role},
    {"GetSessionToken", sts_get_session_token},
    {"GetCallerIdentity", sts_get_caller_identity},
};

/* The region that a signature claims: STS is in every one of them. Absent: the verifier finds the better words. */
static struct str claimed_region(const struct sts_call *c) {
    struct str text = http_field_get(&c->rq->fields, STR("authorization")), piece;
    struct str credential = http_field_get(&c->params, STR("X-Amz-Credential"));
    size_t at = str_find(text, STR("Credential="));
    if (at != SIZE_MAX) credential = (struct str){text.p + at + 11, text.n - at - 11};
    for (int i = 0; i < 3; i++)
        if (!str_cut(&credential, '/', &piece)) return (struct str){0};
    for (size_t i = 0; i < piece.n; i++)
        if (!((piece.p[i] >= 'a' && piece.p[i] <= 'z') || (piece.p[i] >= '0' && piece.p[i] <= '9') ||
              piece.p[i] == '-'))
            return (struct str){0};
    return piece.n <= 64 ? piece : (struct str){0};
}

/* ---- who calls ---- */

static void refuse(struct sts_call *c, const struct sigv4_verdict *v) {
    static const struct {
        int status;
        struct str code;
    } words[] = {
        [SIGV4_OK] = {500, STR_INIT("InternalFailure")},
        [SIGV4_MISSING_AUTHENTICATION_TOKEN] = {403, STR_INIT("MissingAuthenticationToken")},
        [SIGV4_INCOMPLETE_SIGNATURE] = {400, STR_INIT("IncompleteSignature")},
        [SIGV4_INVALID_SIGNATURE] = {403, STR_INIT("SignatureDoesNotMatch")},
        [SIGV4_UNRECOGNIZED_CLIENT] = {403, STR_INIT("InvalidClientTokenId")},
        [SIGV4_EXPIRED_TOKEN] = {403, STR_INIT("ExpiredToken")},
        [SIGV4_MALFORMED_REQUEST] = {400, STR_INIT("MalformedQueryString")},
        [SIGV4_MALFORMED_QUERY] = {400, STR_INIT("MalformedQueryString")},
    };
    struct str message = v->message;
    size_t texts = str_find(message, STR("\n")); /* STS does not show what should have been signed */
    if (texts != SIZE_MAX) message.n = texts;
    if (v->fault == SIGV4_MISSING_AUTHENTICATION_TOKEN) message = STR("Request is missing Authentication Token");
    buf_add(&c->why, v->reason);
    sts_answer_error(c, words[v->fault].status, words[v->fault].code, message);
}

static bool authenticate(struct sts_call *c) {
    struct keyring_search search = {.ring = c->keyring};
    const struct sigv4_verifier verifier = {.region = c->region.n ? c->region : c->model->region,
                                            .service = STR("sts"),
                                            .unix_s = c->now_s,
                                            .max_skew_s = MAX_SKEW_S,
                                            .find_key = keyring_search_key,
                                            .user = &search};
    struct sigv4_verdict v;
    struct err e;
    bool judged = sigv4_verify(c->rq, &verifier, &v, c->arena, &e);
    if (judged && v.fault == SIGV4_OK) {
        c->caller = search.found;
        return c->caller != NULL;
    }
    keyring_give_back(c->keyring, search.found);
    if (judged) refuse(c, &v);
    else sts_answer_error(c, 500, STR("InternalFailure"), STR("An internal error has occurred"));
    return false;
}

/* ---- one call ---- */

static bool read_params(struct sts_call *c) {
    struct err e;
    bool post = str_eq(c->rq->method, STR("POST"));
    if (!post && !str_eq(c->rq->method, STR("GET"))) {
        sts_answer_error(c, 400, STR("InvalidAction"), STR("The method is neither GET nor POST"));
        return false;
    }
    struct str type = http_field_get(&c->rq->fields, STR("content-type")), bare, rest = type;
    str_cut(&rest, ';', &bare);
    bool form = str_eq_nocase(str_trim(bare), STR("application/x-www-form-urlencoded"));
    if (http_query_read(c->rq->query, &c->params, c->arena, &e) &&
        (!post || !form || http_query_read(c->rq->body, &c->params, c->arena, &e)))
        return true;
    sts_answer_error(c, 400, STR("MalformedQueryString"), STR("The parameters cannot be read"));
    return false;
}

static void run(struct sts_call *c) {
    if (!read_params(c)) return;
    c->region = claimed_region(c);
    if (!authenticate(c)) return;
    struct str action = http_field_get(&c->params, STR("Action"));
    struct str version = http_field_get(&c->params, STR("Version"));
    if (!action.n) {
        sts_answer_error(c, 400, STR("MissingAction"), STR("There is no Action"));
        return;
    }
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        if (!str_eq(action, str_of(actions[i].name)) || !str_eq(version, STR("2011-06-15"))) continue;
        actions[i].run(c);
        return;
    }
    sts_answer_errorf(c, 400, STR("InvalidAction"),
                      "Could not find operation %.*s for version %.*s (here: AssumeRole, "
                      "GetSessionToken, GetCallerIdentity of 2011-06-15)",
                      STR_ARG(action), STR_ARG(version.p ? version : STR("NO_VERSION_SPECIFIED")));
}

static void finish(struct sts_call *c, struct http_response *rs, struct arena *a) {
    struct err e;
    if (!buf_ok(&c->body, &e)) {
        *rs = (struct http_response){.status = 500};
        return;
    }
    *rs = (struct http_response){.status = c->status, .body = buf_str(&c->body)};
    struct str request_id = str_of(arena_copy(a, str_of(c->request_id)));
    http_field_add(&rs->fields, STR("Content-Type"), c->json ? STR("application/json") : STR("text/xml"), a, &e);
    http_field_add(&rs->fields, STR("x-amzn-RequestId"), request_id, a, &e);
}

static void log_call(const struct sts_call *c) {
    struct str who = c->caller ? c->caller->who->profile : STR("-");
    struct str action = http_field_get(&c->params, STR("Action")), why = buf_str(&c->why);
    log_line(LOG_INFO, "STS %.*s %d %.*s%s%.*s%s%.*s", STR_ARG(action), c->status, STR_ARG(who), c->code.p ? " " : "",
             STR_ARG(c->code), why.n ? ": " : "", STR_ARG(why));
}

static void handle(void *user, const struct http_request *rq, struct str peer_ip, struct http_response *rs,
                   struct stream_pipe **stream, struct arena *a) {
    const struct sts *sts = user;
    (void)stream;
    struct sts_call c = {.model = sts->options.model,
                         .keyring = sts->options.keyring,
                         .rq = rq,
                         .peer_ip = peer_ip,
                         .now_s = clock_unix_ms() / 1000,
                         .arena = a};
    c.json = str_find(http_field_get(&rq->fields, STR("accept")), STR("application/json")) != SIZE_MAX;
    buf_init(&c.body, MAX_ANSWER_BYTES, a);
    buf_init(&c.why, MAX_WHY_BYTES, a);
    if (!random_uuid(c.request_id)) {
        *rs = (struct http_response){.status = 500};
        return;
    }
    struct log_scope scope = {.request_id = str_of(c.request_id)};
    log_set_scope(&scope);
    run(&c);
    finish(&c, rs, a);
    log_call(&c);
    keyring_give_back(c.keyring, c.caller);
    log_set_scope(NULL);
}

bool sts_start(const struct sts_options *options, struct sts **sts, struct arena *a, struct err *e) {
    struct sts *s = arena_zero(a, sizeof *s);
    if (!s) return err_set(e, ERR_MEMORY, "out of memory for STS");
    s->options = *options;
    const struct http_server_options server = {.port = options->port,
                                               .everywhere = options->everywhere,
                                               .max_connections = MAX_CONNECTIONS,
                                               .idle_timeout_s = IDLE_TIMEOUT_S,
                                               .max_body_bytes = MAX_BODY_BYTES,
                                               .too_large = &TOO_LARGE,
                                               .handle = handle,
                                               .user = s};
    if (!http_server_start(&server, &s->server, e)) return err_prefix(e, "STS: ");
    *sts = s;
    return true;
}

uint16_t sts_port(const struct sts *sts) {
    return http_server_port(sts->server);
}

void sts_stop(struct sts *sts) {
    if (sts) http_server_stop(sts->server);
}
