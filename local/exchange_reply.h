/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a function's reply on its way to the client. */
#ifndef LOCAL_EXCHANGE_REPLY_H
#define LOCAL_EXCHANGE_REPLY_H

#include "exchange.h"

/* ERR_PARSE: the reply is malformed for this kind of API; ERR_MEMORY. */
bool exchange_reply_read(const struct exchange *x, struct str json, struct http_response *rs, struct err *e);

/* The status, and the fields that pass. ERR_PARSE: it is no final answer. */
bool exchange_reply_head(const struct exchange *x, const struct http_response *from, struct http_response *rs,
                         struct err *e);

#endif
