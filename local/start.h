/* SPDX-License-Identifier: Apache-2.0 */
/* `apigw start`: reads the template, starts the gateway, stays until SIGINT or SIGTERM. */
#ifndef LOCAL_START_H
#define LOCAL_START_H

/* Returns the exit code: 0 stopped by a signal, 1 did not start, 2 wrong usage. */
int start_main(int argc, char **argv);

#endif
