/* SPDX-License-Identifier: Apache-2.0 */
/* Any query is read or refused. What was read, encoded and read again is the same. */
#include "fuzz.h"
#include "percent.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct arena *a = fuzz_arena();
    struct http_fields params, again;
    struct buf b = fuzz_buf(a);
    struct err e;
    if (!http_query_read(fuzz_text(data, n), &params, a, &e)) return 0;
    for (size_t i = 0; i < params.n; i++) {
        buf_add(&b, i ? STR("&") : STR(""));
        percent_write(&b, params.at[i].name, i % 2);
        buf_add_char(&b, '=');
        percent_write(&b, params.at[i].value, i % 2);
    }
    FUZZ_HOLDS(http_query_read(buf_str(&b), &again, a, &e) && fuzz_same_fields(&params, &again));
    return 0;
}
