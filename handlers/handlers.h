/* SPDX-License-Identifier: Apache-2.0 */
/* The two functions of this project, as lambda_program members. */
#ifndef HANDLERS_HANDLERS_H
#define HANDLERS_HANDLERS_H

#include <pthread.h>

#include "lambda.h"

/* `private`: answers 200 {"message","userArn","method","params","body"} from the event alone. params is null without a
   query, a repeated name is a list; a base64 body stays base64 with "isBase64Encoded":true. Headers are never echoed: the
   caller's session token is among them. */
bool private_handle(void *user, const struct lambda_invocation *inv, struct buf *reply, struct err *e);

/* `public`: forwards method, query, body and content type to PRIVATE_API_URL, signed with the function role's credentials,
   and answers with the private API's JSON; a failure there is 502, or 504 when time ran out, as
   {"message","errorType","upstreamStatus","requestId"}. user is a struct public_clients: a call takes an idle client or
   opens another, so there are as many as there are calls at once. */
struct private_api;
struct public_clients {
    pthread_mutex_t lock; /* PTHREAD_MUTEX_INITIALIZER */
    struct private_api *idle;
};
bool public_init(void *user, struct err *e);
bool public_handle(void *user, const struct lambda_invocation *inv, struct buf *reply, struct err *e);
void public_close(struct public_clients *clients); /* no call may be going on */

#endif
