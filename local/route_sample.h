/* SPDX-License-Identifier: Apache-2.0 */
/* A request that takes a given route: for those who ask about routes with parameters without a request of their own. */
#ifndef LOCAL_ROUTE_SAMPLE_H
#define LOCAL_ROUTE_SAMPLE_H

#include "buf.h"
#include "route.h"

struct route_sample {
    struct str value; /* of each parameter */
    struct str path;  /* as it is sent, the stage in it */
    bool taken;       /* by the route; false where other routes take all that was tried */
};

/* `path` with the value in place of each parameter; $default stands for any path. */
void route_sample_fill_in(struct buf *out, struct str path, struct str value);

/* False: memory. */
bool route_sample_choose(const struct model_api *api, const struct model_route *r, struct str method,
                         struct route_sample *sample, struct arena *a, struct err *e);

#endif
