/* SPDX-License-Identifier: Apache-2.0 */
/* A file of certificates, cut anywhere, is the same certificates; what is read of one lies inside of it. The first byte says
   where the cut is. */
#include "base64.h"
#include "ca_bundle.h"
#include "fuzz.h"

struct found {
    size_t blocks;
    uint64_t keys;
};

static void look_at(const struct ca_block *block, struct str text, struct found *found) {
    static unsigned char der[64 * 1024];
    struct str whole = {(char *)der, 0};
    uint64_t key, again;
    found->blocks++;
    if (!block->base64.p) return;
    FUZZ_HOLDS(fuzz_inside(block->base64, text));
    if (!base64_decode(block->base64, true, der, sizeof der, &whole.n)) return;
    unsigned char *exact = malloc(whole.n + 1); /* the sanitizer knows its end */
    memcpy(exact, der, whole.n);
    struct str piece = {(char *)exact, whole.n};
    size_t n;
    if (ca_bundle_owner_key(piece, &key)) {
        found->keys += key;
        FUZZ_HOLDS(ca_bundle_owner_key(piece, &again) && key == again);
        if (whole.n > 1 && ca_bundle_owner_key((struct str){piece.p, whole.n / 2}, &again)) FUZZ_HOLDS(key == again);
        FUZZ_HOLDS(base64_decode(block->base64, true, der, whole.n / 2, &n) && n == whole.n / 2);
    }
    ca_bundle_name_key(piece, &key);
    free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct found once = {0}, twice = {0};
    struct ca_block block;
    if (!size || size > 60000) return 0;
    struct str whole = fuzz_text(data + 1, size - 1), rest = whole;
    while (ca_bundle_next(&rest, &block)) look_at(&block, whole, &once);
    FUZZ_HOLDS(!rest.n || fuzz_inside(rest, whole));
    rest = (struct str){whole.p, whole.n * data[0] / 255};
    while (ca_bundle_next(&rest, &block)) look_at(&block, whole, &twice);
    rest.n = (size_t)(whole.p + whole.n - rest.p);
    while (ca_bundle_next(&rest, &block)) look_at(&block, whole, &twice);
    FUZZ_HOLDS(once.blocks == twice.blocks && once.keys == twice.keys);
    return 0;
}
