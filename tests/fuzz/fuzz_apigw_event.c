/* SPDX-License-Identifier: Apache-2.0 */
/* Any text is read as an event or refused. A REST event that was read, written and read again is the same. */
#include "apigw.h"
#include "fuzz.h"

static struct str written(const struct apigw_event *event, struct arena *a) {
    struct buf b = fuzz_buf(a);
    struct err e;
    apigw_write_event(&b, event, a);
    FUZZ_HOLDS(buf_ok(&b, &e));
    return buf_str(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct arena *a = fuzz_arena();
    struct apigw_event event, again;
    struct err e;
    if (!apigw_read_event(fuzz_text(data, n), &event, a, &e)) return 0;
    struct str text = written(&event, a);
    if (event.format != APIGW_REST) return 0; /* 2.0 is read only: its query may hold bytes that are not text */
    FUZZ_HOLDS(apigw_read_event(text, &again, a, &e));
    FUZZ_HOLDS(str_eq(event.http.method, again.http.method) && str_eq(event.http.path, again.http.path));
    FUZZ_HOLDS(event.http.fields.n == again.http.fields.n && event.params.n == again.params.n);
    FUZZ_HOLDS(str_eq(event.http.body, again.http.body) && event.body_is_base64 == again.body_is_base64);
    FUZZ_HOLDS(str_eq(text, written(&again, a))); /* all the rest; names that differ in case were put together */
    return 0;
}
