/* SPDX-License-Identifier: Apache-2.0 */
/* What the verifier's parts share: the claim that a request makes, and the verdict in the making. */
#ifndef SIGV4_SIGV4_JUDGE_H
#define SIGV4_SIGV4_JUDGE_H

#include "sigv4_canonical.h"
#include "sigv4_verify.h"

/* The parts of one request's authentication, as claimed; absent is absent or empty. */
struct sigv4_claim {
    bool in_query, ecdsa;
    struct str header; /* the Authorization value, trimmed; absent in a query */
    struct str algorithm, credential, signed_headers, signature;
    struct str date; /* X-Amz-Date, else Date */
    struct str token, region_set;
    size_t tokens; /* how many were sent */
    int64_t unix_s;
    struct str id, day, region, service, terminator; /* the credential's parts; no region with SIGV4_ECDSA */
    struct str scope;                                /* the credential behind the id */
    bool has_signed_fields;                          /* each name of signed_headers has a field */
};

/* Everything the checks share. A check returns false when the judging failed; a fault is written into the verdict. */
struct sigv4_judge {
    const struct http_request *rq;
    const struct sigv4_verifier *v;
    struct sigv4_claim claim;
    struct sigv4_verdict *verdict;
    struct arena *a;
    struct err *e;
};

static inline bool sigv4_judge_done(const struct sigv4_judge *j) {
    return j->verdict->fault != SIGV4_OK;
}

/* Each writes the fault; reason goes to logs. Text: the message as it is. Quoting: before'quoted'after. Buf: its text. */
bool sigv4_fault_text(struct sigv4_judge *j, enum sigv4_fault fault, struct str message, struct str reason);
bool sigv4_fault_quoting(struct sigv4_judge *j, enum sigv4_fault fault, struct str before, struct str quoted,
                         struct str after, struct str reason);
bool sigv4_fault_buf(struct sigv4_judge *j, enum sigv4_fault fault, const struct buf *message, struct str reason);
void sigv4_fault_begin(struct sigv4_judge *j, struct buf *b);

/* The first field of that name (in lower case), trimmed; absent if there is none. How many there are. */
size_t sigv4_claim_field(const struct http_request *rq, struct str lower, struct str *value);

/* The checks up to the scope, in AWS's order; see their names. */
bool sigv4_claim_check_target(struct sigv4_judge *j);
bool sigv4_claim_read(struct sigv4_judge *j);
bool sigv4_claim_check_parts(struct sigv4_judge *j);
bool sigv4_claim_check_algorithm(struct sigv4_judge *j);
bool sigv4_claim_check_signed_headers(struct sigv4_judge *j);
bool sigv4_claim_read_credential(struct sigv4_judge *j);

#endif
