/* SPDX-License-Identifier: Apache-2.0 */
/* The signed client of one IAM-protected endpoint, for one thread at a time. Every attempt has fresh credentials, a fresh date and a fresh signature. */
#ifndef HANDLERS_PRIVATE_API_H
#define HANDLERS_PRIVATE_API_H

#include "assume_role.h"
#include "http.h"

struct private_api {
    struct url url;
    struct str host;            /* signed and sent as Host; PRIVATE_API_HOST, else the URL's */
    struct str service, region; /* PRIVATE_API_SERVICE and _REGION, else inferred from the host; never guessed */
    struct str api_key;         /* x-api-key, signed; absent: none */
    struct assume_role role;    /* PRIVATE_API_ROLE_ARN */
    struct http_client *http;
    struct arena arena; /* holds the texts above */
    int64_t skew_s;     /* AWS's clock minus ours, learnt from a refusal */
    struct private_api *next;
};

/* Reads PRIVATE_API_URL, PRIVATE_API_KEY, PRIVATE_API_ROLE_ARN, PRIVATE_API_HOST, PRIVATE_API_SERVICE, PRIVATE_API_REGION.
   No connection is made. ERR_CONFIG names the variable and what to write there. */
bool private_api_open(struct private_api *api, struct err *e);
void private_api_close(struct private_api *api);

struct private_api_call {
    struct str method, query, content_type, body;
    int64_t timeout_ms; /* for all attempts together */
};

/* Any HTTP answer is a success here; the caller judges its status. A refusal that a wrong clock explains is tried once
   more with the clock corrected. Errors: ERR_CONFIG (credentials), ERR_TIMEOUT, ERR_NETWORK, ERR_PROTOCOL, ERR_LIMIT. */
bool private_api_exchange(struct private_api *api, const struct private_api_call *call, struct http_response *rs,
                          struct arena *a, struct err *e);

#endif
