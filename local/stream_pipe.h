/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of a streamed reply on their way from the function to the client: one writer, one reader, a bounded number of
   bytes between them. Either side may leave at any time; the last of the two gives the memory back. */
#ifndef LOCAL_STREAM_PIPE_H
#define LOCAL_STREAM_PIPE_H

#include "err.h"
#include "str.h"

enum { STREAM_PIPE_BYTES = 64 * 1024 };

struct stream_pipe;
bool stream_pipe_open(struct stream_pipe **pipe, struct err *e); /* for both sides */

/* The writer's. Waits while the pipe is full. False: nobody takes the bytes, for the reader has left or the pipe was broken. */
bool stream_pipe_write(struct stream_pipe *pipe, struct str bytes);
/* The writer's, from any thread, before it leaves: whatever happens behind it, the reader sees a stream that broke off. */
void stream_pipe_break(struct stream_pipe *pipe);
void stream_pipe_end(struct stream_pipe *pipe); /* the writer leaves: the stream is whole unless it was broken */

/* The reader's. Waits for the first byte, or the end of an empty stream; takes nothing. False: it broke off before. */
bool stream_pipe_await(struct stream_pipe *pipe);
/* Waits for at least one byte. 0: the end; -1: it broke off. What was written before comes first. */
long stream_pipe_read(struct stream_pipe *pipe, char *into, size_t n);
void stream_pipe_leave(struct stream_pipe *pipe);

#endif
