/* SPDX-License-Identifier: Apache-2.0 */
/* One signed POST to STS and its JSON answer; credentials_cache.c decides when. */
#include "assume_role.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "credentials.h"
#include "http.h"
#include "json.h"
#include "log.h"
#include "percent.h"

enum {
    DURATION_S = 900,
    CONNECT_TIMEOUT_MS = 3000,
    MAX_ANSWER_BYTES = 64 * 1024,
    MAX_SESSION_NAME = 64,
};

/* arn:PARTITION:iam::ACCOUNT:role/NAME; the partition decides the suffix of the host. */
static bool read_arn(const struct assume_role_options *o, struct str *suffix, struct err *e) {
    static const struct {
        struct str partition, suffix;
    } known[] = {
        {STR_INIT("aws"), STR_INIT("amazonaws.com")},        {STR_INIT("aws-us-gov"), STR_INIT("amazonaws.com")},
        {STR_INIT("aws-cn"), STR_INIT("amazonaws.com.cn")},  {STR_INIT("aws-eusc"), STR_INIT("amazonaws.eu")},
        {STR_INIT("aws-iso"), STR_INIT("c2s.ic.gov")},       {STR_INIT("aws-iso-b"), STR_INIT("sc2s.sgov.gov")},
        {STR_INIT("aws-iso-e"), STR_INIT("cloud.adc-e.uk")}, {STR_INIT("aws-iso-f"), STR_INIT("csp.hci.ic.gov")},
    };
    struct str rest = o->role_arn, part[5];
    bool whole = true;
    for (size_t i = 0; i < 5; i++) whole = whole && str_cut(&rest, ':', &part[i]);
    if (!whole || !str_eq(part[0], STR("arn")) || !str_eq(part[2], STR("iam")) || !str_starts(rest, STR("role/")) ||
        rest.n == 5 || str_has_control(o->role_arn))
        return err_set(e, ERR_CONFIG, "%s is no role ARN (arn:aws:iam::123456789012:role/name)", o->arn_name);
    *suffix = (struct str){0}; /* not known */
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (str_eq(part[1], known[i].partition)) *suffix = known[i].suffix;
    return true;
}

static bool find_endpoint(struct assume_role *role, struct str suffix, struct arena *texts, struct err *e) {
    struct str text = str_of(getenv("AWS_ENDPOINT_URL_STS")), region = role->options.region;
    struct buf b;
    if (!region.n || !str_is_made_of(region, "-"))
        return err_set(e, ERR_CONFIG, "the region for STS is not set, or is no region's name");
    if (!text.n && !suffix.p)
        return err_set(e, ERR_CONFIG, "%s is in a partition whose STS is not known: set AWS_ENDPOINT_URL_STS",
                       role->options.arn_name);
    buf_init(&b, 512, texts);
    if (!text.n) buf_addf(&b, "https://sts.%.*s.%.*s/", STR_ARG(region), STR_ARG(suffix));
    if (!buf_ok(&b, e)) return false;
    if (!url_read(text.n ? text : buf_str(&b), &role->endpoint, e)) {
        e->kind = ERR_CONFIG;
        return err_prefix(e, "AWS_ENDPOINT_URL_STS is no usable URL: ");
    }
    if (role->endpoint.tls || url_is_loopback(&role->endpoint)) return true;
    return err_set(e, ERR_CONFIG,
                   "AWS_ENDPOINT_URL_STS starts with http:// but its host is not this machine; use https://");
}

static bool session_name_ok(struct str s) {
    return s.n >= 2 && s.n <= MAX_SESSION_NAME && str_is_made_of(s, "_+=,.@-");
}

static bool find_session_name(struct assume_role_options *o, struct err *e) {
    if (o->session_name.n)
        return session_name_ok(o->session_name) ||
               err_set(e, ERR_CONFIG, "a role session name is 2 to %d letters, digits or _+=,.@-", MAX_SESSION_NAME);
    o->session_name = str_of(getenv("AWS_LAMBDA_FUNCTION_NAME"));
    if (!session_name_ok(o->session_name)) o->session_name = STR("lambda-iam-c"); /* a function may be called "f" */
    return true;
}

bool assume_role_open(struct assume_role *role, const struct assume_role_options *options, struct arena *texts,
                      struct err *e) {
    struct str suffix;
    *role = (struct assume_role){.options = *options};
    if (!role->options.duration_s) role->options.duration_s = DURATION_S;
    if (read_arn(options, &suffix, e) && find_endpoint(role, suffix, texts, e) &&
        find_session_name(&role->options, e) && credentials_cache_open(&role->cache, e))
        return true;
    *role = (struct assume_role){0};
    return false;
}

void assume_role_close(struct assume_role *role) {
    credentials_cache_close(&role->cache);
    *role = (struct assume_role){0};
}

static bool build(const struct assume_role *role, struct http_request *rq, struct arena *a, struct err *e) {
    struct str host;
    struct buf body;
    buf_init(&body, 8192, a);
    buf_add(&body, STR("Action=AssumeRole&Version=2011-06-15&RoleArn="));
    percent_write(&body, role->options.role_arn, false);
    buf_add(&body, STR("&RoleSessionName="));
    percent_write(&body, role->options.session_name, false);
    buf_addf(&body, "&DurationSeconds=%lld", (long long)role->options.duration_s);
    *rq = (struct http_request){.method = STR("POST"), .path = role->endpoint.path, .body = buf_str(&body)};
    return buf_ok(&body, e) && url_host_field(&role->endpoint, &host, a, e) &&
           http_field_add(&rq->fields, STR("Host"), host, a, e) &&
           http_field_add(&rq->fields, STR("Accept"), STR("application/json"), a, e) &&
           http_field_add(&rq->fields, STR("Content-Type"), STR("application/x-www-form-urlencoded"), a, e);
}

static bool refused(const struct assume_role *role, int status, struct str code, struct err *e) {
    static const struct {
        struct str code;
        const char *advice;
    } known[] = {
        {STR_INIT("AccessDenied"), "the policy of the own role (or user) needs sts:AssumeRole on it, and its trust "
                                   "policy must name the own role"},
        {STR_INIT("ExpiredToken"), "the own session token has expired: get new keys"},
        {STR_INIT("ExpiredTokenException"), "the own session token has expired: get new keys"},
        {STR_INIT("InvalidClientTokenId"),
         "the own access key id, or its session token, is not known in this partition"},
        {STR_INIT("SignatureDoesNotMatch"), "the own secret access key is not that of its id, or the clock is off"},
        {STR_INIT("RegionDisabledException"), "activate STS for this region in the account's settings"},
        {STR_INIT("ValidationError"), "STS does not take its ARN, session name or duration"},
        {STR_INIT("Throttling"), "STS is asked too often in this account"},
    };
    const char *advice = status >= 500 ? "try again later" : "see the STS documentation of this code";
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (str_eq(code, known[i].code)) advice = known[i].advice;
    code = credentials_word(code);
    return err_set(e, ERR_REFUSED, "STS answered %d %.*s for %.*s: %s", status, STR_ARG(code),
                   STR_ARG(role->options.role_arn), advice);
}

/* What stands between <name> and </name>; absent, too, if it is more than plain text. */
static struct str xml_part(struct str xml, const char *name) {
    char tag[32];
    snprintf(tag, sizeof tag, "<%s>", name);
    size_t at = str_find(xml, str_of(tag));
    if (at == SIZE_MAX) return (struct str){0};
    struct str rest = {xml.p + at + strlen(tag), xml.n - at - strlen(tag)}, part;
    bool whole = str_cut(&rest, '<', &part) && rest.n && rest.p[0] == '/' && str_find(part, STR("&")) == SIZE_MAX;
    return whole ? part : (struct str){0};
}

/* STS answers JSON to those who ask for it; the services that stand in for it in tests have only XML. */
static bool json_of_xml(struct str xml, struct str *json, struct arena *a, struct err *e) {
    static const char *const names[] = {"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"};
    struct buf b;
    buf_init(&b, 2 * MAX_ANSWER_BYTES, a);
    buf_add(&b, STR("{\"Error\":{\"Code\":"));
    json_write_text(&b, xml_part(xml, "Code"));
    buf_add(&b, STR("},\"AssumeRoleResponse\":{\"AssumeRoleResult\":{\"Credentials\":{"));
    for (size_t i = 0; i < 4; i++) {
        struct str part = xml_part(xml, names[i]);
        if (!part.n) continue;
        buf_addf(&b, "\"%s\":", names[i]);
        json_write_text(&b, part);
        buf_add_char(&b, ',');
    }
    buf_add(&b, STR("\"\":0}}}}"));
    *json = buf_str(&b);
    return buf_ok(&b, e);
}

/* {"AssumeRoleResponse":{"AssumeRoleResult":{"Credentials":{...}}}}, or {"Error":{"Code":...}} */
static bool read_answer(const struct assume_role *role, const struct http_response *rs, struct credentials *found,
                        struct arena *a, struct err *e) {
    static const struct credentials_names names = {"AccessKeyId", "SecretAccessKey", "SessionToken", false};
    struct cJSON *root = NULL;
    struct err not_json;
    struct str text = rs->body;
    if (str_starts(text, STR("<")) && !json_of_xml(rs->body, &text, a, e)) return false;
    bool json = json_read(text, &root, &not_json), ok;
    if (rs->status == 200 && json) {
        const struct cJSON *result = json_get(json_get(root, "AssumeRoleResponse"), "AssumeRoleResult");
        ok = credentials_read_json(json_get(result, "Credentials"), &names, found, a, e) ||
             err_prefix(e, "in the answer of STS: ");
    } else if (rs->status == 200) {
        ok = err_set(e, ERR_PROTOCOL, "STS answered 200 but with neither JSON nor XML");
    } else {
        ok = refused(role, rs->status, json_get_text(json_get(root, "Error"), "Code"), e);
    }
    json_close(root);
    return ok;
}

static bool exchange(const struct assume_role *role, const struct http_request *rq, int64_t timeout_ms,
                     struct http_response *rs, struct arena *a, struct err *e) {
    static const struct http_options options = {
        .user_agent = STR_INIT("lambda-iam-c/" LAMBDA_IAM_C_VERSION),
        .connect_timeout_ms = CONNECT_TIMEOUT_MS,
        .max_response_bytes = MAX_ANSWER_BYTES,
    };
    struct http_client *http; /* not kept: minutes later the connection would be gone */
    if (!http_open(&role->endpoint, &options, &http, e)) return false;
    bool ok = http_exchange(http, rq, timeout_ms, rs, a, e);
    http_close(http);
    return ok;
}

struct errand {
    const struct assume_role *role;
    const struct sigv4_keys *own;
};

static bool ask(void *user, const struct credentials_time *when, struct credentials *found, struct arena *a,
                struct err *e) {
    const struct errand *errand = user;
    const struct assume_role *role = errand->role;
    struct http_request rq;
    struct http_response rs;
    struct sigv4_scope scope = {.region = role->options.region, .service = STR("sts"), .unix_s = when->now_s};
    if (!build(role, &rq, a, e) || !sigv4_sign(&rq, errand->own, &scope, a, e) ||
        !exchange(role, &rq, when->timeout_ms, &rs, a, e) || !read_answer(role, &rs, found, a, e))
        return false;
    log_line(LOG_INFO, "assumed %.*s for %lld s", STR_ARG(role->options.role_arn),
             (long long)(found->expires_s - when->now_s));
    return true;
}

bool assume_role_keys(struct assume_role *role, const struct sigv4_keys *own, const struct credentials_time *when,
                      struct sigv4_keys *keys, struct arena *a, struct err *e) {
    struct errand errand = {role, own};
    const struct credentials_source source = {ask, &errand, role->options.arn_name};
    return credentials_cache_keys(&role->cache, &source, when, keys, a, e) ||
           err_prefix(e, "assuming %s: ", role->options.arn_name);
}
