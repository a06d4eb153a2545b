/* SPDX-License-Identifier: Apache-2.0 */
/* Which program serves a function. */
#ifndef LOCAL_PROGRAM_H
#define LOCAL_PROGRAM_H

#include "flags.h"
#include "model.h"

struct program {
    const char *bootstrap; /* absolute path */
    const char *task_root; /* its folder */
    bool by_hand;          /* the developer starts it */
};

#define PROGRAM_USAGE \
    "  --bootstrap FILE   the program of the functions (`bootstrap` in the folder of CodeUri, else beside apigw)\n" \
    "  --bootstrap FUNCTION=FILE  of one function (may be repeated)\n"

/* That of *function, by the values of the --bootstrap flag: FUNCTION=FILE, else FILE, else `bootstrap` in the folder that
   CodeUri names (so the template that `sam build` writes runs what it built), else `bootstrap` in the folder of this program.
   ERR_CONFIG: a FUNCTION that is none, one FILE too many, no such file, or it cannot be executed. */
bool program_find(const struct flags *f, size_t flag, const struct model *m, const char *template_path,
                  const struct model_function *function, struct program *p, struct arena *a, struct err *e);

#endif
