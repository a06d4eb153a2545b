/* SPDX-License-Identifier: Apache-2.0 */
/* For a bootstrap that is started by hand, under gdb or valgrind. */
#ifndef LOCAL_INVOKE_WAIT_H
#define LOCAL_INVOKE_WAIT_H

#include <stdio.h>

/* What to type in another terminal: the folder, the environment, the program. */
void invoke_wait_print(const char *bootstrap, const char *task_root, char *const environment[], FILE *out);

#endif
