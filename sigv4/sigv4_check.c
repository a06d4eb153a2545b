/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that would be signed differently from what is sent, or would change the request on its way, is refused: a
   signature that fails for a reason found here says so at once, not as a 403. */
#include "sigv4_check.h"

#include <string.h>

#include "sigv4_canonical.h"

static const struct str CONTENT_SHA256 = STR_INIT("x-amz-content-sha256");
static const struct str UNSIGNED = STR_INIT("UNSIGNED-PAYLOAD");
static const struct str LATTICE = STR_INIT("vpc-lattice-svcs");

/* --- Keys and scope --------------------------------------------------------------------------------------------- */

static sigv4_lanes foreign_bytes(const char *p, size_t n) {
    sigv4_lanes at = sigv4_lanes_load(p, n);
    return (sigv4_lanes)(at <= ' ') | (sigv4_lanes)(at >= 0x7f) | (sigv4_lanes)(at == '/') | (sigv4_lanes)(at == ',');
}

/* Most are good ones of 4 to 32 bytes: a look from either end. */
static bool is_word(struct str s) {
    enum { LANES = sizeof(sigv4_lanes) };
    if (s.n < 4 || s.n > 2 * LANES) return false;
    return !sigv4_lanes_any(foreign_bytes(s.p, s.n) | foreign_bytes(s.n > LANES ? s.p + s.n - LANES : s.p, s.n));
}

/* What stands inside "Credential=ID/date/REGION/SERVICE/aws4_request, ..." must not end its place early. */
static bool check_word(struct str s, const char *what, bool list, struct err *e) {
    if (!s.n) return err_set(e, ERR_PARSE, "the %s is empty", what);
    if (is_word(s)) return true;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c <= ' ' || c >= 0x7f || c == '/' || (c == ',' && !list))
            return err_set(e, ERR_PARSE, "the %s has a space, '/', ',' or foreign byte at position %zu", what, i);
    }
    return true;
}

static bool check_scope(const struct sigv4_keys *keys, const struct sigv4_scope *scope, bool *plain, struct err *e) {
    bool set = scope->algorithm == SIGV4_ECDSA;
    if (!check_word(keys->id, "access key id", false, e) || !check_word(scope->service, "service", false, e) ||
        !check_word(scope->region, set ? "region set" : "region", set, e))
        return false;
    if (!keys->secret.n) return err_set(e, ERR_PARSE, "the secret access key is empty");
    *plain = sigv4_canonical_plain(keys->token);
    if (!*plain && str_has_control(keys->token)) return err_set(e, ERR_PARSE, "the session token has a control byte");
    if (scope->placement == SIGV4_IN_QUERY && (scope->expires_s < 1 || scope->expires_s > SIGV4_MAX_EXPIRES_S))
        return err_set(e, ERR_PARSE, "a presigned URL expires after 1 to %d seconds, not after %lld",
                       SIGV4_MAX_EXPIRES_S, (long long)scope->expires_s);
    return true;
}

/* --- Fields ----------------------------------------------------------------------------------------------------- */

struct known {
    struct str lower;
    const char *name;
};

/* A tab becomes a space, as in every signer; line ends that are folds do where they are allowed; no other control byte. */
static bool check_value(const struct http_field *f, unsigned allow, bool *plain, struct err *e) {
    if (sigv4_canonical_plain(f->value)) return true;
    *plain = false;
    for (size_t i = 0; i < f->value.n; i++) {
        unsigned char c = (unsigned char)f->value.p[i];
        if ((c >= ' ' && c != 0x7f) || c == '\t') continue;
        struct str rest = {f->value.p + i, f->value.n - i};
        if (str_starts(rest, STR("\r\n"))) rest.p++, rest.n--;
        bool fold = rest.p[0] == '\n' && rest.n > 1 && (rest.p[1] == ' ' || rest.p[1] == '\t');
        if (fold && !(allow & SIGV4_ALLOW_FOLDED_VALUE))
            return err_set(e, ERR_PARSE,
                           "field %.*s has a folded value, a control byte at byte %zu (rule \"folded-value\")",
                           STR_ARG(f->name), i);
        if (!fold)
            return err_set(e, ERR_PARSE, "field %.*s has a control byte at byte %zu of its value", STR_ARG(f->name), i);
        i = (size_t)(rest.p - f->value.p) + 1;
    }
    return true;
}

static bool check_field(const struct http_field *f, unsigned allow, bool *plain, struct err *e) {
    static const struct known stale[] = {{STR_INIT("authorization"), "Authorization"},
                                         {STR_INIT("x-amz-date"), "X-Amz-Date"},
                                         {STR_INIT("x-amz-security-token"), "X-Amz-Security-Token"},
                                         {STR_INIT("x-amz-region-set"), "X-Amz-Region-Set"}};
    if (!http_is_token(f->name)) return err_set(e, ERR_PARSE, "a field name is empty or has a byte no field name has");
    for (size_t i = 0; i < sizeof stale / sizeof *stale; i++)
        if (sigv4_same_name(f->name, stale[i].lower))
            return err_set(e, ERR_PARSE, "the request already has a field %s: sign a fresh request", stale[i].name);
    return check_value(f, allow, plain, e);
}

static bool check_fields(const struct http_fields *fields, unsigned allow, bool *plain, struct err *e) {
    size_t hosts = 0, hashes = 0;
    for (size_t i = 0; i < fields->n; i++) {
        const struct http_field *f = &fields->at[i];
        if (!check_field(f, allow, plain, e)) return false;
        if (sigv4_same_name(f->name, STR("host"))) hosts += str_trim(f->value).n ? 1 : 2;
        if (!sigv4_same_name(f->name, CONTENT_SHA256)) continue;
        if (!str_trim(f->value).n) return err_set(e, ERR_PARSE, "the X-Amz-Content-Sha256 field is empty");
        hashes++;
    }
    if (hosts == 1 && hashes <= 1) return true;
    if (hashes > 1) return err_set(e, ERR_PARSE, "there is more than one X-Amz-Content-Sha256 field");
    return err_set(e, ERR_PARSE,
                   hosts ? "there is more than one Host field, or an empty one" : "there is no Host field");
}

bool sigv4_check_request(const struct http_request *rq, const struct sigv4_keys *keys, const struct sigv4_scope *scope,
                         bool *plain, struct err *e) {
    if (!check_scope(keys, scope, plain, e)) return false;
    if (!http_is_token(rq->method)) return err_set(e, ERR_PARSE, "the method is empty or not a token");
    if (!rq->path.n) return err_set(e, ERR_PARSE, "the path is empty: send \"/\"");
    return check_fields(&rq->fields, scope->allow, plain, e);
}

bool sigv4_check_params(const struct http_fields *params, struct err *e) {
    static const struct known stale[] = {{STR_INIT("x-amz-algorithm"), "Algorithm"},
                                         {STR_INIT("x-amz-credential"), "Credential"},
                                         {STR_INIT("x-amz-date"), "Date"},
                                         {STR_INIT("x-amz-expires"), "Expires"},
                                         {STR_INIT("x-amz-signedheaders"), "SignedHeaders"},
                                         {STR_INIT("x-amz-signature"), "Signature"},
                                         {STR_INIT("x-amz-region-set"), "Region-Set"},
                                         {STR_INIT("x-amz-security-token"), "Security-Token"}};
    for (size_t i = 0; i < params->n; i++) {
        struct str name = params->at[i].name;
        if (!name.n || (name.p[0] | 0x20) != 'x') continue;
        for (size_t k = 0; k < sizeof stale / sizeof *stale; k++)
            if (sigv4_same_name(name, stale[k].lower))
                return err_set(e, ERR_PARSE, "the query already has X-Amz-%s: sign a fresh request", stale[k].name);
    }
    return true;
}

/* --- The payload ------------------------------------------------------------------------------------------------ */

static bool takes_unsigned(struct str service) {
    static const struct str known[] = {STR_INIT("vpc-lattice-svcs"), STR_INIT("ebs"), STR_INIT("lex"),
                                       STR_INIT("mediastore"), STR_INIT("omics")};
    if (sigv4_path_of(SIGV4_PATH_BY_SERVICE, service) == SIGV4_PATH_S3) return true;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (str_eq(service, known[i])) return true;
    return false;
}

static bool is_hash(struct str s) {
    bool good = s.n == 64;
    for (size_t i = 0; good && i < s.n; i++)
        good = (s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f');
    return good;
}

/* S3 knows more words than one: STREAMING-... for bodies in signed chunks. */
static bool check_hash(struct str hash, const char *where, struct str service, struct err *e) {
    bool s3 = sigv4_path_of(SIGV4_PATH_BY_SERVICE, service) == SIGV4_PATH_S3;
    bool is_unsigned = str_eq(hash, UNSIGNED);
    if (is_unsigned && !takes_unsigned(service))
        return err_set(e, ERR_PARSE, "%s is UNSIGNED-PAYLOAD, which the service %.*s refuses: sign the body's hash",
                       where, STR_ARG(service));
    if (is_hash(hash) && str_eq(service, LATTICE))
        return err_set(e, ERR_PARSE, "%s is a hash, but VPC Lattice signs no payload: it must be UNSIGNED-PAYLOAD",
                       where);
    if (is_hash(hash) || is_unsigned || (s3 && str_starts(hash, STR("STREAMING-")))) return true;
    return err_set(e, ERR_PARSE, "%s is not a SHA-256 of 64 lower-case hex digits", where);
}

static bool hash_body(struct str body, char hex[65], struct str *payload_hash, struct err *e) {
    *payload_hash = (struct str){hex, 64};
    return sigv4_hash(hex, body) || err_set(e, ERR_MEMORY, "libcrypto could not hash the body");
}

/* A presigned URL of S3 is made before its body is known, and S3 expects it so. */
bool sigv4_check_payload(const struct http_request *rq, const struct sigv4_scope *scope, char hex[65],
                         struct str *payload_hash, bool *send, struct err *e) {
    bool s3 = sigv4_path_of(SIGV4_PATH_BY_SERVICE, scope->service) == SIGV4_PATH_S3;
    bool lattice = str_eq(scope->service, LATTICE), in_query = scope->placement == SIGV4_IN_QUERY;
    struct str given = str_trim(http_field_get(&rq->fields, CONTENT_SHA256));
    *send = !given.n && !in_query && (scope->send_body_hash || s3 || lattice);
    *payload_hash = given;
    if (given.n) return check_hash(given, "the X-Amz-Content-Sha256 field", scope->service, e);
    if (scope->payload == SIGV4_PAYLOAD_HASH) {
        *payload_hash = scope->payload_hash;
        return check_hash(scope->payload_hash, "the given payload hash", scope->service, e);
    }
    if (scope->payload == SIGV4_PAYLOAD_BODY && !lattice && !(s3 && in_query))
        return hash_body(rq->body, hex, payload_hash, e);
    *payload_hash = UNSIGNED;
    return check_hash(UNSIGNED, "the payload", scope->service, e);
}
