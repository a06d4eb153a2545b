/* SPDX-License-Identifier: Apache-2.0 */
/* A value that is a route of its own is taken one longer, and so on. */
#include "route_sample.h"

#include <string.h>

enum { MAX_TEXT_BYTES = 16 * 1024, SHORTEST_VALUE = 23, LONGEST_VALUE = 32 };

void route_sample_fill_in(struct buf *out, struct str path, const struct route_filling *with) {
    if (!str_starts(path, STR("/"))) {
        buf_addf(out, "/%.*s", STR_ARG(with->rest));
        return;
    }
    for (size_t at; (at = str_find(path, STR("{"))) != SIZE_MAX;) {
        size_t behind = str_find(path, STR("}")) + 1;
        buf_add(out, (struct str){path.p, at});
        buf_add(out, path.p[behind - 2] == '+' ? with->parts : with->part);
        path = (struct str){path.p + behind, path.n - behind};
    }
    buf_add(out, path);
}

static bool make_filling(char letter, size_t n, struct route_filling *with, struct arena *a, struct err *e) {
    char text[3 * LONGEST_VALUE + 2];
    memset(text, letter, sizeof text);
    text[n] = text[2 * n + 1] = '/';
    const char *kept = arena_copy(a, (struct str){text, 3 * n + 2});
    if (!kept) return err_set(e, ERR_MEMORY, "out of memory for a path");
    *with = (struct route_filling){{kept, n}, {kept, 3 * n + 2}, {kept, 3 * n + 2}};
    return true;
}

bool route_sample_choose(const struct model_api *api, const struct model_route *r, struct str method, char letter,
                         struct route_sample *s, struct arena *a, struct err *e) {
    *s = (struct route_sample){.taken = false};
    for (size_t n = SHORTEST_VALUE; n <= LONGEST_VALUE && !s->taken; n++) {
        const struct model_route *found;
        struct http_fields values = {0};
        struct buf inside, sent;
        if (!make_filling(letter, n, &s->with, a, e)) return false;
        buf_init(&inside, MAX_TEXT_BYTES, a);
        buf_init(&sent, MAX_TEXT_BYTES, a);
        route_sample_fill_in(&inside, r->path, &s->with);
        route_write_path(&sent, api, buf_str(&inside));
        s->path = buf_str(&sent);
        const struct http_request rq = {.method = method, .path = s->path};
        if (!buf_ok(&inside, e) || !buf_ok(&sent, e) || !route_find(api, &rq, &found, &values, a, e)) return false;
        s->taken = found == r;
    }
    return true;
}
