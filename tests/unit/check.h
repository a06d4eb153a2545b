/* SPDX-License-Identifier: Apache-2.0 */
/* cmocka, with cases named as true sentences: CASE("a field name is matched without case", field_name_case). */
#ifndef TESTS_CHECK_H
#define TESTS_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arena.h"
#include "err.h"
#include "str.h"

#define CASE(sentence, function) \
    { sentence, function, NULL, NULL, NULL }

enum { CHECK_NOT_RUN = 77 };

/* Equal bytes, and both texts in the message when they are not. */
#define check_str(actual, expected) check_str_at(actual, expected, __FILE__, __LINE__)

static inline void check_str_at(struct str actual, struct str expected, const char *file, int line) {
    if (str_eq(actual, expected)) return;
    print_error("expected: <%.*s>\n  actual: <%.*s>\n", STR_ARG(expected), STR_ARG(actual));
    _fail(file, line);
}

#define check_text(actual, literal) check_str_at(actual, STR(literal), __FILE__, __LINE__)

/* The call succeeded; otherwise its error sentence is the message. */
#define check_ok(call, e) \
    do { \
        if (!(call)) { \
            print_error("%s\n", (e).msg); \
            fail(); \
        } \
    } while (0)

#endif
