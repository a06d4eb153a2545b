/* SPDX-License-Identifier: Apache-2.0 */
/* `apigw invoke`: one function, one event, and nothing else: no gateway, no port that stays. */
#ifndef LOCAL_INVOKE_H
#define LOCAL_INVOKE_H

enum invoke_exit {
    INVOKE_REPLY,     /* the reply is on standard output */
    INVOKE_ERROR,     /* the function answered with an error, which is on standard output */
    INVOKE_USAGE,     /* wrong usage */
    INVOKE_REFUSED,   /* template, function, event or bootstrap cannot be used */
    INVOKE_EXITED,    /* the process ended without an answer, or did not start */
    INVOKE_TIMED_OUT, /* no answer in time */
};

int invoke_main(int argc, char **argv);

#endif
