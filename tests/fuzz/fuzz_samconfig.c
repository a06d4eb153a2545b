/* SPDX-License-Identifier: Apache-2.0 */
/* Any text is read as a configuration of SAM CLI or refused by file and line. What is read has names and values without a
   NUL, and none of a parameter's values is told. */
#include "fuzz.h"
#include "samconfig.h"
#include "toml.h"

static void walk(const struct node *n, size_t lines) {
    FUZZ_HOLDS(n->line >= 1 && n->line <= lines && n->text.p && strlen(n->text.p) == n->text.n);
    for (size_t i = 0; i < n->n; i++) {
        FUZZ_HOLDS(!n->at[i].key.p == (n->kind == NODE_SEQUENCE));
        FUZZ_HOLDS(n->kind != NODE_MAPPING || node_get(n, n->at[i].key.p) == n->at[i].value);
        walk(n->at[i].value, lines);
    }
}

static void check(const char *path, struct str text, struct arena *a) {
    struct samconfig config;
    struct buf taken;
    struct err e;
    if (!samconfig_read_text(path, text, NULL, &config, a, &e)) {
        FUZZ_HOLDS(e.kind == ERR_LIMIT || (e.kind == ERR_CONFIG && strncmp(e.msg, path, strlen(path)) == 0));
        return;
    }
    for (size_t i = 0; i < config.parameters.n; i++) {
        struct str name = config.parameters.at[i].name, value = config.parameters.at[i].value;
        FUZZ_HOLDS(name.n > 0 && !memchr(name.p, 0, name.n) && (!value.n || !memchr(value.p, 0, value.n)));
        FUZZ_HOLDS(http_field_count(&config.parameters, name) == 1);
    }
    buf_init(&taken, 4 * 1024 * 1024, a);
    samconfig_write_taken(&config, &taken);
    bool any = config.stack_name.p || config.region.p || config.parameters.n;
    FUZZ_HOLDS(taken.failed || any == (taken.n > 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct arena *a = fuzz_arena();
    struct str text = fuzz_text(data, n);
    const struct node *root;
    size_t lines = 2;
    struct err e;
    for (size_t i = 0; i < n; i++) lines += data[i] == '\n';
    if (toml_read_text("t", text, &root, a, &e)) walk(root, lines);
    else FUZZ_HOLDS(strncmp(e.msg, "t:", 2) == 0 || e.kind == ERR_LIMIT || e.kind == ERR_MEMORY);
    check("f.toml", text, a);
    check("f.yaml", text, a);
    return 0;
}
