/* SPDX-License-Identifier: Apache-2.0 */
/* A command line with curl's manners: --name value, --name=value, -Xvalue, -X value, -ik, and -- before plain words. */
#ifndef LOCAL_FLAGS_H
#define LOCAL_FLAGS_H

#include <stddef.h>

#include "err.h"
#include "str.h"

enum { FLAGS_MAX_KNOWN = 48, FLAGS_MAX_GIVEN = 600, FLAGS_MAX_WORDS = 8 };

struct flag {
    const char *name; /* "--header" */
    char brief;       /* 'H'; 0: none */
    bool has_value, repeats;
};

struct flags {
    const struct flag *known;
    size_t n_known;
    struct {
        size_t flag;       /* index into known */
        const char *value; /* "" for a flag without one */
    } given[FLAGS_MAX_GIVEN];
    size_t n_given;
    const char *words[FLAGS_MAX_WORDS];
    size_t n_words;
};

/* argv[0] is the command's name. Views into argv. ERR_CONFIG names the argument that is wrong. */
bool flags_read(struct flags *f, const struct flag *known, size_t n_known, int argc, char **argv, struct err *e);

/* The last value of a flag, by its index; NULL: it was not given. */
const char *flags_value(const struct flags *f, size_t flag);

/* The same as a number; *number stays as it is when the flag was not given. ERR_CONFIG: it is none from min to max. */
bool flags_number(const struct flags *f, size_t flag, int64_t min, int64_t max, int64_t *number, struct err *e);

#endif
