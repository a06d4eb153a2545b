/* SPDX-License-Identifier: Apache-2.0 */
/* Where keys come from. In Lambda the environment holds the function role's temporary keys.
   https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html */
#ifndef HANDLERS_CREDENTIALS_H
#define HANDLERS_CREDENTIALS_H

#include "err.h"
#include "sigv4.h"

/* AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN; views into the environment. ERR_CONFIG names what is
   missing or cannot be right, before anything is sent; it never holds a value. */
bool credentials_from_environment(struct sigv4_keys *keys, struct err *e);

/* An ASIA key without a token, an empty or "undefined" token, a control byte: no AWS service would take these. */
bool credentials_check(const struct sigv4_keys *keys, struct err *e);

#endif
