/* SPDX-License-Identifier: Apache-2.0 */
/* Any text is read as a reply of each kind or refused. One that was read, written and read again is the same. */
#include "apigw.h"
#include "fuzz.h"

static struct str written(const struct http_response *rs, enum apigw_format format, struct arena *a) {
    struct buf b = fuzz_buf(a);
    struct err e;
    apigw_write_reply(&b, format, rs);
    FUZZ_HOLDS(buf_ok(&b, &e));
    return buf_str(&b);
}

static void try_format(struct str input, enum apigw_format format, struct arena *a) {
    struct http_response rs, again;
    struct err e;
    if (!apigw_read_reply(input, format, &rs, a, &e)) return;
    FUZZ_HOLDS(rs.status >= 100 && rs.status <= 599 && http_field_get(&rs.fields, STR("content-type")).p);
    struct str text = written(&rs, format, a);
    FUZZ_HOLDS(apigw_read_reply(text, format, &again, a, &e));
    FUZZ_HOLDS(rs.status == again.status && str_eq(rs.body, again.body));
    FUZZ_HOLDS(rs.fields.n == again.fields.n || format != APIGW_REST); /* 2.0 joins the repeated */
    FUZZ_HOLDS(str_eq(text, written(&again, format, a))); /* and the fields, of which the repeated come first now */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct arena *a = fuzz_arena();
    struct str input = fuzz_text(data, n);
    for (enum apigw_format format = APIGW_REST; format <= APIGW_FUNCTION_URL; format++) try_format(input, format, a);
    return 0;
}
