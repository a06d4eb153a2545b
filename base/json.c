/* SPDX-License-Identifier: Apache-2.0 */
/* A look-ahead over the text that refuses what cJSON would take or cut, then cJSON; and the writer of strings. */
#include "json.h"

#include <cjson/cJSON.h>
#include <string.h>

/* Walks one string; *i stands behind its opening quote and is left at its closing one. */
static bool look_string(struct str t, size_t *i, struct err *e) {
    for (; *i < t.n && t.p[*i] != '"'; ++*i) {
        if ((unsigned char)t.p[*i] < 0x20)
            return err_set(e, ERR_PARSE, "not JSON: control byte 0x%02x in a string at byte %zu", (unsigned char)t.p[*i], *i);
        if (t.p[*i] != '\\') continue;
        if (t.n - *i >= 6 && memcmp(t.p + *i, "\\u0000", 6) == 0)
            return err_set(e, ERR_PARSE, "a string holds \\u0000 at byte %zu, which this program does not take", *i);
        ++*i;
    }
    return true;
}

static bool look(struct str t, struct err *e) {
    size_t depth = 0, bad;
    if (!str_is_utf8(t, &bad)) return err_set(e, ERR_PARSE, "not JSON: not UTF-8 at byte %zu", bad);
    for (size_t i = 0; i < t.n; i++) {
        char c = t.p[i];
        if (c == 0) return err_set(e, ERR_PARSE, "not JSON: NUL at byte %zu", i);
        if (c == '"') {
            i++;
            if (!look_string(t, &i, e)) return false;
        }
        if ((c == '{' || c == '[') && ++depth > JSON_MAX_DEPTH)
            return err_set(e, ERR_PARSE, "JSON nested deeper than %d levels at byte %zu", JSON_MAX_DEPTH, i);
        if ((c == '}' || c == ']') && depth) depth--;
    }
    return true;
}

static bool only_space(const char *p, const char *end) {
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n')) p++;
    return p == end;
}

bool json_read(struct str text, struct cJSON **root, struct err *e) {
    *root = NULL;
    if (!text.n) return err_set(e, ERR_PARSE, "not JSON: empty");
    if (!look(text, e)) return false;
    const char *end = text.p;
    cJSON *tree = cJSON_ParseWithLengthOpts(text.p, text.n, &end, 0);
    bool whole = tree && only_space(end, text.p + text.n);
    if (!whole) {
        size_t at = end >= text.p ? (size_t)(end - text.p) : 0;
        cJSON_Delete(tree);
        return err_set(e, ERR_PARSE, "not JSON: %s at byte %zu", tree ? "more text" : "wrong or missing text", at);
    }
    *root = tree;
    return true;
}

void json_close(struct cJSON *root) {
    cJSON_Delete(root);
}

const struct cJSON *json_get(const struct cJSON *object, const char *name) {
    return cJSON_IsObject(object) ? cJSON_GetObjectItemCaseSensitive(object, name) : NULL;
}

struct str json_text(const struct cJSON *value) {
    return str_of(cJSON_IsString(value) ? value->valuestring : NULL);
}

struct str json_get_text(const struct cJSON *object, const char *name) {
    return json_text(json_get(object, name));
}

bool json_is_true(const struct cJSON *value) {
    return cJSON_IsTrue(value);
}

bool json_is_null(const struct cJSON *value) {
    return !value || cJSON_IsNull(value);
}

static void write_escaped(struct buf *out, unsigned char c) {
    switch (c) {
    case '"': buf_add(out, STR("\\\"")); break;
    case '\\': buf_add(out, STR("\\\\")); break;
    case '\b': buf_add(out, STR("\\b")); break;
    case '\f': buf_add(out, STR("\\f")); break;
    case '\n': buf_add(out, STR("\\n")); break;
    case '\r': buf_add(out, STR("\\r")); break;
    case '\t': buf_add(out, STR("\\t")); break;
    default: buf_addf(out, "\\u%04x", c);
    }
}

void json_write_text(struct buf *out, struct str s) {
    if (!s.p) {
        buf_add(out, STR("null"));
        return;
    }
    buf_add_char(out, '"');
    while (s.n) {
        size_t good, plain = 0;
        if (str_is_utf8(s, &good)) good = s.n;
        while (plain < good && (unsigned char)s.p[plain] >= 0x20 && s.p[plain] != '"' && s.p[plain] != '\\') plain++;
        buf_add(out, (struct str){s.p, plain});
        s = (struct str){s.p + plain, s.n - plain};
        if (!s.n) break;
        if (plain == good) buf_add(out, STR("\\ufffd"));
        else write_escaped(out, (unsigned char)s.p[0]);
        s = (struct str){s.p + 1, s.n - 1};
    }
    buf_add_char(out, '"');
}
