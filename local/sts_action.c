/* SPDX-License-Identifier: Apache-2.0 */
/* What a verified caller may have from STS.
   https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
   https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-settings.html (durations) */
#include <string.h>

#include "access.h"
#include "facts.h"
#include "session.h"
#include "sts_parts.h"

enum {
    MIN_DURATION_S = 900,
    DEFAULT_ROLE_S = 3600,
    MAX_ROLE_S = 43200,
    MAX_CHAINED_S = 3600,
    DEFAULT_TOKEN_S = 43200,
    MAX_TOKEN_S = 129600,
    MAX_POLICY_CHARS = 2048,
};

static struct str param(const struct sts_call *c, const char *name) {
    return http_field_get(&c->params, str_of(name));
}

static bool invalid(struct sts_call *c, const char *name, const char *constraint) {
    sts_answer_errorf(c, 400, STR("ValidationError"),
                      "1 validation error detected: Value at '%s' failed to satisfy constraint: %s", name, constraint);
    return false;
}

/* A parameter that would change what the session may do, and is not known here, is refused rather than forgotten. */
static bool check_params(struct sts_call *c, const char *const *known) {
    for (size_t i = 0; i < c->params.n; i++) {
        struct str name = c->params.at[i].name;
        bool ok = str_eq(name, STR("Action")) || str_eq(name, STR("Version")) || str_starts(name, STR("X-Amz-"));
        for (size_t k = 0; known[k]; k++) ok = ok || str_eq(name, str_of(known[k]));
        if (!ok || http_field_count(&c->params, name) > 1) {
            sts_answer_errorf(c, 400, STR("ValidationError"), "The parameter %.*s %s", STR_ARG(name),
                              ok ? "is there twice" : "is not supported here");
            return false;
        }
    }
    return true;
}

static bool read_duration(struct sts_call *c, int64_t most_s, int64_t *duration_s) {
    struct str text = param(c, "DurationSeconds");
    if (!text.p || str_read_int64(text, MIN_DURATION_S, most_s, duration_s)) return true;
    return invalid(c, "durationSeconds",
                   most_s == MAX_ROLE_S ? "Member must have value between 900 and 43200"
                                        : "Member must have value between 900 and 129600");
}

static void write_credentials(struct sts_call *c, const struct keyring_entry *session) {
    sts_answer_open(c, "Credentials");
    sts_answer_text(c, "AccessKeyId", session->keys.id);
    sts_answer_text(c, "SecretAccessKey", session->keys.secret);
    sts_answer_text(c, "SessionToken", session->keys.token);
    sts_answer_moment(c, "Expiration", session->expires_unix_s);
    sts_answer_close(c, "Credentials");
}

static const struct keyring_entry *open_session(struct sts_call *c, const struct session_wish *wish) {
    const struct keyring_entry *session;
    struct err e;
    if (!c->keyring->sessions) err_set(&e, ERR_CONFIG, "there is no table of sessions");
    else if (session_add(c->keyring->sessions, wish, &session, &e)) return session;
    buf_addf(&c->why, "%s", e.msg);
    if (e.kind == ERR_PARSE) sts_answer_errorf(c, 400, STR("MalformedPolicyDocument"), "%s", e.msg);
    else if (e.kind == ERR_LIMIT) sts_answer_error(c, 400, STR("Throttling"), STR("Rate exceeded"));
    else sts_answer_error(c, 500, STR("InternalFailure"), STR("An internal error has occurred"));
    return NULL;
}

/* ---- AssumeRole ---- */

static const struct model_principal *find_role(const struct sts_call *c) {
    const struct model *m = c->model;
    for (size_t i = 0; i < m->n_principals; i++)
        if (m->principals[i].kind == MODEL_ROLE && str_eq(m->principals[i].arn, param(c, "RoleArn")))
            return &m->principals[i];
    return NULL;
}

static bool check_texts(struct sts_call *c) {
    struct str arn = param(c, "RoleArn"), name = param(c, "RoleSessionName"), policy = param(c, "Policy");
    struct str external = param(c, "ExternalId");
    if (arn.n < 20 || arn.n > 2048 || !str_starts(arn, STR("arn:")) || !str_is_made_of(arn, ":/_+=,.@-"))
        return invalid(c, "roleArn", "Member must be the ARN of a role, 20 to 2048 characters");
    if (name.n < 2 || name.n > 64 || !str_is_made_of(name, "_+=,.@-"))
        return invalid(c, "roleSessionName", "Member must satisfy regular expression pattern: [\\w+=,.@-]*, 2 to 64");
    if (external.p && (external.n < 2 || external.n > 1224 || !str_is_made_of(external, "_+=,.@:/-")))
        return invalid(c, "externalId", "Member must satisfy regular expression pattern: [\\w+=,.@:\\/-]*, 2 to 1224");
    if (policy.p && (policy.n == 0 || policy.n > MAX_POLICY_CHARS))
        return invalid(c, "policy", "Member must have length between 1 and 2048");
    return true;
}

static bool check_length(struct sts_call *c, const struct model_principal *role, int64_t duration_s) {
    if (c->caller->who->kind == MODEL_ROLE && duration_s > MAX_CHAINED_S)
        sts_answer_error(c, 400, STR("ValidationError"),
                         STR("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role "
                             "chaining."));
    else if (duration_s > role->max_session_s)
        sts_answer_error(c, 400, STR("ValidationError"),
                         STR("The requested DurationSeconds exceeds the MaxSessionDuration set for this role."));
    else return true;
    return false;
}

static void deny(struct sts_call *c) {
    sts_answer_errorf(c, 403, STR("AccessDenied"),
                      "User: %.*s is not authorized to perform: sts:AssumeRole on resource: %.*s",
                      STR_ARG(keyring_user_arn(c->caller)), STR_ARG(param(c, "RoleArn")));
}

/* In the role's own account either its trust policy names the caller, or it trusts the account and the caller's policy
   says yes. A role that does not exist is answered like one that may not be assumed. */
static bool may_assume(struct sts_call *c, const struct model_principal *role, bool *may, struct err *e) {
    const struct facts facts = {.owner_account = role->account_id,
                                .caller = c->caller,
                                .rq = c->rq,
                                .peer_ip = c->peer_ip,
                                .region = c->region,
                                .now_s = c->now_s};
    struct http_fields known = {0};
    struct access_answer answer;
    const struct access_question question = {.caller = c->caller,
                                             .action = STR("sts:AssumeRole"),
                                             .resource = role->arn,
                                             .owner_account = role->account_id,
                                             .facts = &known,
                                             .resource_policy = &role->trust,
                                             .suffices = POLICY_BY_ARN};
    struct str external = param(c, "ExternalId");
    if (!facts_add(&facts, &known, c->arena, e) ||
        (external.p && !http_field_add(&known, STR("sts:ExternalId"), external, c->arena, e)) ||
        !http_field_add(&known, STR("sts:RoleSessionName"), param(c, "RoleSessionName"), c->arena, e) ||
        !access_decide(&question, &answer, c->arena, e))
        return false;
    *may = answer.allowed;
    buf_add(&c->why, answer.why);
    return true;
}

static void write_role(struct sts_call *c, const struct keyring_entry *session) {
    struct str id;
    struct err e;
    if (!keyring_user_id(session, &id, c->arena, &e)) {
        sts_answer_error(c, 500, STR("InternalFailure"), STR("An internal error has occurred"));
        return;
    }
    sts_answer_begin(c, "AssumeRole");
    sts_answer_open(c, "AssumedRoleUser");
    sts_answer_text(c, "AssumedRoleId", id);
    sts_answer_text(c, "Arn", session->user_arn);
    sts_answer_close(c, "AssumedRoleUser");
    write_credentials(c, session);
    sts_answer_end(c, "AssumeRole");
    buf_addf(&c->why, "%.*s until %lld", STR_ARG(session->user_arn), (long long)session->expires_unix_s);
}

void sts_assume_role(struct sts_call *c) {
    static const char *const known[] = {"RoleArn", "RoleSessionName", "DurationSeconds", "Policy", "ExternalId", NULL};
    const struct model_principal *role = find_role(c);
    int64_t duration_s = DEFAULT_ROLE_S;
    bool may = false;
    struct err e;
    if (!check_params(c, known) || !check_texts(c) || !read_duration(c, MAX_ROLE_S, &duration_s)) return;
    if (!role) buf_addf(&c->why, "there is no role %.*s here", STR_ARG(param(c, "RoleArn")));
    if (role && !may_assume(c, role, &may, &e)) {
        sts_answer_error(c, 500, STR("InternalFailure"), STR("An internal error has occurred"));
        return;
    }
    if (!may) {
        deny(c);
        return;
    }
    if (!check_length(c, role, duration_s)) return;
    const struct session_wish wish = {c->model,           role,     param(c, "RoleSessionName"),
                                      param(c, "Policy"), c->now_s, c->now_s + duration_s};
    const struct keyring_entry *session = open_session(c, &wish);
    if (!session) return;
    write_role(c, session);
    keyring_give_back(c->keyring, session);
}

/* ---- the others ---- */

void sts_get_session_token(struct sts_call *c) {
    static const char *const known[] = {"DurationSeconds", NULL};
    int64_t duration_s = DEFAULT_TOKEN_S;
    if (!check_params(c, known) || !read_duration(c, MAX_TOKEN_S, &duration_s)) return;
    if (c->caller->keys.token.n) {
        sts_answer_error(c, 403, STR("AccessDenied"), STR("Cannot call GetSessionToken with session credentials"));
        return;
    }
    const struct session_wish wish = {
        .model = c->model, .who = c->caller->who, .now_s = c->now_s, .expires_unix_s = c->now_s + duration_s};
    const struct keyring_entry *session = open_session(c, &wish);
    if (!session) return;
    sts_answer_begin(c, "GetSessionToken");
    write_credentials(c, session);
    sts_answer_end(c, "GetSessionToken");
    keyring_give_back(c->keyring, session);
}

/* Needs no permission, and no policy can forbid it. */
void sts_get_caller_identity(struct sts_call *c) {
    static const char *const known[] = {NULL};
    struct str id;
    struct err e;
    if (!check_params(c, known)) return;
    if (!keyring_user_id(c->caller, &id, c->arena, &e)) {
        sts_answer_error(c, 500, STR("InternalFailure"), STR("An internal error has occurred"));
        return;
    }
    sts_answer_begin(c, "GetCallerIdentity");
    sts_answer_text(c, "Arn", keyring_user_arn(c->caller));
    sts_answer_text(c, "UserId", id);
    sts_answer_text(c, "Account", c->caller->who->account_id);
    sts_answer_end(c, "GetCallerIdentity");
}
