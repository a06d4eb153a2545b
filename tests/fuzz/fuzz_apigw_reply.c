/* SPDX-License-Identifier: Apache-2.0 */
/* Any text is read as a reply of each kind, and as the prelude of a stream, or refused. A reply that was read, written and
   read again is the same. */
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

static void try_prelude(struct str input, struct arena *a) {
    struct http_response rs;
    struct err e;
    if (!apigw_read_prelude(input, &rs, a, &e)) return;
    FUZZ_HOLDS(rs.status >= 100 && rs.status <= 599 && http_field_get(&rs.fields, STR("content-type")).p);
    for (size_t i = 0; i < rs.fields.n; i++)
        FUZZ_HOLDS(http_is_token(rs.fields.at[i].name) && !str_has_control(rs.fields.at[i].value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct arena *a = fuzz_arena();
    struct str input = fuzz_text(data, n);
    try_prelude(input, a);
    for (enum apigw_format format = APIGW_REST; format <= APIGW_FUNCTION_URL; format++) try_format(input, format, a);
    return 0;
}
