/* SPDX-License-Identifier: Apache-2.0 */
/* Which service and region a host name belongs to. A name that does not say it is not guessed at. */
#ifndef SIGV4_SIGV4_ENDPOINT_H
#define SIGV4_SIGV4_ENDPOINT_H

#include "str.h"

#ifdef __cplusplus
extern "C" {
#endif

/* host without port, compared label by label and without regard to case; the region must be written as AWS writes it:
     {api}.execute-api.{region}.{suffix}, {api}-{vpce}.execute-api..., {vpce}.execute-api.{region}.vpce.{suffix}
     {id}.lambda-url.{region}.on.aws
     {service}.{x}.vpc-lattice-svcs.{region}.on.aws
     {api}.appsync-api.{region}.{suffix}
     {api}.execute-api.{region}.localhost and {id}.lambda-url.{region}.localhost, where a gateway on this machine stands
     in; any name can be a region there
   suffix: the domain of any partition, for execute-api its dual-stack domain too.
   True: *service and *region (views into host or literals) are set. False: nothing is known (a custom domain, an
   address, a name with one label more or less) and neither is touched. */
bool sigv4_endpoint_infer(struct str host, struct str *service, struct str *region);

#ifdef __cplusplus
}
#endif

#endif
