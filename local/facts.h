/* SPDX-License-Identifier: Apache-2.0 */
/* The condition keys of one request and their values.
   https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
   https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html */
#ifndef LOCAL_FACTS_H
#define LOCAL_FACTS_H

#include "keyring.h"

struct facts {
    const struct keyring_entry *caller; /* NULL: anonymous */
    const struct http_request *rq;
    struct str peer_ip, region, owner_account; /* the last: whose account owns what is asked for */
    int64_t now_s;
    /* Of a call of a function URL, which is two questions: lambda:InvokeFunctionUrl has the first, AWS_IAM or NONE, and
       lambda:InvokeFunction the second. Absent and false: the request has no such key. */
    struct str function_url_auth_type;
    bool invoked_via_function_url;
};

/* Adds to what is there already. */
bool facts_add(const struct facts *f, struct http_fields *to, struct arena *a, struct err *e);

#endif
