/* SPDX-License-Identifier: Apache-2.0 */
/* The CA certificates of a bundle, given to OpenSSL when it asks for one by name, where libcurl would read all of them at
   the first handshake: 145 of them cost 15 ms. One index for all clients and threads of the process; a certificate is
   parsed once. Trust is the bundle's, no less and no more. */
#ifndef HTTP_CA_LOOKUP_H
#define HTTP_CA_LOOKUP_H

#include "err.h"

struct ca_lookup;
struct x509_store_st;

/* The index of the file as it is now; one that is open already is shared until the file changes. Certificates that cannot be
   read are left out, and a warning says so. ERR_CONFIG: it cannot be read, or holds no certificate. */
bool ca_lookup_open(const char *path, struct ca_lookup **lookup, struct err *e);
void ca_lookup_close(struct ca_lookup *lookup); /* after the stores that it was attached to; NULL is fine */

/* The store finds all of the bundle's certificates. Once is enough, and twice does no harm. */
bool ca_lookup_attach(struct ca_lookup *lookup, struct x509_store_st *store);

#endif
