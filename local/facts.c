/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of a caller and a request, under the names of IAM. */
#include "facts.h"

#include <time.h>

struct list {
    struct http_fields *to;
    struct arena *arena;
    struct err *e;
    bool failed;
};

static void add(struct list *l, const char *key, struct str value) {
    if (value.p && !l->failed) l->failed = !http_field_add(l->to, str_of(key), value, l->arena, l->e);
}

static void add_flag(struct list *l, const char *key, bool value) {
    add(l, key, value ? STR("true") : STR("false"));
}

static void add_time(struct list *l, int64_t now_s) {
    struct buf iso, epoch;
    struct tm tm;
    time_t t = (time_t)now_s;
    buf_init(&iso, 128, l->arena);
    buf_init(&epoch, 32, l->arena);
    if (!gmtime_r(&t, &tm)) l->failed = !err_set(l->e, ERR_HANDLER, "the clock is out of range");
    if (l->failed) return;
    buf_addf(&iso, "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
             tm.tm_min, tm.tm_sec);
    buf_addf(&epoch, "%lld", (long long)now_s);
    l->failed = !buf_ok(&iso, l->e) || !buf_ok(&epoch, l->e);
    add(l, "aws:CurrentTime", buf_str(&iso));
    add(l, "aws:EpochTime", buf_str(&epoch));
}

static void add_caller(struct list *l, const struct keyring_entry *caller) {
    if (!caller) {
        add(l, "aws:PrincipalType", STR("Anonymous"));
        add(l, "aws:userid", STR("anonymous"));
        return;
    }
    const struct model_principal *who = caller->who;
    struct str id;
    if (!l->failed) l->failed = !keyring_user_id(caller, &id, l->arena, l->e);
    if (l->failed) return;
    add(l, "aws:PrincipalArn", who->arn); /* of a session: its role's */
    add(l, "aws:PrincipalAccount", who->account_id);
    add(l, "aws:PrincipalType", who->kind == MODEL_USER ? STR("User") : STR("AssumedRole"));
    add(l, "aws:userid", id);
    if (who->kind == MODEL_USER) add(l, "aws:username", who->name);
    if (caller->keys.token.n) add_flag(l, "aws:MultiFactorAuthPresent", false); /* long-term keys have no such key */
    add_flag(l, "aws:PrincipalIsAWSService", false);
    add_flag(l, "aws:ViaAWSService", false);
}

/* A field that is sent twice is there twice: no condition on one value can then hold. */
static void add_field(struct list *l, const char *key, const struct http_fields *fields, struct str name) {
    for (size_t i = 0; i < fields->n; i++)
        if (str_eq_nocase(fields->at[i].name, name)) add(l, key, fields->at[i].value);
}

bool facts_add(const struct facts *f, struct http_fields *to, struct arena *a, struct err *e) {
    struct list l = {.to = to, .arena = a, .e = e};
    add_caller(&l, f->caller);
    add_time(&l, f->now_s);
    add(&l, "aws:SourceIp", f->peer_ip.n ? f->peer_ip : (struct str){0});
    add_flag(&l, "aws:SecureTransport", true); /* at AWS there is nothing but HTTPS in front of an API */
    add(&l, "aws:RequestedRegion", f->region);
    add(&l, "aws:ResourceAccount", f->owner_account);
    add_field(&l, "aws:UserAgent", &f->rq->fields, STR("user-agent"));
    add_field(&l, "aws:Referer", &f->rq->fields, STR("referer"));
    add(&l, "lambda:FunctionUrlAuthType", f->function_url_auth_type);
    if (f->invoked_via_function_url) add_flag(&l, "lambda:InvokedViaFunctionUrl", true);
    return !l.failed;
}
