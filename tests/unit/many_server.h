/* SPDX-License-Identifier: Apache-2.0 */
/* A Runtime API for several pollers: a thread for each connection, one queue of events. When all of them are answered, next
   is answered with 500, so that the runtime ends. */
#ifndef TESTS_MANY_SERVER_H
#define TESTS_MANY_SERVER_H

#include <pthread.h>

#include "str.h"

enum { MANY_CONNECTIONS = 32, MANY_POSTS = 64 };

struct many_event {
    const char *id, *body;
    int deadline_in_ms; /* 0: no deadline */
    const char *status; /* of the answer to its post; NULL: 202 Accepted; "": the connection is closed instead */
};

struct many_post {
    struct str request; /* as it came */
    int connection;
};

struct many_server {
    char host_port[32];
    const struct many_event *events;
    int n, taken, answered; /* answered: posts that came */
    int parked, most_parked, connections, posts;
    int lose_at; /* once so many are parked one next is answered with 500, and the others stay parked; 0: all are answered */
    struct many_post post[MANY_POSTS];
    int listener, sockets[MANY_CONNECTIONS];
    pthread_t acceptor, threads[MANY_CONNECTIONS];
    bool stop, lost;
    pthread_mutex_t lock;
    pthread_cond_t changed;
};

void many_start(struct many_server *s, const struct many_event *events, int n);
void many_stop(struct many_server *s); /* the counts and posts are whole then */
void many_close(struct many_server *s);

/* The posts whose request line holds `part`. */
int many_count(const struct many_server *s, const char *part);
struct str many_find(const struct many_server *s, const char *part); /* the first one; absent: none */

#endif
