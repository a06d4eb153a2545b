/* SPDX-License-Identifier: Apache-2.0 */
/* Who may call what: every caller against every method of every API. A cell is the judge's own verdict over a request that
   was really signed with the caller's keys; beside it stand the statement that decided, or the nearest one. */
#ifndef LOCAL_CHECK_MATRIX_H
#define LOCAL_CHECK_MATRIX_H

#include "check_miss.h"
#include "keyring.h"

struct check_caller {
    struct str name;                   /* of the profile; "unsigned" */
    const struct keyring_entry *entry; /* NULL: unsigned */
};

struct check_route {
    const struct model_api *api;
    const struct model_route *route;
    struct str method, path; /* one method (ANY is a column for each, but ANY of a function URL); "/dev/items/{id}" */
    struct str label;        /* "GET /dev/items/{id}" */
    struct str arn;          /* what a policy names: * for a parameter; of a function URL: the function */
    struct str sent, asked;  /* what is judged: a path of the route, and the ARN that its policies are asked about */
    struct str range,
        brief; /* the pattern of all such ARNs (policy_range.h), and a short one; absent: there is one ARN */
};

enum check_because {
    CHECK_OPEN,      /* no authorization is asked for */
    CHECK_ALLOWED,   /* by `statement` */
    CHECK_UNSIGNED,  /* the route wants a signature */
    CHECK_DENIED,    /* by `statement`: an explicit deny */
    CHECK_NOT_FOUND, /* no statement allows it; `miss` is the nearest */
    CHECK_NO_KEY,    /* the policy allows it, but no API key opens the stage */
    CHECK_SOME,      /* `statement` allows it, or may, for some values of the path parameters and not for all */
};

struct check_cell {
    bool allowed;
    int status; /* of the answer to a value that no statement names: 200 when allowed */
    struct str error_type;
    enum check_because because;
    const struct policy_statement *statement; /* NULL: none */
    const struct policy_statement
        *second; /* of a function URL: that allows lambda:InvokeFunction, where it is another */
    const struct policy_statement *except; /* allowed, but this one denies some values */
    struct check_miss miss;
    bool bounded;   /* the own policy allows it, and the permissions boundary does not */
    bool foreign;   /* the own policy allows it, and one of the API's would have to allow it too */
    struct str why; /* one sentence without a full stop */
    struct str fix; /* the smallest statement that would allow it; absent where none is due */
};

struct check_matrix {
    const struct model *model;
    const struct keyring *ring;
    struct str source_ip, user_agent; /* the latter absent: none is sent */
    int64_t now_s;
    struct check_caller *callers;
    struct check_route *routes;
    struct check_cell *cells; /* n_routes for each caller */
    size_t n_callers, n_routes;
    char letter;   /* what values of parameters are made of: no Resource has it, if that can be */
    bool *assumes; /* n_callers for each caller: may it assume that role? See check_assume.h */
    struct arena *arena;
};

/* model, ring, source_ip, user_agent, now_s and arena are set; everything lives in the arena. */
bool check_matrix_make(struct check_matrix *m, struct err *e);

const struct check_cell *check_matrix_cell(const struct check_matrix *m, size_t caller, size_t route);
const char *
check_matrix_word(const struct check_cell *cell); /* "open", "allowed", "some", "denied", "explicit deny" ... */
const char *check_matrix_reason(enum check_because because); /* for programs: "no-statement" */

#endif
