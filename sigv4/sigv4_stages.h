/* SPDX-License-Identifier: Apache-2.0 */
/* The stages between a request and its signature, one function per file of AWS's test suite. For sigv4/ itself, for
   tests and for tools that show the stages; a program that only signs needs sigv4.h. */
#ifndef SIGV4_SIGV4_STAGES_H
#define SIGV4_SIGV4_STAGES_H

#include "sigv4.h"

enum { SIGV4_MAX_CANONICAL_BYTES = 256 * 1024, SIGV4_DATE_BYTES = 17 };

/* "20150830T123600Z" from seconds since 1970 (years 1970 to 9999); and back, false if it is not such a text. */
bool sigv4_date_write(char out[static SIGV4_DATE_BYTES], int64_t unix_s);
bool sigv4_date_read(struct str text, int64_t *unix_s);

/* "a;b;c": the names of all fields that may be signed, lower case, sorted by byte, each once. ERR_LIMIT, ERR_MEMORY. */
bool sigv4_signed_headers(struct buf *out, const struct http_fields *fields, bool unsigned_token, struct err *e);

/* Lower-case hex of SHA-256. */
bool sigv4_hash(char hex[static 65], struct str bytes);

/* Does the query carry a signature of its own (X-Amz-Signature or X-Amz-Algorithm)? The canonical query leaves
   X-Amz-Signature out, so beside an Authorization field it would be a parameter that nobody signed. ERR_PARSE. */
bool sigv4_query_is_signed(struct str query, bool *yes, struct arena *a, struct err *e);

/* METHOD LF path LF query LF (name:value LF)* LF signed_headers LF payload_hash. signed_headers is taken as it is: a
   name without a field gives an empty value line. Folded field values (obs-fold of RFC 9112) are joined by a space
   here, though sigv4_sign refuses them. ERR_PARSE: a bad %-escape in the query, a path without its first '/'.
   ERR_LIMIT: more than HTTP_MAX_FIELDS parameters, or more bytes than `out` may hold. Scratch memory comes from out's
   arena. */
bool sigv4_canonical_request(struct buf *out, const struct http_request *rq, struct str signed_headers,
                             struct str payload_hash, enum sigv4_path path, struct err *e);

/* algorithm LF date LF scope LF hex(sha256(canonical)). amz_date is the 16-character text, its first 8 the scope's
   date. False: libcrypto, a date of another length, or out's limit. */
bool sigv4_string_to_sign(struct buf *out, struct str canonical, struct str amz_date, struct str region,
                          struct str service);

/* 64 hex digits and a NUL. The signing key and everything derived from the secret is wiped before it returns.
   False: libcrypto, or a secret longer than any AWS hands out. */
bool sigv4_signature(char hex[static 65], struct str string_to_sign, struct str secret, struct str yyyymmdd,
                     struct str region, struct str service);

#endif
