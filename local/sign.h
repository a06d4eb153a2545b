/* SPDX-License-Identifier: Apache-2.0 */
/* The subcommand "apigw sign": signs one request as it would be sent and prints the stage asked for. It sends nothing.
 */
#ifndef LOCAL_SIGN_H
#define LOCAL_SIGN_H

enum { SIGN_DONE = 0, SIGN_USAGE = 2, SIGN_REFUSED = 3 };

/* argv[0] is "sign". Returns the exit code: done, a command line that cannot be read, or input that cannot be signed.
 */
int sign_main(int argc, char **argv);

#endif
