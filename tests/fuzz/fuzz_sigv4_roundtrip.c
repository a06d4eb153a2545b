/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever sigv4_sign signs, sigv4_verify accepts. With one bit flipped it does not: never when the bit is the
   signature's; anywhere else, only when the canonical request is still the same. Both placements, both algorithms. The
   first six bytes choose options, rules and the bit. A stated body hash is left out: it is the caller's to get right. */
#include "fuzz.h"
#include "sigv4_stages.h"
#include "sigv4_verify.h"

static const struct sigv4_keys USER = {STR_INIT("AKIDEXAMPLE"), STR_INIT("secret"), {0}};
static const struct sigv4_keys ROLE = {STR_INIT("ASIDEXAMPLE"), STR_INIT("other"), STR_INIT("tok+en==")};
enum { NOW = 1440938160, OPTIONS = 6 };

static struct sigv4_cache *cache;

static bool find_key(void *user, struct str id, struct sigv4_known_key *key) {
    (void)user;
    *key = (struct sigv4_known_key){.keys = str_eq(id, ROLE.id) ? ROLE : USER};
    return str_eq(id, key->keys.id);
}

static enum sigv4_fault judge(const struct http_request *rq, const struct sigv4_scope *scope, struct arena *a) {
    bool hashed = str_eq(scope->service, STR("execute-api"));
    struct sigv4_verifier v = {.region = STR("eu-west-1"),
                               .service = scope->service,
                               .unix_s = NOW,
                               .max_skew_s = 300,
                               .allow_ecdsa = true,
                               .allow_unsigned_payload = !hashed,
                               .find_key = find_key,
                               .cache = cache};
    struct sigv4_verdict verdict;
    struct err e;
    FUZZ_HOLDS(sigv4_verify(rq, &v, &verdict, a, &e));
    return verdict.fault;
}

static struct sigv4_scope scope_of(const uint8_t *data) {
    static const struct str services[] = {STR_INIT("execute-api"), STR_INIT("execute-api"), STR_INIT("s3"),
                                          STR_INIT("vpc-lattice-svcs")};
    return (struct sigv4_scope){.region = STR("eu-west-1"),
                                .service = services[data[0] >> 6],
                                .unix_s = NOW,
                                .expires_s = 300,
                                .send_body_hash = data[0] & 1,
                                .unsigned_token = data[0] & 2,
                                .placement = data[0] & 16 ? SIGV4_IN_QUERY : SIGV4_IN_HEADERS,
                                .algorithm = data[0] & 32 ? SIGV4_ECDSA : SIGV4_HMAC,
                                .rfc6979 = true,
                                .allow = (data[1] | (unsigned)data[2] << 8) & SIGV4_ALLOW_ALL,
                                .cache = cache};
}

static void flip(struct str *s, size_t at, unsigned bit, struct arena *a) {
    char *p = arena_copy(a, *s);
    p[at] = (char)((unsigned char)p[at] ^ 1u << bit);
    s->p = p;
}

/* The bit `at` of the whole request. */
static void flip_anywhere(struct http_request *rq, size_t at, struct arena *a) {
    struct str *parts[4 + 2 * HTTP_MAX_FIELDS] = {&rq->method, &rq->path, &rq->query, &rq->body};
    size_t n = 4, total = 0;
    for (size_t i = 0; i < rq->fields.n; i++) {
        parts[n++] = &rq->fields.at[i].name;
        parts[n++] = &rq->fields.at[i].value;
    }
    for (size_t i = 0; i < n; i++) total += 8 * parts[i]->n;
    at %= total;
    for (size_t i = 0; i < n; at -= 8 * parts[i++]->n) {
        if (at / 8 >= parts[i]->n) continue;
        flip(parts[i], at / 8, at % 8, a);
        return;
    }
}

static struct http_request copy(const struct http_request *rq, struct arena *a) {
    struct http_request other = *rq;
    other.fields.at = arena_take(a, (rq->fields.n + 1) * sizeof *rq->fields.at);
    memcpy(other.fields.at, rq->fields.at, rq->fields.n * sizeof *rq->fields.at);
    return other;
}

/* What is signed of a request, if it is signed as `canonical` was. */
static bool same_meaning(const struct http_request *rq, const struct sigv4_scope *scope, struct str canonical,
                         struct arena *a) {
    char hex[65];
    struct buf out = fuzz_buf(a);
    struct err e;
    struct sigv4_canonical how = {.path = sigv4_path_of(SIGV4_PATH_BY_SERVICE, scope->service),
                                  .without_token = scope->unsigned_token,
                                  .allow = SIGV4_AS_RECEIVED};
    for (struct str rest = canonical; rest.p;) {
        how.signed_headers = how.payload_hash;
        str_cut(&rest, '\n', &how.payload_hash);
    }
    FUZZ_HOLDS(sigv4_hash(hex, rq->body));
    if (!str_eq(how.payload_hash, STR("UNSIGNED-PAYLOAD"))) how.payload_hash = str_of(hex);
    return sigv4_canonical_text(&out, rq, &how, &e) && str_eq(buf_str(&out), canonical);
}

static void check_flips(const uint8_t *data, const struct http_request *rq, const struct sigv4_scope *scope,
                        const struct sigv4_texts *texts, struct arena *a) {
    struct http_request other = copy(rq, a);
    struct str *place = scope->placement == SIGV4_IN_QUERY ? &other.query : &other.fields.at[other.fields.n - 1].value;
    flip(place, place->n - 1 - data[3] % texts->signature.n, data[4] % 8, a);
    FUZZ_HOLDS(judge(&other, scope, a) != SIGV4_OK);
    other = copy(rq, a);
    flip_anywhere(&other, data[3] | (size_t)data[4] << 8 | (size_t)data[5] << 16, a);
    if (judge(&other, scope, a) == SIGV4_OK) FUZZ_HOLDS(same_meaning(&other, scope, texts->canonical_request, a));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct arena *a = fuzz_arena();
    struct http_request rq;
    struct sigv4_texts texts;
    struct err e;
    if (!cache) cache = sigv4_cache_open(malloc(sigv4_cache_bytes()), sigv4_cache_bytes());
    if (n < OPTIONS || !fuzz_request(fuzz_text(data + OPTIONS, n - OPTIONS), &rq, a)) return 0;
    struct sigv4_scope scope = scope_of(data);
    if (data[0] & 4 && !http_field_add(&rq.fields, STR("Host"), STR("localhost"), a, &e)) return 0;
    if (http_field_count(&rq.fields, STR("X-Amz-Content-Sha256"))) return 0;
    struct http_request given = rq;
    if (!sigv4_sign_texts(&rq, data[0] & 8 ? &ROLE : &USER, &scope, &texts, a, &e)) {
        FUZZ_HOLDS(e.kind == ERR_PARSE || e.kind == ERR_LIMIT);
        FUZZ_HOLDS(rq.fields.n == given.fields.n && rq.query.p == given.query.p && rq.query.n == given.query.n);
        return 0;
    }
    enum sigv4_fault fault = judge(&rq, &scope, a);
    bool malformed = fault == SIGV4_MALFORMED_REQUEST || fault == SIGV4_MALFORMED_QUERY;
    FUZZ_HOLDS(fault == SIGV4_OK || (malformed && scope.allow & (SIGV4_ALLOW_DOT_SEGMENT | SIGV4_ALLOW_BAD_ESCAPE)));
    if (fault == SIGV4_OK) check_flips(data, &rq, &scope, &texts, a);
    return 0;
}
