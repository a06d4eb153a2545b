/* SPDX-License-Identifier: Apache-2.0 */
/* Line by line: a table's name in brackets, or a key and its value; only a list goes over several lines. */
#include "toml.h"

#include <string.h>

#include "buf.h"

enum { MAX_TEXT_BYTES = 64 * 1024 };

struct table {
    struct node *node;
    bool opened; /* its line was there: it may not come twice */
};

struct reader {
    struct str rest;
    struct node here;   /* file and line, for errors and new nodes */
    struct node *table; /* whose keys stand here */
    struct table *tables;
    size_t n_tables, cap_tables;
    struct arena *arena;
    struct err *e;
};

static char peek(const struct reader *r) {
    return r->rest.n ? r->rest.p[0] : '\n';
}

static void skip(struct reader *r, size_t n) {
    r->rest.p += n;
    r->rest.n -= n;
}

static bool take(struct reader *r, char c) {
    if (!r->rest.n || r->rest.p[0] != c) return false;
    skip(r, 1);
    return true;
}

static void skip_blanks(struct reader *r) {
    while (take(r, ' ') || take(r, '\t')) continue;
}

/* Blanks, a comment, the end of the line. */
static bool end_line(struct reader *r) {
    skip_blanks(r);
    if (peek(r) == '#')
        while (r->rest.n && peek(r) != '\n') skip(r, 1);
    if (peek(r) == '\r') skip(r, 1);
    if (r->rest.n && peek(r) != '\n') return node_error(&r->here, r->e, "something stands behind the end of the value");
    take(r, '\n');
    r->here.line++;
    return true;
}

/* ---- texts ---- */

static bool read_hex(struct reader *r, size_t digits, uint32_t *code) {
    *code = 0;
    for (size_t i = 0; i < digits; i++, skip(r, 1)) {
        char c = peek(r), small = (char)(c | 0x20);
        bool decimal = c >= '0' && c <= '9';
        if (!decimal && !(small >= 'a' && small <= 'f')) return node_error(&r->here, r->e, "a \\u without its digits");
        *code = *code * 16 + (uint32_t)(decimal ? c - '0' : small - 'a' + 10);
    }
    if (*code && *code <= 0x10ffff && !(*code >= 0xd800 && *code <= 0xdfff)) return true;
    return node_error(&r->here, r->e, "a \\u that is no character");
}

static void add_utf8(struct buf *b, uint32_t code) {
    static const unsigned starts[] = {0, 0xc0, 0xe0, 0xf0};
    unsigned more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    buf_add_char(b, (char)(code >> (6 * more) | starts[more]));
    while (more--) buf_add_char(b, (char)((code >> (6 * more) & 0x3f) | 0x80));
}

static bool read_escape(struct reader *r, struct buf *b) {
    static const char letters[] = "btnfr\"\\", meant[] = "\b\t\n\f\r\"\\";
    char c = peek(r);
    const char *found = r->rest.n ? strchr(letters, c) : NULL;
    uint32_t code;
    if (c != 'u' && c != 'U' && (!found || !c)) return node_error(&r->here, r->e, "a \\ that TOML does not have");
    skip(r, 1);
    if (found) buf_add_char(b, meant[found - letters]);
    else if (!read_hex(r, c == 'u' ? 4 : 8, &code)) return false;
    else add_utf8(b, code);
    return true;
}

/* "..." with escapes, '...' without. */
static bool read_quoted(struct reader *r, struct str *text) {
    char quote = peek(r);
    struct buf b;
    buf_init(&b, MAX_TEXT_BYTES, r->arena);
    if (r->rest.n > 2 && r->rest.p[1] == quote && r->rest.p[2] == quote)
        return node_error(&r->here, r->e,
                          "a text of several lines is not read here: write it in one, between single %c", quote);
    for (skip(r, 1); peek(r) != quote;) {
        char c = peek(r);
        if (c == '\n' || c == '\r') return node_error(&r->here, r->e, "the text has no %c at its end", quote);
        skip(r, 1);
        if (c != '\\' || quote == '\'') buf_add_char(&b, c);
        else if (!read_escape(r, &b)) return false;
    }
    skip(r, 1);
    *text = buf_str(&b);
    return buf_ok(&b, r->e);
}

static bool is_bare(char c) {
    char small = (char)(c | 0x20);
    return (small >= 'a' && small <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static bool read_key(struct reader *r, struct str *key) {
    size_t n = 0;
    skip_blanks(r);
    if (peek(r) == '"' || peek(r) == '\'') {
        if (!read_quoted(r, key)) return false;
    } else {
        while (n < r->rest.n && is_bare(r->rest.p[n])) n++;
        *key = (struct str){r->rest.p, n};
        skip(r, n);
    }
    const char *copy = arena_copy(r->arena, *key);
    if (!copy) return err_set(r->e, ERR_MEMORY, "%s: out of memory", r->here.file);
    if (!key->n || memchr(copy, 0, key->n)) return node_error(&r->here, r->e, "no key stands where one is due");
    key->p = copy;
    skip_blanks(r);
    return true;
}

/* ---- values ---- */

/* true, false, 12, -1, 0.1 */
static bool read_plain(struct reader *r, const struct node **out) {
    size_t n = 0, digits = 0, points = 0;
    while (n < r->rest.n && (is_bare(r->rest.p[n]) || strchr("+.:", r->rest.p[n]))) n++;
    struct str word = {r->rest.p, n};
    for (size_t i = 0; i < n; i++) {
        digits += word.p[i] >= '0' && word.p[i] <= '9';
        points += word.p[i] == '.' && i > 0 && i + 1 < n;
    }
    bool sign = n && (word.p[0] == '-' || word.p[0] == '+');
    bool number = digits && points <= 1 && digits + points + sign == n;
    if (!number && !str_eq(word, STR("true")) && !str_eq(word, STR("false")))
        return node_error(&r->here, r->e,
                          "a value is a text in quotes, a number, true, false, or a list of those in [ ]");
    struct node *made = node_new(NODE_SCALAR, &r->here, r->arena, r->e);
    const char *copy = made ? arena_copy(r->arena, word) : NULL;
    if (!copy) return err_set(r->e, ERR_MEMORY, "%s: out of memory", r->here.file);
    made->text = (struct str){copy, n};
    skip(r, n);
    *out = made;
    return true;
}

static bool read_scalar(struct reader *r, const struct node **out) {
    struct str text;
    if (peek(r) != '"' && peek(r) != '\'') return read_plain(r, out);
    struct node place = r->here;
    if (!read_quoted(r, &text)) return false;
    *out = node_new_text(text, &place, r->arena, r->e);
    return *out;
}

/* Between the items of a list lines may end. */
static bool skip_lines(struct reader *r) {
    for (;;) {
        skip_blanks(r);
        char c = peek(r);
        if (!r->rest.n) return node_error(&r->here, r->e, "the list has no ] at its end");
        if (c != '#' && c != '\n' && c != '\r') return true;
        if (!end_line(r)) return false;
    }
}

static bool read_list(struct reader *r, const struct node **out) {
    struct node *list = node_new(NODE_SEQUENCE, &r->here, r->arena, r->e);
    if (!list) return false;
    skip(r, 1);
    for (;;) {
        struct node_member item = {0};
        if (!skip_lines(r)) return false;
        if (take(r, ']')) break;
        item.line = r->here.line;
        if (!read_scalar(r, &item.value) || !node_add(list, item, r->arena, r->e) || !skip_lines(r)) return false;
        if (take(r, ',')) continue;
        if (!take(r, ']')) return node_error(&r->here, r->e, "a list wants , or ] here");
        break;
    }
    *out = list;
    return true;
}

/* ---- lines ---- */

static bool read_member(struct reader *r) {
    struct node_member m = {.line = r->here.line};
    if (!read_key(r, &m.key)) return false;
    if (peek(r) == '.') return node_error(&r->here, r->e, "a key with points is not read here: write a [table]");
    if (!take(r, '=')) return node_error(&r->here, r->e, "the key %.*s has no =", STR_ARG(m.key));
    if (node_get(r->table, m.key.p)) return node_error(&r->here, r->e, "the key %.*s is there twice", STR_ARG(m.key));
    skip_blanks(r);
    return (peek(r) == '[' ? read_list(r, &m.value) : read_scalar(r, &m.value)) &&
           node_add(r->table, m, r->arena, r->e);
}

static bool add_table(struct reader *r, struct str key) {
    struct node *made = node_new(NODE_MAPPING, &r->here, r->arena, r->e);
    if (!made || !node_add(r->table, (struct node_member){key, r->here.line, made}, r->arena, r->e)) return false;
    if (r->n_tables == r->cap_tables) {
        size_t cap = r->cap_tables ? 2 * r->cap_tables : 16;
        void *grown = arena_grow(r->arena, r->tables, r->cap_tables * sizeof *r->tables, cap * sizeof *r->tables);
        if (!grown) return err_set(r->e, ERR_MEMORY, "%s: out of memory", r->here.file);
        r->tables = grown;
        r->cap_tables = cap;
    }
    r->tables[r->n_tables++] = (struct table){made, false};
    r->table = made;
    return true;
}

static struct table *table_of(const struct reader *r, const struct node *node) {
    for (size_t i = 0; i < r->n_tables; i++)
        if (r->tables[i].node == node) return &r->tables[i];
    return NULL;
}

static bool step_into(struct reader *r, struct str key) {
    const struct node *found = node_get(r->table, key.p);
    if (!found) return add_table(r, key);
    const struct table *table = table_of(r, found);
    if (!table) return node_error(&r->here, r->e, "%.*s is a value already, and no table", STR_ARG(key));
    r->table = table->node;
    return true;
}

static bool read_header(struct reader *r, struct node *root) {
    struct str key;
    if (take(r, '[')) return node_error(&r->here, r->e, "a list of tables, [[...]], is not read here");
    r->table = root;
    do
        if (!read_key(r, &key) || !step_into(r, key)) return false;
    while (take(r, '.'));
    if (!take(r, ']')) return node_error(&r->here, r->e, "the name of a table has no ] at its end");
    struct table *table = table_of(r, r->table);
    if (table->opened) return node_error(&r->here, r->e, "this table is there twice");
    table->opened = true;
    return true;
}

/* A line with something on it. */
static bool read_line(struct reader *r, struct node *root) {
    if (take(r, '[')) return read_header(r, root);
    return peek(r) == '#' || peek(r) == '\r' || peek(r) == '\n' || read_member(r);
}

static bool check_bytes(struct reader *r) {
    size_t bad = r->rest.n;
    if (str_is_utf8(r->rest, &bad)) bad = r->rest.n;
    for (size_t i = 0; i < bad; i++) {
        char c = r->rest.p[i];
        bool fine = (unsigned char)c >= 0x20 || c == '\t' || c == '\n' ||
                    (c == '\r' && i + 1 < bad && r->rest.p[i + 1] == '\n');
        if (!fine || c == 0x7f) bad = i;
    }
    if (bad == r->rest.n) return true;
    for (size_t i = 0; i < bad; i++) r->here.line += r->rest.p[i] == '\n';
    return node_error(&r->here, r->e, "a byte that no TOML file has: it is a text of UTF-8");
}

bool toml_read_text(const char *file, struct str text, const struct node **root, struct arena *a, struct err *e) {
    struct reader r = {.rest = text, .here = {.file = file, .line = 1}, .arena = a, .e = e};
    if (!r.rest.p) r.rest = STR("");
    if (!check_bytes(&r)) return false;
    struct node *made = node_new(NODE_MAPPING, &r.here, a, e);
    r.table = made;
    while (made && r.rest.n) {
        skip_blanks(&r);
        if (!read_line(&r, made) || !end_line(&r)) return false;
    }
    *root = made;
    return made;
}
