/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever was signed and whatever the service says: there is one cause and one cure, both printable, and the secret is
   in none of it. Input: a byte of flags, then canonical request, string to sign, error type and body, parted by 0x01.
   Flag 1 puts the body behind API Gateway's own words, where the comparing begins; 2 and 4 give clocks. */
#include "fuzz.h"
#include "json.h"
#include "sigv4_explain.h"

#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

static struct str in_aws_words(struct str shown, struct arena *a) {
    struct buf text = fuzz_buf(a), body = fuzz_buf(a);
    buf_add(&text,
            STR("The request signature we calculated does not match the signature you provided.\n\nThe Canonical "
                "String for this request should have been\n'"));
    buf_add(&text, shown);
    buf_add(&body, STR("{\"message\":"));
    json_write_text(&body, buf_str(&text));
    buf_add(&body, STR("}"));
    return buf_str(&body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct arena *a = fuzz_arena();
    struct sigv4_refused r = {.status = 403, .secret = STR(SECRET)};
    struct sigv4_explanation x;
    struct err e;
    int64_t theirs;
    if (!n) return 0;
    struct str rest = fuzz_text(data + 1, n - 1);
    str_cut(&rest, 1, &r.canonical_request);
    str_cut(&rest, 1, &r.string_to_sign);
    str_cut(&rest, 1, &r.error_type);
    r.body = data[0] & 1 ? in_aws_words(rest, a) : rest;
    if (data[0] & 2) r.now_unix_s = 1440938160;
    if (data[0] & 4) r.date_unix_s = 1440938160 + (int64_t)n;
    FUZZ_HOLDS(sigv4_explain(&r, &x, a, &e));
    const struct str texts[] = {x.sentence, x.fix, x.line, x.ours, x.theirs};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        FUZZ_HOLDS(!str_has_control(texts[i]) && str_find(texts[i], r.secret) == SIZE_MAX);
        FUZZ_HOLDS(i > 1 || (texts[i].n > 10 && texts[i].p[texts[i].n - 1] == '.'));
    }
    FUZZ_HOLDS(!x.line.p == !x.line_number && *sigv4_cause_name(x.cause));
    if (sigv4_refusal_clock(r.body, &theirs)) FUZZ_HOLDS(theirs >= 0);
    return 0;
}
