/* SPDX-License-Identifier: Apache-2.0 */
/* Which route a request takes: the closest one of its API, as API Gateway chooses.
   https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html */
#ifndef LOCAL_ROUTE_H
#define LOCAL_ROUTE_H

#include "model.h"

/* *route is NULL when none fits. The values of path parameters are added to *params, in the arena. False: memory. */
bool route_find(const struct model_api *api, const struct http_request *rq, const struct model_route **route,
                struct http_fields *params, struct arena *a, struct err *e);

#endif
