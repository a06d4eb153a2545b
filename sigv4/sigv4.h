/* SPDX-License-Identifier: Apache-2.0 */
/* AWS Signature Version 4 and 4A: signing. sigv4_verify.h judges, sigv4_explain.h compares, from the same canonicaliser.
   https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
   Pure: clock, keys, region and service come in as arguments; no sockets, no environment, no heap: all memory is the
   caller's arena, which may lie over a fixed buffer (arena_init_fixed); only for SigV4A libcrypto takes heap of its own.
   Needs OpenSSL's libcrypto. */
#ifndef SIGV4_SIGV4_H
#define SIGV4_SIGV4_H

#include "buf.h"
#include "http_msg.h"

#ifdef __cplusplus
extern "C" {
#endif

struct sigv4_keys {
    struct str id, secret;
    struct str token; /* absent or empty for long-term keys (AKIA...) */
};

enum sigv4_algorithm {
    SIGV4_HMAC,  /* AWS4-HMAC-SHA256 */
    SIGV4_ECDSA, /* AWS4-ECDSA-P256-SHA256 (SigV4A): sigv4_scope.region is the region set: "*", one, or "a,b" */
};

enum sigv4_placement { SIGV4_IN_HEADERS, SIGV4_IN_QUERY /* a presigned URL */ };

/* How the canonical request gets its path. */
enum sigv4_path {
    SIGV4_PATH_BY_SERVICE, /* SIGV4_PATH_S3 for s3, s3express, s3-outposts and s3-object-lambda, else NORMALIZE */
    SIGV4_PATH_NORMALIZE,  /* dot segments and repeated slashes go, then the wire path is percent-encoded once more */
    SIGV4_PATH_KEEP,       /* encoded once more, segments kept */
    SIGV4_PATH_S3,         /* the wire path as it is */
};

/* A given X-Amz-Content-Sha256 field stands before all of these. UNSIGNED-PAYLOAD is for the services that take it: those
   of S3's path, vpc-lattice-svcs, ebs, lex, mediastore and omics; execute-api, lambda and all others do not. */
enum sigv4_payload {
    /* the SHA-256 of rq->body; but UNSIGNED-PAYLOAD for vpc-lattice-svcs, which signs no payload, and in S3's presigned
       URLs, which are made before the body is known */
    SIGV4_PAYLOAD_BODY,
    SIGV4_PAYLOAD_HASH,     /* sigv4_scope.payload_hash, 64 lower-case hex digits: hashed before, or in pieces */
    SIGV4_PAYLOAD_UNSIGNED, /* UNSIGNED-PAYLOAD */
};

/* What signers disagree on is refused; each rule can be relaxed by name. */
enum sigv4_allow {
    SIGV4_ALLOW_PLUS = 1 << 0,          /* '+' in the query, signed as a space (%20) */
    SIGV4_ALLOW_EMPTY_SEGMENT = 1 << 1, /* "//" in the path; not refused for S3 */
    SIGV4_ALLOW_DOT_SEGMENT = 1 << 2,   /* "." and ".." in the path, which clients and hops resolve differently */
    SIGV4_ALLOW_ENCODED_DOT = 1 << 3,   /* a path segment that is a dot segment once decoded: "%2e%2e" */
    SIGV4_ALLOW_EMPTY_PAIR = 1 << 4,    /* "a=1&&b=2": empty pieces are dropped */
    SIGV4_ALLOW_EMPTY_NAME = 1 << 5,    /* "=b" */
    SIGV4_ALLOW_BAD_ESCAPE = 1 << 6,    /* '%' without two hex digits, signed as %25 */
    SIGV4_ALLOW_RAW_BYTES = 1 << 7,     /* spaces and bytes over 0x7e in path or query, signed percent-encoded */
    SIGV4_ALLOW_FOLDED_VALUE = 1 << 8,  /* obs-fold in a field value, joined by a space */
    SIGV4_ALLOW_ALL = (1 << 9) - 1,
};
/* "plus", "empty-segment", "dot-segment", "encoded-dot", "empty-pair", "empty-name", "bad-escape", "raw-bytes",
   "folded-value"; false: no such rule. */
bool sigv4_allow_read(struct str name, unsigned *rule);

struct sigv4_scope {
    struct str region, service;
    int64_t unix_s; /* the moment of signing, seconds since 1970 */
    enum sigv4_algorithm algorithm;
    enum sigv4_placement placement;
    int64_t expires_s; /* SIGV4_IN_QUERY: X-Amz-Expires, 1 to 604800. API Gateway ignores it: such a link lives 300 s */
    enum sigv4_path path;
    enum sigv4_payload payload;
    struct str payload_hash;
    bool send_body_hash;       /* add and sign X-Amz-Content-Sha256 (S3 and vpc-lattice-svcs: always) */
    bool unsigned_token;       /* send the token without signing it */
    unsigned allow;            /* of enum sigv4_allow */
    struct sigv4_cache *cache; /* NULL: keys are derived each time */
    bool rfc6979;              /* SIGV4_ECDSA: a deterministic nonce, so that the same input gives the same signature */
};

/* Adds, in this order, what must be sent with the request as it is:
     SIGV4_IN_HEADERS: the fields X-Amz-Date, X-Amz-Content-Sha256 (with send_body_hash), X-Amz-Region-Set (SIGV4_ECDSA),
       X-Amz-Security-Token (only when keys.token is there) and
       Authorization: AWS4-HMAC-SHA256 Credential=ID/20150830/REGION/SERVICE/aws4_request, SignedHeaders=a;b, Signature=...
     SIGV4_IN_QUERY: X-Amz-Algorithm, X-Amz-Credential, X-Amz-Date, X-Amz-Expires, X-Amz-SignedHeaders,
       X-Amz-Security-Token, X-Amz-Region-Set and last X-Amz-Signature, at the end of rq->query.
   What is signed is what is to be sent: rq->path and rq->query exactly, and a Host field with the value in rq->fields.
   Signs every field of rq but those a hop may change (connection, user-agent, x-amzn-trace-id, traceparent,
   x-forwarded-* ...; the list is in sigv4_canonical.c). On an error *rq is as it was.

   ERR_PARSE is for what cannot be signed or would not arrive as it was signed, with the offender and its position: an
   empty key, region, service or method; no Host field or two; an Authorization, X-Amz-Date, X-Amz-Security-Token or
   X-Amz-Region-Set that is already there; a query with a signature of its own; a path that does not start with '/' or
   holds '?' or '#'; a control byte anywhere but a tab in a field's value, which is signed as a space; what a rule of
   sigv4_allow forbids; UNSIGNED-PAYLOAD where the service refuses it; an ASIA... key without its token is for the caller
   to refuse.
   ERR_LIMIT: HTTP_MAX_FIELDS or SIGV4_MAX_CANONICAL_BYTES is passed. ERR_MEMORY: the arena, or libcrypto. */
bool sigv4_sign(struct http_request *rq, const struct sigv4_keys *keys, const struct sigv4_scope *scope,
                struct arena *a, struct err *e);

/* A body's hash in pieces, for SIGV4_PAYLOAD_HASH. The context is the caller's and holds no secret. Whatever was begun is
   to be ended. */
struct sigv4_payload_hash {
    uint64_t opaque[16];
};
void sigv4_payload_begin(struct sigv4_payload_hash *h);
void sigv4_payload_add(struct sigv4_payload_hash *h, struct str bytes);
bool sigv4_payload_end(struct sigv4_payload_hash *h, char hex[65]);

/* --- Key cache --------------------------------------------------------------------------------------------------------
   Signing keys (as HMAC pads) per access key id, day, region and service, and SigV4A scalars per access key id. Safe for
   threads; bounded: the slot unused for longest goes. A secret that changed under the same id is noticed: the slot holds
   its digest. What leaves is wiped. Around midnight UTC both days live. */
enum { SIGV4_CACHE_SLOTS = 16 };
struct sigv4_cache;
/* The memory is the caller's, aligned as malloc's, and outlives the cache; its last use is sigv4_cache_wipe. */
struct sigv4_cache *sigv4_cache_open(void *memory, size_t bytes); /* NULL: fewer than sigv4_cache_bytes() */
size_t sigv4_cache_bytes(void);
void sigv4_cache_wipe(struct sigv4_cache *cache); /* forgets everything; the cache stays usable */

#ifdef __cplusplus
}
#endif

#endif
