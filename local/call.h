/* SPDX-License-Identifier: Apache-2.0 */
/* The subcommand "apigw call": signs one request, sends it and writes the answer, with curl's manners and exit codes. */
#ifndef LOCAL_CALL_H
#define LOCAL_CALL_H

enum call_exit {
    CALL_DONE = 0,
    CALL_USAGE = 2,
    CALL_REFUSED = 3, /* before anything was sent: the URL, what cannot be signed, no keys, no region */
    CALL_FAILED = 22, /* --fail, --fail-with-body: the answer is 400 or more */
    CALL_WRITE = 23,
    CALL_READ = 26,
    CALL_MEMORY = 27,
    CALL_TIMEOUT = 28,
    CALL_RECEIVE = 56,
    CALL_CA_BUNDLE = 77,
    CALL_NO_ROLE = 94, /* --role-arn: STS did not give its keys */
};

/* argv[0] is "call". Returns the exit code: one of those, or libcurl's. */
int call_main(int argc, char **argv);

#endif
