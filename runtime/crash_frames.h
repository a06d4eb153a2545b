/* SPDX-License-Identifier: Apache-2.0 */
/* Where a crashed thread was: program counters of its callers, relative to the file that each belongs to. For crash.c.
   Our code keeps frame pointers, so its frames are facts. The C library's and the distribution's OpenSSL do not: there
   the stack is searched for return addresses, and what is found is marked as a guess.
   Limits: a tail call leaves no frame; a file loaded after crash_frames_open has no name. */
#ifndef RUNTIME_CRASH_FRAMES_H
#define RUNTIME_CRASH_FRAMES_H

#include "str.h"

enum { CRASH_MAX_FRAMES = 40 };

struct crash_frame {
    uintptr_t address; /* of the instruction that faulted, then of the calls (inside them: return address less one) */
    bool guessed;
};

/* Once, before threads: notes the executable ranges and names of the files in memory, and the program's build id. */
void crash_frames_open(void);
struct str crash_frames_build_id(void); /* in hexadecimal; absent when the program was linked without */

/* Async-signal-safe. context is the handler's third argument. frames has room for CRASH_MAX_FRAMES. search: the first
   frames are the C library's, as under abort and raise. */
size_t crash_frames_walk(const void *context, bool search, struct crash_frame *frames);

/* Async-signal-safe. The file around an address and the address as its symbols have it; false: no file that is known. */
bool crash_frames_place(uintptr_t address, const char **file, uintptr_t *offset);

/* Async-signal-safe. */
uintptr_t crash_frames_stack_pointer(const void *context);

#endif
