/* SPDX-License-Identifier: Apache-2.0 */
/* Reads what a request claims about its signature, out of its headers or its query, and refuses what is malformed, in
   AWS's order and words. Nothing here needs a key or a clock. */
#include <string.h>

#include "base64.h"
#include "percent.h"
#include "sha256.h"
#include "sigv4_judge.h"

enum { MAX_AUTHORIZATION_BYTES = 16 * 1024, CREDENTIAL_PARTS = 5, LONGEST_LINK_S = 604800 };

/* --- The target ------------------------------------------------------------------------------------------------------ */

static int digit(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Position of the first '%' without two hex digits, or SIZE_MAX. */
static size_t bad_escape(struct str s) {
    const char *at = s.n ? memchr(s.p, '%', s.n) : NULL;
    for (size_t i = at ? (size_t)(at - s.p) : s.n; i < s.n; i++) {
        if (s.p[i] != '%') continue;
        if (s.n - i < 3 || !digit(s.p[i + 1]) || !digit(s.p[i + 2])) return i;
        i += 2;
    }
    return SIZE_MAX;
}

/* "/a/../.." asks for what lies above the root. */
static bool leaves_root(struct str path) {
    size_t depth = 0;
    for (struct str rest = path, segment; rest.p;) {
        str_cut(&rest, '/', &segment);
        if (!segment.n || str_eq(segment, STR("."))) continue;
        if (!str_eq(segment, STR(".."))) depth++;
        else if (depth-- == 0) return true;
    }
    return false;
}

static bool fault_escape(struct sigv4_judge *j, struct str query, size_t at) {
    struct str reason = STR("the query has a '%' without two hex digits");
    struct buf b;
    if (query.n - at < 3)
        return sigv4_fault_text(j, SIGV4_MALFORMED_QUERY, STR("Incomplete trailing escape % sequence"), reason);
    sigv4_fault_begin(j, &b);
    buf_add(&b, STR("Illegal hex character in escape % pattern: "));
    buf_add(&b, (struct str){query.p + at, 3});
    return sigv4_fault_buf(j, SIGV4_MALFORMED_QUERY, &b, reason);
}

bool sigv4_claim_check_target(struct sigv4_judge *j) {
    struct str path = j->rq->path, query = j->rq->query;
    if (path.n == 0 || path.p[0] != '/' || bad_escape(path) != SIZE_MAX || leaves_root(path))
        return sigv4_fault_text(j, SIGV4_MALFORMED_REQUEST, STR(""),
                                STR("the path is not absolute, has a bad %-escape or leads above the root"));
    size_t at = bad_escape(query);
    return at == SIZE_MAX || fault_escape(j, query, at);
}

/* --- The query ------------------------------------------------------------------------------------------------------- */

static int hex_value(char c) {
    return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* Does the name, as it is on the wire, say `wanted`? Its escapes are known to be good. */
static bool named(struct str wire, struct str wanted) {
    size_t k = 0;
    for (size_t i = 0; i < wire.n; i++, k++) {
        char c = wire.p[i];
        if (c == '%') {
            c = (char)(hex_value(wire.p[i + 1]) * 16 + hex_value(wire.p[i + 2]));
            i += 2;
        }
        if (k == wanted.n || c != wanted.p[k]) return false;
    }
    return k == wanted.n;
}

/* The first parameter of that name, on the wire; the count of all. */
static size_t find_param(struct str query, struct str name, struct str *value) {
    size_t n = 0;
    struct str rest = query, piece, key;
    *value = (struct str){0};
    while (rest.p) {
        str_cut(&rest, '&', &piece);
        if (!piece.n || (piece.p[0] != name.p[0] && piece.p[0] != '%')) continue;
        str_cut(&piece, '=', &key);
        if (named(key, name) && n++ == 0) *value = piece.p ? piece : STR("");
    }
    return n;
}

/* Of two, one reader would take the first and another the last. */
static bool take_param(struct sigv4_judge *j, const char *name, struct str *value) {
    struct str wire;
    struct buf b;
    size_t n = find_param(j->rq->query, str_of(name), &wire);
    *value = (struct str){0};
    if (n <= 1) return n == 0 || percent_read(wire, true, value, j->a, j->e);
    sigv4_fault_begin(j, &b);
    buf_addf(&b, "There is more than one '%s' in the query string.", name);
    return sigv4_fault_buf(j, SIGV4_INCOMPLETE_SIGNATURE, &b,
                           STR("a parameter of the signature stands in the query more than once"));
}

/* API Gateway goes by X-Amz-Date alone; but what is no time at all shows a signer that went wrong. */
static bool check_expires(struct sigv4_judge *j, struct str seconds) {
    struct str message = STR("X-Amz-Expires must be a whole number of seconds from 1 to 604800.");
    struct str wire;
    int64_t ignored;
    if (sigv4_judge_done(j) || !find_param(j->rq->query, STR("X-Amz-Expires"), &wire)) return true;
    if (str_read_int64(seconds, 1, LONGEST_LINK_S, &ignored)) return true;
    return sigv4_fault_text(j, SIGV4_INCOMPLETE_SIGNATURE, message, message);
}

static bool read_query(struct sigv4_judge *j) {
    struct sigv4_claim *c = &j->claim;
    struct str ignored, expires = {0};
    const struct {
        const char *name;
        struct str *value;
    } params[] = {{"X-Amz-Algorithm", &c->algorithm},
                  {"X-Amz-Credential", &c->credential},
                  {"X-Amz-SignedHeaders", &c->signed_headers},
                  {"X-Amz-Signature", &c->signature},
                  {"X-Amz-Date", &c->date},
                  {"X-Amz-Security-Token", &c->token},
                  {"X-Amz-Region-Set", &c->region_set},
                  {"X-Amz-Expires", &expires}};
    c->in_query = true;
    for (size_t i = 0; i < sizeof params / sizeof *params && !sigv4_judge_done(j); i++)
        if (!take_param(j, params[i].name, params[i].value)) return false;
    c->tokens = find_param(j->rq->query, STR("X-Amz-Security-Token"), &ignored) +
                http_field_count(&j->rq->fields, STR("X-Amz-Security-Token"));
    return check_expires(j, expires);
}

/* --- The headers ----------------------------------------------------------------------------------------------------- */

/* A bearer token or a password must not come back in a reply: AWS shows its hash, so that the sender can recognise it. */
static bool add_hashed(struct sigv4_judge *j, struct buf *b, struct str secret) {
    unsigned char digest[SHA256_BYTES];
    if (!sha256_digest(digest, secret)) return err_set(j->e, ERR_MEMORY, "libcrypto could not hash a field");
    base64_write(b, (struct str){(const char *)digest, sizeof digest});
    return true;
}

static bool fault_no_equals(struct sigv4_judge *j) {
    struct buf b;
    sigv4_fault_begin(j, &b);
    buf_add(&b, STR("Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and "
                    "encoded with Base64): '"));
    if (!add_hashed(j, &b, j->claim.header)) return false;
    buf_add(&b, STR("'."));
    return sigv4_fault_buf(j, SIGV4_INCOMPLETE_SIGNATURE, &b, STR("the Authorization field is not a SigV4 one"));
}

/* "ALGORITHM key=value, key=value, ..."; the last of a repeated key counts. False: a piece without '='. */
static bool read_pairs(struct sigv4_claim *c) {
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

static bool fault_repeated(struct sigv4_judge *j, struct str message) {
    return sigv4_fault_text(j, SIGV4_INCOMPLETE_SIGNATURE, message, message);
}

size_t sigv4_claim_field(const struct http_request *rq, struct str lower, struct str *value) {
    size_t n = 0;
    *value = (struct str){0};
    for (size_t i = 0; i < rq->fields.n; i++)
        if (sigv4_same_name(rq->fields.at[i].name, lower) && n++ == 0) *value = str_trim(rq->fields.at[i].value);
    return n;
}

static bool read_headers(struct sigv4_judge *j, size_t authorizations) {
    struct sigv4_claim *c = &j->claim;
    if (c->header.n > MAX_AUTHORIZATION_BYTES)
        return fault_repeated(j, STR("The Authorization header is longer than 16384 bytes."));
    if (authorizations > 1) return fault_repeated(j, STR("There is more than one Authorization header."));
    size_t dates = sigv4_claim_field(j->rq, STR("x-amz-date"), &c->date);
    if (!dates) dates = sigv4_claim_field(j->rq, STR("date"), &c->date);
    if (dates > 1) return fault_repeated(j, STR("There is more than one date header."));
    if (sigv4_claim_field(j->rq, STR("x-amz-region-set"), &c->region_set) > 1)
        return fault_repeated(j, STR("There is more than one X-Amz-Region-Set header."));
    c->tokens = sigv4_claim_field(j->rq, STR("x-amz-security-token"), &c->token);
    return read_pairs(c) || fault_no_equals(j);
}

/* Beside an Authorization field, X-Amz-Signature would be a parameter that nobody signed. */
bool sigv4_claim_read(struct sigv4_judge *j) {
    struct str ignored, query = j->rq->query;
    bool algorithm = find_param(query, STR("X-Amz-Algorithm"), &ignored) > 0;
    bool signature = find_param(query, STR("X-Amz-Signature"), &ignored) > 0;
    size_t authorizations = sigv4_claim_field(j->rq, STR("authorization"), &j->claim.header);
    if (!authorizations) {
        if (algorithm) return read_query(j);
        return sigv4_fault_text(j, SIGV4_MISSING_AUTHENTICATION_TOKEN, STR("Missing Authentication Token"),
                                STR("the request is not signed"));
    }
    if (!algorithm && !signature) return read_headers(j, authorizations);
    return sigv4_fault_text(j, SIGV4_INVALID_SIGNATURE,
                            STR("The request has an Authorization header and a signature in its query string."),
                            STR("the request has an Authorization field and a signature in its query"));
}

/* --- Their form ------------------------------------------------------------------------------------------------------ */

static bool check_header_parts(struct sigv4_judge *j) {
    const struct sigv4_claim *c = &j->claim;
    struct buf b;
    sigv4_fault_begin(j, &b);
    if (!c->credential.n) buf_add(&b, STR("Authorization header requires 'Credential' parameter. "));
    if (!c->signature.n) buf_add(&b, STR("Authorization header requires 'Signature' parameter. "));
    if (!c->signed_headers.n) buf_add(&b, STR("Authorization header requires 'SignedHeaders' parameter. "));
    if (!c->date.n)
        buf_add(&b, STR("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "));
    if (!b.n && !b.failed) return true;
    buf_add(&b, STR("(Hashed with SHA-256 and encoded with Base64) Authorization="));
    return add_hashed(j, &b, c->header) &&
           sigv4_fault_buf(j, SIGV4_INCOMPLETE_SIGNATURE, &b, STR("the Authorization field or the date is incomplete"));
}

static bool check_query_parts(struct sigv4_judge *j) {
    const struct sigv4_claim *c = &j->claim;
    const struct {
        struct str value;
        const char *name;
    } needed[] = {{c->credential, "X-Amz-Credential"},
                  {c->signature, "X-Amz-Signature"},
                  {c->signed_headers, "X-Amz-SignedHeaders"},
                  {c->date, "X-Amz-Date"}};
    struct buf b;
    sigv4_fault_begin(j, &b);
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (!needed[i].value.n) buf_addf(&b, "AWS query-string parameters must include '%s'. ", needed[i].name);
    if (!b.n && !b.failed) return true;
    buf_add(&b, STR("Re-examine the query-string parameters."));
    return sigv4_fault_buf(j, SIGV4_INCOMPLETE_SIGNATURE, &b, STR("the query lacks a parameter of its signature"));
}

bool sigv4_claim_check_parts(struct sigv4_judge *j) {
    return j->claim.in_query ? check_query_parts(j) : check_header_parts(j);
}

bool sigv4_claim_check_algorithm(struct sigv4_judge *j) {
    struct sigv4_claim *c = &j->claim;
    c->ecdsa = j->v->allow_ecdsa && str_eq(c->algorithm, str_of(sigv4_algorithm_name(SIGV4_ECDSA)));
    if (c->ecdsa || str_eq(c->algorithm, str_of(sigv4_algorithm_name(SIGV4_HMAC)))) return true;
    return sigv4_fault_quoting(j, SIGV4_INCOMPLETE_SIGNATURE, STR("Unsupported AWS 'algorithm': "), c->algorithm,
                               STR("."), STR("the signature's algorithm is not supported"));
}

/* A field name in lower case; its bytes as bits of their codes. */
static bool lower_name(struct str s) {
    static const uint64_t set[2] = {0x03FF6CFA00000000, 0x57FFFFFFC0000000};
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c > 0x7f || !(set[c >> 6] >> (c & 63) & 1)) return false;
    }
    return s.n > 0;
}

static bool has_field(const struct http_fields *fields, struct str lower) {
    for (size_t i = 0; i < fields->n; i++)
        if (sigv4_same_name(fields->at[i].name, lower)) return true;
    return false;
}

/* Each name is a field name in lower case and stands once; else two readers could see two different signed requests. */
bool sigv4_claim_check_signed_headers(struct sigv4_judge *j) {
    struct str names[HTTP_MAX_FIELDS];
    size_t n = 0;
    bool host = false, good = true;
    j->claim.has_signed_fields = true;
    for (struct str rest = j->claim.signed_headers; good && rest.p; n++) {
        good = n < HTTP_MAX_FIELDS;
        if (!good) break;
        str_cut(&rest, ';', &names[n]);
        good = lower_name(names[n]);
        for (size_t i = 0; i < n; i++) good = good && !str_eq(names[i], names[n]);
        host = host || str_eq(names[n], STR("host"));
        j->claim.has_signed_fields = j->claim.has_signed_fields && has_field(&j->rq->fields, names[n]);
    }
    struct str message = STR("SignedHeaders must list field names in lower case, each once, separated by ';'.");
    if (!good) return sigv4_fault_text(j, SIGV4_INVALID_SIGNATURE, message, message);
    if (host) return true;
    return sigv4_fault_text(j, SIGV4_INVALID_SIGNATURE,
                            STR("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."),
                            STR("host is not among the signed headers"));
}

/* keyid/date/region/service/term; with SIGV4_ECDSA there is no region. */
bool sigv4_claim_read_credential(struct sigv4_judge *j) {
    struct sigv4_claim *c = &j->claim;
    struct str *const hmac[] = {&c->id, &c->day, &c->region, &c->service, &c->terminator};
    struct str *const ecdsa[] = {&c->id, &c->day, &c->service, &c->terminator};
    struct str *const *parts = c->ecdsa ? ecdsa : hmac;
    size_t n = 0, wanted = c->ecdsa ? CREDENTIAL_PARTS - 1 : CREDENTIAL_PARTS;
    struct str rest = c->credential;
    while (n < wanted && rest.p) {
        str_cut(&rest, '/', parts[n++]);
        if (n == 1) c->scope = rest;
    }
    if (n == wanted && !rest.p) {
        j->verdict->key_id = c->id;
        return true;
    }
    return sigv4_fault_quoting(j, SIGV4_INCOMPLETE_SIGNATURE,
                               c->ecdsa ? STR("Credential must have exactly 4 slash-delimited elements, e.g. "
                                              "keyid/date/service/term, got ")
                                        : STR("Credential must have exactly 5 slash-delimited elements, e.g. "
                                              "keyid/date/region/service/term, got "),
                               c->credential, STR(""), STR("the credential is malformed"));
}
