/* SPDX-License-Identifier: Apache-2.0 */
/* `apigw check`: who may call what, as the template says it, and what in the template is most likely a mistake. */
#ifndef LOCAL_CHECK_H
#define LOCAL_CHECK_H

enum check_exit {
    CHECK_OK,         /* nothing to complain about, warnings aside */
    CHECK_FAILED,     /* an expectation does not hold, or a lint of level error was found */
    CHECK_USAGE,      /* wrong usage, of an expectation too */
    CHECK_UNREADABLE, /* the template (or callers file) cannot be read, and no lint says why */
};

int check_main(int argc, char **argv);

#endif
