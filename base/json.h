/* SPDX-License-Identifier: Apache-2.0 */
/* JSON in by cJSON, out by hand into a buf. cJSON ends strings at a NUL and takes more than JSON is, so json_read looks
   first: RFC 8259 text in UTF-8, nesting at most JSON_MAX_DEPTH, no NUL written as \u0000 (it would be cut silently). */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "buf.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { JSON_MAX_DEPTH = 64 };

struct cJSON;

/* The tree is read-only, in memory of its own: json_close when done (NULL is fine; any thread), never cJSON_Delete.
   Errors are ERR_PARSE with the byte's position. */
bool json_read(struct str text, struct cJSON **root, struct err *e);
void json_close(struct cJSON *root);

/* Absent in, absent out; a value of another type is absent too. Names are compared with case. */
const struct cJSON *json_get(const struct cJSON *object, const char *name);
struct str json_text(const struct cJSON *value); /* borrowed from the tree */
struct str json_get_text(const struct cJSON *object, const char *name);
bool json_is_true(const struct cJSON *value);
bool json_is_null(const struct cJSON *value); /* null or absent */

/* Writes a quoted string, or null for an absent view. Bytes that are not UTF-8 become U+FFFD; no control byte
   is left, so the text may go into a header field. */
void json_write_text(struct buf *out, struct str s);

#ifdef __cplusplus
}
#endif

#endif
