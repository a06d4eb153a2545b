/* SPDX-License-Identifier: Apache-2.0 */
/* The two nouns of the whole path. Nothing here knows sockets or AWS; all text is borrowed from the arena of the moment. */
#ifndef BASE_HTTP_MSG_H
#define BASE_HTTP_MSG_H

#include "arena.h"
#include "err.h"
#include "str.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { HTTP_MAX_FIELDS = 512 };

struct http_field {
    struct str name, value;
};

/* An ordered list with repeats: header fields, and decoded query or path parameters too. Zeroed = empty. */
struct http_fields {
    struct http_field *at;
    size_t n, cap;
};

struct http_request {
    struct str method;
    struct str path;  /* as on the wire, up to '?' */
    struct str query; /* as on the wire, after '?'; absent when there is no '?' */
    struct http_fields fields;
    struct str body;
};

struct http_response {
    int status;
    struct http_fields fields;
    struct str body;
};

/* The first field of that name, without regard to case; absent if there is none. */
struct str http_field_get(const struct http_fields *f, struct str name);
size_t http_field_count(const struct http_fields *f, struct str name);

/* Appends; name and value must outlive the list. ERR_LIMIT at HTTP_MAX_FIELDS: a full list is an error, never a cut. */
bool http_field_add(struct http_fields *f, struct str name, struct str value, struct arena *a, struct err *e);

/* A token of RFC 9110 section 5.6.2 (method or field name). */
bool http_is_token(struct str s);

/* Splits a query as it is on the wire into decoded names and values ('+' is a space). ERR_PARSE on a bad %-escape. */
bool http_query_read(struct str query, struct http_fields *params, struct arena *a, struct err *e);

#ifdef __cplusplus
}
#endif

#endif
