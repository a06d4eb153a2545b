/* SPDX-License-Identifier: Apache-2.0 */
/* What went wrong with a call of the private API, told apart, and what is said of it: to the caller a class and one
   sentence, to the log what to do. Nothing here holds a byte of the refusal: it may hold the session token.
   https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html */
#ifndef HANDLERS_UPSTREAM_FAULT_H
#define HANDLERS_UPSTREAM_FAULT_H

#include "http.h"

enum upstream_fault {
    UPSTREAM_OK, /* a 2xx */
    /* 403 of a REST API, by its x-amzn-ErrorType and message */
    UPSTREAM_NOT_SIGNED,        /* or no such route */
    UPSTREAM_BAD_AUTHORIZATION, /* the field cannot be read */
    UPSTREAM_MISMATCH,
    UPSTREAM_EXPIRED,
    UPSTREAM_NOT_YET_VALID,
    UPSTREAM_SCOPE, /* region, service or date of the credential */
    UPSTREAM_BAD_TOKEN,
    UPSTREAM_EXPIRED_TOKEN,
    UPSTREAM_POLICY,
    UPSTREAM_API_KEY,
    UPSTREAM_FORBIDDEN, /* for a reason that is not told, or not known here */
    /* any other answer */
    UPSTREAM_REFUSAL,   /* 4xx */
    UPSTREAM_THROTTLED, /* 429 */
    UPSTREAM_REDIRECT,  /* 3xx; never followed */
    UPSTREAM_FAILURE,   /* 5xx */
    UPSTREAM_LATE,      /* 504 */
    UPSTREAM_NOT_JSON,
    /* no answer */
    UPSTREAM_TIMEOUT,
    UPSTREAM_NAME,    /* DNS */
    UPSTREAM_CONNECT, /* refused, unreachable */
    UPSTREAM_TLS,
    UPSTREAM_DIED,      /* closed or reset before the answer was whole */
    UPSTREAM_KEPT_DIED, /* the same to a kept connection, before the first byte of an answer */
    UPSTREAM_PROTOCOL,  /* cut, not HTTP, or not as long as it says */
    UPSTREAM_TOO_LONG,
    /* nothing was sent to the private API */
    UPSTREAM_CREDENTIALS,
    UPSTREAM_ASSUME_ROLE,
    UPSTREAM_KEYS_TIMEOUT, /* of either */
    UPSTREAM_BAD_REQUEST,  /* the caller's request cannot be sent as it is */
    UPSTREAM_MEMORY,
    UPSTREAM_FAULTS,
};

struct upstream_words {
    const char *error_type; /* for the caller */
    int status;             /* of our reply: 502, 504 when time ran out, 400 for UPSTREAM_BAD_REQUEST */
    const char *message;    /* for the caller */
    const char *advice;     /* for the log */
};
const struct upstream_words *upstream_fault_words(enum upstream_fault fault);

/* message: what upstream_fault_message found in the body. */
enum upstream_fault upstream_fault_of_answer(const struct http_response *rs, struct str message);

/* Of http_exchange's error, and http_fault's answer to it. */
enum upstream_fault upstream_fault_of_error(const struct err *e, enum http_fault fault);

/* The body's message or Message; absent: there is none. In the arena. */
struct str upstream_fault_message(struct str body, struct arena *a);

/* x-amzn-ErrorType up to ':' (a URL follows there), if it is a plain word; else absent. */
struct str upstream_fault_class(const struct http_response *rs);

/* A request id of the answer, if it looks like one; else absent. */
struct str upstream_fault_id(const struct http_response *rs, struct str name);

#endif
