/* SPDX-License-Identifier: Apache-2.0 */
/* A peer on 127.0.0.1 that reads whole requests, keeps their bytes, and answers each with the next step of a script.
   Requests beyond the script are kept too; their connection is closed without an answer. */
#ifndef TESTS_SCRIPTED_SERVER_H
#define TESTS_SCRIPTED_SERVER_H

#include <pthread.h>

#include "arena.h"
#include "http_msg.h"

enum { SCRIPTED_MAX = 32 };

struct scripted_step {
    struct str bytes; /* sent as they are */
    int delay_ms;     /* before them */
    bool close;       /* the connection ends behind them */
    bool not_to_head; /* a HEAD before it is kept, never answered, and no step of the script */
};

struct scripted_server {
    int port, requests, connections, unanswered; /* the last two, and request[]: read them after scripted_stop */
    char host_port[32];
    struct str request[SCRIPTED_MAX];
    const struct scripted_step *steps;
    size_t n;
    int listener, stop[2];
    bool deaf; /* at first */
    pthread_t thread;
};

/* steps must live until scripted_close. */
void scripted_start(struct scripted_server *s, const struct scripted_step *steps, size_t n);
void scripted_start_deaf(struct scripted_server *s, const struct scripted_step *steps, size_t n); /* it refuses until */
void scripted_listen(struct scripted_server *s);
void scripted_stop(struct scripted_server *s);  /* waits for the thread; the requests are whole then */
void scripted_close(struct scripted_server *s); /* gives them back */

/* "HTTP/1.1 {status}", fields ("A: b\r\n" each, may be empty), Content-Length and body. */
struct str scripted_answer(const char *status, const char *fields, struct str body, struct arena *a);

struct str scripted_line(struct str request);                    /* "GET /path HTTP/1.1" */
struct str scripted_field(struct str request, const char *name); /* absent if it was not sent */
struct str scripted_body(struct str request);

#endif
