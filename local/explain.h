/* SPDX-License-Identifier: Apache-2.0 */
/* The subcommand "apigw explain": a request as it was sent and the 403 that came back in, the cause and the fix out. It
   sends nothing, and prints no secret, token or signature. */
#ifndef LOCAL_EXPLAIN_H
#define LOCAL_EXPLAIN_H

#include "client.h"
#include "sigv4_explain.h"
#include "sigv4_stages.h"

enum { EXPLAIN_DONE = 0, EXPLAIN_UNKNOWN = 1, EXPLAIN_USAGE = 2, EXPLAIN_REFUSED = 3 };

/* argv[0] is "explain". Returns the exit code: a cause was found, none was, a command line or input that cannot be read. */
int explain_main(int argc, char **argv);

/* Explains the answer to a request that was sent as rq is. keys may be NULL; they are only compared and masked. */
bool explain_answer(const struct http_request *rq, const struct http_response *rs, const struct sigv4_keys *keys,
                    struct sigv4_explanation *explanation, struct arena *a, struct err *e);

/* The same from the texts that were signed, where the request is no longer whole. */
bool explain_texts(const struct sigv4_texts *texts, const struct http_response *rs, const struct sigv4_keys *keys,
                   struct sigv4_explanation *explanation, struct arena *a, struct err *e);

/* The explanation for a terminal. */
void explain_write(struct buf *out, const struct http_response *rs, const struct sigv4_explanation *x);

#endif
