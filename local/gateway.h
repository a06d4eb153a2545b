/* SPDX-License-Identifier: Apache-2.0 */
/* The local API Gateway: one loopback port per API, the template's functions behind it, and STS beside it. */
#ifndef LOCAL_GATEWAY_H
#define LOCAL_GATEWAY_H

#include "keyring.h"
#include "program.h"

struct gateway_options {
    const struct model *model;
    const struct keyring *keyring;
    uint16_t port;                  /* of the first API, the next has the next number, and STS the last; 0: free ones */
    bool everywhere;                /* APIs and STS listen on every interface; the Runtime APIs never do */
    const struct program *programs; /* of model->functions */
    unsigned concurrency;           /* environments of a function, at most */
};

struct gateway;

/* Listens, starts all functions and waits for their inits. Memory lives in the arena as long as the gateway. */
bool gateway_start(const struct gateway_options *options, struct gateway **gateway, struct arena *a, struct err *e);
uint16_t gateway_port(const struct gateway *gateway, size_t api); /* of model->apis[api] */
uint16_t gateway_sts_port(const struct gateway *gateway);
struct function *gateway_function(const struct gateway *gateway, size_t function); /* of model->functions[function] */
void gateway_stop(struct gateway *gateway);                                        /* NULL is fine */

#endif
