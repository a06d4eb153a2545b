/* SPDX-License-Identifier: Apache-2.0 */
/* Any text is a credentials file or refused by name. The values are pieces of it, not empty, trimmed, and could stand
   in a field. */
#include "fuzz.h"
#include "profile.h"

static void check(struct str value, struct str text) {
    FUZZ_HOLDS(fuzz_inside(value, text) && value.n && !str_has_control(value) && str_trim(value).n == value.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct str text = fuzz_text(data, n);
    struct profile profile;
    struct err e;
    if (!profile_read(text, "f", STR("default"), &profile, &e)) {
        FUZZ_HOLDS(e.kind == ERR_CONFIG && strncmp(e.msg, "f:", 2) == 0);
        return 0;
    }
    check(profile.keys.id, text);
    check(profile.keys.secret, text);
    if (profile.keys.token.p) check(profile.keys.token, text);
    if (profile.region.p) check(profile.region, text);
    return 0;
}
