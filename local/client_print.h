/* SPDX-License-Identifier: Apache-2.0 */
/* --print of `apigw sign` and `apigw call`. What is printed is exact, token included: it was asked for, and a masked
   signature would be of no use. */
#ifndef LOCAL_CLIENT_PRINT_H
#define LOCAL_CLIENT_PRINT_H

#include "client.h"
#include "sigv4_stages.h"

#define CLIENT_PRINT_USAGE \
    "print:    headers (those that signing adds; the default), canonical, string-to-sign, signature,\n" \
    "          request (the bytes to send), url (the default with --presign) or curl\n"

struct client_print;

/* wanted: the flag's value; NULL: the default. NULL: no such word, and c->e says so. */
const struct client_print *client_print_find(struct client *c, const char *wanted);

/* c->rq is signed; texts are of that. To standard output. */
bool client_print(struct client *c, const struct client_print *what, const struct sigv4_texts *texts);

#endif
