/* SPDX-License-Identifier: Apache-2.0 */
/* Why a file that may be executed could not be: the kernel has one number for several reasons. */
#ifndef LOCAL_EXEC_WHY_H
#define LOCAL_EXEC_WHY_H

#include "err.h"

/* Adds the reason to *e, which is process_start's, when the file tells it: a program for another machine, neither program nor
   script, or one whose interpreter is not there. */
void exec_why(const char *path, struct err *e);

#endif
