/* SPDX-License-Identifier: Apache-2.0 */
/* Any text is read as a reply or refused. One that was read, written and read again is the same. */
#include "apigw.h"
#include "fuzz.h"

static struct str written(const struct http_response *rs, enum apigw_format format, struct arena *a) {
    struct buf b = fuzz_buf(a);
    struct err e;
    apigw_write_reply(&b, format, rs);
    FUZZ_HOLDS(buf_ok(&b, &e));
    return buf_str(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct arena *a = fuzz_arena();
    struct http_response rs, again;
    struct err e;
    if (!apigw_read_reply(fuzz_text(data, n), APIGW_REST, &rs, a, &e)) return 0;
    struct str text = written(&rs, APIGW_REST, a);
    FUZZ_HOLDS(apigw_read_reply(text, APIGW_REST, &again, a, &e));
    FUZZ_HOLDS(rs.status == again.status && str_eq(rs.body, again.body) && rs.fields.n == again.fields.n);
    FUZZ_HOLDS(str_eq(text, written(&again, APIGW_REST, a))); /* and the fields, of which the repeated come first now */
    written(&rs, APIGW_HTTP_V2, a);
    return 0;
}
