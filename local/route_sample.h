/* SPDX-License-Identifier: Apache-2.0 */
/* A request that takes a given route: for those who ask about routes with parameters without a request of their own. */
#ifndef LOCAL_ROUTE_SAMPLE_H
#define LOCAL_ROUTE_SAMPLE_H

#include "buf.h"
#include "route.h"

/* What stands for a parameter: for {p}, for {proxy+}, and behind the slash of $default, which stands for any path. */
struct route_filling {
    struct str part, parts, rest;
};

struct route_sample {
    struct route_filling with;
    struct str path; /* as it is sent, the stage in it */
    bool taken;      /* by the route; false where other routes take all that was tried */
};

void route_sample_fill_in(struct buf *out, struct str path, const struct route_filling *with);

/* Its values are long, of the letter alone, and of three parts where a route takes several. False: memory. */
bool route_sample_choose(const struct model_api *api, const struct model_route *r, struct str method, char letter,
                         struct route_sample *sample, struct arena *a, struct err *e);

#endif
