/* SPDX-License-Identifier: Apache-2.0 */
/* lambda_run with its log in a string, for the tests of the runtime's loop. */
#ifndef TESTS_LAMBDA_FIXTURE_H
#define TESTS_LAMBDA_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "lambda.h"

static char logged[64 * 1024];

/* Standard output is the log's. */
static inline int logged_run(const struct lambda_program *program) {
    FILE *file = tmpfile();
    int saved = dup(1);
    assert_true(file && saved >= 0);
    fflush(stdout);
    dup2(fileno(file), 1);
    int code = lambda_run(program);
    dup2(saved, 1);
    close(saved);
    ssize_t n = pread(fileno(file), logged, sizeof logged - 1, 0);
    logged[n > 0 ? n : 0] = 0;
    fclose(file);
    return code;
}

static inline int logged_count(const char *part) {
    int n = 0;
    for (const char *at = logged; (at = strstr(at, part)); at++) n++;
    return n;
}

/* The log's last line, with its line feed. */
static inline const char *last_line(void) {
    size_t n = strlen(logged);
    while (n > 1 && logged[n - 2] != '\n') n--;
    return n > 1 ? logged + n - 1 : logged;
}

#endif
