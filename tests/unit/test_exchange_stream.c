/* SPDX-License-Identifier: Apache-2.0 */
/* local/exchange_stream.c: what head a stream has, and that not one byte of its body is lost. */
#include "exchange_stream.h"

#include "apigw.h"
#include "buf.h"
#include "check.h"

#define NULS "\0\0\0\0\0\0\0\0"

static struct arena arena;
static struct http_response rs;
static struct err e;

static int set_up(void **state) {
    (void)state;
    arena_init(&arena, 1 << 20);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

static struct stream_pipe *filled(struct str bytes) {
    struct stream_pipe *pipe;
    check_ok(stream_pipe_open(&pipe, &e), e);
    assert_true(stream_pipe_write(pipe, bytes));
    return pipe;
}

static bool head_of(struct stream_pipe *pipe, const char *content_type) {
    static const struct model_api api = {.kind = MODEL_FUNCTION_URL};
    const struct exchange_place place = {.api = &api};
    const struct exchange x = {.place = &place, .arena = &arena};
    return exchange_stream_head(&x, pipe, str_of(content_type), &rs, &e);
}

static void check_rest(struct stream_pipe *pipe, const char *expected) {
    char into[64];
    long n = stream_pipe_read(pipe, into, sizeof into);
    assert_true(n >= 0);
    struct str rest = {into, (size_t)n};
    check_str(rest, str_of(expected));
    stream_pipe_leave(pipe);
}

static void prelude(void **state) {
    (void)state;
    static const char *const types[] = {APIGW_PRELUDE_TYPE,
                                        "Application/vnd.awslambda.HTTP-integration-response ; a=b"};
    for (size_t i = 0; i < 2; i++) {
        struct stream_pipe *pipe = filled(
            STR("{\"statusCode\":404,\"headers\":{\"Content-Type\":\"text/x\",\"X-A\":\"1\","
                "\"Transfer-Encoding\":\"identity\",\"content-length\":\"9\"},\"cookies\":[\"c=1\"]}" NULS "body"));
        check_ok(head_of(pipe, types[i]), e);
        assert_int_equal(rs.status, 404);
        assert_int_equal(rs.fields.n, 3);
        check_text(http_field_get(&rs.fields, STR("content-type")), "text/x");
        check_text(http_field_get(&rs.fields, STR("x-a")), "1");
        check_text(http_field_get(&rs.fields, STR("set-cookie")), "c=1");
        stream_pipe_end(pipe);
        check_rest(pipe, "body");
    }
}

static void head_alone(void **state) {
    (void)state;
    struct stream_pipe *pipe = filled(STR("{}" NULS));
    check_ok(head_of(pipe, APIGW_PRELUDE_TYPE), e);
    stream_pipe_end(pipe);
    check_rest(pipe, "");
}

static void no_prelude(void **state) {
    (void)state;
    static const char *const types[][2] = {{"text/x", "text/x"}, {"", "application/octet-stream"}};
    for (size_t i = 0; i < 2; i++) {
        struct stream_pipe *pipe = filled(STR("body"));
        check_ok(head_of(pipe, types[i][0]), e);
        assert_int_equal(rs.status, 200);
        assert_int_equal(rs.fields.n, 1);
        check_str(http_field_get(&rs.fields, STR("content-type")), str_of(types[i][1]));
        stream_pipe_end(pipe);
        check_rest(pipe, "body");
    }
}

static void refuse(struct str bytes, bool whole, const char *content_type, const char *why) {
    struct stream_pipe *pipe = filled(bytes);
    if (!whole) stream_pipe_break(pipe);
    stream_pipe_end(pipe);
    assert_false(head_of(pipe, content_type));
    if (str_find(str_of(e.msg), str_of(why)) == SIZE_MAX) fail_msg("<%s> is not in <%s>", why, e.msg);
    stream_pipe_leave(pipe);
}

static void bad_preludes(void **state) {
    (void)state;
    refuse(STR("{}"), true, APIGW_PRELUDE_TYPE, "before the 8 NUL bytes");
    refuse(STR("{}\0\0\0\0\0\0\0"), false, APIGW_PRELUDE_TYPE, "before the 8 NUL bytes");
    refuse(STR("{}\0\0\0\0 \0\0\0\0body"), true, APIGW_PRELUDE_TYPE, "before the 8 NUL bytes");
    refuse(STR("{]" NULS), true, APIGW_PRELUDE_TYPE, "the prelude of a stream");
    refuse(STR("{\"statusCode\":103}" NULS), true, APIGW_PRELUDE_TYPE, "below 200");
    refuse(STR(""), false, "text/x", "before its first byte");
}

static void long_prelude(void **state) {
    (void)state;
    static char text[APIGW_PRELUDE_BYTES + APIGW_PRELUDE_NULS];
    memset(text, ' ', APIGW_PRELUDE_BYTES);
    text[0] = '{', text[APIGW_PRELUDE_BYTES - APIGW_PRELUDE_NULS - 1] = '}';
    memset(text + APIGW_PRELUDE_BYTES - APIGW_PRELUDE_NULS, 0, 2 * APIGW_PRELUDE_NULS);
    struct stream_pipe *pipe = filled((struct str){text, APIGW_PRELUDE_BYTES});
    check_ok(head_of(pipe, APIGW_PRELUDE_TYPE), e);
    stream_pipe_end(pipe);
    check_rest(pipe, "");
    text[APIGW_PRELUDE_BYTES - APIGW_PRELUDE_NULS] = ' ';
    refuse((struct str){text, sizeof text}, true, APIGW_PRELUDE_TYPE, "the prelude of a stream: ");
}

#define ARENA_CASE(sentence, function) \
    { sentence, function, set_up, tear_down, NULL }

int main(void) {
    const struct CMUnitTest cases[] = {
        ARENA_CASE("the prelude is the head, what follows its NUL bytes the body", prelude),
        ARENA_CASE("a head may be all", head_alone),
        ARENA_CASE("without a prelude the head is 200 and the content type", no_prelude),
        ARENA_CASE("what has no head is refused with the reason", bad_preludes),
        ARENA_CASE("a prelude ends within 16 KiB", long_prelude),
    };
    return cmocka_run_group_tests_name("exchange_stream", cases, NULL, NULL);
}
