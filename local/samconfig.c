/* SPDX-License-Identifier: Apache-2.0 */
/* Which file, which section of it, and SAM's two ways to write parameters in one text. */
#include "samconfig.h"

#include <string.h>
#include <unistd.h>

#include "input.h"
#include "node.h"
#include "toml.h"

enum { MAX_BYTES = 1024 * 1024, MAX_PATH_BYTES = 4096, MAX_VALUE_BYTES = 64 * 1024 };

struct reader {
    struct samconfig *config;
    const struct node *deploy, *global; /* the mappings `parameters`; NULL: none */
    struct arena *arena;
    struct err *e;
};

/* ---- the file ---- */

static bool beside(const char *template_path, const char *name, const char **path, struct arena *a, struct err *e) {
    const char *slash = strrchr(template_path, '/');
    struct buf b;
    buf_init(&b, MAX_PATH_BYTES, a);
    buf_add(&b, (struct str){template_path, slash ? (size_t)(slash - template_path) + 1 : 0});
    buf_addf(&b, "%s%c", name, 0);
    *path = buf_str(&b).p;
    return buf_ok(&b, e);
}

/* *path is NULL when there is none. */
static bool find_file(const char *template_path, const char **path, struct arena *a, struct err *e) {
    static const char *const names[] = {"samconfig.toml", "samconfig.yaml", "samconfig.yml", "samconfig.json"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!beside(template_path, names[i], path, a, e)) return false;
        if (access(*path, F_OK) == 0) return true;
    }
    *path = NULL;
    return true;
}

/* ---- parameter_overrides ---- */

static bool is_name(struct str s) {
    return s.n && str_is_made_of(s, "");
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

/* "...", '...' or up to a blank. A backslash gives its meaning to a quote or a blank and to nothing else, as in SAM CLI. */
static bool cut_value(struct str *rest, struct buf *value) {
    char quote = rest->n && (rest->p[0] == '"' || rest->p[0] == '\'') ? rest->p[0] : 0;
    size_t i = quote != 0;
    for (; i < rest->n && (quote ? rest->p[i] != quote : !is_blank(rest->p[i])); i++) {
        if ((!quote && rest->p[i] == '"') || (rest->p[i] == '\\' && i + 1 == rest->n)) return false;
        if (rest->p[i] == '\\' && !memchr("\"' ", rest->p[++i], 3)) buf_add_char(value, '\\');
        buf_add_char(value, rest->p[i]);
    }
    if (quote && i++ == rest->n) return false;
    *rest = (struct str){rest->p + i, rest->n - i};
    return !rest->n || is_blank(rest->p[0]);
}

static bool take_start(struct str *s, struct str start) {
    if (!str_starts(*s, start)) return false;
    *s = (struct str){s->p + start.n, s->n - start.n};
    return true;
}

static bool add_parameter(struct reader *r, struct str name, struct str value, const struct node *place) {
    if (http_field_count(&r->config->parameters, name))
        return node_error(place, r->e, "parameter_overrides has %.*s twice", STR_ARG(name));
    return http_field_add(&r->config->parameters, name, value, r->arena, r->e);
}

/* NAME=VALUE, or ParameterKey=NAME,ParameterValue=VALUE. */
static bool cut_parameter(struct reader *r, struct str *rest, const struct node *place) {
    bool long_form = take_start(rest, STR("ParameterKey="));
    struct str whole = *rest, name;
    struct buf value;
    buf_init(&value, MAX_VALUE_BYTES, r->arena);
    bool ok = str_cut(rest, long_form ? ',' : '=', &name) && is_name(name) &&
              (!long_form || take_start(rest, STR("ParameterValue="))) && cut_value(rest, &value);
    if (!ok)
        return node_error(place, r->e,
                          "parameter_overrides is NAME=VALUE or ParameterKey=NAME,ParameterValue=VALUE, with blanks "
                          "between them, and not what stands in character %zu of its text",
                          (size_t)(whole.p - place->text.p) + 1);
    return buf_ok(&value, r->e) && add_parameter(r, name, buf_str(&value), place);
}

static bool is_text(const struct node *n) {
    return n->kind == NODE_SCALAR && !node_is_rewritten(n);
}

static bool read_item(struct reader *r, const struct node *n) {
    if (!is_text(n)) return node_error(n, r->e, "parameter_overrides is a text, a list of texts or a table");
    struct str rest = str_trim(n->text);
    while (rest.n) {
        if (!cut_parameter(r, &rest, n)) return false;
        rest = str_trim(rest);
    }
    return true;
}

/* A table of names and values. What SAM CLI would write otherwise than it stands there is refused. */
static bool read_table(struct reader *r, const struct node *table) {
    for (size_t i = 0; i < table->n; i++) {
        const struct node *v = table->at[i].value;
        bool word = !v->quoted && (str_eq(v->text, STR("true")) || str_eq(v->text, STR("false")));
        bool plain = is_text(v) && !word && str_find(v->text, STR("\\")) == SIZE_MAX &&
                     !str_starts(v->text, STR("\"")) && !str_starts(v->text, STR("'"));
        if (!is_name(table->at[i].key) || !plain)
            return node_error(v, r->e, "%.*s of parameter_overrides is no name with a plain text: put it in quotes",
                              STR_ARG(table->at[i].key));
        if (!add_parameter(r, table->at[i].key, v->text, v)) return false;
    }
    return true;
}

static bool read_overrides(struct reader *r, const struct node *n) {
    if (n->kind == NODE_MAPPING) return read_table(r, n);
    if (n->kind == NODE_SEQUENCE) {
        for (size_t i = 0; i < n->n; i++)
            if (!read_item(r, n->at[i].value)) return false;
        return true;
    }
    return read_item(r, n);
}

/* ---- the section ---- */

static const struct node *option(const struct reader *r, const char *name) {
    const struct node *found = node_get(r->deploy, name);
    return found ? found : node_get(r->global, name);
}

static bool read_text(struct reader *r, const char *name, struct str *text) {
    const struct node *n = option(r, name);
    if (!n) return true;
    if (!is_text(n) || !n->text.n) return node_error(n, r->e, "%s is no text", name);
    *text = n->text;
    return true;
}

static bool check_version(const struct node *root, struct err *e) {
    const struct node *version = node_get(root, "version");
    return !version || (version->kind == NODE_SCALAR && str_eq(version->text, STR("0.1"))) ||
           node_error(version, e, "the version of a configuration of SAM is 0.1");
}

static bool read_section(struct reader *r, const struct node *env) {
    const struct node *overrides;
    r->deploy = node_get(node_get(env, "deploy"), "parameters");
    r->global = node_get(node_get(env, "global"), "parameters");
    if (!read_text(r, "stack_name", &r->config->stack_name) || !read_text(r, "region", &r->config->region))
        return false;
    overrides = option(r, "parameter_overrides");
    if (overrides) r->config->parameters_line = overrides->line;
    return !overrides || read_overrides(r, overrides);
}

bool samconfig_read_text(const char *path, struct str text, const char *env, struct samconfig *config, struct arena *a,
                         struct err *e) {
    struct reader r = {.config = config, .arena = a, .e = e};
    struct str name = str_of(path);
    const struct node *root;
    bool yaml = str_ends(name, STR(".yaml")) || str_ends(name, STR(".yml")) || str_ends(name, STR(".json"));
    *config = (struct samconfig){.path = path, .env = str_of(env ? env : "default")};
    if (!yaml && !str_ends(name, STR(".toml")))
        return err_set(e, ERR_CONFIG, "%s: a configuration of SAM is a .toml, .yaml, .yml or .json file", path);
    if (!(yaml ? node_read_text : toml_read_text)(path, text, &root, a, e) || !check_version(root, e)) return false;
    const struct node *section = node_get(root, config->env.p);
    if (env && !section) return node_error(root, e, "there is nothing for --config-env %s", env);
    return read_section(&r, section);
}

bool samconfig_read(const char *template_path, const char *file, const char *env, struct samconfig *config,
                    struct arena *a, struct err *e) {
    struct str text;
    *config = (struct samconfig){0};
    if (!file && !find_file(template_path, &file, a, e)) return false;
    if (!file && env)
        return err_set(e, ERR_CONFIG, "--config-env %s: there is no samconfig.toml beside %s", env, template_path);
    return !file || (input_read(file, MAX_BYTES, &text, a, e) && samconfig_read_text(file, text, env, config, a, e));
}

void samconfig_write_taken(const struct samconfig *config, struct buf *out) {
    const char *before = "";
    if (!config->stack_name.p && !config->region.p && !config->parameters.n) return;
    buf_addf(out, "%s [%.*s]: ", config->path, STR_ARG(config->env));
    if (config->stack_name.p) buf_addf(out, "stack_name %.*s", STR_ARG(config->stack_name)), before = ", ";
    if (config->region.p) buf_addf(out, "%sregion %.*s", before, STR_ARG(config->region)), before = ", ";
    if (config->parameters.n) buf_addf(out, "%sparameter_overrides", before);
    for (size_t i = 0; i < config->parameters.n; i++) buf_addf(out, " %.*s", STR_ARG(config->parameters.at[i].name));
}
