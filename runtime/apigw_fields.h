/* SPDX-License-Identifier: Apache-2.0 */
/* Repeated names in lists of header fields and parameters, as events and replies group them. */
#ifndef RUNTIME_APIGW_FIELDS_H
#define RUNTIME_APIGW_FIELDS_H

#include "buf.h"
#include "http_msg.h"

/* Header names are compared without case, parameters with it. */
enum apigw_names { APIGW_HEADERS, APIGW_PARAMS };

bool apigw_fields_same(const struct http_field *a, const struct http_field *b, enum apigw_names names);

/* Is it the first of its name? */
bool apigw_fields_first(const struct http_fields *f, size_t i, enum apigw_names names);

/* The values of the name that f->at[i] is the first of, joined by commas, as one JSON text. */
void apigw_fields_write_joined(struct buf *out, const struct http_fields *f, size_t i, enum apigw_names names,
                               struct arena *a);

#endif
