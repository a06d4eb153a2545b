/* SPDX-License-Identifier: Apache-2.0 */
/* The request's target as it is on the wire comes in; out goes its canonical form, or the byte that two signers would
   sign differently and the rule that forbids it. */
#include <string.h>

#include "sigv4_canonical.h"

static const char hex_digits[] = "0123456789ABCDEF";

/* A-Z a-z 0-9 - _ . ~ as bits of their codes */
static bool unreserved(unsigned char c) {
    static const uint64_t set[2] = {0x03FF600000000000, 0x47FFFFFE87FFFFFE};
    return c < 0x80 && (set[c >> 6] >> (c & 63) & 1);
}

static int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte behind the '%' at i, or -1. */
static int escaped(struct str s, size_t i) {
    int high = s.n - i > 2 ? hex_value(s.p[i + 1]) : -1, low = high < 0 ? -1 : hex_value(s.p[i + 2]);
    return low < 0 ? -1 : high << 4 | low;
}

static bool refuse(struct err *e, const char *where, const char *what, size_t at, const char *rule) {
    return err_set(e, ERR_PARSE,
                   "the %s has %s at byte %zu, which not every signer reads in the same way (rule \"%s\")", where, what,
                   at, rule);
}

/* What both parts of a target refuse. */
static bool check_byte(const char *where, struct str s, size_t i, size_t base, unsigned allow, struct err *e) {
    unsigned char c = (unsigned char)s.p[i];
    bool received = allow == SIGV4_AS_RECEIVED;
    if (!received && (c < ' ' || c == 0x7f))
        return err_set(e, ERR_PARSE, "the %s has a control byte at byte %zu", where, base + i);
    if ((c == ' ' || c > 0x7e) && !(allow & SIGV4_ALLOW_RAW_BYTES))
        return refuse(e, where, c == ' ' ? "a space" : "a byte over 0x7e", base + i, "raw-bytes");
    if (c == '%' && !(allow & SIGV4_ALLOW_BAD_ESCAPE) && escaped(s, i) < 0)
        return refuse(e, where, "a '%' without two hex digits", base + i, "bad-escape");
    return true;
}

/* --- The path --------------------------------------------------------------------------------------------------- */

/* How many dots a segment is once decoded; 0 if it is more than dots. */
static size_t dots(struct str segment) {
    size_t n = 0;
    for (size_t i = 0; i < segment.n; n++) {
        bool dot = segment.p[i] == '.', encoded = segment.p[i] == '%' && escaped(segment, i) == '.';
        if (!dot && !encoded) return 0;
        i += dot ? 1 : 3;
    }
    return n <= 2 ? n : 0;
}

static bool check_segment(struct str segment, size_t at, bool last, unsigned allow, struct err *e) {
    if (!segment.n && !last && !(allow & SIGV4_ALLOW_EMPTY_SEGMENT))
        return refuse(e, "path", "an empty segment (\"//\")", at, "empty-segment");
    if (!dots(segment)) return true;
    bool encoded = memchr(segment.p, '%', segment.n) != NULL;
    if (encoded && !(allow & SIGV4_ALLOW_ENCODED_DOT))
        return refuse(e, "path", "an encoded dot segment", at, "encoded-dot");
    return encoded || allow & SIGV4_ALLOW_DOT_SEGMENT || refuse(e, "path", "a dot segment", at, "dot-segment");
}

static bool check_path(struct str path, unsigned allow, struct err *e) {
    for (size_t i = 0; i < path.n; i++) {
        if (path.p[i] == '?' || path.p[i] == '#')
            return err_set(e, ERR_PARSE, "the path has a '%c' at byte %zu, which ends it on the wire", path.p[i], i);
        if (!check_byte("path", path, i, 0, allow, e)) return false;
    }
    size_t at = 1;
    for (struct str rest = {path.p + 1, path.n - 1}, segment; rest.p; at += segment.n + 1) {
        str_cut(&rest, '/', &segment);
        if (!check_segment(segment, at, !rest.p, allow, e)) return false;
    }
    return true;
}

static void add_encoded(struct sigv4_sink *out, struct str s, bool keep_slash) {
    size_t from = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (unreserved(c) || (keep_slash && c == '/')) continue;
        sigv4_sink_add(out, (struct str){s.p + from, i - from});
        sigv4_sink_add(out, (struct str){(char[]){'%', hex_digits[c >> 4], hex_digits[c & 15]}, 3});
        from = i + 1;
    }
    sigv4_sink_add(out, (struct str){s.p + from, s.n - from});
}

/* Neither an empty nor a dot segment, and nothing to encode: such a path is its own canonical form. */
static bool simple(struct str path) {
    for (size_t i = 0; i < path.n; i++) {
        bool slash = path.p[i] == '/';
        if (!slash && !unreserved((unsigned char)path.p[i])) return false;
        if (slash && i + 1 < path.n && (path.p[i + 1] == '/' || path.p[i + 1] == '.')) return false;
    }
    return true;
}

/* Dot segments as AWS's signers treat them, which is not RFC 3986: "/a/." is "/a", and ".." above the root is ignored. */
static bool add_normal(struct sigv4_sink *out, struct str path, struct arena *a, struct err *e) {
    size_t slashes = 0, depth = 0;
    for (size_t i = 0; i < path.n; i++) slashes += path.p[i] == '/';
    struct str *kept = arena_take(a, (slashes + 1) * sizeof *kept);
    if (!kept) return err_set(e, ERR_MEMORY, "out of memory for %zu path segments", slashes + 1);
    for (struct str rest = path, segment; rest.p;) {
        str_cut(&rest, '/', &segment);
        if (!segment.n || str_eq(segment, STR("."))) continue;
        if (!str_eq(segment, STR(".."))) kept[depth++] = segment;
        else if (depth) depth--;
    }
    if (!depth) sigv4_sink_add(out, STR("/"));
    for (size_t i = 0; i < depth; i++) {
        sigv4_sink_add(out, STR("/"));
        add_encoded(out, kept[i], false);
    }
    if (depth && path.p[path.n - 1] == '/') sigv4_sink_add(out, STR("/"));
    return true;
}

bool sigv4_target_path(struct sigv4_sink *out, struct str path, const struct sigv4_canonical *how, struct arena *a,
                       struct err *e) {
    bool s3 = how->path == SIGV4_PATH_S3;
    unsigned allow = how->allow | (s3 ? SIGV4_ALLOW_EMPTY_SEGMENT : 0u);
    if (!path.n) path = STR("/");
    if (path.p[0] != '/') return err_set(e, ERR_PARSE, "the path does not start with '/'");
    if (path.n > SIGV4_MAX_CANONICAL_BYTES)
        return err_set(e, ERR_LIMIT, "the path is longer than %d bytes", SIGV4_MAX_CANONICAL_BYTES);
    if (simple(path)) {
        sigv4_sink_add(out, path);
        return true;
    }
    if (allow != SIGV4_AS_RECEIVED && !check_path(path, allow, e)) return false;
    if (s3) sigv4_sink_add(out, path);
    else if (how->path == SIGV4_PATH_KEEP) add_encoded(out, path, true);
    else return add_normal(out, path, a, e);
    return true;
}

/* --- The query -------------------------------------------------------------------------------------------------- */

static bool encoded_already(struct str s) {
    for (size_t i = 0; i < s.n; i++)
        if (!unreserved((unsigned char)s.p[i])) return false;
    return true;
}

static size_t write_encoded(char *p, unsigned char c) {
    p[0] = (char)c;
    if (unreserved(c)) return 1;
    p[0] = '%';
    p[1] = hex_digits[c >> 4];
    p[2] = hex_digits[c & 15];
    return 3;
}

struct str sigv4_target_encode(struct str s, struct arena *a) {
    if (encoded_already(s)) return s.p ? s : STR("");
    if (s.n > SIGV4_MAX_CANONICAL_BYTES) return (struct str){0};
    char *p = arena_take(a, s.n * 3);
    size_t n = 0;
    for (size_t i = 0; p && i < s.n; i++) n += write_encoded(p + n, (unsigned char)s.p[i]);
    return (struct str){p, n};
}

/* Decoded and encoded anew, so that one meaning has one form. `base` is where s begins in the query. */
static bool encode_anew(struct str *s, size_t base, unsigned allow, struct arena *a, struct err *e) {
    if (encoded_already(*s)) return true;
    char *p = arena_take(a, s->n * 3);
    size_t n = 0;
    if (!p) return err_set(e, ERR_MEMORY, "out of memory for a query parameter of %zu bytes", s->n);
    for (size_t i = 0; i < s->n; i++) {
        int c = s->p[i] == '%' ? escaped(*s, i) : -1;
        if (s->p[i] == '#' && allow != SIGV4_AS_RECEIVED)
            return err_set(e, ERR_PARSE, "the query has a '#' at byte %zu, which ends it on the wire", base + i);
        if (c < 0 && !check_byte("query", *s, i, base, allow, e)) return false;
        if (s->p[i] == '+' && !(allow & SIGV4_ALLOW_PLUS))
            return refuse(e, "query", "a '+' (write %20 or %2B)", base + i, "plus");
        if (c >= 0) i += 2;
        else c = s->p[i] == '+' ? ' ' : (unsigned char)s->p[i];
        n += write_encoded(p + n, (unsigned char)c);
    }
    *s = (struct str){p, n};
    return true;
}

static bool read_pair(struct http_field *pair, struct str piece, size_t base, unsigned allow, struct arena *a,
                      struct err *e) {
    pair->value = piece;
    if (!str_cut(&pair->value, '=', &pair->name)) pair->value = STR("");
    if (!pair->name.n && !(allow & SIGV4_ALLOW_EMPTY_NAME))
        return refuse(e, "query", "a parameter without a name", base, "empty-name");
    return encode_anew(&pair->name, base, allow, a, e) &&
           encode_anew(&pair->value, base + (piece.n - pair->value.n), allow, a, e);
}

/* Takes "name=value" off *rest, if there is nothing to encode in it: most often, and in one look. */
static bool cut_plain_pair(struct str *rest, struct http_field *pair) {
    size_t equals = 0, end;
    while (equals < rest->n && unreserved((unsigned char)rest->p[equals])) equals++;
    if (!equals || equals == rest->n || rest->p[equals] != '=') return false;
    for (end = equals + 1; end < rest->n && unreserved((unsigned char)rest->p[end]);) end++;
    if (end < rest->n && rest->p[end] != '&') return false;
    *pair = (struct http_field){{rest->p, equals}, {rest->p + equals + 1, end - equals - 1}};
    *rest = end < rest->n ? (struct str){rest->p + end + 1, rest->n - end - 1} : (struct str){0};
    return true;
}

static size_t count_pieces(struct str query) {
    size_t n = 1;
    for (const char *p = query.p, *end = p + query.n; p < end && (p = memchr(p, '&', (size_t)(end - p))); p++) n++;
    return n;
}

bool sigv4_target_query(struct http_fields *params, struct str query, size_t more, unsigned allow, struct arena *a,
                        struct err *e) {
    *params = (struct http_fields){0};
    if (query.n > SIGV4_MAX_CANONICAL_BYTES)
        return err_set(e, ERR_LIMIT, "the query is longer than %d bytes", SIGV4_MAX_CANONICAL_BYTES);
    size_t room = (query.n ? count_pieces(query) : 0) + more;
    params->cap = room < HTTP_MAX_FIELDS ? room : HTTP_MAX_FIELDS;
    params->at = arena_take(a, params->cap * sizeof *params->at);
    if (!params->at) return err_set(e, ERR_MEMORY, "out of memory for %zu query parameters", params->cap);
    for (struct str rest = query, piece; rest.p && query.n;) {
        struct http_field *pair = &params->at[params->n];
        if (params->n < params->cap && cut_plain_pair(&rest, pair)) {
            params->n++;
            continue;
        }
        str_cut(&rest, '&', &piece);
        size_t base = (size_t)(piece.p - query.p);
        if (!piece.n && allow & SIGV4_ALLOW_EMPTY_PAIR) continue;
        if (!piece.n) return refuse(e, "query", "an empty parameter (\"&&\", or '&' at an end)", base, "empty-pair");
        if (params->n == params->cap)
            return err_set(e, ERR_LIMIT, "the query has more than %d parameters", HTTP_MAX_FIELDS - (int)more);
        params->n++;
        if (!read_pair(pair, piece, base, allow, a, e)) return false;
    }
    return true;
}
