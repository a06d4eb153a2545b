/* SPDX-License-Identifier: Apache-2.0 */
/* Any text is read as YAML or refused by file and line. In a tree every node stands on a line of the text, and every
   text of it ends in a NUL and holds none. */
#include "fuzz.h"
#include "node.h"

static void walk(const struct node *n, size_t lines) {
    FUZZ_HOLDS(n->line >= 1 && n->line <= lines && n->text.p && !n->text.p[n->text.n]);
    FUZZ_HOLDS(strlen(n->text.p) == n->text.n);
    node_is_null(n);
    node_is_rewritten(n);
    for (size_t i = 0; i < n->n; i++) {
        FUZZ_HOLDS(!n->at[i].key.p == (n->kind == NODE_SEQUENCE));
        FUZZ_HOLDS(n->kind != NODE_MAPPING || node_get(n, n->at[i].key.p) == n->at[i].value);
        walk(n->at[i].value, lines);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct arena *a = fuzz_arena();
    const struct node *root;
    size_t lines = n + 2; /* YAML 1.1 ends lines by more than '\n'; the end of the text may stand on one more */
    struct err e;
    if (node_read_text("t", fuzz_text(data, n), &root, a, &e)) walk(root, lines);
    else FUZZ_HOLDS(e.kind == ERR_CONFIG && strncmp(e.msg, "t:", 2) == 0);
    return 0;
}
