/* SPDX-License-Identifier: Apache-2.0 */
/* What AWS answers by itself, for each kind of API, where no function does; and what each kind takes. */
#ifndef LOCAL_ANSWER_H
#define LOCAL_ANSWER_H

#include "model.h"

enum answer {
    ANSWER_NO_ROUTE,
    ANSWER_DENIED,       /* by a policy; a REST API names caller and resource instead */
    ANSWER_NO_KEY,       /* of a REST API, the only kind that has keys */
    ANSWER_BAD_REQUEST,  /* text that the event cannot carry */
    ANSWER_LONG_BODY,    /* of the request, or of the event */
    ANSWER_LONG_HEADERS, /* together with the request line in an HTTP API */
    ANSWER_LONG_URL,     /* or a resource of more than 1,600 bytes */
    ANSWER_BAD_REPLY,    /* malformed, or the function failed or timed out */
    ANSWER_TOO_LATE,     /* the integration's time was up */
    ANSWER_THROTTLED,    /* by the function's ReservedConcurrentExecutions */
    ANSWER_UNAVAILABLE,
    ANSWER_FAULT, /* of the gateway itself */
    ANSWER_KINDS
};

struct answer_limits {
    size_t body_bytes, header_bytes, url_bytes; /* 0: what the server takes */
    bool with_request_line;                     /* header_bytes counts it too */
    int64_t integration_ms;                     /* 0: the function's own time-out alone */
};

/* False: memory. */
bool answer_make(enum model_api_kind kind, enum answer answer, struct http_response *rs, struct arena *a,
                 struct err *e);
/* Adds x-amzn-ErrorType, unless it is absent. */
bool answer_add_type(struct http_response *rs, struct str type, struct arena *a, struct err *e);

const struct answer_limits *answer_limits(enum model_api_kind kind);

#endif
