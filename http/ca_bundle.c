/* SPDX-License-Identifier: Apache-2.0 */
/* Line by line outside of certificates, DER with definite lengths. */
#include "ca_bundle.h"

#include <string.h>

/* --- PEM ---------------------------------------------------------------------------------------------------------- */

static bool take_line(struct str *text, struct str *line) {
    const char *end = text->n ? memchr(text->p, '\n', text->n) : NULL;
    if (!end) return false;
    *line = (struct str){text->p, (size_t)(end - text->p)};
    *text = (struct str){end + 1, text->n - line->n - 1};
    while (line->n && strchr("\r \t", line->p[line->n - 1]) && line->p[line->n - 1]) line->n--;
    return true;
}

static const struct {
    struct str first, last;
    bool trusted;
} KINDS[] = {
    {STR_INIT("-----BEGIN CERTIFICATE-----"), STR_INIT("-----END CERTIFICATE-----"), false},
    {STR_INIT("-----BEGIN X509 CERTIFICATE-----"), STR_INIT("-----END X509 CERTIFICATE-----"), false},
    {STR_INIT("-----BEGIN TRUSTED CERTIFICATE-----"), STR_INIT("-----END TRUSTED CERTIFICATE-----"), true},
};
enum { KINDS_N = sizeof KINDS / sizeof *KINDS };

static size_t kind_of(struct str line) {
    size_t kind = 0;
    if (!str_starts(line, STR("-----BEGIN "))) return KINDS_N;
    while (kind < KINDS_N && !str_eq(line, KINDS[kind].first)) kind++;
    return kind;
}

bool ca_bundle_next(struct str *text, struct ca_block *block) {
    struct str rest = *text, line;
    size_t kind = KINDS_N;
    while (take_line(&rest, &line) && (kind = kind_of(line)) == KINDS_N) *text = rest;
    const char *dash = kind < KINDS_N && rest.n ? memchr(rest.p, '-', rest.n) : NULL; /* base64 has none */
    if (!dash) return false;
    struct str body = {rest.p, (size_t)(dash - rest.p)}, tail = {dash, rest.n - body.n};
    if (!take_line(&tail, &line)) return false;
    bool ends = dash[-1] == '\n' && str_eq(line, KINDS[kind].last);
    *block = (struct ca_block){ends ? body : (struct str){0}, KINDS[kind].trusted};
    *text = ends ? tail : rest;
    return true;
}

/* --- DER ---------------------------------------------------------------------------------------------------------- */

enum { INTEGER = 0x02, SEQUENCE = 0x30, SET = 0x31, VERSION = 0xa0, UNIVERSAL_STRING = 0x1c, BMP_STRING = 0x1e };

struct element {
    unsigned tag;
    struct str value;
};

/* cut: the value may go on behind the bytes that are here. */
static bool take(struct str *from, bool cut, struct element *to) {
    const unsigned char *p = (const unsigned char *)from->p;
    size_t head = 2, n;
    if (from->n < head || (p[0] & 0x1f) == 0x1f) return false;
    to->tag = p[0];
    n = p[1];
    if (n & 0x80) {
        size_t more = n & 0x7f;
        if (more < 1 || more > 4 || from->n - head < more) return false;
        for (n = 0; more; more--) n = n << 8 | p[head++];
    }
    if (n > from->n - head) {
        if (!cut) return false;
        n = from->n - head;
    }
    to->value = (struct str){from->p + head, n};
    *from = (struct str){from->p + head + n, from->n - head - n};
    return true;
}

static bool take_tag(struct str *from, unsigned tag, bool cut, struct str *value) {
    struct element got;
    if (!take(from, cut, &got) || got.tag != tag) return false;
    *value = got.value;
    return true;
}

/* FNV-1a of the ASCII letters and digits, without case. OpenSSL compares names as UTF-8, without ASCII case, with blanks
   joined: all that it changes is left out here. */
static uint64_t text_key(const struct element *text) {
    size_t wide = text->tag == BMP_STRING ? 2 : text->tag == UNIVERSAL_STRING ? 4 : 1;
    uint64_t key = 0xcbf29ce484222325;
    for (size_t i = 0; wide <= text->value.n - i; i += wide) {
        const unsigned char *p = (const unsigned char *)text->value.p + i;
        unsigned c = p[wide - 1];
        for (size_t high = 0; high + 1 < wide; high++)
            if (p[high]) c = 0;
        if (c >= 'A' && c <= 'Z') c += 'a' - 'A';
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) key = (key ^ c) * 0x100000001b3;
    }
    return key;
}

/* The texts' order has no weight: that of a SET is a matter of its encoding. */
static bool names_key(struct str names, uint64_t *key) {
    struct str set, pair, type;
    struct element text;
    for (*key = 0; names.n;) {
        if (!take_tag(&names, SET, false, &set)) return false;
        while (set.n) {
            if (!take_tag(&set, SEQUENCE, false, &pair) || !take_tag(&pair, 0x06, false, &type)) return false;
            if (!take(&pair, false, &text)) return false;
            *key += text_key(&text);
        }
    }
    return true;
}

bool ca_bundle_name_key(struct str name, uint64_t *key) {
    struct str names;
    return take_tag(&name, SEQUENCE, false, &names) && names_key(names, key);
}

bool ca_bundle_owner_key(struct str certificate, uint64_t *key) {
    struct str outer, in, skipped, names;
    if (!take_tag(&certificate, SEQUENCE, true, &outer) || !take_tag(&outer, SEQUENCE, true, &in)) return false;
    if (in.n && (unsigned char)in.p[0] == VERSION && !take_tag(&in, VERSION, false, &skipped)) return false;
    if (!take_tag(&in, INTEGER, false, &skipped)) return false;
    for (int i = 0; i < 3; i++) /* signature, issuer, validity */
        if (!take_tag(&in, SEQUENCE, false, &skipped)) return false;
    return take_tag(&in, SEQUENCE, false, &names) && names_key(names, key);
}
