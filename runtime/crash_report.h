/* SPDX-License-Identifier: Apache-2.0 */
/* What a crash says: its log record, and its POST to the Runtime API on a socket of its own. For crash.c. */
#ifndef RUNTIME_CRASH_REPORT_H
#define RUNTIME_CRASH_REPORT_H

#include <signal.h>

#include "crash_frames.h"
#include "lambda.h"

/* What a thread is busy with. Ids are absent when there are none, when they are too long or when they hold a byte that no
   header field has. */
struct crash_ids {
    char request_id[257], invocation_id[257], trace_id[257], tenant_id[257];
};

struct crash_facts {
    const siginfo_t *info;
    uintptr_t stack_pointer;
    struct str path;             /* "/2018-06-01/runtime/init/error"; absent: nobody waits for an answer */
    const struct crash_ids *ids; /* NULL: none */
    struct crash_frame frames[CRASH_MAX_FRAMES];
    size_t frames_n;
};

/* Once, before threads. A numeric address costs nothing, localhost is 127.0.0.1, another name is resolved here: if that
   fails, a crash is only logged. ERR_CONFIG: host_port is not host:port. */
bool crash_report_open(struct str host_port, struct str user_agent, struct err *e);

/* Async-signal-safe; bounded in time. One after the other, for one thread only. */
void crash_report_log(const struct crash_facts *c);
void crash_report_post(const struct crash_facts *c);

#endif
