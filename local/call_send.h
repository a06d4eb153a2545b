/* SPDX-License-Identifier: Apache-2.0 */
/* Signing, sending, and a second time when the refusal shows that the clock is wrong: with what the Lambda handler's
   client does it. */
#ifndef LOCAL_CALL_SEND_H
#define LOCAL_CALL_SEND_H

#include "call.h"
#include "call_body.h"
#include "call_flags.h"
#include "call_output.h"
#include "call_watch.h"
#include "http_transfer.h"

struct call {
    struct client *c;
    struct call_flags flags;
    struct call_body body;
    struct call_output output;
    struct call_progress sending, receiving;
    struct buf wire; /* -v: the request's header so far */
    struct sigv4_texts texts;
    struct http_response answer;
    struct http_client *http;
    struct str query; /* before signing */
    int64_t skew_s, end_ms;
    int code; /* enum call_exit, or libcurl's */
};

/* What is left of --max-time; HTTP_NO_TIMEOUT: any time. False: none is, and call->code says so. */
bool call_send_time(struct call *call, int64_t *left_ms);

/* c->rq signed anew, at this moment. */
bool call_send_sign(struct call *call);

/* The answer is written, and explained if it is to be. False: call->code and c->e say why. */
bool call_send(struct call *call);

#endif
