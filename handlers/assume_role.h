/* SPDX-License-Identifier: Apache-2.0 */
/* STS AssumeRole: trades the function's own keys for those of another role, 900 seconds at a time.
   https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
#ifndef HANDLERS_ASSUME_ROLE_H
#define HANDLERS_ASSUME_ROLE_H

#include "http.h"
#include "sigv4.h"

struct assume_role {
    struct str role_arn; /* absent: nothing to assume */
    struct str region, session_name;
    struct url endpoint; /* AWS_ENDPOINT_URL_STS, else https://sts.{region}.{suffix of the role's partition} */
    struct http_client *http;
    struct sigv4_keys keys; /* kept until a minute before they expire */
    int64_t expires_s;
    struct arena arena; /* holds the keys */
};

/* texts lives as long as *role. ERR_CONFIG: an ARN that is no role's, an endpoint that is not https (or loopback http). */
bool assume_role_open(struct assume_role *role, struct str role_arn, struct str region, struct arena *texts,
                      struct err *e);
void assume_role_close(struct assume_role *role); /* wipes the keys */

/* *keys are views into *role, good until the next call. own signs the call to STS. now_s: seconds since 1970. */
bool assume_role_keys(struct assume_role *role, const struct sigv4_keys *own, int64_t now_s, int64_t timeout_ms,
                      struct sigv4_keys *keys, struct err *e);

#endif
