/* SPDX-License-Identifier: Apache-2.0 */
/* base/clock.c: the units are milliseconds, and each clock is the right one. */
#include <time.h>

#include "check.h"
#include "clock.h"

/* Read between two readings of the kernel's clock. */
static void check_between(clockid_t id, int64_t (*read_ms)(void)) {
    struct timespec before, after;
    clock_gettime(id, &before);
    int64_t ms = read_ms();
    clock_gettime(id, &after);
    assert_true(ms >= (int64_t)before.tv_sec * 1000 + before.tv_nsec / 1000000);
    assert_true(ms <= (int64_t)after.tv_sec * 1000 + after.tv_nsec / 1000000);
}

static void real(void **state) {
    (void)state;
    check_between(CLOCK_REALTIME, clock_unix_ms);
}

static void monotonic(void **state) {
    (void)state;
    check_between(CLOCK_MONOTONIC, clock_monotonic_ms);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE("the time since 1970 is told in milliseconds", real),
        CASE("the monotonic time is told in milliseconds", monotonic),
    };
    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
