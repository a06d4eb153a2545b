/* SPDX-License-Identifier: Apache-2.0 */
/* Routing comes before authentication, authentication before the policy: the first failure answers, as at AWS. */
#include "judge.h"

#include "json.h"
#include "log.h"

enum { MAX_SKEW_S = 300, MAX_REFUSAL_BYTES = 1024 * 1024 };

/* {"message": ...} with AWS's error type; the policy refusal alone spells Message with a capital. */
static bool refuse(struct judge_verdict *v, const char *type, const char *member, struct str message, struct arena *a,
                   struct err *e) {
    struct buf body;
    buf_init(&body, MAX_REFUSAL_BYTES, a);
    buf_addf(&body, "{\"%s\":", member);
    json_write_text(&body, message);
    buf_add_char(&body, '}');
    v->error_type = str_of(type);
    v->refusal = (struct http_response){.status = 403, .body = buf_str(&body)};
    return buf_ok(&body, e) && http_field_add(&v->refusal.fields, STR("x-amzn-ErrorType"), v->error_type, a, e);
}

static bool why(struct judge_verdict *v, struct buf *text, struct err *e) {
    v->why = buf_str(text);
    return buf_ok(text, e);
}

/* ANY stands for API Gateway's seven methods; "delete" is none of them, nor of the methods that a policy names. */
static bool is_method(struct str method) {
    static const char *const methods[] = {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (str_eq(method, str_of(methods[i]))) return true;
    return false;
}

/* "/dev/private" of stage dev is the route /private. Bytes are compared as sent: what is not exactly a route is none. */
static const struct model_route *find_route(const struct model_api *api, const struct http_request *rq) {
    struct str p = rq->path;
    if (p.n < api->stage.n + 2 || p.p[0] != '/' || !str_starts((struct str){p.p + 1, p.n - 1}, api->stage)) return NULL;
    struct str rest = {p.p + 1 + api->stage.n, p.n - 1 - api->stage.n};
    const struct model_route *any = NULL;
    for (size_t i = 0; i < api->n_routes; i++) {
        const struct model_route *r = &api->routes[i];
        if (!str_eq(r->path, rest)) continue;
        if (!is_method(rq->method)) continue;
        if (str_eq(r->method, rq->method)) return r;
        if (str_eq(r->method, STR("ANY"))) any = r;
    }
    return any;
}

/* An unknown route answers like a missing signature; that is AWS's most misread sentence, so the log says what it is. */
static bool unrouted(const struct judge *j, const struct http_request *rq, struct judge_verdict *v, struct arena *a,
                     struct err *e) {
    struct buf text;
    buf_init(&text, MAX_REFUSAL_BYTES, a);
    buf_addf(&text, "no route %.*s %.*s; routes are", STR_ARG(rq->method), STR_ARG(rq->path));
    for (size_t i = 0; i < j->api->n_routes; i++)
        buf_addf(&text, "%s %.*s /%.*s%.*s", i ? "," : "", STR_ARG(j->api->routes[i].method), STR_ARG(j->api->stage),
                 STR_ARG(j->api->routes[i].path));
    return why(v, &text, e) &&
           refuse(v, "MissingAuthenticationTokenException", "message", STR("Missing Authentication Token"), a, e);
}

static bool find_keys(void *user, struct str id, struct sigv4_keys *keys) {
    const struct keyring_entry *entry = keyring_find(user, id);
    if (entry) *keys = entry->keys;
    return entry != NULL;
}

static const char *fault_words(const struct sigv4_verdict *sv) {
    switch (sv->fault) {
    case SIGV4_MISSING_AUTHENTICATION_TOKEN: return "the route was found, but the request is not signed";
    case SIGV4_INCOMPLETE_SIGNATURE: return "the Authorization field is malformed or incomplete";
    case SIGV4_UNRECOGNIZED_CLIENT: return "the access key is unknown here, or its session token is missing or wrong";
    case SIGV4_INVALID_SIGNATURE:
        if (str_starts(sv->message, STR("Signature expired"))) return "signed more than 5 minutes ago";
        if (str_starts(sv->message, STR("Signature not yet"))) return "signed more than 5 minutes in the future";
        if (str_starts(sv->message, STR("Credential"))) return "signed for another region, service or day";
        return "the signature does not fit this request: other secret key, or method, path, query, a signed field or "
               "body "
               "changed after signing";
    case SIGV4_OK: break;
    }
    return "";
}

static bool authenticate(const struct judge *j, const struct http_request *rq, int64_t now_s, struct judge_verdict *v,
                         struct arena *a, struct err *e) {
    const struct sigv4_verifier verifier = {.region = j->model->region,
                                            .service = STR("execute-api"),
                                            .unix_s = now_s,
                                            .max_skew_s = MAX_SKEW_S,
                                            .find_keys = find_keys,
                                            .user = (void *)(uintptr_t)j->keyring};
    struct sigv4_verdict sv;
    if (!sigv4_verify(rq, &verifier, &sv, a, e)) return false;
    if (sv.fault == SIGV4_OK) {
        v->caller = keyring_find(j->keyring, sv.key_id);
        return v->caller || err_set(e, ERR_HANDLER, "a verified key is not in the keyring");
    }
    v->why = str_of(fault_words(&sv));
    return refuse(v, sigv4_fault_name(sv.fault), "message", sv.message, a, e);
}

/* arn:PARTITION:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/path, without the query; `mask` hides the account as AWS does */
static void write_arn(struct buf *out, const struct judge *j, const struct model_route *route, struct str method,
                      bool mask) {
    struct str account = j->model->account_id;
    size_t hidden = mask && account.n > 4 ? account.n - 4 : 0;
    buf_addf(out, "arn:%.*s:execute-api:%.*s:", STR_ARG(j->model->partition), STR_ARG(j->model->region));
    for (size_t i = 0; i < account.n; i++) buf_add_char(out, i < hidden ? '*' : account.p[i]);
    buf_addf(out, ":%.*s/%.*s/%.*s", STR_ARG(j->api->api_id), STR_ARG(j->api->stage), STR_ARG(method));
    buf_add(out, route->path);
}

static bool authorize(const struct judge *j, const struct http_request *rq, struct judge_verdict *v, struct arena *a,
                      struct err *e) {
    const struct model_principal *who = v->caller->who;
    const struct policy_statement *deciding;
    struct buf arn, message, text;
    buf_init(&arn, 8192, a);
    buf_init(&message, 16 * 1024, a);
    buf_init(&text, 16 * 1024, a);
    write_arn(&arn, j, v->route, rq->method, false);
    if (!buf_ok(&arn, e)) return false;
    enum policy_decision decision =
        policy_evaluate(&who->policies, STR("execute-api:Invoke"), buf_str(&arn), &deciding);
    if (decision == POLICY_ALLOW) return true;
    bool explicit_deny = decision == POLICY_EXPLICIT_DENY;
    buf_addf(&message,
             "User: %.*s is not authorized to perform: execute-api:Invoke on resource: ", STR_ARG(who->user_arn));
    write_arn(&message, j, v->route, rq->method, true);
    buf_add(&message, explicit_deny ? STR(" with an explicit deny in an identity-based policy")
                                    : STR(" because no identity-based policy allows the execute-api:Invoke action"));
    if (explicit_deny)
        buf_addf(&text, "denied by line %u, policy %.*s", deciding->line, STR_ARG(deciding->policy_name));
    else
        buf_addf(&text, "no statement of %.*s allows execute-api:Invoke on %.*s", STR_ARG(who->profile),
                 STR_ARG(buf_str(&arn)));
    return buf_ok(&message, e) && why(v, &text, e) &&
           refuse(v, "AccessDeniedException", "Message", buf_str(&message), a, e);
}

bool judge_request(const struct judge *j, const struct http_request *rq, int64_t now_s, struct judge_verdict *v,
                   struct arena *a, struct err *e) {
    *v = (struct judge_verdict){.route = find_route(j->api, rq)};
    if (!v->route) return unrouted(j, rq, v, a, e);
    if (!v->route->aws_iam) return true;
    if (!authenticate(j, rq, now_s, v, a, e)) return false;
    return v->refusal.status || authorize(j, rq, v, a, e);
}
