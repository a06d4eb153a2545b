/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes are compared as sent. A path that AWS may read in two ways (with escapes, empty parts or dots in it) takes a route
   only where every reading takes that one: no spelling slips past the route that wants a signature. */
#include "route.h"

#include <string.h>

#include "api.h"
#include "percent.h"

static const struct str DEFAULT = STR_INIT("$default");

/* ANY stands for API Gateway's seven methods; "delete" is none of them, nor of the methods that a policy names. */
static bool is_method(struct str method) {
    for (size_t i = 0; i < API_N_METHODS; i++)
        if (str_eq(method, api_methods[i])) return true;
    return false;
}

struct str route_inside(const struct model_api *api, struct str path) {
    struct str none = {0};
    size_t n = str_eq(api->stage, DEFAULT) ? 0 : api->stage.n + 1;
    if (!path.n || path.p[0] != '/') return none;
    if (n && !str_starts((struct str){path.p + 1, path.n - 1}, api->stage)) return none;
    struct str inside = {path.p + n, path.n - n};
    if (inside.n && inside.p[0] != '/') return none;
    return inside.n ? inside : STR("/");
}

void route_write_path(struct buf *out, const struct model_api *api, struct str path) {
    if (!str_eq(api->stage, DEFAULT)) buf_addf(out, "/%.*s", STR_ARG(api->stage));
    buf_add(out, path);
}

/* ---- templates ---- */

enum part_kind { GREEDY, PARAMETER, LITERAL }; /* the closest last */

static enum part_kind kind_of(struct str part) {
    if (!part.n || part.p[0] != '{') return LITERAL;
    return str_ends(part, STR("+}")) ? GREEDY : PARAMETER;
}

static bool is_greedy(struct str path) {
    return str_ends(path, STR("+}"));
}

/* The next part of a path; false behind the last one. */
static bool next_part(struct str *rest, struct str *part) {
    if (!rest->p) return false;
    str_cut(rest, '/', part);
    return true;
}

static struct str behind_slash(struct str path) {
    return (struct str){path.p + 1, path.n - 1};
}

/* A parameter takes one part that is not empty, a greedy one all that are left. Values go to *params unless it is NULL. */
static bool fits(struct str template, struct str path, struct http_fields *params, struct arena *a, struct err *e) {
    struct str wanted, has, t = behind_slash(template), p = behind_slash(path);
    while (next_part(&t, &wanted)) {
        struct str left = p;
        if (!next_part(&p, &has)) return false;
        enum part_kind kind = kind_of(wanted);
        if (kind == LITERAL && !str_eq(wanted, has)) return false;
        if (kind != LITERAL && !has.n) return false;
        if (kind == LITERAL) continue;
        struct str name = {wanted.p + 1, wanted.n - (kind == GREEDY ? 3 : 2)};
        if (params && !http_field_add(params, name, kind == GREEDY ? left : has, a, e)) return false;
        if (kind == GREEDY) return true;
    }
    return !p.p;
}

/* Part by part from the left: text before {id} before {proxy+}. An HTTP API looks at greedy routes last of all. */
static bool is_closer(const struct model_api *api, struct str a, struct str b) {
    struct str in_a, in_b, rest_a = behind_slash(a), rest_b = behind_slash(b);
    if (api->kind == MODEL_HTTP_API && is_greedy(a) != is_greedy(b)) return is_greedy(b);
    while (next_part(&rest_a, &in_a) && next_part(&rest_b, &in_b))
        if (kind_of(in_a) != kind_of(in_b)) return kind_of(in_a) > kind_of(in_b);
    return false;
}

/* ---- one reading of the path ---- */

/* 2: the method itself, 1: by ANY, 0: not. */
static int takes_method(const struct model_route *r, struct str method) {
    return str_eq(r->method, method) ? 2 : str_eq(r->method, STR("ANY"));
}

/* Among the routes that have the method, by its name or by ANY: the closest path, and on that path the name before ANY. A
   method that a resource lacks goes on to a wider one, which may be open. */
static const struct model_route *closest(const struct model_api *api, struct str method, struct str path) {
    const struct model_route *best = NULL, *fallback = NULL;
    for (size_t i = 0; i < api->n_routes; i++) {
        const struct model_route *r = &api->routes[i];
        int takes = takes_method(r, method);
        if (!takes) continue;
        if (str_eq(r->path, DEFAULT)) {
            if (!fallback || takes > takes_method(fallback, method)) fallback = r;
            continue;
        }
        if (!fits(r->path, path, NULL, NULL, NULL)) continue;
        bool same = best && !is_closer(api, r->path, best->path) && !is_closer(api, best->path, r->path);
        if (!best || (same ? takes > takes_method(best, method) : is_closer(api, r->path, best->path))) best = r;
    }
    return best ? best : fallback;
}

/* Dots and empty parts: whether AWS takes them out, and when, is not known. */
static bool has_dots(struct str rest) {
    struct str part;
    while (next_part(&rest, &part))
        if (str_eq(part, STR(".")) || str_eq(part, STR(".."))) return true;
    return false;
}

/* One slash may end the path. */
static bool has_odd_part(struct str path) {
    struct str part, rest = behind_slash(path);
    if (has_dots(rest)) return true;
    while (rest.n && next_part(&rest, &part))
        if (!part.n && rest.p) return true;
    return false;
}

/* The other reading: decoded. In a REST API %2F stays within its part; an HTTP API decodes the path as a whole.
   Absent: it cannot be decoded, a part of it has dots between its %2F, or an HTTP API would cut it at its '?'. */
static bool decode(const struct model_api *api, struct str path, struct str *out, struct arena *a, struct err *e) {
    struct str part, rest = path, decoded;
    struct buf b;
    *out = (struct str){0};
    buf_init(&b, path.n + 1, a);
    for (bool first = true; next_part(&rest, &part); first = false) {
        if (!percent_read(part, false, &decoded, a, e)) return e->kind == ERR_PARSE;
        bool split = decoded.n && memchr(decoded.p, '/', decoded.n);
        bool cut = decoded.n && (memchr(decoded.p, '?', decoded.n) || memchr(decoded.p, 0, decoded.n));
        if ((cut && api->kind == MODEL_HTTP_API) || (split && has_dots(decoded))) return true;
        if (!first) buf_add_char(&b, '/');
        buf_add(&b, split && api->kind == MODEL_REST_API ? part : decoded);
    }
    *out = buf_str(&b);
    return buf_ok(&b, e);
}

bool route_find(const struct model_api *api, const struct http_request *rq, const struct model_route **route,
                struct http_fields *params, struct arena *a, struct err *e) {
    *route = NULL;
    if (!rq->path.n || rq->path.p[0] != '/') return true;
    if (api->kind == MODEL_FUNCTION_URL) { /* it has one route */
        if (api->n_routes && is_method(rq->method)) *route = api->routes;
        return true;
    }
    struct str sent = route_inside(api, rq->path), decoded;
    if (!sent.p || !is_method(rq->method) || has_odd_part(sent)) return true;
    if (!decode(api, sent, &decoded, a, e)) return false;
    if (!decoded.p || has_odd_part(decoded)) return true;
    const struct model_route *found = closest(api, rq->method, sent);
    if (!found || found != closest(api, rq->method, decoded)) return true;
    bool by_path = !str_eq(found->path, DEFAULT);
    struct err why = {.kind = ERR_NONE};
    if (by_path && !fits(found->path, api->kind == MODEL_HTTP_API ? decoded : sent, params, a, &why)) {
        *e = why;
        return false;
    }
    *route = found;
    return true;
}
