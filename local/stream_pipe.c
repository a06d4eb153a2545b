/* SPDX-License-Identifier: Apache-2.0 */
/* A ring of bytes, one lock and one condition. */
#include "stream_pipe.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct stream_pipe {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t first, n; /* of the bytes in the ring */
    bool broken, writer_left, reader_left;
    char ring[STREAM_PIPE_BYTES];
};

bool stream_pipe_open(struct stream_pipe **pipe, struct err *e) {
    struct stream_pipe *p = calloc(1, sizeof *p);
    if (!p) return err_set(e, ERR_MEMORY, "out of memory for a streamed reply");
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->changed, NULL);
    *pipe = p;
    return true;
}

/* Ends what one side does with the pipe; the lock is held. */
static void leave(struct stream_pipe *p) {
    bool last = p->writer_left && p->reader_left;
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
    if (!last) return;
    pthread_cond_destroy(&p->changed);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

/* As many bytes as lie in one piece of the ring. */
static size_t put(struct stream_pipe *p, struct str bytes) {
    size_t at = (p->first + p->n) % sizeof p->ring;
    size_t n = smaller(bytes.n, smaller(sizeof p->ring - p->n, sizeof p->ring - at));
    memcpy(p->ring + at, bytes.p, n);
    p->n += n;
    return n;
}

static size_t take(struct stream_pipe *p, char *into, size_t room) {
    size_t n = smaller(room, smaller(p->n, sizeof p->ring - p->first));
    memcpy(into, p->ring + p->first, n);
    p->first = (p->first + n) % sizeof p->ring;
    p->n -= n;
    return n;
}

bool stream_pipe_write(struct stream_pipe *p, struct str bytes) {
    pthread_mutex_lock(&p->lock);
    while (bytes.n && !p->broken && !p->reader_left) {
        if (p->n == sizeof p->ring) {
            pthread_cond_wait(&p->changed, &p->lock);
            continue;
        }
        size_t n = put(p, bytes);
        bytes = (struct str){bytes.p + n, bytes.n - n};
        pthread_cond_broadcast(&p->changed);
    }
    bool taken = !p->broken && !p->reader_left;
    pthread_mutex_unlock(&p->lock);
    return taken;
}

void stream_pipe_break(struct stream_pipe *p) {
    pthread_mutex_lock(&p->lock);
    p->broken = true;
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
}

void stream_pipe_end(struct stream_pipe *p) {
    pthread_mutex_lock(&p->lock);
    p->writer_left = true;
    leave(p);
}

/* The lock is held. */
static void await_byte(struct stream_pipe *p) {
    while (!p->n && !p->broken && !p->writer_left) pthread_cond_wait(&p->changed, &p->lock);
}

bool stream_pipe_await(struct stream_pipe *p) {
    pthread_mutex_lock(&p->lock);
    await_byte(p);
    bool begun = p->n || !p->broken;
    pthread_mutex_unlock(&p->lock);
    return begun;
}

long stream_pipe_read(struct stream_pipe *p, char *into, size_t room) {
    pthread_mutex_lock(&p->lock);
    await_byte(p);
    long got = p->broken ? -1 : 0;
    if (p->n) got = (long)take(p, into, room);
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
    return got;
}

void stream_pipe_leave(struct stream_pipe *p) {
    pthread_mutex_lock(&p->lock);
    p->reader_left = true;
    leave(p);
}
