/* SPDX-License-Identifier: Apache-2.0 */
/* One signed POST to STS, its JSON answer, and the keys kept until shortly before they expire.
   https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
#include "assume_role.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "credentials.h"
#include "json.h"
#include "log.h"
#include "percent.h"

enum {
    DURATION_S = 900,
    REFRESH_BEFORE_S = 60,
    CONNECT_TIMEOUT_MS = 3000,
    MAX_ANSWER_BYTES = 64 * 1024,
    WORK_BYTES = 1024 * 1024,
};

/* arn:PARTITION:iam::ACCOUNT:role/NAME; the partition decides the suffix of the host. */
static bool read_arn(struct str arn, struct str *suffix, struct err *e) {
    static const struct {
        struct str partition, suffix;
    } known[] = {
        {STR_INIT("aws"), STR_INIT("amazonaws.com")},
        {STR_INIT("aws-us-gov"), STR_INIT("amazonaws.com")},
        {STR_INIT("aws-cn"), STR_INIT("amazonaws.com.cn")},
        {STR_INIT("aws-eusc"), STR_INIT("amazonaws.eu")},
    };
    struct str rest = arn, part[5];
    bool whole = true;
    for (size_t i = 0; i < 5; i++) whole = whole && str_cut(&rest, ':', &part[i]);
    if (!whole || !str_eq(part[0], STR("arn")) || !str_eq(part[2], STR("iam")) || !str_starts(rest, STR("role/")) ||
        str_has_control(arn))
        return err_set(e, ERR_CONFIG, "PRIVATE_API_ROLE_ARN is no role ARN (arn:aws:iam::123456789012:role/name)");
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (!str_eq(part[1], known[i].partition)) continue;
        *suffix = known[i].suffix;
        return true;
    }
    *suffix = (struct str){0}; /* not known */
    return true;
}

static bool find_endpoint(struct assume_role *role, struct str suffix, struct arena *texts, struct err *e) {
    struct str text = str_of(getenv("AWS_ENDPOINT_URL_STS"));
    struct buf b;
    if (!text.n && !suffix.p)
        return err_set(e, ERR_CONFIG,
                       "PRIVATE_API_ROLE_ARN is in a partition whose STS is not known: set AWS_ENDPOINT_URL_STS");
    buf_init(&b, 512, texts);
    if (!text.n) buf_addf(&b, "https://sts.%.*s.%.*s/", STR_ARG(role->region), STR_ARG(suffix));
    if (!buf_ok(&b, e)) return false;
    if (!url_read(text.n ? text : buf_str(&b), &role->endpoint, e)) {
        e->kind = ERR_CONFIG;
        return err_prefix(e, "AWS_ENDPOINT_URL_STS is no usable URL: ");
    }
    if (role->endpoint.tls || url_is_loopback(&role->endpoint)) return true;
    return err_set(e, ERR_CONFIG,
                   "AWS_ENDPOINT_URL_STS starts with http:// but its host is not this machine; use https://");
}

bool assume_role_open(struct assume_role *role, struct str role_arn, struct str region, struct arena *texts,
                      struct err *e) {
    static const struct http_options options = {
        .user_agent = STR_INIT("lambda-iam-c/" LAMBDA_IAM_C_VERSION),
        .connect_timeout_ms = CONNECT_TIMEOUT_MS,
        .max_response_bytes = MAX_ANSWER_BYTES,
    };
    struct str suffix, session = str_of(getenv("AWS_LAMBDA_FUNCTION_NAME"));
    *role = (struct assume_role){.role_arn = role_arn, .region = region};
    role->session_name = session.n ? session : STR("lambda-iam-c");
    arena_init(&role->arena, MAX_ANSWER_BYTES);
    return read_arn(role_arn, &suffix, e) && find_endpoint(role, suffix, texts, e) &&
           http_open(&role->endpoint, &options, &role->http, e);
}

/* The copies live in our arena, where volatile stores reach them before the memory goes back. */
static void wipe(struct str s) {
    for (volatile char *p = (volatile char *)(uintptr_t)s.p; s.n; s.n--) *p++ = 0;
}

static void forget(struct assume_role *role) {
    wipe(role->keys.secret);
    wipe(role->keys.token);
    role->keys = (struct sigv4_keys){0};
    role->expires_s = 0;
    arena_reset(&role->arena);
}

void assume_role_close(struct assume_role *role) {
    forget(role);
    http_close(role->http);
    arena_close(&role->arena);
    *role = (struct assume_role){0};
}

static bool build(const struct assume_role *role, struct http_request *rq, struct arena *a, struct err *e) {
    struct str host;
    struct buf body;
    buf_init(&body, 8192, a);
    buf_add(&body, STR("Action=AssumeRole&Version=2011-06-15&RoleArn="));
    percent_write(&body, role->role_arn, false);
    buf_add(&body, STR("&RoleSessionName="));
    percent_write(&body, role->session_name, false);
    buf_addf(&body, "&DurationSeconds=%d", DURATION_S);
    *rq = (struct http_request){.method = STR("POST"), .path = role->endpoint.path, .body = buf_str(&body)};
    return buf_ok(&body, e) && url_host_field(&role->endpoint, &host, a, e) &&
           http_field_add(&rq->fields, STR("Host"), host, a, e) &&
           http_field_add(&rq->fields, STR("Accept"), STR("application/json"), a, e) &&
           http_field_add(&rq->fields, STR("Content-Type"), STR("application/x-www-form-urlencoded"), a, e);
}

static bool keep(struct assume_role *role, const cJSON *credentials, struct err *e) {
    static const struct {
        const char *name;
        size_t offset;
    } members[] = {
        {"AccessKeyId", offsetof(struct sigv4_keys, id)},
        {"SecretAccessKey", offsetof(struct sigv4_keys, secret)},
        {"SessionToken", offsetof(struct sigv4_keys, token)},
    };
    const cJSON *expires = json_get(credentials, "Expiration");
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        struct str value = json_get_text(credentials, members[i].name);
        if (!value.n) return err_set(e, ERR_PROTOCOL, "the answer of STS has no %s", members[i].name);
        value.p = arena_copy(&role->arena, value);
        if (!value.p) return err_set(e, ERR_MEMORY, "out of memory for the assumed role's keys");
        memcpy((char *)&role->keys + members[i].offset, &value, sizeof value);
    }
    if (!cJSON_IsNumber(expires) || expires->valuedouble < 0 || expires->valuedouble > 1e12)
        return err_set(e, ERR_PROTOCOL, "the answer of STS has no Expiration");
    role->expires_s = (int64_t)expires->valuedouble;
    return credentials_check(&role->keys, e);
}

/* {"AssumeRoleResponse":{"AssumeRoleResult":{"Credentials":{...}}}}, or {"Error":{"Code":...}} */
static bool read_answer(struct assume_role *role, const struct http_response *rs, struct err *e) {
    struct cJSON *root = NULL;
    struct err ignored;
    bool json = json_read(rs->body, &root, &ignored), ok = false;
    if (rs->status == 200 && json) {
        const cJSON *result = json_get(json_get(root, "AssumeRoleResponse"), "AssumeRoleResult");
        ok = keep(role, json_get(result, "Credentials"), e);
    } else {
        struct str code = json_get_text(json_get(root, "Error"), "Code");
        err_set(e, ERR_REFUSED, "STS answered AssumeRole of %.*s with %d %.*s", STR_ARG(role->role_arn), rs->status,
                STR_ARG(code));
    }
    if (!ok) forget(role);
    json_close(root);
    return ok;
}

static bool ask(struct assume_role *role, const struct sigv4_keys *own, int64_t now_s, int64_t timeout_ms,
                struct arena *a, struct err *e) {
    struct http_request rq;
    struct http_response rs;
    struct sigv4_scope scope = {.region = role->region, .service = STR("sts"), .unix_s = now_s};
    forget(role);
    return build(role, &rq, a, e) && sigv4_sign(&rq, own, &scope, a, e) &&
           http_exchange(role->http, &rq, timeout_ms, &rs, a, e) && read_answer(role, &rs, e);
}

bool assume_role_keys(struct assume_role *role, const struct sigv4_keys *own, int64_t now_s, int64_t timeout_ms,
                      struct sigv4_keys *keys, struct err *e) {
    struct arena a;
    bool ok = role->keys.id.n && now_s < role->expires_s - REFRESH_BEFORE_S;
    if (!ok) {
        arena_init(&a, WORK_BYTES);
        ok = ask(role, own, now_s, timeout_ms, &a, e);
        arena_close(&a);
        if (ok) log_line(LOG_INFO, "assumed %.*s for %d s", STR_ARG(role->role_arn), DURATION_S);
    }
    *keys = role->keys;
    return ok || err_prefix(e, "assuming PRIVATE_API_ROLE_ARN: ");
}
