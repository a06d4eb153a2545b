/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 (RFC 4648 section 4), with padding, strict in reading. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "buf.h"

void base64_write(struct buf *out, struct str bytes);
bool base64_read(struct str text, struct str *bytes, struct arena *a, struct err *e); /* ERR_PARSE names the position */

/* At most `room` bytes; what follows those is not looked at. With `blanks`, blanks and line ends may stand anywhere, as in
   PEM. *at: how many bytes there are; false: the position that is wrong, which is text.n when the end is. */
bool base64_decode(struct str text, bool blanks, unsigned char *bytes, size_t room, size_t *at);

#endif
