/* SPDX-License-Identifier: Apache-2.0 */
/* base/wipe.h */
#include "check.h"
#include "wipe.h"

static void just_these(void **state) {
    (void)state;
    char text[] = "abcdef";
    wipe_bytes(text + 1, 2);
    assert_memory_equal(text, "a\0\0def", 7);
    wipe_str((struct str){text + 3, 2});
    assert_memory_equal(text, "a\0\0\0\0f", 7);
    wipe_str((struct str){0});
    wipe_bytes(NULL, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {CASE("the bytes given are zero, and no other", just_these)};
    return cmocka_run_group_tests_name("wipe", tests, NULL, NULL);
}
