/* SPDX-License-Identifier: Apache-2.0 */
/* The part of TOML that SAM CLI writes, as the tree that a YAML file gives: tables, and in them plain keys with a text, a
   number, true, false, or a list of those. All else is refused with "FILE:LINE: ", whether TOML has it or not.
   https://toml.io/en/v1.0.0 */
#ifndef LOCAL_TOML_H
#define LOCAL_TOML_H

#include "node.h"

/* `file` must outlive the tree, `text` need not. */
bool toml_read_text(const char *file, struct str text, const struct node **root, struct arena *a, struct err *e);

#endif
