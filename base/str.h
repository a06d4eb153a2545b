/* SPDX-License-Identifier: Apache-2.0 */
/* A view of bytes that somebody else owns. It is not NUL-terminated and is never freed; p == NULL means "absent". */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct str {
    const char *p;
    size_t n;
};

/* The view of a string literal; STR_INIT where only an initializer may stand. */
#define STR_INIT(literal) \
    { "" literal, sizeof(literal) - 1 }
#define STR(literal) ((struct str)STR_INIT(literal))

/* printf("%.*s", STR_ARG(s)): shows at most INT_MAX bytes. */
#define STR_ARG(s) str_print_width(s), ((s).p ? (s).p : "")
int str_print_width(struct str s);

struct str str_of(const char *z); /* absent for NULL */
bool str_eq(struct str a, struct str b);
bool str_eq_nocase(struct str a, struct str b); /* ASCII only, as HTTP field names want it */
int str_cmp(struct str a, struct str b);        /* by byte value, a shorter prefix first */
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
struct str str_trim(struct str s); /* without leading and trailing space and tab */

/* Takes the piece before the first `sep` off *rest into *head. The last piece leaves *rest absent; then it returns false. */
bool str_cut(struct str *rest, char sep, struct str *head);

/* Position of the first `needle` in s, or SIZE_MAX. */
size_t str_find(struct str s, struct str needle);

/* A decimal number of the whole view, min..max; false (and *out untouched) for anything else, overflow included. */
bool str_read_int64(struct str s, int64_t min, int64_t max, int64_t *out);

/* True when a byte below 0x20 or 0x7f is inside: such a value must not become an HTTP field. */
bool str_has_control(struct str s);
bool str_is_made_of(struct str s, const char *more); /* ASCII letters, digits, and these; nothing else */

/* Well-formed UTF-8 (no surrogates, no overlong forms, at most U+10FFFF)? If not, *bad_at is the offending byte's position. */
bool str_is_utf8(struct str s, size_t *bad_at);

#ifdef __cplusplus
}
#endif

#endif
