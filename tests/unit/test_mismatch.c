/* SPDX-License-Identifier: Apache-2.0 */
/* local/mismatch.c: the log names what was signed instead, for what commonly goes wrong, and shows nothing secret. */
#include "mismatch.h"

#include "fake_callers.h"

/* Signs one request and sends another. */
struct case_of {
    const char *method, *path, *query, *host, *body;                          /* as signed */
    const char *sent_method, *sent_path, *sent_query, *sent_host, *sent_body; /* NULL: the same */
    const char *cause;                                                        /* is in the log */
};

static const char * or (const char *a, const char *b) {
    return a ? a : b;
}

static struct judge_verdict judge_case(const struct case_of *c, const struct sigv4_keys *keys) {
    struct http_request rq = {.method = str_of(c->method), .path = str_of(c->path), .query = str_of(c->query)};
    rq.body = str_of(c->body);
    add(&rq, "Host", str_of(c->host));
    add(&rq, "X-Secret", STR("value-that-stays-here"));
    sign(&rq, keys, NOW);
    rq.method = str_of(or (c->sent_method, c->method));
    rq.path = str_of(or (c->sent_path, c->path));
    rq.query = str_of(or (c->sent_query, c->query));
    rq.body = str_of(or (c->sent_body, c->body));
    *value_of(&rq, "host") = str_of(or (c->sent_host, c->host));
    struct judge_verdict v = judged(&rq);
    check_str(v.error_type, STR("InvalidSignatureException"));
    check_nothing_secret(&v, &rq);
    return v;
}

static void check_cases(const struct case_of *c, size_t n) {
    for (size_t i = 0; i < n; i++) {
        struct judge_verdict v = judge_case(&c[i], &entries[KEEPER].keys);
        if (str_find(v.cause, str_of(c[i].cause)) == SIZE_MAX)
            fail_msg("case %zu: <%s> is not in <%.*s>", i, c[i].cause, STR_ARG(v.cause));
        assert_true(v.fix.n > 0);
    }
}

#define HOST "127.0.0.1:3001"
#define AWS_HOST "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com"

static void found(void **state) {
    (void)state;
    static const struct case_of cases[] = {
        {"GET", "/dev/any", NULL, AWS_HOST, NULL, NULL, NULL, NULL, HOST, NULL,
         "Signed was the header host \"host:" AWS_HOST "\", received \"host:" HOST "\"."},
        {"GET", "/dev/any", NULL, "127.0.0.1", NULL, NULL, NULL, NULL, HOST, NULL, "\"host:127.0.0.1\""},
        {"GET", "/dev/any", NULL, "localhost:3001", NULL, NULL, NULL, NULL, HOST, NULL, "\"host:localhost:3001\""},
        {"GET", "/any", NULL, HOST, NULL, NULL, "/dev/any", NULL, NULL, NULL,
         "Signed was the path \"/any\", received \"/dev/any\"."},
        {"POST", "/dev/any", NULL, HOST, NULL, "GET", NULL, NULL, NULL, NULL,
         "Signed was the method \"POST\", received \"GET\"."},
        {"GET", "/dev/any", NULL, HOST, NULL, NULL, NULL, "a=1", NULL, NULL, "Signed was the query \"\""},
        {"POST", "/dev/any", NULL, HOST, NULL, NULL, NULL, NULL, NULL, "text", "payload hash"},
    };
    check_cases(cases, sizeof cases / sizeof *cases);
}

static void unknown(void **state) {
    (void)state;
    struct sigv4_keys wrong = entries[KEEPER].keys;
    wrong.secret = STR("guessed");
    const struct case_of same = {"GET", "/dev/any", "a=1", HOST, NULL, NULL, NULL, NULL, NULL, NULL, NULL};
    struct judge_verdict v = judge_case(&same, &wrong);
    check_text(v.cause,
               "reckoned with GET /dev/any, 3 bytes of query, Host " HOST " and a body of 0 bytes: nothing that "
               "commonly differs explains it, so the secret key is another one, or a signed field was changed "
               "or added afterwards");
    assert_null(v.fix.p);
}

static void other_refusals(void **state) {
    (void)state;
    struct http_request rq = unsigned_request("GET", "/dev/any");
    struct judge_verdict v = judged(&rq);
    assert_int_equal(v.cause.n + v.fix.n, 0);
    rq = by(KEEPER, "GET", "/dev/any");
    *value_of(&rq, "x-amz-date") = STR("20100101T000000Z");
    v = judged(&rq);
    assert_int_equal(v.cause.n + v.fix.n, 0);
}

/* Whatever is tried, nobody gets in by it. */
static void no_way_in(void **state) {
    (void)state;
    struct http_request rq = by(KEEPER, "GET", "/dev/any");
    rq.method = STR("POST");
    struct judge_verdict v = judged(&rq);
    assert_int_equal(v.refusal.status, 403);
    assert_null(v.caller);
}

static void no_memory(void **state) {
    (void)state;
    struct http_request rq = by(KEEPER, "GET", "/dev/any");
    struct judge_verdict v;
    struct arena small;
    struct err e;
    rq.method = STR("POST");
    for (size_t limit = 0; limit < 2000000; limit = limit * 3 / 2 + 64) {
        arena_init(&small, limit);
        if (judge_request(&JUDGE, &rq, STR("127.0.0.1"), NOW, &v, &small, &e)) assert_int_equal(v.refusal.status, 403);
        arena_close(&small);
    }
}

int main(void) {
    const struct CMUnitTest cases[] = {
        WITH_ARENA("another host, path, method, query or body is found and shown beside what came", found),
        WITH_ARENA("what nothing explains is said to be the secret or a field", unknown),
        WITH_ARENA("other refusals are not searched", other_refusals),
        WITH_ARENA("what fits is still refused", no_way_in),
        WITH_ARENA("without memory nobody is admitted by mistake", no_memory),
    };
    return cmocka_run_group_tests_name("mismatch", cases, NULL, NULL);
}
