/* SPDX-License-Identifier: Apache-2.0 */
/* Whoever does not know the secret gets no SIGV4_OK, whatever is sent; and everything that is sent gets a verdict. The
   first byte may add good fields, behind which the checks go on. */
#include "fuzz.h"
#include "sigv4.h"

static bool find_keys(void *user, struct str id, struct sigv4_keys *keys) {
    (void)user;
    *keys = (struct sigv4_keys){id, STR("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), {0}};
    if (str_starts(id, STR("ASIA"))) keys->token = STR("token");
    return str_starts(id, STR("A"));
}

static const struct http_field good[] = {
    {STR_INIT("Host"), STR_INIT("127.0.0.1:3000")},
    {STR_INIT("X-Amz-Date"), STR_INIT("20150830T123600Z")},
    {STR_INIT("Authorization"),
     STR_INIT(
         "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/eu-west-1/execute-api/aws4_request, SignedHeaders=host, "
         "Signature=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")}};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct arena *a = fuzz_arena();
    struct sigv4_verifier v = {STR("eu-west-1"), STR("execute-api"), 1440938160, 300, find_keys, NULL};
    struct sigv4_verdict verdict;
    struct http_request rq;
    struct err e;
    if (!n || !fuzz_request(fuzz_text(data + 1, n - 1), &rq, a)) return 0;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (data[0] >> i & 1 && !http_field_add(&rq.fields, good[i].name, good[i].value, a, &e)) return 0;
    FUZZ_HOLDS(sigv4_verify(&rq, &v, &verdict, a, &e));
    FUZZ_HOLDS(verdict.fault != SIGV4_OK && verdict.message.n && *sigv4_fault_name(verdict.fault));
    return 0;
}
