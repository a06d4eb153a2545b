/* SPDX-License-Identifier: Apache-2.0 */
/* A whole file, or standard input, in memory. */
#ifndef LOCAL_INPUT_H
#define LOCAL_INPUT_H

#include "buf.h"

/* "-" is standard input. ERR_CONFIG names the file; ERR_LIMIT when it is longer than `limit` bytes. */
bool input_read(const char *path, size_t limit, struct str *bytes, struct arena *a, struct err *e);

#endif
