/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever sigv4_sign signs, sigv4_verify accepts; with one bit of the signature flipped it does not. The first two
   bytes choose the options and the bit. A stated body hash is left out: it is the caller's to get right. */
#include "fuzz.h"
#include "sigv4.h"

static const struct sigv4_keys USER = {STR_INIT("AKIDEXAMPLE"), STR_INIT("secret"), {0}};
static const struct sigv4_keys ROLE = {STR_INIT("ASIDEXAMPLE"), STR_INIT("other"), STR_INIT("tok+en==")};
enum { NOW = 1440938160 };

static bool find_keys(void *user, struct str id, struct sigv4_keys *keys) {
    (void)user;
    *keys = str_eq(id, ROLE.id) ? ROLE : USER;
    return str_eq(id, keys->id);
}

static enum sigv4_fault judge(const struct http_request *rq, struct arena *a) {
    struct sigv4_verifier v = {STR("eu-west-1"), STR("execute-api"), NOW, 300, find_keys, NULL};
    struct sigv4_verdict verdict;
    struct err e;
    FUZZ_HOLDS(sigv4_verify(rq, &v, &verdict, a, &e));
    return verdict.fault;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct arena *a = fuzz_arena();
    struct sigv4_scope scope = {.region = STR("eu-west-1"), .service = STR("execute-api"), .unix_s = NOW};
    struct http_request rq;
    struct err e;
    if (n < 2 || !fuzz_request(fuzz_text(data + 2, n - 2), &rq, a)) return 0;
    scope.send_body_hash = data[0] & 1;
    scope.unsigned_token = data[0] & 2;
    if (data[0] & 4 && !http_field_add(&rq.fields, STR("Host"), STR("localhost"), a, &e)) return 0;
    if (http_field_count(&rq.fields, STR("X-Amz-Content-Sha256"))) return 0;
    size_t before = rq.fields.n;
    bool is_signed = sigv4_sign(&rq, data[0] & 8 ? &ROLE : &USER, &scope, a, &e);
    FUZZ_HOLDS(is_signed ? rq.fields.n > before : rq.fields.n == before);
    if (!is_signed) return 0;
    FUZZ_HOLDS(judge(&rq, a) == SIGV4_OK);
    struct str *value = &rq.fields.at[rq.fields.n - 1].value;
    char *p = arena_copy(a, *value), *bit = p + value->n - 1 - data[1] % 64;
    *bit = (char)(*bit ^ 1 << (data[0] >> 5));
    value->p = p;
    FUZZ_HOLDS(judge(&rq, a) != SIGV4_OK);
    return 0;
}
