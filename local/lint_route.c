/* SPDX-License-Identifier: Apache-2.0 */
/* AWS_IAM protects a path for the methods that are written: any other one goes on to the next wider route that has it. */
#include "api.h"
#include "buf.h"
#include "lint.h"
#include "policy_range.h"
#include "route_sample.h"

enum { MAX_NAMES_BYTES = 128 };

struct fall {
    struct lint *lint;
    const struct model_api *api;
    const struct model_route *from;
    const struct model_route *to[API_N_METHODS]; /* NULL: no other route, or one that asks for something */
    struct str file;
};

/* One finding for all the methods that go to the same route. */
static bool report(struct fall *f, size_t first, struct err *e) {
    const struct model_route *from = f->from, *to = f->to[first];
    struct buf names;
    buf_init(&names, MAX_NAMES_BYTES, f->lint->arena);
    for (size_t k = first; k < API_N_METHODS; k++) {
        if (f->to[k] != to) continue;
        buf_addf(&names, "%s%.*s", k > first ? ", " : "", STR_ARG(api_methods[k]));
        f->to[k] = NULL;
    }
    struct str all = buf_str(&names);
    lint_add(f->lint, LINT_METHOD_OPEN, f->file, from->line,
             "%.*s: AWS_IAM protects %.*s %.*s, but by %.*s %.*s that path is open to %.*s",
             STR_ARG(f->api->logical_id), STR_ARG(from->method), STR_ARG(from->path), STR_ARG(to->method),
             STR_ARG(to->path), STR_ARG(all));
    return buf_ok(&names, e);
}

static bool find_falls(struct fall *f, struct err *e) {
    struct route_sample sample;
    struct http_fields values = {0};
    if (!route_sample_choose(f->api, f->from, f->from->method, POLICY_RANGE_FILLER, &sample, f->lint->arena, e))
        return false;
    for (size_t k = 0; sample.taken && k < API_N_METHODS; k++) {
        const struct http_request rq = {.method = api_methods[k], .path = sample.path};
        const struct model_route *found;
        if (!route_find(f->api, &rq, &found, &values, f->lint->arena, e)) return false;
        bool falls = found && !str_eq(found->path, f->from->path) && !found->aws_iam && !found->api_key;
        f->to[k] = falls ? found : NULL;
    }
    return true;
}

static bool is_first_of_path(const struct model_api *api, size_t i) {
    for (size_t k = 0; k < i; k++)
        if (api->routes[k].aws_iam && str_eq(api->routes[k].path, api->routes[i].path)) return false;
    return true;
}

static void check_route(struct lint *l, const struct model_api *api, const struct model_route *r, struct str file) {
    struct fall f = {.lint = l, .api = api, .from = r, .file = file};
    struct err e;
    bool ok = find_falls(&f, &e);
    for (size_t k = 0; ok && k < API_N_METHODS; k++)
        if (f.to[k]) ok = report(&f, k, &e);
    l->failed = l->failed || !ok;
}

void lint_route_check(struct lint *l, const struct model *m, struct str file) {
    for (size_t i = 0; i < m->n_apis; i++) {
        const struct model_api *api = &m->apis[i];
        for (size_t k = 0; k < api->n_routes && !l->failed; k++) {
            const struct model_route *r = &api->routes[k];
            if (r->aws_iam && !str_eq(r->method, STR("ANY")) && is_first_of_path(api, k)) check_route(l, api, r, file);
        }
    }
}
