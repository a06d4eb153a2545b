/* SPDX-License-Identifier: Apache-2.0 */
/* What AWS calls things of an API: its host, the ARN of a request, the methods. */
#ifndef LOCAL_API_H
#define LOCAL_API_H

#include "buf.h"
#include "model.h"

/* API Gateway's seven: what ANY stands for. */
enum { API_N_METHODS = 7 };
extern const struct str api_methods[API_N_METHODS];

/* "ID.execute-api.REGION.amazonaws.com", "ID.lambda-url.REGION.on.aws". */
void api_write_host(struct buf *out, const struct model *m, const struct model_api *api);
/* Its name on this machine, ID.execute-api.REGION.localhost. */
void api_write_local_host(struct buf *out, const struct model *m, const struct model_api *api);

/* arn:PARTITION:execute-api:REGION:ACCOUNT:API/STAGE/METHOD, behind which the path begins. With `mask` four digits of the
   account are left, as in AWS's refusals. */
void api_write_arn(struct buf *out, const struct model *m, const struct model_api *api, struct str method, bool mask);

/* "AWS_IAM", "key", "AWS_IAM+key" or "open", for people. */
const char *api_authorization(const struct model_route *r);

#endif
