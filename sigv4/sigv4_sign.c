/* SPDX-License-Identifier: Apache-2.0 */
/* A request without a signature comes in; the same request with two to five more fields goes out, or with six to eight
   more parameters in its query. Nothing of it is changed before all of it is known to be right.
   https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
#include <stdio.h>
#include <string.h>

#include "sigv4_cache.h"
#include "sigv4_canonical.h"
#include "sigv4_check.h"
#include "sigv4a.h"

enum {
    ADDED_FIELDS = 5,
    ADDED_PARAMS = 8,
    HMAC_DIGITS = 64,
    FIXED_BYTES = 128 + 2 * SIGV4A_SIGNATURE_BYTES, /* of Authorization: its words and the longest signature */
};

/* What signing works with. All texts live in the arena, but for literals and the caller's. */
struct signing {
    const struct sigv4_keys *keys;
    const struct sigv4_scope *scope;
    struct http_request rq; /* the caller's, until it is handed back; its fields have an array of their own */
    struct http_fields params;
    struct sigv4_lines lines; /* the fields that are signed */
    struct sigv4_canonical how;
    struct str date;
    /* Parts of one text, the value of Authorization, as how.signed_headers is; `text` begins and `hex` ends it. */
    struct str credential; /* "ID/20150830/us-east-1/iam/aws4_request" */
    struct str signature;
    char *text, *hex;
    bool send_hash;
    char body_hash[65];
    struct sigv4_texts *texts; /* NULL: not wanted */
    struct arena *a;
    struct err *e;
};

/* --- Preparing -------------------------------------------------------------------------------------------------- */

/* A list of our own, so that the caller's stays as it is until all is done. */
static bool copy_fields(struct signing *s) {
    const struct http_fields *old = &s->rq.fields;
    if (old->n > HTTP_MAX_FIELDS) return err_set(s->e, ERR_LIMIT, "more than %d fields", HTTP_MAX_FIELDS);
    struct http_fields own = {.n = old->n, .cap = old->n + ADDED_FIELDS};
    own.at = arena_take(s->a, own.cap * sizeof *own.at);
    if (!own.at) return err_set(s->e, ERR_MEMORY, "out of memory for %zu fields", own.cap);
    if (own.n) memcpy(own.at, old->at, own.n * sizeof *own.at);
    s->rq.fields = own;
    return true;
}

enum { FIELD_DATE, FIELD_HASH, FIELD_REGION_SET, FIELD_TOKEN };

/* To the request, and to what is signed: the name is known in lower case, and nothing else can have it. */
static bool add_field(struct signing *s, int which, struct str value) {
    static const struct {
        struct str name, lower;
    } known[] = {{STR_INIT("X-Amz-Date"), STR_INIT("x-amz-date")},
                 {STR_INIT("X-Amz-Content-Sha256"), STR_INIT("x-amz-content-sha256")},
                 {STR_INIT("X-Amz-Region-Set"), STR_INIT("x-amz-region-set")},
                 {STR_INIT("X-Amz-Security-Token"), STR_INIT("x-amz-security-token")}};
    if (which != FIELD_TOKEN || !s->scope->unsigned_token)
        s->lines.fields.at[s->lines.fields.n++] = (struct http_field){known[which].lower, value};
    return http_field_add(&s->rq.fields, known[which].name, value, s->a, s->e);
}

/* With a copy of the value, which may be gone before the request is sent. */
static bool add_kept(struct signing *s, int which, struct str value) {
    char *p = arena_copy(s->a, value);
    if (!p) return err_set(s->e, ERR_MEMORY, "out of memory for a text of %zu bytes", value.n);
    return add_field(s, which, (struct str){p, value.n});
}

static bool prepare(struct signing *s) {
    if (!sigv4_check_request(&s->rq, s->keys, s->scope, &s->lines.plain, s->e)) return false;
    char *date = arena_take(s->a, SIGV4_DATE_BYTES);
    if (!date) return err_set(s->e, ERR_MEMORY, "out of memory for the date");
    if (!sigv4_date_write(date, s->scope->unix_s))
        return err_set(s->e, ERR_PARSE, "the time is not in the years 1970 to 9999");
    s->date = (struct str){date, SIGV4_DATE_BYTES - 1};
    s->how.allow = s->scope->allow;
    s->how.path = sigv4_path_of(s->scope->path, s->scope->service);
    size_t more = s->scope->placement == SIGV4_IN_QUERY ? ADDED_PARAMS : 0;
    if (!sigv4_check_payload(&s->rq, s->scope, s->body_hash, &s->how.payload_hash, &s->send_hash, s->e)) return false;
    s->lines.plain = s->lines.plain && sigv4_canonical_plain(s->how.payload_hash);
    return sigv4_target_query(&s->params, s->rq.query, more, s->scope->allow, s->a, s->e) &&
           sigv4_check_params(&s->params, s->e) && copy_fields(s) &&
           sigv4_canonical_fields(&s->lines.fields, &s->rq.fields, ADDED_FIELDS, false, s->a, s->e);
}

static char *put(char *p, struct str s) {
    if (s.n) memcpy(p, s.p, s.n);
    return p + s.n;
}

/* "ID/date/REGION/SERVICE/aws4_request", without the region for SigV4A */
static char *put_credential(const struct signing *s, char *p) {
    p = put(put(p, s->keys->id), STR("/"));
    p = put(put(p, (struct str){s->date.p, 8}), STR("/"));
    if (s->scope->algorithm == SIGV4_HMAC) p = put(put(p, s->scope->region), STR("/"));
    return put(put(p, s->scope->service), STR("/aws4_request"));
}

/* The value of Authorization from the signed fields, with room for the signature at its end. */
static bool write_authorization(struct signing *s) {
    struct str name = str_of(sigv4_algorithm_name(s->scope->algorithm));
    sigv4_canonical_sort(&s->lines.fields);
    size_t room = FIXED_BYTES + s->keys->id.n + s->scope->region.n + s->scope->service.n;
    for (size_t i = 0; i < s->lines.fields.n; i++) room += s->lines.fields.at[i].name.n + 1;
    s->text = arena_take(s->a, room);
    if (!s->text) return err_set(s->e, ERR_MEMORY, "out of memory for a text of %zu bytes", room);
    char *credential = put(put(s->text, name), STR(" Credential=")), *end = put_credential(s, credential);
    char *names = put(end, STR(", SignedHeaders="));
    s->credential = (struct str){credential, (size_t)(end - credential)};
    s->how.signed_headers = (struct str){names, sigv4_canonical_names(names, &s->lines.fields)};
    s->hex = put(names + s->how.signed_headers.n, STR(", Signature="));
    return true;
}

/* --- Signing ---------------------------------------------------------------------------------------------------- */

static bool sign_hmac(struct signing *s, struct str to_sign) {
    s->signature = (struct str){s->hex, HMAC_DIGITS};
    return sigv4_cache_signature(s->hex, s->scope->cache, s->credential, s->keys->secret, to_sign) ||
           err_set(s->e, ERR_MEMORY, "libcrypto could not compute the signature, or the secret is too long");
}

static bool sign_ecdsa(struct signing *s, struct str to_sign) {
    static const char digits[] = "0123456789abcdef";
    unsigned char der[SIGV4A_SIGNATURE_BYTES];
    size_t n = 0;
    if (!sigv4_cache_ecdsa(s->scope->cache, s->keys, to_sign, s->scope->rfc6979, der, &n, s->e)) return false;
    for (size_t i = 0; i < n; i++) {
        s->hex[2 * i] = digits[der[i] >> 4];
        s->hex[2 * i + 1] = digits[der[i] & 15];
    }
    s->signature = (struct str){s->hex, 2 * n};
    return true;
}

/* From the request as it stands in s to its signature. */
static bool sign(struct signing *s) {
    struct sigv4_sink sink;
    unsigned char digest[SHA256_BYTES];
    struct buf canonical, to_sign;
    size_t id = s->keys->id.n + 1;
    buf_init(&canonical, SIGV4_MAX_CANONICAL_BYTES, s->a);
    buf_init(&to_sign, SIGV4_MAX_CANONICAL_BYTES, s->a);
    sigv4_sink_begin(&sink, s->texts ? &canonical : NULL);
    bool streamed = sigv4_canonical_stream(&sink, &s->rq, &s->params, &s->lines, &s->how, s->a, s->e);
    if (!sigv4_sink_end(&sink, digest, streamed ? s->e : &(struct err){0}) || !streamed) return false;
    sigv4_to_sign(&to_sign, s->scope->algorithm, s->date, (struct str){s->credential.p + id, s->credential.n - id},
                  digest);
    if (!buf_ok(&to_sign, s->e)) return false;
    if (s->scope->algorithm == SIGV4_ECDSA ? !sign_ecdsa(s, buf_str(&to_sign)) : !sign_hmac(s, buf_str(&to_sign)))
        return false;
    if (s->texts) *s->texts = (struct sigv4_texts){buf_str(&canonical), buf_str(&to_sign), s->signature};
    return true;
}

/* --- The two placements ----------------------------------------------------------------------------------------- */

static bool sign_headers(struct signing *s) {
    struct str token = s->keys->token;
    if (!add_field(s, FIELD_DATE, s->date)) return false;
    if (s->send_hash && !add_kept(s, FIELD_HASH, s->how.payload_hash)) return false;
    if (s->scope->algorithm == SIGV4_ECDSA && !add_field(s, FIELD_REGION_SET, s->scope->region)) return false;
    if (token.n && !add_kept(s, FIELD_TOKEN, token)) return false;
    if (!write_authorization(s) || !sign(s)) return false;
    struct str value = {s->text, (size_t)(s->hex - s->text) + s->signature.n};
    return http_field_add(&s->rq.fields, STR("Authorization"), value, s->a, s->e);
}

static void add_pair(struct buf *query, const struct http_field *pair) {
    if (query->n) buf_add(query, STR("&"));
    buf_add(query, pair->name);
    buf_add(query, STR("="));
    buf_add(query, pair->value);
}

/* To the query that is sent, and to the parameters that are signed. */
static bool add_param(struct signing *s, struct buf *query, struct str name, struct str value, bool is_signed) {
    struct http_field pair = {name, sigv4_target_encode(value, s->a)};
    if (!pair.value.p) return err_set(s->e, ERR_MEMORY, "out of memory for the parameter %.*s", STR_ARG(name));
    add_pair(query, &pair);
    return !is_signed || http_field_add(&s->params, pair.name, pair.value, s->a, s->e);
}

static bool sign_query(struct signing *s) {
    const struct sigv4_scope *scope = s->scope;
    char seconds[8];
    struct buf query;
    int n = snprintf(seconds, sizeof seconds, "%d", (int)scope->expires_s);
    buf_init(&query, SIGV4_MAX_CANONICAL_BYTES, s->a);
    buf_add(&query, s->rq.query);
    if (!write_authorization(s) ||
        !add_param(s, &query, STR("X-Amz-Algorithm"), str_of(sigv4_algorithm_name(scope->algorithm)), true) ||
        !add_param(s, &query, STR("X-Amz-Credential"), s->credential, true) ||
        !add_param(s, &query, STR("X-Amz-Date"), s->date, true) ||
        !add_param(s, &query, STR("X-Amz-Expires"), (struct str){seconds, (size_t)n}, true) ||
        !add_param(s, &query, STR("X-Amz-SignedHeaders"), s->how.signed_headers, true))
        return false;
    if (s->keys->token.n && !add_param(s, &query, STR("X-Amz-Security-Token"), s->keys->token, !scope->unsigned_token))
        return false;
    if (scope->algorithm == SIGV4_ECDSA && !add_param(s, &query, STR("X-Amz-Region-Set"), scope->region, true))
        return false;
    if (!sign(s)) return false;
    add_pair(&query, &(struct http_field){STR("X-Amz-Signature"), s->signature});
    s->rq.query = buf_str(&query);
    return buf_ok(&query, s->e);
}

bool sigv4_sign_texts(struct http_request *rq, const struct sigv4_keys *keys, const struct sigv4_scope *scope,
                      struct sigv4_texts *texts, struct arena *a, struct err *e) {
    struct signing s = {.keys = keys, .scope = scope, .rq = *rq, .texts = texts, .a = a, .e = e};
    bool ok = prepare(&s) && (scope->placement == SIGV4_IN_QUERY ? sign_query(&s) : sign_headers(&s));
    if (ok) *rq = s.rq;
    return ok;
}

bool sigv4_sign(struct http_request *rq, const struct sigv4_keys *keys, const struct sigv4_scope *scope,
                struct arena *a, struct err *e) {
    return sigv4_sign_texts(rq, keys, scope, NULL, a, e);
}

bool sigv4_allow_read(struct str name, unsigned *rule) {
    static const char *const names[] = {"plus",       "empty-segment", "dot-segment", "encoded-dot", "empty-pair",
                                        "empty-name", "bad-escape",    "raw-bytes",   "folded-value"};
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        if (!str_eq(name, str_of(names[i]))) continue;
        *rule = 1u << i;
        return true;
    }
    return false;
}
