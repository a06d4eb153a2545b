/* SPDX-License-Identifier: Apache-2.0 */
/* Who may become whom: a caller who may assume a role may call what the role may. */
#ifndef LOCAL_CHECK_ASSUME_H
#define LOCAL_CHECK_ASSUME_H

#include "check_matrix.h"

/* Fills m->assumes: sts:AssumeRole as the local STS decides it, without an ExternalId. */
bool check_assume_fill(struct check_matrix *m, struct err *e);

#endif
