/* SPDX-License-Identifier: Apache-2.0 */
/* What the policies say about a request whose caller is known, or nobody. */
#ifndef LOCAL_JUDGE_ACCESS_H
#define LOCAL_JUDGE_ACCESS_H

#include "access.h"
#include "facts.h"
#include "judge.h"

/* What policies are asked of one request: execute-api:Invoke of an API; of a function URL both halves. */
enum { JUDGE_MAX_QUESTIONS = 2 };
struct judge_question {
    struct str action;
    struct facts facts;
    const struct policy_range *range; /* NULL: the one resource */
};
size_t judge_access_questions(const struct model_api *api, const struct model_route *route, const struct facts *facts,
                              struct judge_question questions[static JUDGE_MAX_QUESTIONS]);

/* One of them about one resource; *known gets the condition keys that were evaluated. */
bool judge_access_ask(const struct judge *j, const struct judge_question *q, struct str resource,
                      struct http_fields *known, struct access_answer *answer, struct arena *a, struct err *e);

struct judge_access {
    const struct judge *judge;
    const struct http_request *rq;
    struct str peer_ip;
    int64_t now_s;
};

/* v has route and caller. A refusal goes to v; false: memory. */
bool judge_access_decide(const struct judge_access *access, struct judge_verdict *v, struct arena *a, struct err *e);

#endif
