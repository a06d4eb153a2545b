/* SPDX-License-Identifier: Apache-2.0 */
/* handlers/retry.c: every reason has its budget, and only idempotent methods have more than the clock's and the keys'. */
#include "check.h"
#include "retry.h"

static void methods(void **state) {
    (void)state;
    static const char *const yes[] = {"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"};
    static const char *const no[] = {"POST", "PATCH", "get", "LOCK", "", "GETS"};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) assert_true(retry_is_idempotent(str_of(yes[i])));
    for (size_t i = 0; i < sizeof no / sizeof *no; i++) assert_false(retry_is_idempotent(str_of(no[i])));
}

static void clock_once(void **state) {
    (void)state;
    struct retry r = {0};
    assert_int_equal(retry_decide(&r, STR("POST"), UPSTREAM_EXPIRED, 403, RETRY_CORRECTED_CLOCK), RETRY_CLOCK);
    assert_int_equal(retry_decide(&r, STR("POST"), UPSTREAM_EXPIRED, 403, RETRY_CORRECTED_CLOCK), RETRY_NO);
    assert_int_equal(retry_decide(&r, STR("GET"), UPSTREAM_EXPIRED, 403, RETRY_NO_REMEDY), RETRY_NO);
}

static void keys_once(void **state) {
    (void)state;
    struct retry r = {0};
    assert_int_equal(retry_decide(&r, STR("POST"), UPSTREAM_EXPIRED_TOKEN, 403, RETRY_OTHER_KEYS), RETRY_KEYS);
    assert_int_equal(retry_decide(&r, STR("POST"), UPSTREAM_EXPIRED_TOKEN, 403, RETRY_OTHER_KEYS), RETRY_NO);
    assert_int_equal(retry_decide(&r, STR("POST"), UPSTREAM_EXPIRED, 403, RETRY_CORRECTED_CLOCK), RETRY_CLOCK);
    assert_int_equal(retry_decide(&r, STR("GET"), UPSTREAM_EXPIRED_TOKEN, 403, RETRY_NO_REMEDY), RETRY_NO);
}

static void busy(void **state) {
    (void)state;
    static const int again[] = {429, 502, 503, 504}, never[] = {0, 200, 301, 400, 403, 404, 408, 500, 501, 505};
    for (size_t i = 0; i < sizeof again / sizeof *again; i++) {
        struct retry r = {0}, post = {0};
        for (int k = 0; k < RETRY_MAX_PAUSES; k++)
            assert_int_equal(retry_decide(&r, STR("GET"), UPSTREAM_FAILURE, again[i], RETRY_NO_REMEDY), RETRY_LATER);
        assert_int_equal(retry_decide(&r, STR("GET"), UPSTREAM_FAILURE, again[i], RETRY_NO_REMEDY), RETRY_NO);
        assert_int_equal(retry_decide(&post, STR("POST"), UPSTREAM_FAILURE, again[i], RETRY_NO_REMEDY), RETRY_NO);
        assert_int_equal(post.pauses, 0);
    }
    for (size_t i = 0; i < sizeof never / sizeof *never; i++) {
        struct retry r = {0};
        assert_int_equal(retry_decide(&r, STR("GET"), UPSTREAM_FAILURE, never[i], RETRY_NO_REMEDY), RETRY_NO);
    }
}

static void dead_connection(void **state) {
    (void)state;
    struct retry r = {0}, post = {0}, fresh = {0};
    assert_int_equal(retry_decide(&r, STR("GET"), UPSTREAM_KEPT_DIED, 0, RETRY_NO_REMEDY), RETRY_CONNECTION);
    assert_int_equal(retry_decide(&r, STR("GET"), UPSTREAM_KEPT_DIED, 0, RETRY_NO_REMEDY), RETRY_NO);
    assert_int_equal(retry_decide(&post, STR("POST"), UPSTREAM_KEPT_DIED, 0, RETRY_NO_REMEDY), RETRY_NO);
    assert_int_equal(retry_decide(&fresh, STR("GET"), UPSTREAM_DIED, 0, RETRY_NO_REMEDY), RETRY_NO);
}

static void bounded(void **state) {
    (void)state;
    struct retry r = {0};
    int attempts = 1;
    while (retry_decide(&r, STR("GET"), UPSTREAM_EXPIRED, 403, RETRY_CORRECTED_CLOCK) != RETRY_NO) attempts++;
    while (retry_decide(&r, STR("GET"), UPSTREAM_EXPIRED_TOKEN, 403, RETRY_OTHER_KEYS) != RETRY_NO) attempts++;
    while (retry_decide(&r, STR("GET"), UPSTREAM_KEPT_DIED, 0, RETRY_NO_REMEDY) != RETRY_NO) attempts++;
    while (retry_decide(&r, STR("GET"), UPSTREAM_THROTTLED, 429, RETRY_NO_REMEDY) != RETRY_NO) attempts++;
    assert_int_equal(attempts, 6);
}

static void pauses(void **state) {
    (void)state;
    static const int64_t most[] = {100, 200, 400, 800, 1600, 2000, 2000};
    for (int n = 1; n <= 7; n++) {
        struct retry r = {.pauses = n};
        assert_int_equal(retry_pause_ms(&r, 0), 0);
        assert_int_equal(retry_pause_ms(&r, (uint32_t)most[n - 1]), most[n - 1]);
        assert_int_equal(retry_pause_ms(&r, (uint32_t)most[n - 1] + 1), 0);
        assert_in_range(retry_pause_ms(&r, UINT32_MAX), 0, most[n - 1]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE("the idempotent methods are those of RFC 9110, spelled as there", methods),
        CASE("a corrected clock is tried once, whatever the method", clock_once),
        CASE("other keys are tried once, whatever the method", keys_once),
        CASE("429, 502, 503 and 504 are tried twice more for an idempotent method, never for POST", busy),
        CASE("a dead kept connection is tried once more for an idempotent method, never for POST", dead_connection),
        CASE("all reasons together make six attempts at most", bounded),
        CASE("pauses lie between 0 and a bound that doubles up to its cap", pauses),
    };
    return cmocka_run_group_tests_name("retry", tests, NULL, NULL);
}
