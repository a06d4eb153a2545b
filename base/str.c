/* SPDX-License-Identifier: Apache-2.0 */
/* Views of bytes: comparison, cutting, and the two questions every boundary asks (control bytes? UTF-8?). */
#include "str.h"

#include <limits.h>
#include <string.h>

int str_print_width(struct str s) {
    return s.n > INT_MAX ? INT_MAX : (int)s.n;
}

struct str str_of(const char *z) {
    return (struct str){z, z ? strlen(z) : 0};
}

bool str_eq(struct str a, struct str b) {
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static unsigned char lower(char c) {
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

bool str_eq_nocase(struct str a, struct str b) {
    if (a.n != b.n) return false;
    if (a.n == 0 || memcmp(a.p, b.p, a.n) == 0) return true; /* fields mostly come in the case that is asked for */
    for (size_t i = 0; i < a.n; i++)
        if (lower(a.p[i]) != lower(b.p[i])) return false;
    return true;
}

int str_cmp(struct str a, struct str b) {
    size_t n = a.n < b.n ? a.n : b.n;
    int d = n ? memcmp(a.p, b.p, n) : 0;
    return d ? d : (a.n > b.n) - (a.n < b.n);
}

bool str_starts(struct str s, struct str prefix) {
    return s.n >= prefix.n && str_eq((struct str){s.p, prefix.n}, prefix);
}

bool str_ends(struct str s, struct str suffix) {
    return s.n >= suffix.n && (suffix.n == 0 || memcmp(s.p + s.n - suffix.n, suffix.p, suffix.n) == 0);
}

static bool blank(char c) {
    return c == ' ' || c == '\t';
}

struct str str_trim(struct str s) {
    while (s.n && blank(s.p[0])) s.p++, s.n--;
    while (s.n && blank(s.p[s.n - 1])) s.n--;
    return s;
}

bool str_cut(struct str *rest, char sep, struct str *head) {
    const char *at = rest->n ? memchr(rest->p, sep, rest->n) : NULL;
    if (!at) {
        *head = *rest;
        *rest = (struct str){0};
        return false;
    }
    *head = (struct str){rest->p, (size_t)(at - rest->p)};
    *rest = (struct str){at + 1, rest->n - head->n - 1};
    return true;
}

size_t str_find(struct str s, struct str needle) {
    for (size_t i = 0; needle.n <= s.n && i <= s.n - needle.n; i++)
        if (needle.n == 0 || memcmp(s.p + i, needle.p, needle.n) == 0) return i;
    return SIZE_MAX;
}

bool str_is_made_of(struct str s, const char *more) {
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i], small = (char)(c | 0x20);
        bool alnum = (small >= 'a' && small <= 'z') || (c >= '0' && c <= '9');
        if (!alnum && (!c || !strchr(more, c))) return false;
    }
    return true;
}

bool str_read_int64(struct str s, int64_t min, int64_t max, int64_t *out) {
    bool negative = s.n && s.p[0] == '-';
    size_t i = negative ? 1 : 0;
    if (i == s.n) return false;
    int64_t v = 0; /* kept at or below zero, where the range is one wider */
    for (; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') return false;
        int digit = s.p[i] - '0';
        if (v < (INT64_MIN + digit) / 10) return false;
        v = v * 10 - digit;
    }
    if (!negative && v == INT64_MIN) return false;
    if (!negative) v = -v;
    if (v < min || v > max) return false;
    *out = v;
    return true;
}

/* Eight bytes are looked at together, for ids and fields are looked at on every invocation: is one of them below n (at
   most 128)? */
#define EACH(byte) (UINT64_MAX / 255 * (byte))
static bool one_below(uint64_t eight, unsigned n) {
    return ((eight - EACH(n)) & ~eight & EACH(0x80)) != 0;
}

static uint64_t eight_at(const char *p) {
    uint64_t eight;
    memcpy(&eight, p, sizeof eight);
    return eight;
}

bool str_has_control(struct str s) {
    size_t i = 0;
    for (; s.n - i >= 8; i += 8)
        if (one_below(eight_at(s.p + i), 0x20) || one_below(eight_at(s.p + i) ^ EACH(0x7f), 1)) return true;
    for (; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f) return true;
    return false;
}

/* Length of the well-formed sequence at p (table 3-7 of the Unicode standard), 0 if there is none. */
static size_t utf8_sequence(const unsigned char *p, size_t n) {
    if (p[0] < 0x80) return 1;
    size_t want = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (p[0] < 0xc2 || p[0] > 0xf4 || n < want) return 0;
    unsigned char lo = p[0] == 0xe0 ? 0xa0 : p[0] == 0xf0 ? 0x90 : 0x80;
    unsigned char hi = p[0] == 0xed ? 0x9f : p[0] == 0xf4 ? 0x8f : 0xbf;
    if (p[1] < lo || p[1] > hi) return 0;
    for (size_t i = 2; i < want; i++)
        if (p[i] < 0x80 || p[i] > 0xbf) return 0;
    return want;
}

bool str_is_utf8(struct str s, size_t *bad_at) {
    for (size_t i = 0; i < s.n;) {
        if (s.n - i >= 8 && !(eight_at(s.p + i) & EACH(0x80))) {
            i += 8;
            continue;
        }
        size_t step = utf8_sequence((const unsigned char *)s.p + i, s.n - i);
        if (!step) {
            if (bad_at) *bad_at = i;
            return false;
        }
        i += step;
    }
    return true;
}
