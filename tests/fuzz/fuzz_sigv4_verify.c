/* SPDX-License-Identifier: Apache-2.0 */
/* Whoever does not know the secret gets no SIGV4_OK, whatever is sent; everything that is sent gets a verdict and an
   answer, and the secret is in none of it. The first byte may add good fields or a good query, behind which the checks go
   on, and chooses what the verifier allows. */
#include "fuzz.h"
#include "sigv4_verify.h"

#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define SIGNATURE "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static bool find_key(void *user, struct str id, struct sigv4_known_key *key) {
    (void)user;
    *key = (struct sigv4_known_key){.keys = {id, STR(SECRET), {0}}};
    if (str_starts(id, STR("ASIA"))) key->keys.token = STR("token");
    if (str_starts(id, STR("AE"))) key->token_expires_unix_s = 1;
    return str_starts(id, STR("A"));
}

static const struct http_field good[] = {
    {STR_INIT("Host"), STR_INIT("127.0.0.1:3000")},
    {STR_INIT("X-Amz-Date"), STR_INIT("20150830T123600Z")},
    {STR_INIT("Authorization"), STR_INIT("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/eu-west-1/execute-api/"
                                         "aws4_request, SignedHeaders=host, Signature=" SIGNATURE)}};

static const struct str good_query =
    STR_INIT("&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Feu-west-1%2Fexecute-api%2F"
             "aws4_request&X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=host&X-Amz-Signature=" SIGNATURE);

/* The fuzzer's own parameters come first, so they count. */
static struct str with_good_query(struct str query, struct arena *a) {
    struct buf b = fuzz_buf(a);
    buf_add(&b, query);
    buf_add(&b, good_query);
    return buf_str(&b);
}

static void check_answers(const struct sigv4_verdict *verdict, struct arena *a) {
    struct sigv4_refusal refusal;
    struct err e;
    for (int profile = SIGV4_REST_API; profile <= SIGV4_FUNCTION_URL; profile++) {
        FUZZ_HOLDS(sigv4_refuse((enum sigv4_profile)profile, verdict, &refusal, a, &e));
        FUZZ_HOLDS(refusal.status == 403 || refusal.status == 400);
        FUZZ_HOLDS(str_find(refusal.body, STR(SECRET)) == SIZE_MAX);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct arena *a = fuzz_arena();
    struct sigv4_verifier v = {.region = STR("eu-west-1"),
                               .service = STR("execute-api"),
                               .unix_s = 1440938160,
                               .max_skew_s = 300,
                               .find_key = find_key};
    struct sigv4_verdict verdict;
    struct http_request rq;
    struct err e;
    if (!n || !fuzz_request(fuzz_text(data + 1, n - 1), &rq, a) ||
        str_find(fuzz_text(data, n), STR(SECRET)) != SIZE_MAX)
        return 0;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (data[0] >> i & 1 && !http_field_add(&rq.fields, good[i].name, good[i].value, a, &e)) return 0;
    if (data[0] & 8) rq.query = with_good_query(rq.query, a);
    v.allow_ecdsa = data[0] & 64;
    v.allow_unsigned_payload = data[0] & 128;
    FUZZ_HOLDS(sigv4_verify(&rq, &v, &verdict, a, &e));
    bool named = verdict.message.n && *sigv4_fault_name(verdict.fault);
    FUZZ_HOLDS(verdict.fault != SIGV4_OK && (named || verdict.fault == SIGV4_MALFORMED_REQUEST));
    FUZZ_HOLDS(verdict.reason.n && !str_has_control(verdict.reason));
    check_answers(&verdict, a);
    return 0;
}
