/* SPDX-License-Identifier: Apache-2.0 */
/* The two clocks, in milliseconds. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

int64_t clock_unix_ms(void);      /* since 1970; somebody may set it, even backwards */
int64_t clock_monotonic_ms(void); /* since some moment; only for durations and deadlines */

#ifdef __cplusplus
}
#endif

#endif
