/* SPDX-License-Identifier: Apache-2.0 */
#include "clock_skew.h"

#include "http.h"
#include "sigv4_explain.h"

enum { MIN_SKEW_S = 120 }; /* a smaller difference does not explain a refusal: AWS allows 300 s */

/* The clock of who judged the signature: from the refusal's sentence, else the Date field, which a cache may have set. */
static bool their_clock(const struct http_response *rs, struct str message, int64_t *unix_s) {
    return sigv4_refusal_clock(message, unix_s) || http_date_read(http_field_get(&rs->fields, STR("Date")), unix_s);
}

bool clock_skew_correct(const struct http_response *rs, enum upstream_fault fault, struct str message, int64_t now_s,
                        int64_t *skew_s) {
    bool named = fault == UPSTREAM_EXPIRED || fault == UPSTREAM_NOT_YET_VALID;
    bool may_be = fault == UPSTREAM_MISMATCH || fault == UPSTREAM_FORBIDDEN;
    int64_t theirs;
    if ((!named && !may_be) || !their_clock(rs, message, &theirs)) return false;
    int64_t found_s = theirs - now_s, off = found_s - *skew_s;
    if (!named && off < MIN_SKEW_S && off > -MIN_SKEW_S) return false;
    *skew_s = found_s;
    return true;
}
