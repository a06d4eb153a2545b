/* SPDX-License-Identifier: Apache-2.0 */
/* Signed requests to judge: a user, a role with a token, a fresh request, and ways to spoil it. */
#ifndef TESTS_SIGNED_REQUEST_H
#define TESTS_SIGNED_REQUEST_H

#include "sigv4_stages.h"
#include "sigv4_verify.h"
#include "with_arena.h"

enum { NOW = 1440938160 }; /* 20150830T123600Z */

#define MISMATCH "The request signature we calculated does not match the signature you provided."

static const struct sigv4_keys USER = {
    STR_INIT("AKIDEXAMPLE"), STR_INIT("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), {0}};
static const struct sigv4_keys ROLE = {STR_INIT("ASIDEXAMPLE"), STR_INIT("secret"), STR_INIT("tok+en==")};
static const struct sigv4_scope SCOPE = {
    .region = STR_INIT("eu-west-1"), .service = STR_INIT("execute-api"), .unix_s = NOW};

static inline bool find_key(void *user, struct str id, struct sigv4_known_key *key) {
    (void)user;
    *key = (struct sigv4_known_key){.keys = str_eq(id, ROLE.id) ? ROLE : USER};
    return str_eq(id, ROLE.id) || str_eq(id, USER.id);
}

static const struct sigv4_verifier VERIFIER = {.region = STR_INIT("eu-west-1"),
                                               .service = STR_INIT("execute-api"),
                                               .unix_s = NOW,
                                               .max_skew_s = 300,
                                               .find_key = find_key};

static inline void add(struct http_request *rq, const char *name, const char *value) {
    struct err e;
    check_ok(http_field_add(&rq->fields, str_of(name), str_of(value), &arena, &e), e);
}

static inline struct http_request fresh(void) {
    struct http_request rq = {
        .method = STR("POST"), .path = STR("/dev/private"), .query = STR("a=1&b=x%20y"), .body = STR("{\"k\":1}")};
    add(&rq, "Host", "api.execute-api.eu-west-1.amazonaws.com");
    add(&rq, "Content-Type", "application/json");
    return rq;
}

static inline struct http_request signed_by(const struct sigv4_keys *keys, const struct sigv4_scope *scope) {
    struct http_request rq = fresh();
    struct err e;
    check_ok(sigv4_sign(&rq, keys, scope, &arena, &e), e);
    return rq;
}

static inline struct http_field *field(struct http_request *rq, const char *name) {
    for (size_t i = 0; i < rq->fields.n; i++)
        if (str_eq_nocase(rq->fields.at[i].name, str_of(name))) return &rq->fields.at[i];
    fail_msg("no field %s", name);
    return NULL;
}

/* Replaces the first `from` in the Authorization value. */
static inline void edit(struct http_request *rq, const char *from, const char *to) {
    struct http_field *f = field(rq, "Authorization");
    struct buf b;
    size_t at = str_find(f->value, str_of(from));
    assert_true(at != SIZE_MAX);
    buf_init(&b, 100000, &arena);
    buf_add(&b, (struct str){f->value.p, at});
    buf_add(&b, str_of(to));
    buf_add(&b, (struct str){f->value.p + at + strlen(from), f->value.n - at - strlen(from)});
    f->value = buf_str(&b);
}

static inline struct sigv4_verdict judge(const struct http_request *rq, const struct sigv4_verifier *v) {
    struct sigv4_verdict verdict;
    struct err e;
    check_ok(sigv4_verify(rq, v, &verdict, &arena, &e), e);
    return verdict;
}

static inline void check_fault(const struct http_request *rq, enum sigv4_fault fault, const char *message) {
    struct sigv4_verdict verdict = judge(rq, &VERIFIER);
    check_str(verdict.message, str_of(message));
    assert_int_equal(verdict.fault, fault);
}

static inline void check_mismatch(const struct http_request *rq) {
    struct sigv4_verdict verdict = judge(rq, &VERIFIER);
    assert_int_equal(verdict.fault, SIGV4_INVALID_SIGNATURE);
    assert_true(str_starts(verdict.message, STR(MISMATCH)));
}

#endif
