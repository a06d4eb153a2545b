/* SPDX-License-Identifier: Apache-2.0 */
/* The canonical request of anything: streamed and as a text it has the same hash; a rule that is relaxed changes nothing
   for what was accepted before; its query is its own canonical form. The first six bytes choose rules and path. */
#include "fuzz.h"
#include "sigv4_stages.h"

enum { OPTIONS = 6 };

/* Absent: refused, which must be for a reason in the request. */
static struct str canonical(const struct http_request *rq, const struct sigv4_canonical *how, struct arena *a) {
    struct buf out = fuzz_buf(a);
    struct err e;
    if (sigv4_canonical_text(&out, rq, how, &e)) return buf_str(&out);
    FUZZ_HOLDS(e.kind == ERR_PARSE || e.kind == ERR_LIMIT);
    return (struct str){0};
}

static void check_digest(const struct http_request *rq, const struct sigv4_canonical *how, struct str text,
                         struct arena *a) {
    unsigned char digest[SIGV4_DIGEST_BYTES];
    char hex[65], byte[3];
    struct err e;
    FUZZ_HOLDS(sigv4_canonical_digest(digest, rq, how, a, &e) == (text.p != NULL));
    if (!text.p) return;
    FUZZ_HOLDS(sigv4_hash(hex, text));
    for (size_t i = 0; i < sizeof digest; i++) {
        snprintf(byte, sizeof byte, "%02x", digest[i]);
        FUZZ_HOLDS(memcmp(byte, hex + 2 * i, 2) == 0);
    }
}

/* Once more with the canonical query as the query, which no rule refuses now, but a nameless parameter's. */
static void check_again(const struct http_request *rq, const struct sigv4_canonical *how, struct str text,
                        struct arena *a) {
    struct http_request again = *rq;
    struct str rest = text, line;
    str_cut(&rest, '\n', &line);
    str_cut(&rest, '\n', &line);
    str_cut(&rest, '\n', &again.query);
    for (size_t i = 0; i < again.query.n; i++) {
        unsigned char c = (unsigned char)again.query.p[i];
        FUZZ_HOLDS(c > ' ' && c < 0x7f && c != '+');
    }
    FUZZ_HOLDS(str_eq(canonical(&again, how, a), text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct arena *a = fuzz_arena();
    struct http_request rq;
    struct err e;
    struct buf names = fuzz_buf(a);
    if (n < OPTIONS || !fuzz_request(fuzz_text(data + OPTIONS, n - OPTIONS), &rq, a)) return 0;
    FUZZ_HOLDS(sigv4_signed_headers(&names, &rq.fields, data[0] & 1, &e));
    struct sigv4_canonical how = {.signed_headers = buf_str(&names),
                                  .payload_hash = STR("UNSIGNED-PAYLOAD"),
                                  .path = (enum sigv4_path)(data[1] % (SIGV4_PATH_S3 + 1)),
                                  .without_token = data[0] & 2,
                                  .allow = (data[2] | (unsigned)data[3] << 8) & SIGV4_ALLOW_ALL};
    struct sigv4_canonical relaxed = how, received = how;
    relaxed.allow |= (data[4] | (unsigned)data[5] << 8) & SIGV4_ALLOW_ALL;
    received.allow = SIGV4_AS_RECEIVED;
    struct str text = canonical(&rq, &how, a), loose = canonical(&rq, &received, a);
    check_digest(&rq, &how, text, a);
    check_digest(&rq, &received, loose, a);
    if (loose.p) check_again(&rq, &received, loose, a);
    if (!text.p) return 0;
    FUZZ_HOLDS(str_eq(canonical(&rq, &relaxed, a), text));
    if (!(how.allow & SIGV4_ALLOW_BAD_ESCAPE)) FUZZ_HOLDS(str_eq(loose, text));
    check_again(&rq, &how, text, a);
    return 0;
}
