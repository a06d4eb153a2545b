/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and ids from the kernel's random generator. */
#ifndef LOCAL_RANDOM_H
#define LOCAL_RANDOM_H

#include <stdbool.h>
#include <stddef.h>

/* n characters of the alphabet (2 to 256 of them), each equally likely, and a NUL. False: the kernel gave none. */
bool random_text(char *out, size_t n, const char *alphabet);

/* A version 4 UUID, 36 characters and a NUL. */
bool random_uuid(char out[static 37]);

#endif
