/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of `apigw call`. */
#ifndef LOCAL_CALL_FLAGS_H
#define LOCAL_CALL_FLAGS_H

#include "client_print.h"

enum call_explain { CALL_EXPLAIN_TERMINAL, CALL_EXPLAIN_ALWAYS, CALL_EXPLAIN_NEVER };

struct call_flags {
    const char *file; /* the body's; "-": standard input; NULL: `data` or none */
    struct str data;  /* as it is; absent: none */
    bool several;     /* -d: client_read_data knows */
    bool json, upload, get, head;
    const char *output, *role_arn;
    bool include, silent, show_error, insecure, verbose, fail, fail_with_body;
    enum call_explain explain;
    int64_t max_time_ms, connect_timeout_ms; /* 0: none */
    const struct client_print *print;        /* NULL: it is sent */
    bool help, dated;                        /* dated: the moment of signing was given */
};

/* Reads c's flags and these; c->as_curl and c->method are set. ERR_CONFIG in c->e is bad usage. */
bool call_flags_read(struct call_flags *f, struct client *c, int argc, char **argv);

extern const char *const call_flags_usage;

#endif
