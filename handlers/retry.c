/* SPDX-License-Identifier: Apache-2.0 */
/* Every reason has its own small budget, so that the sum of attempts is bounded whatever the peer answers. */
#include "retry.h"

bool retry_is_idempotent(struct str method) {
    static const char *const names[] = {"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_eq(method, str_of(names[i]))) return true;
    return false;
}

enum retry_reason retry_decide(struct retry *r, struct str method, enum upstream_fault fault, int status,
                               enum retry_remedy remedy) {
    if (remedy != RETRY_NO_REMEDY) {
        bool clock = remedy == RETRY_CORRECTED_CLOCK, *used = clock ? &r->corrected : &r->renewed;
        if (*used) return RETRY_NO;
        *used = true;
        return clock ? RETRY_CLOCK : RETRY_KEYS;
    }
    if (!retry_is_idempotent(method)) return RETRY_NO;
    if (fault == UPSTREAM_KEPT_DIED && !r->reconnected) {
        r->reconnected = true;
        return RETRY_CONNECTION;
    }
    bool busy = status == 429 || status == 502 || status == 503 || status == 504;
    if (!busy || r->pauses == RETRY_MAX_PAUSES) return RETRY_NO;
    r->pauses++;
    return RETRY_LATER;
}

int64_t retry_pause_ms(const struct retry *r, uint32_t random) {
    int64_t most = RETRY_BASE_MS;
    for (int i = 1; i < r->pauses && most < RETRY_CAP_MS; i++) most *= 2;
    if (most > RETRY_CAP_MS) most = RETRY_CAP_MS;
    return (int64_t)random % (most + 1);
}
