/* SPDX-License-Identifier: Apache-2.0 */
/* sigv4/sigv4_stages.c on what AWS's suite leaves out: escapes, '+', ports, limits, dates. */
#include "sigv4_stages.h"
#include "with_arena.h"

#define EMPTY_HASH "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static struct str canonical(struct http_request *rq, const char *names, enum sigv4_path how) {
    struct buf out;
    struct err e;
    buf_init(&out, SIGV4_MAX_CANONICAL_BYTES, &arena);
    check_ok(sigv4_canonical_request(&out, rq, str_of(names), STR("H"), how, &e), e);
    return buf_str(&out);
}

/* The n-th line, from 0. */
static struct str line(struct str text, int n) {
    struct str head = {0};
    for (int i = 0; i <= n; i++) str_cut(&text, '\n', &head);
    return head;
}

static void check_path(const char *wire, const char *want, enum sigv4_path how) {
    struct http_request rq = {.method = STR("GET"), .path = str_of(wire)};
    check_str(line(canonical(&rq, "", how), 1), str_of(want));
}

static void check_query(const char *wire, const char *want) {
    struct http_request rq = {.method = STR("GET"), .path = STR("/"), .query = str_of(wire)};
    check_str(line(canonical(&rq, "", SIGV4_PATH_NORMALIZE), 2), str_of(want));
}

static void add(struct http_request *rq, const char *name, const char *value) {
    struct err e;
    check_ok(http_field_add(&rq->fields, str_of(name), str_of(value), &arena, &e), e);
}

static void path_twice_encoded(void **state) {
    (void)state;
    check_path("/a%20b", "/a%2520b", SIGV4_PATH_NORMALIZE);
    check_path("/@x", "/%40x", SIGV4_PATH_NORMALIZE);
    check_path("/%40connections/a=", "/%2540connections/a%3D", SIGV4_PATH_NORMALIZE);
    check_path("/a%2fb", "/a%252fb", SIGV4_PATH_NORMALIZE);
    check_path("/%2e%2e/a", "/%252e%252e/a", SIGV4_PATH_NORMALIZE);
    check_path("/A-Za_z.0~9", "/A-Za_z.0~9", SIGV4_PATH_NORMALIZE);
}

static void path_normal(void **state) {
    (void)state;
    static const char *const pairs[][2] = {
        {"", "/"},           {"/", "/"},      {"//", "/"},       {"/a/.", "/a"},   {"/a/./", "/a/"},
        {"/a/..", "/"},      {"/a/../", "/"}, {"/../a", "/a"},   {"/..", "/"},     {"/a/b/../c", "/a/c"},
        {"//a///b", "/a/b"}, {"/a//", "/a/"}, {"/a/b/..", "/a"}, {"/...", "/..."}, {"/.a/b.", "/.a/b."}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        check_path(pairs[i][0], pairs[i][1], SIGV4_PATH_NORMALIZE);
}

static void path_kept(void **state) {
    (void)state;
    check_path("//a/../b c", "//a/../b%20c", SIGV4_PATH_KEEP);
    check_path("", "/", SIGV4_PATH_KEEP);
    check_path("//a/../b%20c@", "//a/../b%20c@", SIGV4_PATH_S3);
}

static void query_encoded_once(void **state) {
    (void)state;
    check_query("a=%2f&b=%41&c=~&d=*'()!", "a=%2F&b=A&c=~&d=%2A%27%28%29%21");
    check_query("a=b/c&x[]=1", "a=b%2Fc&x%5B%5D=1");
    check_query("a=b=c", "a=b%3Dc");
    check_query("a=x+y&b=x%2By", "a=x%20y&b=x%2By");
    check_query("k", "k=");
    check_query("=v", "=v");
    check_query("&a=1&&b=2&", "a=1&b=2");
    check_query("", "");
    check_query("a=%00%ff", "a=%00%FF");
}

static void query_sorted_by_two_fields(void **state) {
    (void)state;
    check_query("Param-3=a&Param=b", "Param=b&Param-3=a");
    check_query("a-b=1&a%20b=2", "a%20b=2&a-b=1");
    check_query("a=2&a=10&a=1&a", "a=&a=1&a=10&a=2");
    check_query("b=1&B=2", "B=2&b=1");
    check_query("a=1&X-Amz-Signature=00&X-Amz-Date=x", "X-Amz-Date=x&a=1");
}

static void query_bad_escape(void **state) {
    (void)state;
    static const char *const bad[] = {"a=%", "a=%2", "a=%zz", "%=1", "a=%2&b=1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct http_request rq = {.method = STR("GET"), .path = STR("/"), .query = str_of(bad[i])};
        struct buf out;
        struct err e = {0};
        buf_init(&out, 4096, &arena);
        assert_false(sigv4_canonical_request(&out, &rq, STR(""), STR(""), SIGV4_PATH_NORMALIZE, &e));
        assert_int_equal(e.kind, ERR_PARSE);
    }
}

static void query_too_long(void **state) {
    (void)state;
    struct buf q, out;
    struct err e = {0};
    buf_init(&q, 100000, &arena);
    for (int i = 0; i < HTTP_MAX_FIELDS; i++) buf_addf(&q, "a%d=1&", i);
    struct http_request rq = {.method = STR("GET"), .path = STR("/"), .query = buf_str(&q)};
    assert_true(canonical(&rq, "", SIGV4_PATH_NORMALIZE).n > 1000);
    buf_add(&q, STR("one=more"));
    rq.query = buf_str(&q);
    buf_init(&out, SIGV4_MAX_CANONICAL_BYTES, &arena);
    assert_false(sigv4_canonical_request(&out, &rq, STR(""), STR(""), SIGV4_PATH_NORMALIZE, &e));
    assert_int_equal(e.kind, ERR_LIMIT);
}

static void output_limit(void **state) {
    (void)state;
    struct http_request rq = {.method = STR("GET"), .path = STR("/abcdefghijk")};
    struct buf out;
    struct err e = {0};
    buf_init(&out, 12, &arena);
    assert_false(sigv4_canonical_request(&out, &rq, STR(""), STR(""), SIGV4_PATH_NORMALIZE, &e));
    assert_int_equal(e.kind, ERR_LIMIT);
}

static void header_values(void **state) {
    (void)state;
    struct http_request rq = {.method = STR("GET"), .path = STR("/")};
    add(&rq, "Host", "h:8080");
    add(&rq, "X-A", "  a \t  \"b   c\"\t");
    add(&rq, "x-a", "");
    add(&rq, "X-A", "d\r\n  e\v\ff");
    check_text(canonical(&rq, "host;none;x-a", SIGV4_PATH_NORMALIZE),
               "GET\n/\n\nhost:h:8080\nnone:\nx-a:a \"b c\",,d e f\n\nhost;none;x-a\nH");
}

static void header_names(void **state) {
    (void)state;
    static const char *const names[] = {"X-B",
                                        "Host",
                                        "User-Agent",
                                        "x-amzn-trace-id",
                                        "traceparent",
                                        "Tracestate",
                                        "baggage",
                                        "Authorization",
                                        "Connection",
                                        "x-b",
                                        "Content-Length",
                                        "X-Forwarded-For",
                                        "Sec-Fetch-Mode",
                                        "x-a",
                                        "Proxy-Foo",
                                        "TE",
                                        "Accept-Encoding",
                                        "Cache-Control",
                                        "Secure",
                                        "X-Amz-Security-Token",
                                        "Content-Type"};
    struct http_request rq = {0};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) add(&rq, names[i], "v");
    struct buf all, without;
    struct err e;
    buf_init(&all, 1000, &arena);
    buf_init(&without, 1000, &arena);
    check_ok(sigv4_signed_headers(&all, &rq.fields, false, &e), e);
    check_text(buf_str(&all), "content-length;content-type;host;secure;x-a;x-amz-security-token;x-b");
    check_ok(sigv4_signed_headers(&without, &rq.fields, true, &e), e);
    check_text(buf_str(&without), "content-length;content-type;host;secure;x-a;x-b");
}

static void dates_written(void **state) {
    (void)state;
    static const struct {
        int64_t s;
        const char *text;
    } known[] = {{0, "19700101T000000Z"},          {1440938160, "20150830T123600Z"},
                 {951782400, "20000229T000000Z"},  {4107542400, "21000301T000000Z"},
                 {4107542399, "21000228T235959Z"}, {253402300799, "99991231T235959Z"}};
    char out[SIGV4_DATE_BYTES];
    int64_t s;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        assert_true(sigv4_date_write(out, known[i].s));
        assert_string_equal(out, known[i].text);
        assert_true(sigv4_date_read(str_of(known[i].text), &s));
        assert_int_equal(s, known[i].s);
    }
    assert_false(sigv4_date_write(out, -1));
    assert_false(sigv4_date_write(out, 253402300800));
}

static void dates_round_trip(void **state) {
    (void)state;
    char out[SIGV4_DATE_BYTES];
    for (int64_t s = 0; s < 253402300800; s += 86400 * 13 + 4567) {
        int64_t back = -1;
        assert_true(sigv4_date_write(out, s));
        assert_true(sigv4_date_read(str_of(out), &back));
        assert_int_equal(back, s);
    }
}

static void dates_refused(void **state) {
    (void)state;
    static const char *const bad[] = {"",
                                      "20150830T123600",
                                      "20150830t123600Z",
                                      "20150830T123600z",
                                      "20150230T000000Z",
                                      "20151301T000000Z",
                                      "20150001T000000Z",
                                      "20150100T000000Z",
                                      "20150101T240000Z",
                                      "20150101T006000Z",
                                      "20150101T000060Z",
                                      "19691231T235959Z",
                                      "2015-830T123600Z",
                                      "201508-1T123600Z",
                                      "20150830T-13600Z",
                                      "20150830T123600Z ",
                                      "2015 830T123600Z",
                                      "2015083OT123600Z",
                                      "20150830T12360+Z",
                                      "21000229T000000Z"};
    int64_t s;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (sigv4_date_read(str_of(bad[i]), &s)) fail_msg("taken: %s", bad[i]);
}

static void hash_known(void **state) {
    (void)state;
    char hex[65];
    assert_true(sigv4_hash(hex, (struct str){0}));
    assert_string_equal(hex, EMPTY_HASH);
    assert_true(sigv4_hash(hex, STR("abc")));
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void to_sign_and_signature(void **state) {
    (void)state;
    struct buf b;
    char hex[65];
    buf_init(&b, 1000, &arena);
    assert_true(sigv4_string_to_sign(&b, STR("abc"), STR("20150830T123600Z"), STR("us-east-1"), STR("iam")));
    check_text(buf_str(&b), "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/iam/aws4_request\n"
                            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_false(sigv4_string_to_sign(&b, STR("abc"), STR("20150830"), STR("us-east-1"), STR("iam")));
    char longer[1025] = {0};
    struct str day = STR("20150830");
    assert_false(sigv4_signature(hex, STR("x"), (struct str){longer, 1025}, day, STR("r"), STR("s")));
    assert_true(sigv4_signature(hex, STR("x"), (struct str){longer, 1024}, day, STR("r"), STR("s")));
    assert_int_equal(strlen(hex), 64);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE("the wire path is encoded once more", path_twice_encoded),
        CASE("dot segments and repeated slashes go", path_normal),
        CASE("the path can be kept, encoded or not", path_kept),
        CASE("the query is decoded and encoded, so that one meaning has one form", query_encoded_once),
        CASE("parameters are sorted by encoded name, then by encoded value", query_sorted_by_two_fields),
        CASE("a bad escape in the query is an error", query_bad_escape),
        CASE("one parameter too many is an error", query_too_long),
        CASE("a canonical request that does not fit is an error", output_limit),
        CASE("values are trimmed, runs of white space are one space, repeats are joined in order", header_values),
        CASE("fields that a hop may change are not signed", header_names),
        CASE("dates are written and read", dates_written),
        CASE("every date that is written is read back", dates_round_trip),
        CASE("what is not a date is refused", dates_refused),
        CASE("the hash is SHA-256", hash_known),
        CASE("the string to sign has four lines, the signature 64 digits", to_sign_and_signature),
    };
    return cmocka_run_group_tests_name("sigv4_stages", tests, open_arena, close_arena);
}
