/* SPDX-License-Identifier: Apache-2.0 */
/* Which route a request takes: the closest one of its API, as API Gateway chooses.
   https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html */
#ifndef LOCAL_ROUTE_H
#define LOCAL_ROUTE_H

#include "buf.h"
#include "model.h"

/* *route is NULL when none fits. The values of path parameters are added to *params, in the arena: as they were sent for a
   REST API, decoded for an HTTP API. False: memory. */
bool route_find(const struct model_api *api, const struct http_request *rq, const struct model_route **route,
                struct http_fields *params, struct arena *a, struct err *e);

/* The path behind the stage, "/" at least: "/private" of "/dev/private". Absent: it is of another stage. */
struct str route_inside(const struct model_api *api, struct str path);

/* "/dev/private" of the route /private; the stage $default has no place in a path. */
void route_write_path(struct buf *out, const struct model_api *api, struct str path);

#endif
