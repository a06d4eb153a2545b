/* SPDX-License-Identifier: Apache-2.0 */
/* AWS_IAM as each kind of API enforces it: route, signature, token, clock, policies, then a REST API's key; every refusal
   with AWS's status, x-amzn-ErrorType and body.
   https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-invoke-api.html
   https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html */
#ifndef LOCAL_JUDGE_H
#define LOCAL_JUDGE_H

#include "keyring.h"

struct judge {
    const struct model *model;
    const struct model_api *api;
    const struct keyring *keyring;
};

struct judge_verdict {
    const struct model_route *route;     /* NULL: refused before or at routing */
    struct http_fields path_params;      /* of the route */
    const struct keyring_entry *caller;  /* NULL on an open route; whoever judged gives it back to the keyring */
    const struct model_api_key *api_key; /* that opened the route; NULL: it wants none */
    struct http_response refusal;        /* status 0: admitted */
    struct str error_type;               /* of the refusal */
    /* For the operator's log: no key, token or signature is in it. The last two, where they can be told: what the request or
       the policy parts from, and what would help. */
    struct str why, cause, fix;
};

/* Fails closed: false (memory, libcrypto) must be answered with an error, never served. */
bool judge_request(const struct judge *j, const struct http_request *rq, struct str peer_ip, int64_t now_s,
                   struct judge_verdict *v, struct arena *a, struct err *e);

#endif
