/* SPDX-License-Identifier: Apache-2.0 */
/* handlers/clock_skew.c */
#include "check.h"
#include "clock_skew.h"

enum { NOW = 1440938160 }; /* 20150830T123600Z */

static struct http_field date[1];
static int64_t skew_s;

static bool corrects(int status, enum upstream_fault fault, const char *message, const char *their_date) {
    date[0] = (struct http_field){STR("Date"), str_of(their_date)};
    struct http_response rs = {.status = status, .fields = {date, their_date ? 1 : 0, 1}};
    return clock_skew_correct(&rs, fault, str_of(message), NOW, &skew_s);
}

static void by_sentence(void **state) {
    (void)state;
    skew_s = 0;
    assert_true(
        corrects(403, UPSTREAM_EXPIRED,
                 "Signature expired: 20150830T123600Z is now earlier than 20150830T125600Z (20150830T130100Z - 5 "
                 "min.)",
                 "Sun, 30 Aug 2015 20:00:00 GMT"));
    assert_int_equal(skew_s, 25 * 60);
}

static void by_date(void **state) {
    (void)state;
    skew_s = 0;
    assert_true(corrects(403, UPSTREAM_FORBIDDEN, NULL, "Sun, 30 Aug 2015 12:26:00 GMT"));
    assert_int_equal(skew_s, -600);
    assert_false(
        corrects(403, UPSTREAM_FORBIDDEN, NULL, "Sun, 30 Aug 2015 12:26:00 GMT")); /* it is corrected already */
    skew_s = 0;
    assert_false(corrects(403, UPSTREAM_MISMATCH, NULL, "Sun, 30 Aug 2015 12:37:59 GMT"));
    assert_true(corrects(403, UPSTREAM_MISMATCH, NULL, "Sun, 30 Aug 2015 12:38:00 GMT"));
}

static void other_refusals(void **state) {
    (void)state;
    skew_s = 7;
    static const enum upstream_fault faults[] = {UPSTREAM_POLICY, UPSTREAM_BAD_TOKEN, UPSTREAM_NOT_SIGNED};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        assert_false(corrects(403, faults[i], NULL, "Sun, 30 Aug 2015 20:00:00 GMT"));
    assert_false(corrects(404, UPSTREAM_REFUSAL, NULL, "Sun, 30 Aug 2015 20:00:00 GMT"));
    assert_false(corrects(403, UPSTREAM_FORBIDDEN, NULL, NULL));
    assert_int_equal(skew_s, 7);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE("the refusal's own clock wins over the Date field", by_sentence),
        CASE("a Date two minutes off corrects a refusal that may be about the clock", by_date),
        CASE("other refusals correct nothing", other_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
