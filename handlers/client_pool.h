/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP clients of one origin, for any number of threads: a client belongs to one thread at a time, so each call borrows
   one. There are as many as there were calls at once; the one used last, whose connection is the freshest, goes first. */
#ifndef HANDLERS_CLIENT_POOL_H
#define HANDLERS_CLIENT_POOL_H

#include <pthread.h>

#include "http.h"

struct client_pool_member;
struct client_pool {
    struct url origin;           /* its texts live as long as the pool */
    struct http_options options; /* too */
    pthread_mutex_t lock;
    struct client_pool_member *idle;
    unsigned era; /* counts client_pool_disconnect */
    bool open;    /* all zero is a closed pool */
};

/* Makes the first client, so that what is wrong is told now; no connection is made. Errors: as http_open. */
bool client_pool_open(struct client_pool *pool, const struct url *origin, const struct http_options *options,
                      struct err *e);
void client_pool_close(struct client_pool *pool); /* all clients are back; closed already is fine */

/* Any thread. What is taken is given back. */
bool client_pool_take(struct client_pool *pool, struct client_pool_member **member, struct err *e);
struct http_client *client_pool_http(const struct client_pool_member *member);
void client_pool_give(struct client_pool *pool, struct client_pool_member *member);

/* No connection that is open now carries another request; one that is on its way is not disturbed. */
void client_pool_disconnect(struct client_pool *pool);

#endif
