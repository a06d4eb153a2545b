/* SPDX-License-Identifier: Apache-2.0 */
/* What the policies say about a request whose caller is known, or nobody. */
#ifndef LOCAL_JUDGE_ACCESS_H
#define LOCAL_JUDGE_ACCESS_H

#include "judge.h"

struct judge_access {
    const struct judge *judge;
    const struct http_request *rq;
    struct str peer_ip;
    int64_t now_s;
};

/* v has route and caller. A refusal goes to v; false: memory. */
bool judge_access_decide(const struct judge_access *access, struct judge_verdict *v, struct arena *a, struct err *e);

#endif
