/* SPDX-License-Identifier: Apache-2.0 */
/* A signed request comes in, a verdict goes out: the first check that fails answers, in API Gateway's order and words.
   The signature is computed anew by the signer's own stages and compared in constant time.
   https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html */
#include "sigv4_verify.h"

#include "sha256.h"
#include "sigv4_judge.h"
#include "sigv4_secret.h"
#include "sigv4a.h"

enum { SIGNATURE_DIGITS = 64, MAX_SKEW_S = 86400, SECONDS_PER_MINUTE = 60 };

static const struct str HASH_NAME = STR_INIT("x-amz-content-sha256");

/* --- Clock and scope ------------------------------------------------------------------------------------------------- */

static bool fault_clock(struct sigv4_judge *j, bool late) {
    char edge[SIGV4_DATE_BYTES], now[SIGV4_DATE_BYTES];
    int64_t skew = j->v->max_skew_s;
    if (!sigv4_date_write(now, j->v->unix_s) ||
        !sigv4_date_write(edge, late ? j->v->unix_s - skew : j->v->unix_s + skew))
        return err_set(j->e, ERR_CONFIG, "the verifier's clock is too near to the end of the calendar");
    struct buf b, reason;
    sigv4_fault_begin(j, &b);
    sigv4_fault_begin(j, &reason);
    buf_addf(&reason, "signed more than %lld minutes %s", (long long)(skew / SECONDS_PER_MINUTE),
             late ? "ago" : "in the future");
    buf_addf(&b,
             late ? "Signature expired: %.*s is now earlier than %s (%s - %lld min.)"
                  : "Signature not yet current: %.*s is still later than %s (%s + %lld min.)",
             STR_ARG(j->claim.date), edge, now, (long long)(skew / SECONDS_PER_MINUTE));
    return buf_ok(&reason, j->e) && sigv4_fault_buf(j, SIGV4_INVALID_SIGNATURE, &b, buf_str(&reason));
}

static bool check_clock(struct sigv4_judge *j) {
    struct sigv4_claim *c = &j->claim;
    int64_t now_s = j->v->unix_s, skew = j->v->max_skew_s;
    if (now_s < 0 || now_s > SIGV4_LAST_SECOND || skew < 0 || skew > MAX_SKEW_S)
        return err_set(j->e, ERR_CONFIG, "the verifier's clock or its tolerance is out of range");
    if (!sigv4_date_read(c->date, &c->unix_s))
        return sigv4_fault_quoting(j, SIGV4_INCOMPLETE_SIGNATURE, STR("Date must be in ISO-8601 'basic format'. Got "),
                                   c->date, STR(". See http://en.wikipedia.org/wiki/ISO_8601"),
                                   STR("the date is not in ISO-8601 basic format"));
    bool late = c->unix_s < now_s - skew;
    if (!late && c->unix_s <= now_s + skew) return true;
    return fault_clock(j, late);
}

static void add_scope_fault(struct buf *b, const char *before, struct str quoted, const char *after) {
    if (b->n) buf_add_char(b, ' ');
    buf_add(b, str_of(before));
    buf_add(b, quoted);
    buf_add(b, str_of(after));
}

/* The region set of SigV4A has to be signed: a header that is not would be anybody's to change. */
static bool region_fits(const struct sigv4_judge *j) {
    const struct sigv4_claim *c = &j->claim;
    if (!c->ecdsa) return str_eq(c->region, j->v->region);
    bool is_signed = c->in_query;
    for (struct str rest = c->signed_headers, name; rest.p;) {
        str_cut(&rest, ';', &name);
        is_signed = is_signed || str_eq(name, STR("x-amz-region-set"));
    }
    return is_signed && sigv4a_region_in_set(c->region_set, j->v->region);
}

static bool check_scope(struct sigv4_judge *j) {
    const struct sigv4_claim *c = &j->claim;
    struct buf b;
    sigv4_fault_begin(j, &b);
    if (!region_fits(j))
        add_scope_fault(&b, "Credential should be scoped to a valid region, not '",
                        c->ecdsa ? c->region_set : c->region, "'.");
    if (!str_eq(c->service, j->v->service))
        add_scope_fault(&b, "Credential should be scoped to correct service: '", j->v->service, "'.");
    if (!str_eq(c->terminator, STR("aws4_request")))
        add_scope_fault(&b, "Credential should be scoped with a valid terminator: 'aws4_request', not '", c->terminator,
                        "'.");
    if (!str_eq(c->day, (struct str){c->date.p, 8})) {
        add_scope_fault(&b,
                        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '",
                        c->day, "'");
        buf_addf(&b, " != '%.8s', from '%.*s'.", c->date.p, STR_ARG(c->date));
    }
    if (!b.n && !b.failed) return true;
    return sigv4_fault_buf(j, SIGV4_INVALID_SIGNATURE, &b, STR("signed for another region, service or day"));
}

/* --- Key and token --------------------------------------------------------------------------------------------------- */

enum standing { KEY_UNKNOWN, TOKEN_WRONG, TOKEN_EXPIRED, KEY_GOOD };

/* The key that the signature is computed with. For a stranger one of nobody, so that both take as long. */
static enum standing find_key(const struct sigv4_judge *j, struct sigv4_known_key *key) {
    const struct sigv4_claim *c = &j->claim;
    bool known = j->v->find_key(j->v->user, c->id, key);
    known = known && (key->keys.secret.n || (c->ecdsa && key->public_key.n));
    if (!known) {
        *key = (struct sigv4_known_key){
            .keys = {.id = STR("AKIAAAAAAAAAAAAAAAAA"), .secret = STR("0000000000000000000000000000000000000000")}};
        return KEY_UNKNOWN;
    }
    if (c->tokens != (key->keys.token.n ? 1 : 0) || !sigv4_secret_eq(c->token, key->keys.token)) return TOKEN_WRONG;
    if (key->token_expires_unix_s && key->token_expires_unix_s <= j->v->unix_s) return TOKEN_EXPIRED;
    return KEY_GOOD;
}

static bool fault_standing(struct sigv4_judge *j, enum standing standing) {
    if (standing == TOKEN_EXPIRED)
        return sigv4_fault_text(j, SIGV4_EXPIRED_TOKEN, STR("The security token included in the request is expired"),
                                STR("the session token has expired"));
    return sigv4_fault_text(j, SIGV4_UNRECOGNIZED_CLIENT, STR("The security token included in the request is invalid."),
                            standing == KEY_UNKNOWN ? STR("the access key is unknown")
                                                    : STR("the key's session token is missing or wrong"));
}

/* --- Signature ------------------------------------------------------------------------------------------------------- */

static bool same_signature(struct str claimed, const char hex[static 65]) {
    if (claimed.n != SIGNATURE_DIGITS) return false;
    for (size_t i = 0; i < claimed.n; i++) {
        char c = claimed.p[i];
        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f')) return false;
    }
    return sigv4_secret_eq(claimed, (struct str){hex, SIGNATURE_DIGITS});
}

/* Lower-case hex of at most `room` bytes; 0: it is not. */
static size_t read_hex(struct str hex, unsigned char *out, size_t room) {
    if (hex.n % 2 || hex.n / 2 > room) return 0;
    for (size_t i = 0; i < hex.n; i++) {
        char c = hex.p[i];
        bool number = c >= '0' && c <= '9';
        if (!number && !(c >= 'a' && c <= 'f')) return 0;
        int value = number ? c - '0' : c - 'a' + 10;
        out[i / 2] = (unsigned char)(i % 2 ? out[i / 2] | value : value << 4);
    }
    return hex.n / 2;
}

static bool verify_ecdsa(struct sigv4_judge *j, const struct sigv4_known_key *key, struct str to_sign, bool *valid) {
    unsigned char der[SIGV4A_SIGNATURE_BYTES], xy[SIGV4A_POINT_BYTES];
    struct str point = key->public_key, signature = {(const char *)der, 0};
    signature.n = read_hex(j->claim.signature, der, sizeof der);
    if (!point.n) {
        if (!sigv4_cache_point(j->v->cache, &key->keys, xy, j->e)) return false;
        point = (struct str){(const char *)xy, sizeof xy};
    }
    return sigv4a_verify(point, to_sign, signature, valid, j->e);
}

static bool verify_hmac(struct sigv4_judge *j, const struct sigv4_known_key *key, struct str to_sign, bool *valid) {
    char hex[65];
    if (!sigv4_cache_signature(hex, j->v->cache, j->claim.credential, key->keys.secret, to_sign))
        return err_set(j->e, ERR_MEMORY, "libcrypto could not compute the signature");
    *valid = same_signature(j->claim.signature, hex);
    return true;
}

/* The sentence and both texts, which hold everything the caller signed. */
static bool fault_mismatch(struct sigv4_judge *j, const struct sigv4_canonical *how, struct str to_sign) {
    struct buf canonical, b;
    buf_init(&canonical, SIGV4_MAX_CANONICAL_BYTES, j->a);
    sigv4_fault_begin(j, &b);
    if (!sigv4_canonical_text(&canonical, j->rq, how, j->e)) return false;
    j->verdict->canonical_request = buf_str(&canonical);
    j->verdict->string_to_sign = to_sign;
    buf_add(&b, STR("The request signature we calculated does not match the signature you provided. Check your AWS "
                    "Secret Access Key and signing method. Consult the service documentation for details.\n\n"
                    "The Canonical String for this request should have been\n'"));
    buf_add(&b, buf_str(&canonical));
    buf_add(&b, STR("'\n\nThe String-to-Sign should have been\n'"));
    buf_add(&b, to_sign);
    buf_add(&b, STR("'\n"));
    return sigv4_fault_buf(j, SIGV4_INVALID_SIGNATURE, &b,
                           STR("the signature does not fit this request: another secret key, or method, path, query, a "
                               "signed field or the body changed after signing"));
}

/* A request that has no canonical form (too many parameters, too long) is the sender's fault; memory is ours. */
static bool fault_canonical(struct sigv4_judge *j, const struct err *why) {
    if (why->kind != ERR_PARSE && why->kind != ERR_LIMIT) {
        *j->e = *why;
        return false;
    }
    return sigv4_fault_quoting(j, SIGV4_INVALID_SIGNATURE, STR("The request cannot be canonicalised: "),
                               str_of(why->msg), STR("."), STR("the request has no canonical form"));
}

static bool signature_fits(struct sigv4_judge *j, const struct sigv4_known_key *key, const struct sigv4_canonical *how,
                           struct str *to_sign, bool *valid) {
    unsigned char digest[SIGV4_DIGEST_BYTES];
    const struct sigv4_claim *c = &j->claim;
    struct err why;
    struct buf b;
    sigv4_fault_begin(j, &b);
    *valid = false;
    if (!sigv4_canonical_digest(digest, j->rq, how, j->a, &why)) return fault_canonical(j, &why);
    if (!sigv4_to_sign(&b, c->ecdsa ? SIGV4_ECDSA : SIGV4_HMAC, c->date, c->scope, digest))
        return buf_ok(&b, j->e) && err_set(j->e, ERR_PARSE, "the date has not 16 characters");
    *to_sign = buf_str(&b);
    return c->ecdsa ? verify_ecdsa(j, key, *to_sign, valid) : verify_hmac(j, key, *to_sign, valid);
}

/* UNSIGNED-PAYLOAD only where it is allowed and stated; a presigned link cannot state it. Else the body's own hash. */
static bool payload_hash(const struct sigv4_judge *j, char hex[static 65], struct str *hash) {
    struct str stated, none = STR("UNSIGNED-PAYLOAD");
    sigv4_claim_field(j->rq, HASH_NAME, &stated);
    bool is_unsigned = j->v->allow_unsigned_payload && (str_eq(stated, none) || (j->claim.in_query && !stated.p));
    *hash = none;
    if (is_unsigned) return true;
    if (!sigv4_hash(hex, j->rq->body)) return err_set(j->e, ERR_MEMORY, "libcrypto could not hash the body");
    *hash = (struct str){hex, 64};
    return true;
}

/* A signed name without a field, or a stated hash that is not the body's: the texts could still agree, the request not. */
static bool fields_agree(const struct sigv4_judge *j, struct str hash) {
    const struct http_fields *fields = &j->rq->fields;
    size_t hosts = 0;
    for (size_t i = 0; i < fields->n; i++) {
        struct str name = fields->at[i].name;
        if (sigv4_same_name(name, HASH_NAME) && !str_eq(str_trim(fields->at[i].value), hash)) return false;
        hosts += sigv4_same_name(name, STR("host"));
    }
    return hosts == 1 && j->claim.has_signed_fields;
}

/* A link does not say whether its token was signed or appended, nor, where payloads may be unsigned, whether the body was
   hashed: what it does not say may be either. to_sign is that of the likelier. */
static bool fits_somehow(struct sigv4_judge *j, const struct sigv4_known_key *key, struct sigv4_canonical how,
                         struct str *to_sign, bool *valid) {
    struct str ignored;
    char hex[65];
    bool link = j->claim.in_query, none = str_eq(how.payload_hash, STR("UNSIGNED-PAYLOAD"));
    if (!signature_fits(j, key, &how, to_sign, valid)) return false;
    if (*valid || !link || sigv4_judge_done(j)) return true;
    how.without_token = j->claim.tokens > 0;
    if (how.without_token && !signature_fits(j, key, &how, &ignored, valid)) return false;
    if (*valid || !none || http_field_count(&j->rq->fields, HASH_NAME)) return true;
    if (!sigv4_hash(hex, j->rq->body)) return err_set(j->e, ERR_MEMORY, "libcrypto could not hash the body");
    how.payload_hash = (struct str){hex, 64};
    how.without_token = false;
    if (!signature_fits(j, key, &how, &ignored, valid)) return false;
    how.without_token = j->claim.tokens > 0;
    return *valid || !how.without_token || signature_fits(j, key, &how, &ignored, valid);
}

static bool check_signature(struct sigv4_judge *j) {
    struct sigv4_known_key key = {0};
    struct sigv4_canonical how = {.signed_headers = j->claim.signed_headers,
                                  .path = sigv4_path_of(SIGV4_PATH_BY_SERVICE, j->v->service),
                                  .allow = SIGV4_AS_RECEIVED};
    struct str to_sign = {0};
    char hex[65];
    bool valid = false;
    enum standing standing = find_key(j, &key);
    if (!payload_hash(j, hex, &how.payload_hash) || !fits_somehow(j, &key, how, &to_sign, &valid)) return false;
    if (sigv4_judge_done(j)) return true;
    if (standing != KEY_GOOD) return fault_standing(j, standing);
    return (valid && fields_agree(j, how.payload_hash)) || fault_mismatch(j, &how, to_sign);
}

bool sigv4_verify(const struct http_request *rq, const struct sigv4_verifier *v, struct sigv4_verdict *verdict,
                  struct arena *a, struct err *e) {
    static bool (*const checks[])(struct sigv4_judge *) = {sigv4_claim_check_target,
                                                           sigv4_claim_read,
                                                           sigv4_claim_check_parts,
                                                           sigv4_claim_check_algorithm,
                                                           sigv4_claim_check_signed_headers,
                                                           check_clock,
                                                           sigv4_claim_read_credential,
                                                           check_scope,
                                                           check_signature};
    struct sigv4_judge j = {.rq = rq, .v = v, .verdict = verdict, .a = a, .e = e};
    *verdict = (struct sigv4_verdict){.message = STR(""), .reason = STR("")};
    for (size_t i = 0; !sigv4_judge_done(&j) && i < sizeof checks / sizeof *checks; i++) {
        if (checks[i](&j)) continue;
        verdict->fault = SIGV4_INVALID_SIGNATURE; /* for a caller who forgets to ask: never OK */
        return false;
    }
    return true;
}

/* The stated hash is what the sender signed, whatever the body has become. */
static bool stated_hash(const struct http_request *rq, char hex[static 65], struct str *hash, struct err *e) {
    *hash = str_trim(http_field_get(&rq->fields, HASH_NAME));
    if (hash->n) return true;
    *hash = (struct str){hex, 64};
    return sigv4_hash(hex, rq->body) || err_set(e, ERR_MEMORY, "libcrypto could not hash the body");
}

static bool write_texts(const struct sigv4_judge *j, struct sigv4_texts *texts) {
    const struct sigv4_claim *c = &j->claim;
    struct sigv4_canonical how = {.signed_headers = c->signed_headers,
                                  .path = sigv4_path_of(SIGV4_PATH_BY_SERVICE, c->service),
                                  .allow = SIGV4_AS_RECEIVED};
    unsigned char digest[SIGV4_DIGEST_BYTES];
    struct buf canonical, to_sign;
    char hex[65];
    buf_init(&canonical, SIGV4_MAX_CANONICAL_BYTES, j->a);
    buf_init(&to_sign, SIGV4_MAX_CANONICAL_BYTES, j->a);
    if (!stated_hash(j->rq, hex, &how.payload_hash, j->e) || !sigv4_canonical_text(&canonical, j->rq, &how, j->e))
        return false;
    if (!sha256_digest(digest, buf_str(&canonical)))
        return err_set(j->e, ERR_MEMORY, "libcrypto could not hash a text");
    if (!sigv4_to_sign(&to_sign, c->ecdsa ? SIGV4_ECDSA : SIGV4_HMAC, c->date, c->scope, digest))
        return buf_ok(&to_sign, j->e) && err_set(j->e, ERR_PARSE, "the date is not of the form 20150830T123600Z");
    *texts = (struct sigv4_texts){buf_str(&canonical), buf_str(&to_sign), c->signature};
    return true;
}

bool sigv4_verify_texts(const struct http_request *rq, struct sigv4_texts *texts, struct arena *a, struct err *e) {
    static bool (*const checks[])(struct sigv4_judge *) = {
        sigv4_claim_check_target,         sigv4_claim_read,
        sigv4_claim_check_parts,          sigv4_claim_check_algorithm,
        sigv4_claim_check_signed_headers, sigv4_claim_read_credential};
    const struct sigv4_verifier any = {.allow_ecdsa = true};
    struct sigv4_verdict verdict = {0};
    struct sigv4_judge j = {.rq = rq, .v = &any, .verdict = &verdict, .a = a, .e = e};
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        if (!checks[i](&j)) return false;
        if (sigv4_judge_done(&j)) return err_set(e, ERR_PARSE, "%.*s", STR_ARG(verdict.reason));
    }
    return write_texts(&j, texts);
}
