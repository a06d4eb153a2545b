/* SPDX-License-Identifier: Apache-2.0 */
/* Any text is a template, or refused by its file's name; what stands behind a line "---" is the callers file. In a
   model every route has a function, every function a role, and every statement can be asked. */
#include <unistd.h>

#include "fuzz.h"
#include "model.h"

struct file {
    FILE *f;
    char path[32];
};

/* A file without a name, made anew for every text. */
static const char *keep(struct file *file, struct str text) {
    if (!file->f) file->f = tmpfile();
    FUZZ_HOLDS(file->f && ftruncate(fileno(file->f), 0) == 0);
    FUZZ_HOLDS(pwrite(fileno(file->f), text.p, text.n, 0) == (ssize_t)text.n);
    snprintf(file->path, sizeof file->path, "/proc/self/fd/%d", fileno(file->f));
    return file->path;
}

/* Only an HTTP API and a function URL have $default, and only a REST API has keys. */
static void check_api(const struct model_api *api) {
    bool rest = api->kind == MODEL_REST_API, url = api->kind == MODEL_FUNCTION_URL;
    FUZZ_HOLDS(api->stage.n && api->api_id.n == (url ? 32 : 10) && (!url || api->n_routes == 1));
    for (size_t k = 0; k < api->n_routes; k++) {
        const struct model_route *r = &api->routes[k];
        FUZZ_HOLDS(r->function && (r->path.p[0] == '/' || (!rest && str_eq(r->path, STR("$default")))));
        FUZZ_HOLDS(rest || !r->api_key);
    }
}

static void ask(const struct model *m, struct arena *a) {
    for (size_t i = 0; i < m->n_principals; i++) {
        const struct model_principal *p = &m->principals[i];
        const struct policy_caller caller = {p->account_id, p->user_arn, p->arn};
        struct policy_request rq = {.action = STR("execute-api:Invoke"), .resource = p->arn, .arena = a};
        policy_evaluate(&p->policies, &rq);
        FUZZ_HOLDS(p->has_boundary || p->boundary.n == 0);
        policy_evaluate(&p->boundary, &rq);
        rq.caller = &caller;
        policy_evaluate(&p->trust, &rq);
    }
    for (size_t i = 0; i < m->n_functions; i++) FUZZ_HOLDS(m->functions[i].role && m->functions[i].name.n);
    for (size_t i = 0; i < m->n_apis; i++) check_api(&m->apis[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    static struct file template, callers;
    struct arena *a = fuzz_arena();
    struct str text = fuzz_text(data, n), mark = STR("\n---\n");
    size_t at = str_find(text, mark);
    struct model_options o = {
        .region = STR("eu-central-1"), .account_id = STR("123456789012"), .stack_name = STR("demo")};
    struct model m;
    struct err e;
    o.template_path = keep(&template, (struct str){text.p, at < n ? at + 1 : n});
    if (at < n) o.callers_path = keep(&callers, (struct str){text.p + at + mark.n, n - at - mark.n});
    if (model_read(&o, &m, a, &e)) ask(&m, a);
    else FUZZ_HOLDS(e.kind == ERR_CONFIG && strncmp(e.msg, "/proc/self/fd/", 14) == 0);
    return 0;
}
