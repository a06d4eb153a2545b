/* SPDX-License-Identifier: Apache-2.0 */
/* The stages between a request and its signature, one function per file of AWS's test suite. For sigv4/ itself, for
   tests and for tools that show the stages; a program that only signs needs sigv4.h. */
#ifndef SIGV4_SIGV4_STAGES_H
#define SIGV4_SIGV4_STAGES_H

#include "sigv4.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    SIGV4_MAX_CANONICAL_BYTES = 256 * 1024,
    SIGV4_DATE_BYTES = 17,
    SIGV4_DIGEST_BYTES = 32,
    SIGV4_MAX_EXPIRES_S = 604800,
    /* For sigv4_canonical.allow: a request that came over the wire is taken as it is, a bad %-escape of its query aside. */
    SIGV4_AS_RECEIVED = (SIGV4_ALLOW_ALL & ~SIGV4_ALLOW_BAD_ESCAPE) | 1 << 16,
};

/* sigv4_sign, and the texts on the way to the signature: those that were hashed, not made anew. They hold the token and
   whatever else is signed. texts may be NULL. */
struct sigv4_texts {
    struct str canonical_request, string_to_sign, signature;
};
bool sigv4_sign_texts(struct http_request *rq, const struct sigv4_keys *keys, const struct sigv4_scope *scope,
                      struct sigv4_texts *texts, struct arena *a, struct err *e);

#define SIGV4_LAST_SECOND INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

/* "20150830T123600Z" from seconds since 1970 (years 1970 to 9999); and back, false if it is not such a text. */
bool sigv4_date_write(char out[SIGV4_DATE_BYTES], int64_t unix_s);
bool sigv4_date_read(struct str text, int64_t *unix_s);

/* SIGV4_PATH_BY_SERVICE resolved; any other as it is. */
enum sigv4_path sigv4_path_of(enum sigv4_path path, struct str service);

/* "a;b;c": the names of all fields that may be signed, lower case, sorted by byte, each once. ERR_LIMIT, ERR_MEMORY. */
bool sigv4_signed_headers(struct buf *out, const struct http_fields *fields, bool unsigned_token, struct err *e);

/* Lower-case hex of SHA-256. */
bool sigv4_hash(char hex[65], struct str bytes);

/* What a canonical request is made from besides the request. Both placements and both algorithms have the same one: the
   query's X-Amz-Signature is left out. */
struct sigv4_canonical {
    struct str signed_headers; /* taken as it is: a name without a field gives an empty value line */
    struct str payload_hash;
    enum sigv4_path path; /* SIGV4_PATH_BY_SERVICE is SIGV4_PATH_NORMALIZE here: see sigv4_path_of */
    bool without_token;   /* an X-Amz-Security-Token of the query was sent, but not signed */
    unsigned allow;       /* of enum sigv4_allow, or SIGV4_AS_RECEIVED */
};

/* METHOD LF path LF query LF (name:value LF)* LF signed_headers LF payload_hash, as text or as its SHA-256 alone.
   ERR_PARSE: a path without its first '/', and what is not allowed, with its position. ERR_LIMIT: more than
   HTTP_MAX_FIELDS parameters, SIGV4_MAX_CANONICAL_BYTES, or more bytes than `out` may hold. The text's scratch memory
   comes from out's arena. */
bool sigv4_canonical_text(struct buf *out, const struct http_request *rq, const struct sigv4_canonical *how,
                          struct err *e);
bool sigv4_canonical_digest(unsigned char digest[SIGV4_DIGEST_BYTES], const struct http_request *rq,
                            const struct sigv4_canonical *how, struct arena *a, struct err *e);

/* sigv4_canonical_text of a request as it was received. */
bool sigv4_canonical_request(struct buf *out, const struct http_request *rq, struct str signed_headers,
                             struct str payload_hash, enum sigv4_path path, struct err *e);

const char *sigv4_algorithm_name(enum sigv4_algorithm algorithm); /* "AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256" */

/* algorithm LF date LF scope LF hex(canonical's digest). amz_date is the 16-character text; scope what follows the
   access key id in a credential, "20150830/us-east-1/iam/aws4_request", for SIGV4_ECDSA without the region. False: a
   date of another length, or out's limit. */
bool sigv4_to_sign(struct buf *out, enum sigv4_algorithm algorithm, struct str amz_date, struct str scope,
                   const unsigned char digest[SIGV4_DIGEST_BYTES]);

/* The same for SIGV4_HMAC from the canonical request's text; false: libcrypto, too. */
bool sigv4_string_to_sign(struct buf *out, struct str canonical, struct str amz_date, struct str region,
                          struct str service);

/* 64 hex digits and a NUL. The signing key and everything derived from the secret is wiped before it returns.
   False: libcrypto, or a secret longer than any AWS hands out. */
bool sigv4_signature(char hex[65], struct str string_to_sign, struct str secret, struct str yyyymmdd, struct str region,
                     struct str service);

/* The same with the signing key out of a cache (NULL: derived). The credential has the five parts of
   "ID/20150830/us-east-1/iam/aws4_request". */
bool sigv4_cache_signature(char hex[65], struct sigv4_cache *cache, struct str credential, struct str secret,
                           struct str string_to_sign);

/* SIGV4_ECDSA: the DER signature (at most 72 bytes), and the public point (64 bytes), with the pair of keys out of a
   cache (NULL: derived). */
bool sigv4_cache_ecdsa(struct sigv4_cache *cache, const struct sigv4_keys *keys, struct str string_to_sign,
                       bool rfc6979, unsigned char der[72], size_t *n, struct err *e);
bool sigv4_cache_point(struct sigv4_cache *cache, const struct sigv4_keys *keys, unsigned char xy[64], struct err *e);

#ifdef __cplusplus
}
#endif

#endif
