/* SPDX-License-Identifier: Apache-2.0 */
/* Requests and responses as text, as tools save and show them. */
#ifndef BASE_HTTP_TEXT_H
#define BASE_HTTP_TEXT_H

#include "http_msg.h"

#ifdef __cplusplus
extern "C" {
#endif

/* "GET /path?query HTTP/1.1", header lines, an empty line, the body. Views into text, its fields' list in the arena. Lines
   end in LF or CRLF. The target is all between the method and the last " HTTP/": it may hold raw spaces and UTF-8, and may
   be absolute ("http://host/path"), if its host is that of the Host field, which stands for it then. A folded line (obs-fold) stays in its value with its line end. The body is what follows the empty line, as it
   is. ERR_PARSE names the line; ERR_LIMIT: more than HTTP_MAX_FIELDS fields. */
bool http_text_read(struct str text, struct http_request *rq, struct arena *a, struct err *e);

/* A response, as `curl -i` shows it: "HTTP/1.1 403 Forbidden" or "HTTP/2 403", header lines, an empty line, the body.
   1xx answers before it are passed over. ERR_PARSE, ERR_LIMIT as above. */
bool http_text_read_response(struct str text, struct http_response *rs, struct arena *a, struct err *e);

#ifdef __cplusplus
}
#endif

#endif
