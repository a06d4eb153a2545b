/* SPDX-License-Identifier: Apache-2.0 */
/* The two functions of this project, as lambda_program members. */
#ifndef HANDLERS_HANDLERS_H
#define HANDLERS_HANDLERS_H

#include "lambda.h"

/* `private`: answers 200 {"message","userArn","method","params","body"} from the event alone. params is null without a
   query, a repeated name is a list; a base64 body stays base64 with "isBase64Encoded":true. Headers are never echoed: the
   caller's session token is among them. */
bool private_handle(void *user, const struct lambda_invocation *inv, struct buf *reply, struct err *e);

/* `public`: forwards method, query, body and content type to PRIVATE_API_URL, signed with the function role's credentials,
   and answers with the private API's status and JSON. What is not a 2xx with JSON, an upstream 4xx included, is 502, or 504
   when time ran out, as {"message","errorType","upstreamStatus","requestId"}: the caller has not done it, and what AWS
   says to a signer is not for the caller's eyes. The types are in upstream_fault.c. 400 BadRequest: the event holds what
   cannot be passed on. user is the struct private_api that public_init opened. */
bool public_init(void *user, struct err *e);
bool public_handle(void *user, const struct lambda_invocation *inv, struct buf *reply, struct err *e);
bool public_after_restore(void *user, struct err *e); /* connections do not outlive a snapshot */

#endif
