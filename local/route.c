/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes are compared as sent: what is not exactly a route is none. */
#include "route.h"

/* ANY stands for API Gateway's seven methods; "delete" is none of them, nor of the methods that a policy names. */
static bool is_method(struct str method) {
    static const char *const methods[] = {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (str_eq(method, str_of(methods[i]))) return true;
    return false;
}

/* "/dev/private" of stage dev is the route /private. */
bool route_find(const struct model_api *api, const struct http_request *rq, const struct model_route **route,
                struct http_fields *params, struct arena *a, struct err *e) {
    struct str p = rq->path;
    (void)params, (void)a, (void)e;
    *route = NULL;
    if (p.n < api->stage.n + 2 || p.p[0] != '/' || !str_starts((struct str){p.p + 1, p.n - 1}, api->stage)) return true;
    struct str rest = {p.p + 1 + api->stage.n, p.n - 1 - api->stage.n};
    for (size_t i = 0; i < api->n_routes; i++) {
        const struct model_route *r = &api->routes[i];
        bool exact = str_eq(r->method, rq->method);
        if (!is_method(rq->method) || !str_eq(r->path, rest) || !(exact || str_eq(r->method, STR("ANY")))) continue;
        if (exact || !*route) *route = r;
    }
    return true;
}
