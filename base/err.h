/* SPDX-License-Identifier: Apache-2.0 */
/* An error is a kind and a sentence, kept in the caller's memory: it cannot fail to be made.
   Law: a function returns true when it is done; false means *e says why and its outputs are not to be read. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

enum err_kind {
    ERR_NONE,
    ERR_MEMORY,   /* the allocator said no */
    ERR_LIMIT,    /* a stated limit was reached; the sentence names it */
    ERR_CONFIG,   /* environment, flag, file or template of the operator */
    ERR_PARSE,    /* input that is not what it should be */
    ERR_NETWORK,  /* resolve, connect, TLS, send, receive */
    ERR_TIMEOUT,  /* the time given was used up */
    ERR_PROTOCOL, /* a peer broke its protocol */
    ERR_REFUSED,  /* a peer understood and said no */
    ERR_HANDLER,  /* the function's own failure */
};

struct err {
    enum err_kind kind;
    char msg[640]; /* one sentence, NUL-terminated; a longer one ends in "..." */
};

/* Both always return false, so that `return err_set(...)` reads well. err_prefix puts a place before the sentence. */
bool err_set(struct err *e, enum err_kind kind, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
bool err_prefix(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#ifdef __cplusplus
}
#endif

#endif
