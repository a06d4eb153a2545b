/* SPDX-License-Identifier: Apache-2.0 */
/* The checks of `apigw doctor`. Each adds to the report what it looked at; where one cannot go on, the rest is left
   out. */
#ifndef LOCAL_DOCTOR_CHECK_H
#define LOCAL_DOCTOR_CHECK_H

#include "doctor_package.h"
#include "doctor_report.h"

struct doctor_exam {
    struct doctor_package package;
    struct doctor_report report;
    const char *arch; /* "x86_64" or "arm64", as Architectures in a template; NULL: not said */
};

void doctor_check_all(struct doctor_exam *x);

/* Of doctor_check_elf.c and doctor_check_script.c: the bootstrap's bytes. */
void doctor_check_elf(struct doctor_exam *x, const struct doctor_entry *bootstrap, struct str bytes);
void doctor_check_script(struct doctor_exam *x, struct str bytes);

/* Of doctor_check_libraries.c: is a shared library of that DT_NEEDED name in provided.al2023? */
bool doctor_check_libraries_has(struct str name);

#endif
