/* SPDX-License-Identifier: Apache-2.0 */
/* A request without a signature comes in; the same request with two to four more fields goes out. Everything that would
   be signed differently from what is sent, or would change the request on its way, is refused before anything is added.
   https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
#include "sigv4_stages.h"

static const struct str CONTENT_SHA256 = STR_INIT("X-Amz-Content-Sha256");

/* What stands inside "Credential=ID/date/REGION/SERVICE/aws4_request, ..." must not end its place early. */
static bool check_word(struct str s, const char *what, struct err *e) {
    if (!s.n) return err_set(e, ERR_PARSE, "the %s is empty", what);
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c <= ' ' || c >= 0x7f || c == '/' || c == ',')
            return err_set(e, ERR_PARSE, "the %s has a space, '/', ',' or foreign byte at position %zu", what, i);
    }
    return true;
}

static bool check_keys(const struct sigv4_keys *keys, const struct sigv4_scope *scope, struct err *e) {
    if (!check_word(keys->id, "access key id", e)) return false;
    if (!check_word(scope->region, "region", e) || !check_word(scope->service, "service", e)) return false;
    if (!keys->secret.n) return err_set(e, ERR_PARSE, "the secret access key is empty");
    if (str_has_control(keys->token)) return err_set(e, ERR_PARSE, "the session token has a control byte");
    return true;
}

static bool check_field(const struct http_field *f, struct err *e) {
    static const char *const stale[] = {"Authorization", "X-Amz-Date", "X-Amz-Security-Token"};
    if (!http_is_token(f->name)) return err_set(e, ERR_PARSE, "a field name is empty or has a byte no field name has");
    if (str_has_control(f->value))
        return err_set(e, ERR_PARSE, "field %.*s has a control byte in its value", STR_ARG(f->name));
    for (size_t i = 0; i < sizeof stale / sizeof *stale; i++)
        if (str_eq_nocase(f->name, str_of(stale[i])))
            return err_set(e, ERR_PARSE, "the request already has a field %s: sign a fresh request", stale[i]);
    return true;
}

static bool check_fields(const struct http_fields *fields, struct err *e) {
    for (size_t i = 0; i < fields->n; i++)
        if (!check_field(&fields->at[i], e)) return false;
    if (!str_trim(http_field_get(fields, STR("Host"))).n) return err_set(e, ERR_PARSE, "there is no Host field");
    if (http_field_count(fields, STR("Host")) > 1) return err_set(e, ERR_PARSE, "there is more than one Host field");
    size_t hashes = http_field_count(fields, CONTENT_SHA256);
    if (hashes > 1) return err_set(e, ERR_PARSE, "there is more than one X-Amz-Content-Sha256 field");
    if (hashes && !str_trim(http_field_get(fields, CONTENT_SHA256)).n)
        return err_set(e, ERR_PARSE, "the X-Amz-Content-Sha256 field is empty");
    return true;
}

static bool check_target(const struct http_request *rq, struct arena *a, struct err *e) {
    if (!http_is_token(rq->method)) return err_set(e, ERR_PARSE, "the method is empty or not a token");
    if (str_has_control(rq->path) || str_has_control(rq->query))
        return err_set(e, ERR_PARSE, "the path or the query has a control byte");
    for (size_t i = 0; i < rq->path.n; i++)
        if (rq->path.p[i] == '?' || rq->path.p[i] == '#')
            return err_set(e, ERR_PARSE, "the path has a '%c', which ends it on the wire", rq->path.p[i]);
    bool presigned = false;
    if (!sigv4_query_is_signed(rq->query, &presigned, a, e)) return false;
    return !presigned || err_set(e, ERR_PARSE, "the query already has X-Amz-Signature or X-Amz-Algorithm");
}

static bool add_copy(struct http_fields *fields, struct str name, struct str value, struct arena *a, struct err *e) {
    char *p = arena_copy(a, value);
    if (!p) return err_set(e, ERR_MEMORY, "out of memory for a field of %zu bytes", value.n);
    return http_field_add(fields, name, (struct str){p, value.n}, a, e);
}

/* The payload hash is the caller's, if it gave one, else the body's. */
static bool add_inputs(struct http_request *rq, const struct sigv4_keys *keys, const struct sigv4_scope *scope,
                       struct str *payload_hash, struct arena *a, struct err *e) {
    char date[SIGV4_DATE_BYTES], hex[65];
    if (!sigv4_date_write(date, scope->unix_s))
        return err_set(e, ERR_PARSE, "the time is not in the years 1970 to 9999");
    if (!add_copy(&rq->fields, STR("X-Amz-Date"), str_of(date), a, e)) return false;
    *payload_hash = str_trim(http_field_get(&rq->fields, CONTENT_SHA256));
    if (!payload_hash->n) {
        if (!sigv4_hash(hex, rq->body)) return err_set(e, ERR_MEMORY, "libcrypto could not hash the body");
        char *kept = arena_copy(a, str_of(hex));
        if (!kept) return err_set(e, ERR_MEMORY, "out of memory for the body's hash");
        *payload_hash = str_of(kept);
        if (scope->send_body_hash && !http_field_add(&rq->fields, CONTENT_SHA256, *payload_hash, a, e)) return false;
    }
    return !keys->token.n || add_copy(&rq->fields, STR("X-Amz-Security-Token"), keys->token, a, e);
}

static bool add_authorization(struct http_request *rq, const struct sigv4_keys *keys, const struct sigv4_scope *scope,
                              struct str payload_hash, struct arena *a, struct err *e) {
    struct buf names, canonical, to_sign, value;
    struct str date = http_field_get(&rq->fields, STR("X-Amz-Date"));
    char hex[65];
    buf_init(&names, SIGV4_MAX_CANONICAL_BYTES, a);
    buf_init(&canonical, SIGV4_MAX_CANONICAL_BYTES, a);
    buf_init(&to_sign, SIGV4_MAX_CANONICAL_BYTES, a);
    buf_init(&value, SIGV4_MAX_CANONICAL_BYTES, a);
    if (!sigv4_signed_headers(&names, &rq->fields, scope->unsigned_token, e)) return false;
    if (!sigv4_canonical_request(&canonical, rq, buf_str(&names), payload_hash, scope->path, e)) return false;
    if (!sigv4_string_to_sign(&to_sign, buf_str(&canonical), date, scope->region, scope->service) ||
        !sigv4_signature(hex, buf_str(&to_sign), keys->secret, (struct str){date.p, 8}, scope->region, scope->service))
        return buf_ok(&to_sign, e) && err_set(e, ERR_MEMORY, "libcrypto could not compute the signature");
    buf_addf(&value, "AWS4-HMAC-SHA256 Credential=%.*s/%.8s/%.*s/%.*s/aws4_request", STR_ARG(keys->id), date.p,
             STR_ARG(scope->region), STR_ARG(scope->service));
    buf_addf(&value, ", SignedHeaders=%.*s, Signature=%s", STR_ARG(buf_str(&names)), hex);
    return buf_ok(&value, e) && http_field_add(&rq->fields, STR("Authorization"), buf_str(&value), a, e);
}

bool sigv4_sign(struct http_request *rq, const struct sigv4_keys *keys, const struct sigv4_scope *scope,
                struct arena *a, struct err *e) {
    size_t n = rq->fields.n;
    struct str payload_hash = {0};
    if (!check_keys(keys, scope, e) || !check_fields(&rq->fields, e) || !check_target(rq, a, e)) return false;
    if (add_inputs(rq, keys, scope, &payload_hash, a, e) && add_authorization(rq, keys, scope, payload_hash, a, e))
        return true;
    rq->fields.n = n;
    return false;
}
