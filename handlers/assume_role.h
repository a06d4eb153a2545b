/* SPDX-License-Identifier: Apache-2.0 */
/* STS AssumeRole: trades the caller's own keys for those of another role, 900 seconds at a time.
   https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
#ifndef HANDLERS_ASSUME_ROLE_H
#define HANDLERS_ASSUME_ROLE_H

#include "credentials_cache.h"
#include "url.h"

struct assume_role_options {
    struct str role_arn;
    const char *arn_name;    /* what error sentences call it: "PRIVATE_API_ROLE_ARN" */
    struct str region;       /* of STS */
    struct str session_name; /* absent: AWS_LAMBDA_FUNCTION_NAME, else lambda-iam-c */
    int64_t duration_s;      /* 0: 900 */
};

struct assume_role {
    struct assume_role_options options; /* an absent role_arn: closed, nothing to assume */
    struct url endpoint; /* AWS_ENDPOINT_URL_STS, else https://sts.{region}.{suffix of the role's partition} */
    struct credentials_cache cache;
};

/* No connection is made. The texts, and what is put into the arena, live as long as *role. ERR_CONFIG: an ARN that is
   no role's, a session name that STS would not take, an endpoint that is not https (or loopback http). */
bool assume_role_open(struct assume_role *role, const struct assume_role_options *options, struct arena *texts,
                      struct err *e);
void assume_role_close(struct assume_role *role); /* wipes the keys; closed already is fine */

/* Any thread. *keys are copies in the arena; own signs the call to STS, when there has to be one. An error's sentence
   starts with "assuming {arn_name}: ". ERR_REFUSED: STS said no; ERR_NETWORK, ERR_TIMEOUT, ERR_PROTOCOL: STS was not
   reached, was late, or answered without one of AccessKeyId, SecretAccessKey, SessionToken and Expiration. All of them
   are of STS and say nothing about what the keys are for. */
bool assume_role_keys(struct assume_role *role, const struct sigv4_keys *own, const struct credentials_time *when,
                      struct sigv4_keys *keys, struct arena *a, struct err *e);

#endif
