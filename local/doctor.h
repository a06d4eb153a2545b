/* SPDX-License-Identifier: Apache-2.0 */
/* The subcommand "apigw doctor": will this bootstrap, zip or folder start on Lambda's provided.al2023? */
#ifndef LOCAL_DOCTOR_H
#define LOCAL_DOCTOR_H

enum { DOCTOR_WILL_START = 0, DOCTOR_WILL_NOT = 1, DOCTOR_USAGE = 2 };

/* argv[0] is "doctor". Returns the exit code: no fault, one or more, or a command line or file that cannot be read. */
int doctor_main(int argc, char **argv);

#endif
