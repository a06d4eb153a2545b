/* SPDX-License-Identifier: Apache-2.0 */
/* One cell of the matrix: the judge's verdict, and which statement made it. */
#ifndef LOCAL_CHECK_CELL_H
#define LOCAL_CHECK_CELL_H

#include "check_matrix.h"

/* What stays is in the matrix's arena. */
bool check_cell_fill(const struct check_matrix *m, const struct check_caller *caller, const struct check_route *r,
                     struct check_cell *cell, struct arena *scratch, struct err *e);

#endif
