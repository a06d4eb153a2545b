/* SPDX-License-Identifier: Apache-2.0 */
/* Is the clock the cause of a refusal, and what is the right time? */
#ifndef HANDLERS_CLOCK_SKEW_H
#define HANDLERS_CLOCK_SKEW_H

#include "upstream_fault.h"

/* skew_s: what is added to our clock to sign, AWS's clock minus ours. now_s: our clock without it. message: what
   upstream_fault_message found in the body. True: the refusal is about the date, or their clock is so far from the one we
   signed with that it may be; *skew_s is corrected. A refusal of policy, key, token or route came after the date had
   passed, or without a look at it. */
bool clock_skew_correct(const struct http_response *rs, enum upstream_fault fault, struct str message, int64_t now_s,
                        int64_t *skew_s);

#endif
