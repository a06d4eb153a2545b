/* SPDX-License-Identifier: Apache-2.0 */
/* Which service and region a host name belongs to. A name that does not say it is not guessed at. */
#ifndef SIGV4_SIGV4_ENDPOINT_H
#define SIGV4_SIGV4_ENDPOINT_H

#include "str.h"

/* host without port:
     {api}.execute-api.{region}.{suffix}, {api}-{vpce}.execute-api..., {vpce}.execute-api.{region}.vpce.{suffix}
     {id}.lambda-url.{region}.on.aws
   True: *service and *region (views into host or literals) are set. False: nothing is known. */
bool sigv4_endpoint_infer(struct str host, struct str *service, struct str *region);

#endif
