/* SPDX-License-Identifier: Apache-2.0 */
/* What did they sign instead? A server sees the signature only; but it knows the key, so what commonly goes wrong can be
   tried: the request as the caller may have seen it is judged again, and the one that fits is compared with what came. */
#ifndef LOCAL_MISMATCH_H
#define LOCAL_MISMATCH_H

#include "model.h"
#include "sigv4_verify.h"

struct mismatch {
    const struct model *model;
    const struct model_api *api;
    const struct http_request *rq;
    const struct sigv4_verifier *verifier; /* whose find_key is asked again */
    const struct sigv4_verdict *verdict;   /* a signature that does not fit */
};

/* Sentences for the operator's log, in the arena: the cause with the two lines that differ, masked as sigv4_explain does, and
   what to do. Absent when it was no mismatch; *fix alone is absent when nothing that was tried fits. */
bool mismatch_explain(const struct mismatch *m, struct str *cause, struct str *fix, struct arena *a, struct err *e);

#endif
