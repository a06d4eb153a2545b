/* SPDX-License-Identifier: Apache-2.0 */
/* Any text is read or refused; every string and name of what was read, and the input itself when it is text, is read
   back as json_write_text wrote it; other bytes too give JSON. */
#include <cjson/cJSON.h>

#include "fuzz.h"
#include "json.h"

static void write_and_read(struct str s, struct arena *a) {
    struct buf b = fuzz_buf(a);
    struct cJSON *root;
    struct err e;
    json_write_text(&b, s);
    if (s.n && memchr(s.p, 0, s.n)) return; /* json_read refuses what stands for a NUL */
    FUZZ_HOLDS(json_read(buf_str(&b), &root, &e));
    FUZZ_HOLDS(!str_is_utf8(s, NULL) || str_eq(json_text(root), s));
    json_close(root);
}

static void walk(const cJSON *value, struct arena *a) {
    for (const cJSON *v = value; v; v = v->next) {
        struct str texts[] = {str_of(v->string), json_text(v)};
        for (size_t i = 0; i < 2; i++) {
            FUZZ_HOLDS(str_is_utf8(texts[i], NULL));
            if (texts[i].p) write_and_read(texts[i], a);
        }
        walk(v->child, a);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct arena *a = fuzz_arena();
    struct cJSON *root;
    struct err e;
    write_and_read(fuzz_text(data, n), a);
    if (json_read(fuzz_text(data, n), &root, &e)) walk(root, a);
    json_close(root);
    return 0;
}
