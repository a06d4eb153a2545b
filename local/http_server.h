/* SPDX-License-Identifier: Apache-2.0 */
/* An HTTP/1.1 server on the loopback interface over libmicrohttpd: one thread a connection, whole requests in, whole
   responses out. Bounded in connections, header bytes (64 KiB) and body bytes. */
#ifndef LOCAL_HTTP_SERVER_H
#define LOCAL_HTTP_SERVER_H

#include "http_msg.h"

struct http_server_options {
    uint16_t port;                            /* 0: a free one */
    unsigned max_connections, idle_timeout_s; /* 0: none */
    size_t max_body_bytes;
    const struct http_response *too_large; /* the answer to a longer body */
    /* Fills *rs (zeroed before); memory from the arena lives until the answer is sent. status 0: close without an answer. */
    void (*handle)(void *user, const struct http_request *rq, struct str peer_ip, struct http_response *rs,
                   struct arena *a);
    void *user;
};

struct http_server;
bool http_server_start(const struct http_server_options *options, struct http_server **server, struct err *e);
uint16_t http_server_port(const struct http_server *server);
void http_server_stop(struct http_server *server); /* waits for running handlers; NULL is fine */

#endif
