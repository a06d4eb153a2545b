/* SPDX-License-Identifier: Apache-2.0 */
/* What Lambda is told of a failure: the body of /error, its header fields and, behind a stream, its trailers.
   For runtime_api.c. */
#ifndef RUNTIME_RUNTIME_ERROR_H
#define RUNTIME_RUNTIME_ERROR_H

#include "lambda.h"

enum { RUNTIME_MAX_CAUSE_BYTES = 1000 * 1024 }; /* 1 MiB is libcurl's limit for a whole header */

/* Where the JSON goes: a trailer is part of a header, so it holds less of a long message and of a deep stack. */
enum runtime_error_place { RUNTIME_ERROR_BODY, RUNTIME_ERROR_TRAILER };

/* (Runtime|Function).Reason, a capital letter and more letters: Lambda passes these on and rewrites the rest. */
bool runtime_error_is_type(struct str type);

/* Lambda-Runtime-Function-Error-Type: the failure's own type, or Function.Unknown. */
struct str runtime_error_type(const struct lambda_failure *f);

/* f->body, or {"errorMessage","errorType","stackTrace"}; texts that are too long end in "...". A body that is too long for
   a trailer is replaced too. */
bool runtime_error_json(struct str *json, const struct lambda_failure *f, enum runtime_error_place place,
                        struct arena *a, struct err *e);

/* Lambda-Runtime-Function-XRay-Error-Cause: f's own if a header field can carry it (what cannot is logged), else one made
   of the other members; absent when there is no room for it. */
struct str runtime_error_cause(const struct lambda_failure *f, struct arena *a);

#endif
