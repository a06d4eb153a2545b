/* SPDX-License-Identifier: Apache-2.0 */
/* Any text is read as an event or refused. One that was read, written and read again is the same, of each kind. */
#include "apigw.h"
#include "fuzz.h"

static struct str written(const struct apigw_event *event, struct arena *a) {
    struct buf b = fuzz_buf(a);
    struct err e;
    apigw_write_event(&b, event, a);
    FUZZ_HOLDS(buf_ok(&b, &e));
    return buf_str(&b);
}

/* The one thing that a written event can hold and no reader takes. */
static bool has_nul(struct str text) {
    return str_find(text, STR("\\u0000")) != SIZE_MAX;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct arena *a = fuzz_arena();
    struct apigw_event event, again;
    struct err e;
    if (!apigw_read_event(fuzz_text(data, n), &event, a, &e)) return 0;
    bool rest = event.format == APIGW_REST;
    struct str text = written(&event, a);
    if (!apigw_read_event(text, &again, a, &e)) {
        FUZZ_HOLDS(!rest && has_nul(text)); /* of a %00 in the raw query */
        return 0;
    }
    FUZZ_HOLDS(event.format == again.format);
    FUZZ_HOLDS(str_eq(event.http.method, again.http.method) && str_eq(event.http.path, again.http.path));
    FUZZ_HOLDS(event.params.n == again.params.n && str_eq(event.raw_query, again.raw_query));
    if (rest) FUZZ_HOLDS(event.http.fields.n == again.http.fields.n);
    else FUZZ_HOLDS(str_eq(event.http.query, again.http.query) && fuzz_same_fields(&event.params, &again.params));
    FUZZ_HOLDS(str_eq(event.http.body, again.http.body) && event.body_is_base64 == again.body_is_base64);
    FUZZ_HOLDS(str_eq(text, written(&again, a))); /* all the rest; names that differ in case were put together */
    return 0;
}
