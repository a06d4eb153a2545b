/* SPDX-License-Identifier: Apache-2.0 */
/* A signed request comes in, a verdict goes out: the first check that fails answers, in API Gateway's order and words.
   The signature is computed anew by the signer's own stages and compared in constant time.
   https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html */
#include "sigv4_stages.h"

#include <openssl/crypto.h>

#include "base64.h"
#include "sha256.h"

enum { SIGNATURE_DIGITS = 64, MAX_AUTHORIZATION_BYTES = 16 * 1024, CREDENTIAL_PARTS = 5, MAX_SKEW_S = 86400 };

/* The parts of one request's authentication, as claimed. */
struct claim {
    struct str header; /* the Authorization value */
    struct str algorithm, credential, signed_headers, signature;
    struct str date; /* X-Amz-Date, else Date */
    int64_t unix_s;
    struct str id, day, region, service, terminator;
};

/* Everything the checks share. A check returns false when the judging failed; a fault is written into the verdict. */
struct judge {
    const struct http_request *rq;
    const struct sigv4_verifier *v;
    struct claim claim;
    struct sigv4_verdict *verdict;
    struct arena *a;
    struct err *e;
};

const char *sigv4_fault_name(enum sigv4_fault fault) {
    switch (fault) {
    case SIGV4_OK: return "";
    case SIGV4_MISSING_AUTHENTICATION_TOKEN: return "MissingAuthenticationTokenException";
    case SIGV4_INCOMPLETE_SIGNATURE: return "IncompleteSignatureException";
    case SIGV4_INVALID_SIGNATURE: return "InvalidSignatureException";
    case SIGV4_UNRECOGNIZED_CLIENT: return "UnrecognizedClientException";
    }
    return "InvalidSignatureException";
}

static void begin(struct judge *j, struct buf *b) {
    buf_init(b, SIZE_MAX / 4, j->a); /* texts quote the request: the arena is the limit */
}

static bool fault(struct judge *j, enum sigv4_fault kind, const struct buf *message) {
    if (!buf_ok(message, j->e)) return false;
    j->verdict->fault = kind;
    j->verdict->message = buf_str(message);
    return true;
}

static bool fault_text(struct judge *j, enum sigv4_fault kind, struct str text) {
    struct buf b;
    begin(j, &b);
    buf_add(&b, text);
    return fault(j, kind, &b);
}

/* AWS's text, then 'quoted', then the rest. */
static bool fault_quoting(struct judge *j, enum sigv4_fault kind, struct str before, struct str quoted,
                          struct str after) {
    struct buf b;
    begin(j, &b);
    buf_add(&b, before);
    buf_add_char(&b, '\'');
    buf_add(&b, quoted);
    buf_add_char(&b, '\'');
    buf_add(&b, after);
    return fault(j, kind, &b);
}

/* A bearer token or a password must not come back in a reply: AWS shows its hash, so that the sender can recognise it.
 */
static bool add_hashed(struct judge *j, struct buf *b, struct str secret) {
    unsigned char digest[SHA256_BYTES];
    if (!sha256_digest(digest, secret)) return err_set(j->e, ERR_MEMORY, "libcrypto could not hash a field");
    base64_write(b, (struct str){(const char *)digest, sizeof digest});
    return true;
}

static bool fault_no_equals(struct judge *j) {
    struct buf b;
    begin(j, &b);
    buf_add(&b, STR("Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and "
                    "encoded with Base64): '"));
    if (!add_hashed(j, &b, j->claim.header)) return false;
    buf_add(&b, STR("'."));
    return fault(j, SIGV4_INCOMPLETE_SIGNATURE, &b);
}

static bool done(const struct judge *j) {
    return j->verdict->fault != SIGV4_OK;
}

/* "ALGORITHM key=value, key=value, ..."; the last of a repeated key counts. False: a piece without '='. */
static bool read_parts(struct claim *c) {
    struct str rest = c->header, piece;
    if (!str_cut(&rest, ' ', &c->algorithm)) return false;
    while (rest.p) {
        str_cut(&rest, ',', &piece);
        struct str name, value = str_trim(piece);
        if (!str_cut(&value, '=', &name)) return false;
        if (str_eq(name, STR("Credential"))) c->credential = value;
        if (str_eq(name, STR("SignedHeaders"))) c->signed_headers = value;
        if (str_eq(name, STR("Signature"))) c->signature = value;
    }
    return true;
}

static bool check_there(struct judge *j) {
    const struct http_fields *fields = &j->rq->fields;
    size_t n = http_field_count(fields, STR("Authorization"));
    if (n == 0) return fault_text(j, SIGV4_MISSING_AUTHENTICATION_TOKEN, STR("Missing Authentication Token"));
    if (n > 1) return fault_text(j, SIGV4_INCOMPLETE_SIGNATURE, STR("There is more than one Authorization header."));
    j->claim.header = str_trim(http_field_get(fields, STR("Authorization")));
    if (j->claim.header.n > MAX_AUTHORIZATION_BYTES)
        return fault_text(j, SIGV4_INCOMPLETE_SIGNATURE, STR("The Authorization header is longer than 16384 bytes."));
    struct str date = http_field_count(fields, STR("X-Amz-Date")) ? STR("X-Amz-Date") : STR("Date");
    if (http_field_count(fields, date) > 1)
        return fault_text(j, SIGV4_INCOMPLETE_SIGNATURE, STR("There is more than one date header."));
    j->claim.date = str_trim(http_field_get(fields, date));
    return true;
}

static bool check_pairs(struct judge *j) {
    return read_parts(&j->claim) || fault_no_equals(j);
}

static bool check_parts_there(struct judge *j) {
    struct claim *c = &j->claim;
    struct buf b;
    begin(j, &b);
    if (!c->credential.n) buf_add(&b, STR("Authorization header requires 'Credential' parameter. "));
    if (!c->signature.n) buf_add(&b, STR("Authorization header requires 'Signature' parameter. "));
    if (!c->signed_headers.n) buf_add(&b, STR("Authorization header requires 'SignedHeaders' parameter. "));
    if (!c->date.n)
        buf_add(&b, STR("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "));
    if (!b.n && !b.failed) return true;
    buf_add(&b, STR("(Hashed with SHA-256 and encoded with Base64) Authorization="));
    return add_hashed(j, &b, c->header) && fault(j, SIGV4_INCOMPLETE_SIGNATURE, &b);
}

static bool check_algorithm(struct judge *j) {
    if (str_eq(j->claim.algorithm, STR("AWS4-HMAC-SHA256"))) return true;
    return fault_quoting(j, SIGV4_INCOMPLETE_SIGNATURE, STR("Unsupported AWS 'algorithm': "), j->claim.algorithm,
                         STR("."));
}

/* Each name is a field name in lower case and stands once; else two readers could see two different signed requests. */
static bool check_signed_headers(struct judge *j) {
    struct str names[HTTP_MAX_FIELDS];
    size_t n = 0;
    bool host = false, good = true;
    for (struct str rest = j->claim.signed_headers; good && rest.p; n++) {
        good = n < HTTP_MAX_FIELDS;
        if (!good) break;
        str_cut(&rest, ';', &names[n]);
        good = http_is_token(names[n]);
        for (size_t i = 0; i < names[n].n; i++) good = good && !(names[n].p[i] >= 'A' && names[n].p[i] <= 'Z');
        for (size_t i = 0; i < n; i++) good = good && !str_eq(names[i], names[n]);
        host = host || str_eq(names[n], STR("host"));
    }
    if (!good)
        return fault_text(j, SIGV4_INVALID_SIGNATURE,
                          STR("SignedHeaders must list field names in lower case, each once, separated by ';'."));
    if (host) return true;
    return fault_text(j, SIGV4_INVALID_SIGNATURE,
                      STR("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."));
}

static bool check_clock(struct judge *j) {
    struct claim *c = &j->claim;
    char edge[SIGV4_DATE_BYTES], now[SIGV4_DATE_BYTES];
    int64_t now_s = j->v->unix_s, skew = j->v->max_skew_s;
    if (!sigv4_date_write(now, now_s) || skew < 0 || skew > MAX_SKEW_S)
        return err_set(j->e, ERR_CONFIG, "the verifier's clock or its tolerance is out of range");
    if (!sigv4_date_read(c->date, &c->unix_s))
        return fault_quoting(j, SIGV4_INCOMPLETE_SIGNATURE, STR("Date must be in ISO-8601 'basic format'. Got "),
                             c->date, STR(". See http://en.wikipedia.org/wiki/ISO_8601"));
    bool late = c->unix_s < now_s - skew;
    bool early = c->unix_s > now_s + skew;
    if (!late && !early) return true;
    if (!sigv4_date_write(edge, late ? now_s - skew : now_s + skew))
        return err_set(j->e, ERR_CONFIG, "the verifier's clock is too near to the end of the calendar");
    struct buf b;
    begin(j, &b);
    buf_addf(&b,
             late ? "Signature expired: %.*s is now earlier than %s (%s - %lld min.)"
                  : "Signature not yet current: %.*s is still later than %s (%s + %lld min.)",
             STR_ARG(c->date), edge, now, (long long)(skew / 60));
    return fault(j, SIGV4_INVALID_SIGNATURE, &b);
}

static bool check_credential(struct judge *j) {
    struct claim *c = &j->claim;
    struct str *const parts[CREDENTIAL_PARTS] = {&c->id, &c->day, &c->region, &c->service, &c->terminator};
    struct str rest = c->credential;
    size_t n = 0;
    while (n < CREDENTIAL_PARTS && rest.p) str_cut(&rest, '/', parts[n++]);
    if (n < CREDENTIAL_PARTS || rest.p)
        return fault_quoting(j, SIGV4_INCOMPLETE_SIGNATURE,
                             STR("Credential must have exactly 5 slash-delimited elements, e.g. "
                                 "keyid/date/region/service/term, got "),
                             c->credential, STR(""));
    j->verdict->key_id = c->id;
    return true;
}

static void add_scope_fault(struct buf *b, const char *before, struct str quoted, const char *after) {
    if (b->n) buf_add_char(b, ' ');
    buf_add(b, str_of(before));
    buf_add(b, quoted);
    buf_add(b, str_of(after));
}

static bool check_scope(struct judge *j) {
    const struct claim *c = &j->claim;
    struct buf b;
    begin(j, &b);
    if (!str_eq(c->region, j->v->region))
        add_scope_fault(&b, "Credential should be scoped to a valid region, not '", c->region, "'.");
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
    return b.n || b.failed ? fault(j, SIGV4_INVALID_SIGNATURE, &b) : true;
}

static bool same_secret(struct str a, struct str b) {
    return a.n == b.n && (a.n == 0 || CRYPTO_memcmp(a.p, b.p, a.n) == 0);
}

static bool same_signature(struct str claimed, const char hex[static 65]) {
    if (claimed.n != SIGNATURE_DIGITS) return false;
    for (size_t i = 0; i < claimed.n; i++) {
        char c = claimed.p[i];
        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f')) return false;
    }
    return CRYPTO_memcmp(claimed.p, hex, SIGNATURE_DIGITS) == 0;
}

/* The keys the signature is computed with; false: nobody known, and then with a secret of no one, so that a stranger's
   request takes as long as a wrong signature. */
static bool find_keys(const struct judge *j, struct sigv4_keys *keys) {
    const struct http_fields *fields = &j->rq->fields;
    struct str name = STR("X-Amz-Security-Token");
    bool known = j->v->find_keys(j->v->user, j->claim.id, keys) && keys->secret.n;
    if (!known) *keys = (struct sigv4_keys){.secret = STR("0000000000000000000000000000000000000000")};
    size_t sent = http_field_count(fields, name);
    bool token_ok = sent == (keys->token.n ? 1 : 0);
    return known && token_ok && same_secret(str_trim(http_field_get(fields, name)), keys->token);
}

/* A signed name without a field, or a stated hash that is not the body's: the texts could still agree, the request not.
 */
static bool fields_agree(const struct judge *j, const char *body_hash) {
    const struct http_fields *fields = &j->rq->fields;
    struct str hash = STR("X-Amz-Content-Sha256");
    for (size_t i = 0; i < fields->n; i++)
        if (str_eq_nocase(fields->at[i].name, hash) && !str_eq(str_trim(fields->at[i].value), str_of(body_hash)))
            return false;
    for (struct str rest = j->claim.signed_headers, name; rest.p;) {
        str_cut(&rest, ';', &name);
        if (!http_field_count(fields, name)) return false;
    }
    return http_field_count(fields, STR("Host")) == 1;
}

static bool fault_mismatch(struct judge *j, struct str canonical, struct str to_sign) {
    struct buf b;
    begin(j, &b);
    buf_add(&b, STR("The request signature we calculated does not match the signature you provided. Check your AWS "
                    "Secret Access Key and signing method. Consult the service documentation for details.\n\n"
                    "The Canonical String for this request should have been\n'"));
    buf_add(&b, canonical);
    buf_add(&b, STR("'\n\nThe String-to-Sign should have been\n'"));
    buf_add(&b, to_sign);
    buf_add(&b, STR("'\n"));
    return fault(j, SIGV4_INVALID_SIGNATURE, &b);
}

/* A request that has no canonical form (a bad %-escape, too many parameters) is the sender's fault; memory is ours. */
static bool canonicalise(struct judge *j, struct buf *canonical, const char *body_hash) {
    struct claim *c = &j->claim;
    struct err why = {0};
    bool presigned = false;
    bool ok =
        sigv4_query_is_signed(j->rq->query, &presigned, j->a, &why) &&
        sigv4_canonical_request(canonical, j->rq, c->signed_headers, str_of(body_hash), SIGV4_PATH_NORMALIZE, &why);
    if (!ok && why.kind != ERR_PARSE && why.kind != ERR_LIMIT) {
        *j->e = why;
        return false;
    }
    if (!ok)
        return fault_quoting(j, SIGV4_INVALID_SIGNATURE, STR("The request cannot be canonicalised: "), str_of(why.msg),
                             STR("."));
    if (!presigned) return true;
    return fault_text(j, SIGV4_INVALID_SIGNATURE,
                      STR("The request has an Authorization header and a signature in its query string."));
}

static bool check_signature(struct judge *j) {
    const struct claim *c = &j->claim;
    struct sigv4_keys keys = {0};
    struct buf canonical, to_sign;
    char body_hash[65], hex[65];
    buf_init(&canonical, SIGV4_MAX_CANONICAL_BYTES, j->a);
    begin(j, &to_sign);
    bool known = find_keys(j, &keys);
    if (!sigv4_hash(body_hash, j->rq->body)) return err_set(j->e, ERR_MEMORY, "libcrypto could not hash the body");
    if (!canonicalise(j, &canonical, body_hash)) return false;
    if (!sigv4_string_to_sign(&to_sign, buf_str(&canonical), c->date, c->region, c->service) ||
        !sigv4_signature(hex, buf_str(&to_sign), keys.secret, c->day, c->region, c->service))
        return buf_ok(&to_sign, j->e) && err_set(j->e, ERR_MEMORY, "libcrypto could not compute the signature");
    if (!known)
        return fault_text(j, SIGV4_UNRECOGNIZED_CLIENT, STR("The security token included in the request is invalid."));
    if (done(j) || (same_signature(c->signature, hex) && fields_agree(j, body_hash))) return true;
    return fault_mismatch(j, buf_str(&canonical), buf_str(&to_sign));
}

bool sigv4_verify(const struct http_request *rq, const struct sigv4_verifier *v, struct sigv4_verdict *verdict,
                  struct arena *a, struct err *e) {
    static bool (*const checks[])(struct judge *) = {check_there,      check_pairs,          check_parts_there,
                                                     check_algorithm,  check_signed_headers, check_clock,
                                                     check_credential, check_scope,          check_signature};
    struct judge j = {.rq = rq, .v = v, .verdict = verdict, .a = a, .e = e};
    *verdict = (struct sigv4_verdict){.message = STR("")};
    for (size_t i = 0; !done(&j) && i < sizeof checks / sizeof *checks; i++) {
        if (checks[i](&j)) continue;
        verdict->fault = SIGV4_INVALID_SIGNATURE; /* for a caller who forgets to ask: never OK */
        return false;
    }
    return true;
}
