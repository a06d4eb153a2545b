/* SPDX-License-Identifier: Apache-2.0 */
/* The head of a reply that is still being written, for a client that sees it as it comes. */
#ifndef LOCAL_EXCHANGE_STREAM_H
#define LOCAL_EXCHANGE_STREAM_H

#include "exchange.h"

/* Waits for the beginning of the stream and makes the head of it; the body stays in the pipe. content_type is the one that
   the function posted with. False: no answer can be made of it; the pipe is the caller's as before. */
bool exchange_stream_head(const struct exchange *x, struct stream_pipe *pipe, struct str content_type,
                          struct http_response *rs, struct err *e);

#endif
