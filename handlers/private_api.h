/* SPDX-License-Identifier: Apache-2.0 */
/* The signed client of one IAM-protected endpoint, for any number of threads. Every attempt has fresh credentials, a fresh
   date and a fresh signature; connecting and signing can be for different hosts (VPC endpoints, custom domains). */
#ifndef HANDLERS_PRIVATE_API_H
#define HANDLERS_PRIVATE_API_H

#include <stdatomic.h>

#include "assume_role.h"
#include "client_pool.h"
#include "upstream_fault.h"

/* All zero is closed. Nothing but skew_s and what has a lock of its own changes after private_api_open. */
struct private_api {
    struct url url;
    struct str host;              /* signed and sent as Host; PRIVATE_API_HOST, else the URL's */
    struct str service, region;   /* PRIVATE_API_SERVICE and _REGION, else inferred from the host; never guessed */
    struct str api_key;           /* x-api-key, signed; absent: none */
    struct assume_role role;      /* PRIVATE_API_ROLE_ARN */
    struct credentials_cache own; /* keys of the container endpoint, when the environment has none */
    struct client_pool clients;
    struct sigv4_cache *signing_keys;
    struct arena arena;      /* holds the texts above and the memory of signing_keys */
    _Atomic(int64_t) skew_s; /* AWS's clock minus ours, learnt from a refusal */
};

/* Reads PRIVATE_API_URL, PRIVATE_API_KEY, PRIVATE_API_ROLE_ARN, PRIVATE_API_HOST, PRIVATE_API_SERVICE, PRIVATE_API_REGION.
   No connection is made. ERR_CONFIG names the variable and what to write there. */
bool private_api_open(struct private_api *api, struct err *e);
void private_api_close(struct private_api *api); /* no call is running; closed already is fine */

/* Opens the connection by an unsigned HEAD, without waiting for it: for init. What goes wrong is told by the first call. */
void private_api_warm(struct private_api *api);

/* No kept connection is used again: none survives a snapshot. */
void private_api_disconnect(struct private_api *api);

struct private_api_call {
    struct str method;
    struct str path;         /* behind the URL's own, with its '/'; absent: the URL's alone */
    struct str query;        /* as on the wire; absent: none */
    struct str content_type; /* absent: none is sent */
    struct str trace_id;     /* sent as X-Amzn-Trace-Id, unsigned; absent: none */
    struct str body;         /* any bytes */
    int64_t timeout_ms;      /* for all attempts, pauses and credentials together */
};

struct private_api_answer {
    struct http_response response; /* of the last attempt; status 0: none came */
    enum upstream_fault fault;     /* of the last attempt; UPSTREAM_OK: a 2xx */
    int attempts;                  /* how often a signed request was handed to the HTTP client */
    int64_t duration_ms;
};

/* True: an HTTP answer of any status came. False: none, and *e says why; *answer is to be read all the same, its fault says
   what to do.
   A control byte in method, path, query, content_type or trace_id, or a target over 65,535 bytes: UPSTREAM_BAD_REQUEST, and
   nothing is sent. Answers over 6 MiB are UPSTREAM_TOO_LONG. Redirects are answers, never followed.
   Tried again: once, when a refusal shows that the clock is wrong (its text, or its Date); and, for idempotent methods
   only, once when a kept connection died before the first byte of an answer, and up to twice after a pause for 429, 502,
   503 and 504. What is not idempotent is never sent again once it may have been read. No attempt starts that the time
   left does not allow. */
bool private_api_exchange(struct private_api *api, const struct private_api_call *call,
                          struct private_api_answer *answer, struct arena *a, struct err *e);

#endif
