/* SPDX-License-Identifier: Apache-2.0 */
/* Paths of routes: literal parts, {name}, and {name+} as the last one; and which of them API Gateway takes beside each other.
   https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-settings-method-request.html
   https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html */
#include <string.h>

#include "model_parts.h"

static bool is_variable(struct str part) {
    return str_starts(part, STR("{"));
}

static bool is_greedy(struct str part) {
    return str_ends(part, STR("+}"));
}

static bool next_part(struct str *rest, struct str *part) {
    if (!rest->p) return false;
    str_cut(rest, '/', part);
    return true;
}

static bool is_there_before(struct str path, struct str part) {
    struct str rest = path, other;
    while (next_part(&rest, &other) && other.p < part.p)
        if (str_eq(other, part)) return true;
    return false;
}

/* In an HTTP API SAM's permission for the route knows {name} and {proxy+} only: behind another greedy name it could not call. */
static bool check_variable(const struct node *n, enum model_api_kind kind, struct str part, bool last, struct err *e) {
    bool greedy = is_greedy(part);
    struct str name = {part.p + 1, part.n - (greedy ? 3 : 2)};
    if (part.n < 3 || !is_variable(part) || !str_ends(part, STR("}")) || !name.n || !str_is_made_of(name, "-._"))
        return node_error(n, e, "%.*s of the Path %.*s is not {name}, a part of its own", STR_ARG(part),
                          STR_ARG(n->text));
    if (greedy && kind == MODEL_HTTP_API && !str_eq(name, STR("proxy")))
        return node_error(n, e,
                          "%.*s of the Path %.*s: SAM permits an HTTP API to call the function for {proxy+} only, no "
                          "other greedy name",
                          STR_ARG(part), STR_ARG(n->text));
    if (greedy && !last)
        return node_error(n, e, "nothing can follow %.*s in the Path %.*s", STR_ARG(part), STR_ARG(n->text));
    return !is_there_before(n->text, part) ||
           node_error(n, e, "%.*s is there twice in the Path %.*s", STR_ARG(part), STR_ARG(n->text));
}

bool model_path_read(const struct node *n, enum model_api_kind kind, struct str *path, const struct node *place,
                     struct err *e) {
    struct str rest, part;
    if (!n) return node_error(place, e, "the event has no Path");
    if (n->kind != NODE_SCALAR || n->text.n == 0 || n->text.p[0] != '/')
        return node_error(n, e, "the Path is not a text that begins with '/', written out");
    *path = n->text;
    if (n->text.n == 1) return true;
    rest = (struct str){n->text.p + 1, n->text.n - 1};
    while (next_part(&rest, &part)) {
        if (memchr(part.p, '{', part.n) || memchr(part.p, '}', part.n)) {
            if (!check_variable(n, kind, part, !rest.p, e)) return false;
        } else if (!part.n || !str_is_made_of(part, "-._:")) {
            return node_error(n, e,
                              "the Path %.*s holds an empty part or something else than letters, digits and - . _ :",
                              STR_ARG(n->text));
        }
    }
    return true;
}

/* A REST API has one variable below each resource, whatever its kind. An HTTP API finds the closest route, but one path
   cannot have two names. */
bool model_path_agree(enum model_api_kind kind, struct str a, struct str b) {
    struct str one, other;
    bool renamed = false;
    while (next_part(&a, &one)) {
        if (!next_part(&b, &other)) return true;
        if (str_eq(one, other)) continue;
        if (!is_variable(one) || !is_variable(other)) return true;
        if (kind == MODEL_REST_API) return false;
        if (is_greedy(one) != is_greedy(other)) return true;
        renamed = true;
    }
    return b.p || !renamed;
}
