/* SPDX-License-Identifier: Apache-2.0 */
/* One HTTP/1.1 client over libcurl: a request goes out byte for byte as given, a whole response comes back.
   A client keeps its connection between exchanges and belongs to one thread at a time. No libcurl type leaves this room. */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include "http_msg.h"
#include "url.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { HTTP_NO_TIMEOUT = 0 };

/* What libcurl may do by itself when a kept connection dies under a request: send it again on a new one. */
enum http_resend { HTTP_RESEND_ANY, HTTP_RESEND_IDEMPOTENT /* no POST, no PATCH */, HTTP_RESEND_NONE };

struct http_options {
    struct str user_agent;      /* sent unless the request has one; absent: none */
    int64_t connect_timeout_ms; /* resolve, connect and TLS together; 0: libcurl's 300 s */
    enum http_resend resend;
    size_t max_response_bytes; /* body limit; a longer one is ERR_LIMIT, never a cut */
};

struct http_client;

/* A client for one origin (scheme, host, port). TLS is 1.2 or newer, and verifies against AWS_CA_BUNDLE, else AL2023's bundle,
   else Debian's; one that cannot be read or holds no certificate is ERR_CONFIG. A new connection resumes the session of the
   one before; a connection that rested for more than 50 s, by the monotonic or the wall clock, is not used again: Lambda may
   have had us frozen. Proxies of the environment are never used. No SIGPIPE is raised. */
bool http_open(const struct url *origin, const struct http_options *options, struct http_client **client,
               struct err *e);
void http_close(struct http_client *client); /* NULL is fine */

/* Sends rq (method, path?query, fields and body as they are; Content-Length is added) and reads the whole answer into the
   arena. timeout_ms bounds the whole exchange, HTTP_NO_TIMEOUT waits for ever. Redirects are not followed.
   Errors: ERR_TIMEOUT, ERR_NETWORK, ERR_PROTOCOL (an answer cut inside its header or body), ERR_LIMIT, ERR_MEMORY;
   the sentence holds libcurl's own words and the URL without its query. */
bool http_exchange(struct http_client *client, const struct http_request *rq, int64_t timeout_ms,
                   struct http_response *rs, struct arena *a, struct err *e);

/* Which ERR_NETWORK the last exchange ended with. */
enum http_fault {
    HTTP_FAULT_NONE,
    HTTP_FAULT_NAME,    /* the host's name was not resolved */
    HTTP_FAULT_CONNECT, /* refused, unreachable */
    HTTP_FAULT_TLS,
    HTTP_FAULT_DIED,      /* the connection ended before the answer was whole */
    HTTP_FAULT_KEPT_DIED, /* a kept one did, before the first byte of an answer; what `resend` forbids was not sent again */
};
enum http_fault http_fault(const struct http_client *client);

/* After an exchange that failed: no byte of the request was sent, so the peer cannot have acted on it. */
bool http_unsent(const struct http_client *client);

/* An exchange with a body that is written piece by piece (Transfer-Encoding: chunked); one at a time on a client, nothing
   else in between. rq has no body; a Trailer field in it announces what http_stream_end may send. A write waits until
   libcurl has sent all of it: memory does not grow. When the peer answers before the end, writes are ERR_REFUSED and
   http_stream_end gives that answer. After a true http_stream_begin there is one http_stream_end or one
   http_stream_abort, which cuts the connection without the last chunk. Never sent twice. Trailers are at most 60 KB
   together, with values that are not empty; others are refused, and the stream is aborted. The time-out is the end's
   own: a write waits for its peer as long as it takes. */
bool http_stream_begin(struct http_client *client, const struct http_request *rq, struct err *e);
bool http_stream_write(struct http_client *client, struct str bytes, struct err *e);
bool http_stream_end(struct http_client *client, const struct http_fields *trailers, int64_t timeout_ms,
                     struct http_response *rs, struct arena *a, struct err *e);
void http_stream_abort(struct http_client *client);

/* Opens the connection ahead of its use: sends rq, a GET or HEAD that is cheap for the peer and whose answer does not matter,
   and returns at once. A thread of its own does the waiting; what is used of the client next waits for it first, within its
   own time-out, and timeout_ms bounds it (not HTTP_NO_TIMEOUT). rq is copied. A connection that could not be opened is
   logged at DEBUG only: the next exchange tries again, and tells. False: the request is none for this, or no memory. */
bool http_warm(struct http_client *client, const struct http_request *rq, int64_t timeout_ms, struct err *e);

/* The kept connection is given up; the next exchange opens another. */
void http_disconnect(struct http_client *client);

/* Seconds since 1970 of a Date field (RFC 9110 section 5.6.7); false if it is none. */
bool http_date_read(struct str text, int64_t *unix_s);

#ifdef __cplusplus
}
#endif

#endif
