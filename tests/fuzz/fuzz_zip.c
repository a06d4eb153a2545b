/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes are a zip or refused; every entry is unpacked or refused, and never to more than it says or may. */
#include "fuzz.h"
#include "zip.h"

enum { MOST = 64 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
    struct arena *a = fuzz_arena();
    struct str file = fuzz_text(data, n), bytes;
    struct zip zip;
    struct err e;
    if (!zip_read(file, &zip, a, &e)) return 0;
    for (size_t i = 0; i < zip.n && i < 16; i++) {
        FUZZ_HOLDS(fuzz_inside(zip.at[i].name, file));
        if (!zip_extract(&zip, &zip.at[i], MOST, &bytes, a, &e)) continue;
        FUZZ_HOLDS(bytes.n == zip.at[i].size && bytes.n <= MOST);
        FUZZ_HOLDS(zip.at[i].method || str_find(file, bytes) != SIZE_MAX); /* stored as it is */
    }
    return 0;
}
