/* SPDX-License-Identifier: Apache-2.0 */
/* An HTTP/1.1 server on the loopback interface over libmicrohttpd: one thread a connection, whole requests in, whole
   responses out; where it is asked for, bodies are streams in either direction. Bounded in connections, header bytes
   (64 KiB) and body bytes. */
#ifndef LOCAL_HTTP_SERVER_H
#define LOCAL_HTTP_SERVER_H

#include "http_msg.h"
#include "stream_pipe.h"

/* Requests whose bodies are taken in parts, while they arrive. For them handle is not called. */
struct http_server_uploads {
    /* The head of a request is there. NULL: an ordinary one, whose body the server collects. */
    void *(*begin)(void *user, const struct http_request *head, struct arena *a);
    void (*part)(void *upload, struct str bytes); /* as long as it takes, the client waits */
    /* Once for each begin. trailers NULL: the client broke off, and nobody reads the answer. */
    void (*end)(void *upload, const struct http_fields *trailers, struct http_response *rs, struct arena *a);
};

struct http_server_options {
    uint16_t port;                            /* 0: a free one */
    bool everywhere;                          /* on every interface; else on loopback alone */
    unsigned max_connections, idle_timeout_s; /* 0: none */
    size_t max_body_bytes;
    const struct http_response *too_large; /* the answer to a longer body */
    /* Fills *rs (zeroed before); memory from the arena lives until the answer is sent. status 0: close without an answer.
       With *stream (NULL before) the body is what comes out of it, sent as it comes, without limit; the server leaves it. A
       stream that breaks off ends the connection in its middle: no client takes what it has for the whole. */
    void (*handle)(void *user, const struct http_request *rq, struct str peer_ip, struct http_response *rs,
                   struct stream_pipe **stream, struct arena *a);
    const struct http_server_uploads *uploads; /* may be NULL */
    void *user;
};

struct http_server;
bool http_server_start(const struct http_server_options *options, struct http_server **server, struct err *e);
uint16_t http_server_port(const struct http_server *server);
void http_server_stop(struct http_server *server); /* waits for running handlers; NULL is fine */

#endif
