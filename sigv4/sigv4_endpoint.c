/* SPDX-License-Identifier: Apache-2.0 */
/* Reads service and region off the labels of an AWS host name. */
#include "sigv4_endpoint.h"

bool sigv4_endpoint_infer(struct str host, struct str *service, struct str *region) {
    struct str rest = host, id, kind, where;
    if (!str_cut(&rest, '.', &id) || !str_cut(&rest, '.', &kind) || !str_cut(&rest, '.', &where)) return false;
    if (!id.n || !where.n || !rest.n) return false;
    bool api = str_eq_nocase(kind, STR("execute-api"));
    bool url = str_eq_nocase(kind, STR("lambda-url")) && str_eq_nocase(rest, STR("on.aws"));
    if (!api && !url) return false;
    *service = api ? STR("execute-api") : STR("lambda");
    *region = where;
    return true;
}
