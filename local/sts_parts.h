/* SPDX-License-Identifier: Apache-2.0 */
/* What the files sts*.c share among themselves. */
#ifndef LOCAL_STS_PARTS_H
#define LOCAL_STS_PARTS_H

#include "sts.h"

/* One call, from its parameters to its answer. */
struct sts_call {
    const struct model *model;
    const struct keyring *keyring;
    const struct http_request *rq;
    struct http_fields params; /* of query and body */
    struct str peer_ip, region;
    int64_t now_s;
    const struct keyring_entry *caller;
    struct arena *arena;
    /* the answer: */
    bool json;
    int status;
    struct buf body;
    struct str code; /* of an error, else absent */
    struct buf why;  /* for the log: no secret is in it */
    char request_id[37];
};

/* The three actions; each writes a whole answer. */
void sts_assume_role(struct sts_call *c);
void sts_get_session_token(struct sts_call *c);
void sts_get_caller_identity(struct sts_call *c);

/* Members one after the other, in the form that was asked for. */
void sts_answer_begin(struct sts_call *c, const char *action);
void sts_answer_open(struct sts_call *c, const char *name);
void sts_answer_text(struct sts_call *c, const char *name, struct str value);
void sts_answer_moment(struct sts_call *c, const char *name, int64_t unix_s);
void sts_answer_close(struct sts_call *c, const char *name);
void sts_answer_end(struct sts_call *c, const char *action);

/* Instead of all that. */
void sts_answer_error(struct sts_call *c, int status, struct str code, struct str message);
void sts_answer_errorf(struct sts_call *c, int status, struct str code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#endif
