/* SPDX-License-Identifier: Apache-2.0 */
/* For a bootstrap that is started by hand, under gdb or valgrind. */
#ifndef LOCAL_INVOKE_WAIT_H
#define LOCAL_INVOKE_WAIT_H

#include <stdio.h>

#include "program.h"

/* What to type in another terminal: the folder, the environment (with its keys), the program. */
void invoke_wait_print(struct str function, const struct program *program, char *const environment[], FILE *out);

#endif
