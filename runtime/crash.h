/* SPDX-License-Identifier: Apache-2.0 */
/* Crash reports: SIGSEGV, SIGABRT, SIGBUS, SIGFPE and SIGILL write one log record and POST /invocation/{id}/error (or
   /init/error) on a socket of their own, then the signal's default action ends the process. The signal handler runs on a
   stack of its own and calls only async-signal-safe functions; at most three seconds go by. For lambda.c.

   errorType: Runtime.SegmentationFault, Runtime.StackOverflow (a SIGSEGV beside the stack pointer), Runtime.Aborted,
   Runtime.BusError, Runtime.ArithmeticError, Runtime.IllegalInstruction. Body and record hold signal, address, build id and
   frames ("bootstrap+0x12ab", which scripts/frames.sh resolves; crash_frames.h), never what is in memory.

   Not reported: a thread without crash_enter_thread whose stack is full; a child that the program forked; what comes
   before crash_open. Only logged: a thread that serves no invocation. */
#ifndef RUNTIME_CRASH_H
#define RUNTIME_CRASH_H

#include "lambda.h"

/* Once, before threads; host_port is the value of AWS_LAMBDA_RUNTIME_API. A numeric address and localhost cost nothing;
   another name is resolved here, and if that fails, crashes are only logged. Signals with a handler already, a
   sanitizer's for example, are left alone. Until crash_set_scope is called, a crash is a failure of init.
   It does for the calling thread what crash_enter_thread does. */
bool crash_open(struct str host_port, struct str user_agent, struct err *e);

/* Each thread that serves invocations: its own alternate stack; and what to give back at its end. */
bool crash_enter_thread(struct err *e);
void crash_leave_thread(void);

/* What this thread is busy with: copied (an id over 256 bytes, with a control byte or not in UTF-8 is left out: half of one
   would name another invocation). NULL: between two invocations. */
void crash_set_scope(const struct lambda_invocation *inv);

#endif
