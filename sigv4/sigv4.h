/* SPDX-License-Identifier: Apache-2.0 */
/* AWS Signature Version 4, header authentication: signing and verifying from one canonicaliser.
   https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
   Pure: clock, keys, region and service come in as arguments; no sockets, no environment. Needs OpenSSL's libcrypto.

   What sigv4_sign adds, in this order, is what must be sent with the request as it is:
     X-Amz-Date: 20150830T123600Z
     X-Amz-Content-Sha256: <hex>          only with send_body_hash
     X-Amz-Security-Token: <token>        only when keys.token is there
     Authorization: AWS4-HMAC-SHA256 Credential=ID/20150830/REGION/SERVICE/aws4_request,
                    SignedHeaders=a;b, Signature=<64 hex>      (one line)

   The caller sends exactly rq->path, rq->query and a Host field with the value that rq->fields holds. */
#ifndef SIGV4_SIGV4_H
#define SIGV4_SIGV4_H

#include "buf.h"
#include "http_msg.h"

struct sigv4_keys {
    struct str id, secret;
    struct str token; /* absent or empty for long-term keys (AKIA...) */
};

/* How the canonical request gets its path. Every service but S3: SIGV4_PATH_NORMALIZE. */
enum sigv4_path {
    SIGV4_PATH_NORMALIZE, /* dot segments and repeated slashes go, then the wire path is percent-encoded once more */
    SIGV4_PATH_KEEP,      /* encoded once more, segments kept */
    SIGV4_PATH_S3,        /* the wire path as it is */
};

struct sigv4_scope {
    struct str region, service;
    int64_t unix_s; /* the moment of signing, seconds since 1970 */
    enum sigv4_path path;
    bool send_body_hash; /* add and sign X-Amz-Content-Sha256 */
    bool unsigned_token; /* send the token without signing it */
};

/* Signs every field of rq but those a hop may change (connection, user-agent, x-amzn-trace-id, x-forwarded-* ...; the
   list is in sigv4_stages.c). New fields live in the arena. An X-Amz-Content-Sha256 field that is already there stands
   for the body's hash and is signed. On an error rq->fields.n is as it was.

   ERR_PARSE is for what cannot be signed or would not arrive as it was signed: an empty key, region, service or method;
   no Host field or two; an Authorization, X-Amz-Date or X-Amz-Security-Token that is already there; a query with a
   signature of its own or with a bad %-escape; a path that does not start with '/' or holds '?' or '#'; a control byte
   anywhere, tabs and folded values included. Raw spaces and UTF-8 in the path are signed as they are.
   ERR_LIMIT: HTTP_MAX_FIELDS or SIGV4_MAX_CANONICAL_BYTES is passed. ERR_MEMORY: the arena, or libcrypto.
   A temporary key (ASIA...) without its token is for the caller to refuse. */
bool sigv4_sign(struct http_request *rq, const struct sigv4_keys *keys, const struct sigv4_scope *scope,
                struct arena *a, struct err *e);

/* Why a request was not accepted, in the order of AWS's checks; the names are the x-amzn-ErrorType values. */
enum sigv4_fault {
    SIGV4_OK,
    SIGV4_MISSING_AUTHENTICATION_TOKEN, /* MissingAuthenticationTokenException */
    SIGV4_INCOMPLETE_SIGNATURE,         /* IncompleteSignatureException */
    SIGV4_INVALID_SIGNATURE,            /* InvalidSignatureException: clock, scope or signature */
    SIGV4_UNRECOGNIZED_CLIENT,          /* UnrecognizedClientException: unknown key, wrong or missing token */
};
const char *sigv4_fault_name(enum sigv4_fault fault); /* "" for SIGV4_OK */

struct sigv4_verifier {
    struct str region, service;
    int64_t unix_s;     /* now */
    int64_t max_skew_s; /* 300 for API Gateway */
    /* Finds the keys of an access key id; views must live as long as the verification. False: unknown. */
    bool (*find_keys)(void *user, struct str id, struct sigv4_keys *keys);
    void *user;
};

struct sigv4_verdict {
    enum sigv4_fault fault;
    struct str message; /* AWS's sentence for the caller; empty for SIGV4_OK. A mismatch holds both canonical texts,
                           and so everything the caller signed: never log it. */
    struct str key_id;  /* as claimed by the caller; trustworthy only with SIGV4_OK. Absent if not readable. */
};

/* Judges one request as API Gateway does; what the sender did wrong is a verdict. Returns false only when the judging
   itself failed (memory, libcrypto, a clock out of range): then refuse the request; the fault is not SIGV4_OK.

   Beyond the signature: the Host field stands once; a sent X-Amz-Content-Sha256 is the body's real hash, so
   UNSIGNED-PAYLOAD is refused; every name in SignedHeaders has a field; a key's token is sent, signed or not. */
bool sigv4_verify(const struct http_request *rq, const struct sigv4_verifier *v, struct sigv4_verdict *verdict,
                  struct arena *a, struct err *e);

#endif
