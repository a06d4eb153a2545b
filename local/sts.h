/* SPDX-License-Identifier: Apache-2.0 */
/* STS on a loopback port of its own: AssumeRole, GetSessionToken and GetCallerIdentity for the callers of this run, in XML
   and in JSON.
   https://docs.aws.amazon.com/STS/latest/APIReference/welcome.html */
#ifndef LOCAL_STS_H
#define LOCAL_STS_H

#include "keyring.h"

struct sts_options {
    const struct model *model;
    const struct keyring *keyring; /* with sessions */
    uint16_t port;                 /* 0: a free one */
    bool everywhere;               /* as in struct http_server_options */
};

struct sts;
/* *sts lives in the arena until sts_stop. */
bool sts_start(const struct sts_options *options, struct sts **sts, struct arena *a, struct err *e);
uint16_t sts_port(const struct sts *sts);
void sts_stop(struct sts *sts); /* NULL is fine */

#endif
