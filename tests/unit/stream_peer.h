/* SPDX-License-Identifier: Apache-2.0 */
/* A peer on 127.0.0.1 that takes chunked bodies apart while they come, and answers when its script says so, in their
   middle too. One connection at a time. */
#ifndef TESTS_STREAM_PEER_H
#define TESTS_STREAM_PEER_H

#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>

#include "str.h"

enum { PEER_REQUESTS = 8, PEER_KEPT_BYTES = 256 * 1024, PEER_WHOLE = -1, PEER_HEADER = 0 };

enum peer_then { PEER_KEEP, PEER_CLOSE, PEER_RESET, PEER_DRAIN }; /* drain: read on until the client leaves */

struct peer_step {
    long long after; /* so many bytes of the body, or PEER_HEADER, or PEER_WHOLE */
    struct str answer;
    enum peer_then then;
};

struct peer_request {
    char header[4096], trailers[128 * 1024]; /* NUL-terminated; trailers with the empty line behind them */
    char body[PEER_KEPT_BYTES];              /* its beginning */
    uint64_t body_n, chunks;
    bool whole, bad; /* bad: no chunked body */
};

struct stream_peer {
    int port, requests, connections; /* these and request[]: read them after stream_peer_stop */
    char host_port[32];
    struct peer_request *request; /* PEER_REQUESTS of them */
    const struct peer_step *steps;
    int n;
    sem_t reached; /* once for each step, before its answer */
    int listener, stop[2], receive_bytes;
    pthread_t thread;
};

/* receive_bytes: SO_RCVBUF of the connections; 0: the system's. */
void stream_peer_start(struct stream_peer *p, const struct peer_step *steps, int n, int receive_bytes);
void stream_peer_stop(struct stream_peer *p);
void stream_peer_close(struct stream_peer *p);

#endif
