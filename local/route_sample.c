/* SPDX-License-Identifier: Apache-2.0 */
/* "/items/x", "/items/xx" where /items/x is a route of its own, and so on. */
#include "route_sample.h"

enum { MAX_TEXT_BYTES = 16 * 1024, LONGEST_VALUE = 8 };

void route_sample_fill_in(struct buf *out, struct str path, struct str value) {
    if (!str_starts(path, STR("/"))) {
        buf_addf(out, "/%.*s", STR_ARG(value));
        return;
    }
    for (size_t at; (at = str_find(path, STR("{"))) != SIZE_MAX;) {
        size_t behind = str_find(path, STR("}")) + 1;
        buf_add(out, (struct str){path.p, at});
        buf_add(out, value);
        path = (struct str){path.p + behind, path.n - behind};
    }
    buf_add(out, path);
}

bool route_sample_choose(const struct model_api *api, const struct model_route *r, struct str method,
                         struct route_sample *s, struct arena *a, struct err *e) {
    *s = (struct route_sample){.taken = false};
    for (size_t n = 1; n <= LONGEST_VALUE && !s->taken; n++) {
        const struct model_route *found;
        struct http_fields values = {0};
        struct buf inside, sent;
        s->value = (struct str){"xxxxxxxx", n};
        buf_init(&inside, MAX_TEXT_BYTES, a);
        buf_init(&sent, MAX_TEXT_BYTES, a);
        route_sample_fill_in(&inside, r->path, s->value);
        route_write_path(&sent, api, buf_str(&inside));
        s->path = buf_str(&sent);
        const struct http_request rq = {.method = method, .path = s->path};
        if (!buf_ok(&inside, e) || !buf_ok(&sent, e) || !route_find(api, &rq, &found, &values, a, e)) return false;
        s->taken = found == r;
    }
    return true;
}
