/* SPDX-License-Identifier: Apache-2.0 */
/* Why did they refuse it? Compares what we would have signed with the text of the refusal and names one cause and one
   fix. Pure: everything comes in as text. Nothing that comes out holds a secret, a token, a signature or a payload. */
#ifndef SIGV4_SIGV4_EXPLAIN_H
#define SIGV4_SIGV4_EXPLAIN_H

#include "sigv4.h"

#ifdef __cplusplus
extern "C" {
#endif

enum sigv4_cause {
    SIGV4_CAUSE_UNKNOWN,
    SIGV4_CAUSE_NOT_SIGNED,        /* Missing Authentication Token: no signature, or no such route or method */
    SIGV4_CAUSE_BAD_AUTHORIZATION, /* the Authorization is incomplete or another scheme's */
    SIGV4_CAUSE_CLOCK,             /* expired or not yet current; skew_s says by how much */
    SIGV4_CAUSE_SCOPE,             /* region, service, date or terminator of the credential scope */
    SIGV4_CAUSE_TOKEN,             /* unknown key, wrong, missing or expired session token */
    SIGV4_CAUSE_METHOD,
    SIGV4_CAUSE_PATH,          /* differs */
    SIGV4_CAUSE_PATH_ENCODING, /* encoded once more, or once less, than the service does */
    SIGV4_CAUSE_QUERY,         /* order, encoding, or a parameter that was added or lost */
    SIGV4_CAUSE_HOST,
    SIGV4_CAUSE_HEADER,         /* a signed header was changed, added or removed by a hop */
    SIGV4_CAUSE_BODY,           /* the payload hash differs */
    SIGV4_CAUSE_SECRET,         /* both canonical requests and strings to sign are equal: the secret is wrong */
    SIGV4_CAUSE_STRING_TO_SIGN, /* equal canonical requests, but date or scope of the string to sign differ */
    SIGV4_CAUSE_POLICY,         /* signed well; not allowed */
    SIGV4_CAUSE_API_KEY,        /* {"message":"Forbidden"}: API key missing or wrong (or a resource policy, or WAF) */
};
const char *sigv4_cause_name(enum sigv4_cause cause); /* "host", "path-encoding" ... */

/* What is known about one refused request. Absent members are unknown. */
struct sigv4_refused {
    struct str canonical_request, string_to_sign; /* ours */
    struct str secret;                            /* only to be masked should it turn up; never shown */
    int status;                                   /* 403 */
    struct str error_type;                        /* x-amzn-ErrorType */
    struct str body;                              /* of the refusal: JSON, or its bare message */
    int64_t now_unix_s;                           /* our clock when it was sent; 0: unknown */
    int64_t date_unix_s;                          /* their Date field; 0: unknown */
};

/* Of several lines that differ, method and host are named first (what changes them on the way changes others too), then
   the first one. */
struct sigv4_explanation {
    enum sigv4_cause cause;
    int64_t skew_s;     /* their clock minus ours; 0 if unknown. Without now_unix_s ours is the signature's date */
    struct str line;    /* which line: "method", "path", "query", "header host", "signed headers", "payload hash",
                           "string to sign: date"; absent: no line differs or none can be compared */
    size_t line_number; /* from 1, of our canonical request (or string to sign); 0: no line */
    size_t byte;        /* the first byte of the two lines, as they were signed, that differs, from 0 */
    struct str ours,
        theirs; /* that line, printable: other bytes are written \xNN, and the values of authorization, cookies,
                                tokens, API keys and the like as <hidden, N bytes>. Absent: that side has no such
                                line */
    struct str sentence; /* the cause, in one sentence */
    struct str fix;      /* what to do, in one sentence */
};

/* False: ERR_MEMORY only; a refusal that cannot be read is SIGV4_CAUSE_UNKNOWN. Views live in the arena or are
   literals. */
bool sigv4_explain(const struct sigv4_refused *refused, struct sigv4_explanation *explanation, struct arena *a,
                   struct err *e);

/* The (T - 5 min.) or (T + 5 min.) text of a refusal: their clock. False: it does not say. */
bool sigv4_refusal_clock(struct str message, int64_t *their_unix_s);

#ifdef __cplusplus
}
#endif

#endif
