/* SPDX-License-Identifier: Apache-2.0 */
/* What a request must be, before anything is added to it. */
#ifndef SIGV4_SIGV4_CHECK_H
#define SIGV4_SIGV4_CHECK_H

#include "sigv4.h"

/* The keys, the scope, the method and the fields; the target is checked while it becomes canonical. *plain: the fields'
   values and the token are so (sigv4_canonical_plain). */
bool sigv4_check_request(const struct http_request *rq, const struct sigv4_keys *keys, const struct sigv4_scope *scope,
                         bool *plain, struct err *e);

/* No parameter of the query (percent-encoded) is one that signing adds. */
bool sigv4_check_params(const struct http_fields *params, struct err *e);

/* The canonical request's payload hash: a literal, a view of the request's or the scope's, or `hex`. *send: it must be
   sent as X-Amz-Content-Sha256, and is not in the fields yet. */
bool sigv4_check_payload(const struct http_request *rq, const struct sigv4_scope *scope, char hex[65],
                         struct str *payload_hash, bool *send, struct err *e);

#endif
