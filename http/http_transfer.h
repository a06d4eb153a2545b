/* SPDX-License-Identifier: Apache-2.0 */
/* An exchange whose bodies are too large for memory, for a program whose user looks on: both go in pieces, and what
   happens on the wire can be watched. Otherwise as http_exchange. */
#ifndef HTTP_HTTP_TRANSFER_H
#define HTTP_HTTP_TRANSFER_H

#include "http.h"

#ifdef __cplusplus
extern "C" {
#endif

enum http_transfer_event {
    HTTP_TRANSFER_NOTE,     /* libcurl's own words: "Connected to ..." */
    HTTP_TRANSFER_REQUEST,  /* a piece of the request's header, as it is sent */
    HTTP_TRANSFER_RESPONSE, /* one line of an answer's header or trailer, with its end; 1xx answers have some, too */
};

/* Any function may be NULL. What returns false ends the exchange, and its *e is the exchange's. */
struct http_transfer {
    bool any_certificate; /* the peer's certificate is not looked at */
    /* The request's body, instead of rq->body, if `read` is there: body_bytes of it, in pieces of at most n > 0 bytes. */
    int64_t body_bytes;
    bool (*read)(void *user, char *p, size_t n, size_t *got, struct err *e);
    /* Once, as soon as the answer's status and fields are whole. */
    bool (*header)(void *user, const struct http_response *rs, struct err *e);
    bool (*write)(void *user, struct str bytes, struct err *e); /* the answer's body */
    void (*watch)(void *user, enum http_transfer_event event, struct str text);
    void *user;
};

/* rs->body stays empty when `write` is there, and its fields are read even when the answer's body was cut. */
bool http_transfer(struct http_client *client, const struct http_request *rq, const struct http_transfer *transfer,
                   int64_t timeout_ms, struct http_response *rs, struct arena *a, struct err *e);

/* libcurl's number for how the last exchange ended (https://curl.se/libcurl/c/libcurl-errors.html); 0: well, or by
   something that is not libcurl's: a function of the transfer, or a request that could not be sent. */
int http_transfer_code(const struct http_client *client);

#ifdef __cplusplus
}
#endif

#endif
