/* SPDX-License-Identifier: Apache-2.0 */
/* For a bootstrap that is started by hand, under gdb or valgrind. */
#ifndef LOCAL_INVOKE_WAIT_H
#define LOCAL_INVOKE_WAIT_H

#include <stdio.h>

#include "arena.h"
#include "err.h"

/* What to type in another terminal: the folder, the environment, the program. */
void invoke_wait_print(const char *bootstrap, const char *task_root, char *const environment[], FILE *out);

/* A program that does nothing until it is killed: struct function wants a process of its own before it hands anything to
   whoever asks. It is a file in TMPDIR that removes itself when it starts. */
bool invoke_wait_program(const char **path, struct arena *a, struct err *e);

#endif
