/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room know of a client; the one header that shows libcurl.
   One easy handle, which goes into the client's own multi handle for each exchange, stream or not. curl_easy_perform
   would do that with a multi handle of its own, so streams could not use its connection; it also asks the kernel once
   more before it starts, and wakes up every second while Lambda's next is awaited. */
#ifndef HTTP_HTTP_CLIENT_H
#define HTTP_HTTP_CLIENT_H

#include <curl/curl.h>
#include <signal.h>

#include "ca_lookup.h"
#include "http.h"

enum { HTTP_MAX_SOCKETS = 8 }; /* while connecting there may be one for each address */

struct exchange {
    struct http_response *rs;
    struct arena *arena; /* of the answer */
    struct str method, path;
    struct buf body;
    size_t header_bytes;
    bool header_whole, final; /* final: the header of an answer that is not 1xx is whole */
    bool failed;              /* `why` says it: a callback did not like what came */
    bool once, resend_stopped;
    int64_t timeout_ms;
    bool done; /* libcurl is finished, with this: */
    CURLcode code;
    /* A stream: */
    bool streaming, ending, asked; /* asked: libcurl came for more, and there was none */
    struct str unsent;
    struct curl_slist *trailers;
};

/* A frozen process sees no time pass on one of them. */
struct http_clocks {
    int64_t monotonic_ms, wall_ms;
};

struct x509_st;
struct http_warm;

struct http_client {
    CURL *curl;
    CURLM *multi;
    CURLU *origin_url; /* read once, where CURLOPT_URL would be read for each exchange */
    struct http_options options;
    char *origin, *user_agent; /* "http://host:port" */
    struct curl_slist own[2];  /* with a user_agent: no Host by libcurl, but Host and User-Agent in one entry */
    bool custom_method;        /* CURLOPT_CUSTOMREQUEST is set */
    bool added;                /* the easy handle is in the multi handle */
    bool worn; /* the easy handle has sent trailers: libcurl 7.88 spoils its heap if it ever sends chunks again */
    curl_socket_t sockets[HTTP_MAX_SOCKETS]; /* open; libcurl tells the one in use only after an exchange */
    size_t sockets_n;
    struct exchange x;
    struct err why;
    struct arena scratch; /* what libcurl reads of a request, and a stream's answer */
    struct http_response stream_answer;
    char words[CURL_ERROR_SIZE];
    struct http_warm *warm; /* a thread has the client */
    /* TLS: */
    bool tls;
    struct http_clocks used;
    struct ca_lookup *ca; /* NULL: libcurl has CAs of its own */
    char *ca_file;
    CURLSH *sessions;
    int verdict; /* on the chain of `leaf`, because of `culprit` */
    struct x509_st *leaf, *culprit;
};

/* http.c, in the order of use. ready: no stream is open, and scratch is empty. begin: the exchange starts; end is due.
   perform does all that can be done without waiting. wait waits for the network, or (room) until the socket takes more,
   until a deadline of http_client_deadline, which ends the exchange. */
int64_t http_client_deadline(int64_t began_ms, int64_t timeout_ms);
bool http_client_ready(struct http_client *c, struct err *e);
void http_client_begin(struct http_client *c);
void http_client_perform(struct http_client *c);
bool http_client_wait(struct http_client *c, int64_t deadline_ms, bool room); /* true: there is room */
void http_client_run(struct http_client *c, int64_t deadline_ms);             /* until done */
void http_client_end(struct http_client *c);

struct http_clocks http_clocks_now(void);
int64_t http_clocks_since(const struct http_clocks *then); /* by the clock that says more */

/* http_request.c: x.streaming decides about the body. A line's text and node live in the arena. */
bool http_request_set(struct http_client *c, const struct http_request *rq, struct err *e);
bool http_request_line(struct curl_slist ***tail, struct str name, struct str value, struct arena *a);

/* http_answer.c */
void http_answer_set_once(struct http_client *c);
void http_answer_fail(struct http_client *c, enum err_kind kind, const char *why);
bool http_answer_judge(struct http_client *c, struct err *e);

/* http_warm.c: settle waits for the thread, at most until the deadline; stop does not. Then the client is the caller's. */
void http_warm_settle(struct http_client *c, int64_t deadline_ms);
void http_warm_stop(struct http_client *c);

/* http_tls.c. share: after the easy handle was renewed. forget: the certificates of the last handshake. explain: false: this
   is no refused certificate, or nothing is known of it. */
bool http_tls_open(struct http_client *c, struct err *e);
void http_tls_close(struct http_client *c);
void http_tls_share(struct http_client *c);
void http_tls_forget(struct http_client *c);
bool http_tls_explain(const struct http_client *c, CURLcode code, struct err *e);

/* Around whatever may write to a TLS connection: a peer that is gone raises no SIGPIPE. */
struct http_hush {
    bool hushed;
    sigset_t before;
};
void http_tls_hush(const struct http_client *c, struct http_hush *hush);
void http_tls_unhush(const struct http_hush *hush);

/* http_stream.c */
void http_stream_set_once(struct http_client *c);

#endif
