/* SPDX-License-Identifier: Apache-2.0 */
/* Percent-encoding (RFC 3986 section 2): everything but A-Z a-z 0-9 - _ . ~ becomes %XX in upper case. */
#ifndef BASE_PERCENT_H
#define BASE_PERCENT_H

#include "buf.h"

void percent_write(struct buf *out, struct str s, bool keep_slash);

/* Decodes into the arena (or returns the view itself when there is nothing to decode). ERR_PARSE names a bad escape. */
bool percent_read(struct str s, bool plus_is_space, struct str *out, struct arena *a, struct err *e);

#endif
