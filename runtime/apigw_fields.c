/* SPDX-License-Identifier: Apache-2.0 */
/* Lists are short, so every name is looked for from the start. */
#include "apigw_fields.h"

#include "json.h"

bool apigw_fields_same(const struct http_field *a, const struct http_field *b, enum apigw_names names) {
    return names == APIGW_HEADERS ? str_eq_nocase(a->name, b->name) : str_eq(a->name, b->name);
}

bool apigw_fields_first(const struct http_fields *f, size_t i, enum apigw_names names) {
    for (size_t k = 0; k < i; k++)
        if (apigw_fields_same(&f->at[k], &f->at[i], names)) return false;
    return true;
}

void apigw_fields_write_joined(struct buf *out, const struct http_fields *f, size_t i, enum apigw_names names,
                               struct arena *a) {
    struct buf joined;
    buf_init(&joined, out->limit, a);
    for (size_t k = i; k < f->n; k++) {
        if (!apigw_fields_same(&f->at[i], &f->at[k], names)) continue;
        if (k > i) buf_add_char(&joined, ',');
        buf_add(&joined, f->at[k].value);
    }
    out->failed |= joined.failed;
    json_write_text(out, buf_str(&joined));
}
