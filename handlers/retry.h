/* SPDX-License-Identifier: Apache-2.0 */
/* When a call is worth another attempt, and after which pause. Pure: what happened and randomness come in.
   https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ */
#ifndef HANDLERS_RETRY_H
#define HANDLERS_RETRY_H

#include "upstream_fault.h"

enum {
    RETRY_MAX_PAUSES = 2, /* so at most three attempts at a busy API */
    RETRY_BASE_MS = 100,
    RETRY_CAP_MS = 2000,
};

/* What one call has used up; zeroed at its begin. */
struct retry {
    bool corrected;   /* the clock, once */
    bool renewed;     /* the keys, once */
    bool reconnected; /* once */
    int pauses;
};

/* What was done about a refusal, so that the next attempt is another one. */
enum retry_remedy { RETRY_NO_REMEDY, RETRY_CORRECTED_CLOCK, RETRY_OTHER_KEYS };

enum retry_reason {
    RETRY_NO,
    RETRY_CLOCK,      /* the clock was wrong and is corrected: at once, whatever the method */
    RETRY_KEYS,       /* the keys had expired, others are there: at once, whatever the method */
    RETRY_CONNECTION, /* a kept connection died before a byte of the answer: at once */
    RETRY_LATER,      /* 429, 502, 503, 504: after a pause */
};

/* GET, HEAD, OPTIONS, TRACE, PUT, DELETE (RFC 9110 section 9.2.2). */
bool retry_is_idempotent(struct str method);

/* Notes in *r what it allows. status: of the answer, 0: none came. */
enum retry_reason retry_decide(struct retry *r, struct str method, enum upstream_fault fault, int status,
                               enum retry_remedy remedy);

/* Full jitter: from 0 to the base doubled with each pause, up to the cap; any random number will do. r: as
   retry_decide left it. */
int64_t retry_pause_ms(const struct retry *r, uint32_t random);

#endif
