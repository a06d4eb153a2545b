/* SPDX-License-Identifier: Apache-2.0 */
/* Judges a signed request as AWS does: the first check that fails answers, in AWS's order and words.
   https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html */
#ifndef SIGV4_SIGV4_VERIFY_H
#define SIGV4_SIGV4_VERIFY_H

#include "sigv4_stages.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Why a request was not accepted; the names are the x-amzn-ErrorType values of a REST API. */
enum sigv4_fault {
    SIGV4_OK,
    SIGV4_MISSING_AUTHENTICATION_TOKEN, /* MissingAuthenticationTokenException */
    SIGV4_INCOMPLETE_SIGNATURE,         /* IncompleteSignatureException */
    SIGV4_INVALID_SIGNATURE,            /* InvalidSignatureException: clock, scope or signature */
    SIGV4_UNRECOGNIZED_CLIENT,          /* UnrecognizedClientException: unknown key, wrong or missing token */
    SIGV4_EXPIRED_TOKEN,                /* ExpiredTokenException */
    SIGV4_MALFORMED_REQUEST,            /* no error type: 400 without a body (bad %-escape, path above the root) */
    SIGV4_MALFORMED_QUERY,              /* MalformedQueryStringException */
};
const char *sigv4_fault_name(enum sigv4_fault fault); /* "" for SIGV4_OK and SIGV4_MALFORMED_REQUEST */

/* What is kept of a caller. */
struct sigv4_known_key {
    struct sigv4_keys keys; /* token: the one that must be sent; secret absent: only SIGV4_ECDSA can be verified */
    int64_t token_expires_unix_s; /* 0: never */
    struct str public_key;        /* SIGV4_ECDSA: X and Y, 64 bytes; absent: derived from id and secret */
};

struct sigv4_verifier {
    struct str region, service;
    int64_t unix_s;              /* now */
    int64_t max_skew_s;          /* 300 for API Gateway and for presigned links too, whatever X-Amz-Expires says */
    bool allow_ecdsa;            /* REST APIs and VPC Lattice take SigV4A */
    bool allow_unsigned_payload; /* VPC Lattice, S3 */
    /* Finds an access key id; views must live as long as the verification. False: unknown (a dummy key is computed with,
       so that the time taken tells nothing). */
    bool (*find_key)(void *user, struct str id, struct sigv4_known_key *key);
    void *user;
    struct sigv4_cache *cache; /* NULL: keys are derived each time */
};

struct sigv4_verdict {
    enum sigv4_fault fault;
    struct str message; /* AWS's sentence for the caller; empty for SIGV4_OK. A mismatch holds both canonical texts,
                           and so everything the caller signed: never log it. */
    struct str reason;  /* the same without the caller's data: may be logged */
    struct str key_id;  /* as claimed by the caller; trustworthy only with SIGV4_OK. Absent if not readable. */
    struct str canonical_request,
        string_to_sign; /* ours, of a signature that does not fit; else absent. Never log them. */
};

/* Judges one request, signed in its headers or its query; what the sender did wrong is a verdict. Returns false only when
   the judging itself failed (memory, libcrypto, a clock out of range): then refuse the request; the fault is not SIGV4_OK.

   Beyond the signature: the Host field stands once; a sent X-Amz-Content-Sha256 is the body's real hash, so
   UNSIGNED-PAYLOAD is refused unless allowed; every name in SignedHeaders has a field; a key's token is sent, signed or
   not; no parameter of a link's signature stands twice, and X-Amz-Expires is absent or a whole number from 1 to 604800. */
bool sigv4_verify(const struct http_request *rq, const struct sigv4_verifier *v, struct sigv4_verdict *verdict,
                  struct arena *a, struct err *e);

/* The texts that the sender of a signed request must have hashed, whoever he is: no key is needed. texts->signature is
   the one that was sent. ERR_PARSE: it is not signed, or not well formed; the sentence says what is wrong. */
bool sigv4_verify_texts(const struct http_request *rq, struct sigv4_texts *texts, struct arena *a, struct err *e);

/* How the endpoint says it. */
enum sigv4_profile { SIGV4_REST_API, SIGV4_HTTP_API, SIGV4_FUNCTION_URL };
struct sigv4_refusal {
    int status;
    struct str error_type; /* x-amzn-ErrorType; absent: the field is not sent */
    struct str body;       /* {"message":"..."} */
};
/* The answer for a verdict that is not SIGV4_OK. */
bool sigv4_refuse(enum sigv4_profile profile, const struct sigv4_verdict *verdict, struct sigv4_refusal *refusal,
                  struct arena *a, struct err *e);

#ifdef __cplusplus
}
#endif

#endif
