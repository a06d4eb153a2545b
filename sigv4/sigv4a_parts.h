/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of sigv4a.c and sigv4a_rfc6979.c, for each other and for their test. */
#ifndef SIGV4_SIGV4A_PARTS_H
#define SIGV4_SIGV4A_PARTS_H

#include "sigv4a.h"

/* Makes the private scalar k+1 of the derivation's output k, in constant time. False: k > n-2, which the next counter
   has to cure; k is then not to be used. */
bool sigv4a_accept_scalar(unsigned char k[SIGV4A_SCALAR_BYTES]);

/* The DER signature whose nonce follows from key and digest (RFC 6979); libcrypto does it by itself from 3.2 on only.
   False: d is not in 1..n-1, or libcrypto failed. */
bool sigv4a_rfc6979(unsigned char der[SIGV4A_SIGNATURE_BYTES], size_t *n, const unsigned char d[SIGV4A_SCALAR_BYTES],
                    const unsigned char digest[32]);

#endif
