/* SPDX-License-Identifier: Apache-2.0 */
/* The signing keys, derived or remembered. */
#ifndef SIGV4_SIGV4_CACHE_H
#define SIGV4_SIGV4_CACHE_H

#include "sha256.h"
#include "sigv4_stages.h"

/* The signing key of "ID/20150830/REGION/SERVICE/aws4_request" as pads, from the cache (may be NULL) or derived. Wipe
   them. False: libcrypto, or a secret longer than any AWS hands out. */
bool sigv4_cache_pads(struct sha256_pads *pads, struct sigv4_cache *cache, struct str credential, struct str secret);

#endif
