/* SPDX-License-Identifier: Apache-2.0 */
#include "api.h"

const struct str api_methods[API_N_METHODS] = {
    STR_INIT("GET"),   STR_INIT("POST"), STR_INIT("PUT"),     STR_INIT("DELETE"),
    STR_INIT("PATCH"), STR_INIT("HEAD"), STR_INIT("OPTIONS"),
};

static void write_host(struct buf *out, const struct model *m, const struct model_api *api, struct str suffix) {
    const char *service = api->kind == MODEL_FUNCTION_URL ? "lambda-url" : "execute-api";
    buf_addf(out, "%.*s.%s.%.*s.%.*s", STR_ARG(api->api_id), service, STR_ARG(m->region), STR_ARG(suffix));
}

void api_write_host(struct buf *out, const struct model *m, const struct model_api *api) {
    write_host(out, m, api, api->kind == MODEL_FUNCTION_URL ? STR("on.aws") : m->url_suffix);
}

void api_write_local_host(struct buf *out, const struct model *m, const struct model_api *api) {
    write_host(out, m, api, STR("localhost"));
}

void api_write_arn(struct buf *out, const struct model *m, const struct model_api *api, struct str method, bool mask) {
    struct str account = m->account_id;
    size_t hidden = mask && account.n > 4 ? account.n - 4 : 0;
    buf_addf(out, "arn:%.*s:execute-api:%.*s:", STR_ARG(m->partition), STR_ARG(m->region));
    for (size_t i = 0; i < account.n; i++) buf_add_char(out, i < hidden ? '*' : account.p[i]);
    buf_addf(out, ":%.*s/%.*s/%.*s", STR_ARG(api->api_id), STR_ARG(api->stage), STR_ARG(method));
}

const char *api_authorization(const struct model_route *r) {
    if (r->aws_iam) return r->api_key ? "AWS_IAM+key" : "AWS_IAM";
    return r->api_key ? "key" : "open";
}
