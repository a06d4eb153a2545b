/* SPDX-License-Identifier: Apache-2.0 */
/* Builds the environment block of a function's process. */
#include "lambda_env.h"

#include <stdlib.h>

#include "api.h"
#include "buf.h"
#include "log.h"

enum { MAX_VARIABLES = 128, MAX_VALUE_BYTES = 64 * 1024 };

struct block {
    const struct lambda_env *env;
    char **at;
    size_t n;
    bool failed;
    struct arena *arena;
};

static void add(struct block *b, struct str name, struct str value) {
    struct buf text;
    if (!value.p) return;
    buf_init(&text, MAX_VALUE_BYTES, b->arena);
    buf_add(&text, name);
    buf_add_char(&text, '=');
    buf_add(&text, value);
    buf_add_char(&text, 0);
    if (text.failed || b->n == MAX_VARIABLES) b->failed = true;
    else b->at[b->n++] = text.p;
}

static void add_number(struct block *b, struct str name, long long value) {
    struct buf text;
    buf_init(&text, 32, b->arena);
    buf_addf(&text, "%lld", value);
    b->failed |= text.failed;
    add(b, name, buf_str(&text));
}

static void add_address(struct block *b, struct str name, const char *before, uint16_t port) {
    struct buf text;
    buf_init(&text, 64, b->arena);
    buf_addf(&text, "%s%u", before, (unsigned)port);
    b->failed |= text.failed;
    add(b, name, buf_str(&text));
}

/* Behind an address: a host that goes on, or a port of its own, is another address. */
static bool goes_on(struct str rest) {
    char c = rest.n ? rest.p[0] : '/';
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' ||
           c == ':';
}

struct address {
    struct str aws, here;
};

static bool write_address(struct block *b, const struct model_api *api, uint16_t port, struct address *address) {
    struct buf aws, here;
    buf_init(&aws, 512, b->arena);
    buf_init(&here, 512, b->arena);
    buf_add(&aws, STR("https://"));
    api_write_host(&aws, b->env->model, api);
    buf_add(&here, STR("http://"));
    api_write_local_host(&here, b->env->model, api);
    buf_addf(&here, ":%u", (unsigned)port);
    *address = (struct address){buf_str(&aws), buf_str(&here)};
    b->failed |= aws.failed || here.failed;
    return !b->failed;
}

/* Replaces every occurrence of one API's AWS address. */
static struct str localized(struct block *b, struct str value, const struct address *address, bool *changed) {
    struct str rest = value;
    struct buf out;
    *changed = false;
    buf_init(&out, MAX_VALUE_BYTES, b->arena);
    for (size_t at; (at = str_find(rest, address->aws)) != SIZE_MAX;) {
        size_t behind = at + address->aws.n;
        buf_add(&out, (struct str){rest.p, at});
        rest = (struct str){rest.p + behind, rest.n - behind};
        bool other = goes_on(rest);
        buf_add(&out, other ? address->aws : address->here);
        *changed |= !other;
    }
    if (!*changed) return value;
    buf_add(&out, rest);
    b->failed |= out.failed;
    return buf_str(&out);
}

/* The log names the address alone: the rest of a variable may be a secret. */
static void add_template_variables(struct block *b) {
    const struct model *m = b->env->model;
    const struct http_fields *variables = &b->env->function->environment;
    for (size_t i = 0; i < variables->n; i++) {
        struct str value = variables->at[i].value;
        for (size_t k = 0; k < m->n_apis; k++) {
            struct address address;
            bool changed;
            if (!write_address(b, &m->apis[k], b->env->api_ports[k], &address)) return;
            value = localized(b, value, &address, &changed);
            if (changed)
                log_line(LOG_INFO, "%.*s: in %.*s stands %.*s", STR_ARG(b->env->function->logical_id),
                         STR_ARG(variables->at[i].name), STR_ARG(address.here));
        }
        add(b, variables->at[i].name, value);
    }
}

static void add_function(struct block *b) {
    const struct model_function *f = b->env->function;
    add(b, STR("_HANDLER"), f->handler);
    add(b, STR("AWS_LAMBDA_FUNCTION_NAME"), f->name);
    add(b, STR("AWS_LAMBDA_FUNCTION_VERSION"), STR("$LATEST"));
    add_number(b, STR("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"), f->memory_mb);
    add(b, STR("AWS_LAMBDA_INITIALIZATION_TYPE"), STR("on-demand"));
    add(b, STR("AWS_LAMBDA_LOG_GROUP_NAME"), f->log_group);
    add(b, STR("AWS_LAMBDA_LOG_FORMAT"), f->log_format);
    add(b, STR("AWS_LAMBDA_LOG_LEVEL"), f->log_level);
    add(b, STR("LAMBDA_TASK_ROOT"), str_of(b->env->task_root));
    add(b, STR("LAMBDA_RUNTIME_DIR"), STR("/var/runtime"));
}

bool lambda_env_make(const struct lambda_env *env, char *const **variables, struct arena *a, struct err *e) {
    static const char *const passed_on[] = {"ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"};
    struct block b = {.env = env, .arena = a, .at = arena_zero(a, (MAX_VARIABLES + 1) * sizeof(char *))};
    if (!b.at) return err_set(e, ERR_MEMORY, "out of memory for an environment");
    add_template_variables(&b); /* getenv takes the first of a name, and Lambda forbids its own names in a template */
    add_function(&b);
    add(&b, STR("AWS_REGION"), env->model->region);
    add(&b, STR("AWS_DEFAULT_REGION"), env->model->region);
    add(&b, STR("AWS_ACCESS_KEY_ID"), env->keys->id);
    add(&b, STR("AWS_SECRET_ACCESS_KEY"), env->keys->secret);
    add(&b, STR("AWS_SESSION_TOKEN"), env->keys->token);
    add_address(&b, STR("AWS_ENDPOINT_URL_STS"), "http://127.0.0.1:", env->sts_port);
    add(&b, STR("PATH"), STR("/usr/local/bin:/usr/bin:/bin:/opt/bin"));
    add(&b, STR("LANG"), STR("en_US.UTF-8"));
    add(&b, STR("TZ"), STR(":UTC"));
    for (size_t i = 0; i < sizeof passed_on / sizeof *passed_on; i++)
        add(&b, str_of(passed_on[i]), str_of(getenv(passed_on[i])));
    *variables = b.at;
    return !b.failed ||
           err_set(e, ERR_LIMIT, "the environment of %.*s is too large", STR_ARG(env->function->logical_id));
}
