/* SPDX-License-Identifier: Apache-2.0 */
/* A look-ahead over the text that refuses what cJSON would take or cut, then cJSON; and the writer of strings. */
#include "json.h"

#include <cjson/cJSON.h>
#include <pthread.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

/* A tree lives in an arena of its own: one malloc for an event instead of two for each of its values, and nothing to walk
   at its end. cJSON's allocator is one for the whole process, so ours asks which arena this thread is reading into; outside
   of json_read it is malloc. The first piece that cJSON takes is the root, so the arena is kept right before it: json_close
   finds it there, on any thread. */
struct tree {
    struct arena arena;
    alignas(max_align_t) char root[];
};
static _Thread_local struct arena *reading;
static _Thread_local struct tree *read_tree;

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void *take(size_t n) {
    if (!reading) return malloc(n);
    if (read_tree) return arena_take(reading, n);
    read_tree = n < SIZE_MAX / 2 ? arena_take(reading, sizeof *read_tree + n) : NULL;
    return read_tree ? read_tree->root : NULL;
}

static void give(void *p) {
    if (!reading) free(p);
}

static void install(void) {
    cJSON_InitHooks(&(cJSON_Hooks){take, give});
}

/* NULL: not JSON, or no memory. */
static cJSON *parse(struct str text, const char **end) {
    struct arena a;
    arena_init(&a, SIZE_MAX / 2);
    reading = &a;
    read_tree = NULL;
    cJSON *root = cJSON_ParseWithLengthOpts(text.p, text.n, end, 0);
    reading = NULL;
    if (root && (char *)root == read_tree->root) {
        read_tree->arena = a;
        return root;
    }
    arena_close(&a);
    return NULL;
}

static bool hex_digits(struct str t, size_t at, size_t n) {
    for (size_t i = at; i < at + n; i++)
        if (i >= t.n || t.p[i] == 0 || !strchr("0123456789abcdefABCDEF", t.p[i])) return false;
    return true;
}

/* cJSON takes \u with bad digits for a NUL, which cuts the string. */
static bool look_escape(struct str t, size_t i, struct err *e) {
    if (t.n - i < 2 || t.p[i + 1] != 'u') return true;
    if (!hex_digits(t, i + 2, 4)) return err_set(e, ERR_PARSE, "not JSON: \\u without four digits at byte %zu", i);
    if (memcmp(t.p + i + 2, "0000", 4) != 0) return true;
    return err_set(e, ERR_PARSE, "a string holds \\u0000 at byte %zu, which this program does not take", i);
}

/* Walks one string; *i stands behind its opening quote and is left at its closing one. */
static bool look_string(struct str t, size_t *i, struct err *e) {
    size_t at = *i;
    for (;;) {
        while (at < t.n && (unsigned char)t.p[at] >= 0x20 && t.p[at] != '"' && t.p[at] != '\\') at++;
        if (at >= t.n || t.p[at] == '"') break;
        if (t.p[at] != '\\')
            return err_set(e, ERR_PARSE, "not JSON: control byte 0x%02x in a string at byte %zu",
                           (unsigned char)t.p[at], at);
        if (!look_escape(t, at, e)) return false;
        at += 2;
    }
    *i = at;
    return true;
}

static bool digit(struct str t, size_t i) {
    return i < t.n && t.p[i] >= '0' && t.p[i] <= '9';
}

/* cJSON asks strtod, which takes 01 and 1. as well. *i stands at '-' or a digit and is left at the last byte. */
static bool look_number(struct str t, size_t *i, struct err *e) {
    size_t at = *i, first = t.p[at] == '-' ? at + 1 : at;
    bool bad = digit(t, first) && t.p[first] == '0' && digit(t, first + 1);
    for (; *i + 1 < t.n && t.p[*i + 1] && strchr("0123456789+-.eE", t.p[*i + 1]); ++*i)
        bad |= t.p[*i + 1] == '.' && !digit(t, *i + 2);
    return !bad || err_set(e, ERR_PARSE, "not JSON: wrong number at byte %zu", at);
}

/* Events are ASCII, nearly always: eight bytes at once, and letter by letter only from the first that is none. */
static bool look_utf8(struct str t, struct err *e) {
    size_t plain = 0, bad;
    for (uint64_t eight; t.n - plain >= sizeof eight; plain += sizeof eight) {
        memcpy(&eight, t.p + plain, sizeof eight);
        if (eight & UINT64_C(0x8080808080808080)) break;
    }
    if (str_is_utf8((struct str){t.p + plain, t.n - plain}, &bad)) return true;
    return err_set(e, ERR_PARSE, "not JSON: not UTF-8 at byte %zu", plain + bad);
}

static bool look(struct str t, struct err *e) {
    size_t depth = 0;
    if (!look_utf8(t, e)) return false;
    for (size_t i = 0; i < t.n; i++) {
        char c = t.p[i];
        if (c == 0) return err_set(e, ERR_PARSE, "not JSON: NUL at byte %zu", i);
        if (((unsigned char)c < 0x20 && c != '\t' && c != '\r' && c != '\n') || (unsigned char)c > 0x7e)
            return err_set(e, ERR_PARSE, "not JSON: byte 0x%02x outside of a string at byte %zu", (unsigned char)c, i);
        if (c == '"') {
            i++;
            if (!look_string(t, &i, e)) return false;
        }
        if ((c == '-' || (c >= '0' && c <= '9')) && !look_number(t, &i, e)) return false;
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
    pthread_once(&once, install);
    cJSON *tree = parse(text, &end);
    bool whole = tree && only_space(end, text.p + text.n);
    if (!whole) {
        size_t at = end >= text.p ? (size_t)(end - text.p) : 0;
        json_close(tree);
        return err_set(e, ERR_PARSE, "not JSON: %s at byte %zu", tree ? "more text" : "wrong or missing text", at);
    }
    *root = tree;
    return true;
}

void json_close(struct cJSON *root) {
    if (!root) return;
    struct tree *tree = (struct tree *)(void *)((char *)root - offsetof(struct tree, root));
    struct arena a = tree->arena;
    arena_close(&a);
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

/* DEL needs no escape in JSON, but a header field that carries the JSON may not hold it. */
static bool is_special(unsigned char c) {
    return c < 0x20 || c == '"' || c == '\\' || c == 0x7f;
}

void json_write_text(struct buf *out, struct str s) {
    if (!s.p) {
        buf_add(out, STR("null"));
        return;
    }
    buf_add_char(out, '"');
    for (size_t at = 0, good = 0; at < s.n;) {
        size_t plain = at;
        if (at >= good) { /* asked once per bad byte, not per escape: a text full of quotes is written in one pass */
            if (str_is_utf8((struct str){s.p + at, s.n - at}, &good)) good = s.n;
            else good += at;
        }
        while (plain < good && !is_special((unsigned char)s.p[plain])) plain++;
        buf_add(out, (struct str){s.p + at, plain - at});
        if (plain == s.n) break;
        if (plain == good) buf_add(out, STR("\\ufffd"));
        else write_escaped(out, (unsigned char)s.p[plain]);
        at = plain + 1;
    }
    buf_add_char(out, '"');
}
