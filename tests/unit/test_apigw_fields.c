/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/apigw_fields.c: which name stands first, and its values in one. */
#include "apigw_fields.h"

#include "check.h"

static struct arena arena;
static struct http_fields fields;

static int set_up(void **state) {
    static const char *const pairs[][2] = {{"X-A", ""}, {"b", "1"}, {"x-a", "2, \"3\""}, {"X-A", "4"}};
    struct err e;
    (void)state;
    arena_init(&arena, 1 << 20);
    fields = (struct http_fields){0};
    for (size_t i = 0; i < 4; i++)
        check_ok(http_field_add(&fields, str_of(pairs[i][0]), str_of(pairs[i][1]), &arena, &e), e);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

static void firsts(void **state) {
    (void)state;
    static const bool headers[] = {true, true, false, false}, params[] = {true, true, true, false};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(apigw_fields_first(&fields, i, APIGW_HEADERS), headers[i]);
        assert_int_equal(apigw_fields_first(&fields, i, APIGW_PARAMS), params[i]);
    }
}

static struct str joined(size_t i, enum apigw_names names) {
    struct buf b;
    buf_init(&b, 100, &arena);
    apigw_fields_write_joined(&b, &fields, i, names, &arena);
    assert_false(b.failed);
    return buf_str(&b);
}

static void in_one(void **state) {
    (void)state;
    check_text(joined(0, APIGW_HEADERS), "\",2, \\\"3\\\",4\"");
    check_text(joined(0, APIGW_PARAMS), "\",4\"");
    check_text(joined(1, APIGW_PARAMS), "\"1\"");
}

static void limit(void **state) {
    (void)state;
    struct buf b;
    struct err e;
    buf_init(&b, 5, &arena);
    apigw_fields_write_joined(&b, &fields, 0, APIGW_HEADERS, &arena);
    assert_false(buf_ok(&b, &e));
    assert_int_equal(e.kind, ERR_LIMIT);
}

#define FIELDS_CASE(sentence, function) \
    { sentence, function, set_up, tear_down, NULL }

int main(void) {
    const struct CMUnitTest tests[] = {
        FIELDS_CASE("the first of a name is found, of a header without case", firsts),
        FIELDS_CASE("the values of a name are joined by commas, an empty one too", in_one),
        FIELDS_CASE("what passes the limit is an error, never a cut", limit),
    };
    return cmocka_run_group_tests_name("apigw_fields", tests, NULL, NULL);
}
