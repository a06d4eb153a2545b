/* SPDX-License-Identifier: Apache-2.0 */
/* What the files lint_*.c share among themselves. */
#ifndef LOCAL_LINT_PARTS_H
#define LOCAL_LINT_PARTS_H

#include "lint.h"
#include "template.h"

/* Resources that need each other to exist before themselves, as CloudFormation sees them behind SAM. */
bool lint_cycle_check(struct lint *l, struct template *t, struct err *e);

#endif
