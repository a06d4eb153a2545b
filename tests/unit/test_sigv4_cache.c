/* SPDX-License-Identifier: Apache-2.0 */
/* sigv4/sigv4_cache.c: remembered keys are the derived ones, the cache is bounded, and what leaves it is wiped. */
#include "check.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "sigv4_cache.h"
#include "sigv4a.h"

#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define CREDENTIAL "AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request"

static const struct sigv4_keys KEYS = {STR_INIT("AKIDEXAMPLE"), STR_INIT(SECRET), {0}};

static struct sigv4_cache *make(void) {
    void *memory = malloc(sigv4_cache_bytes());
    struct sigv4_cache *cache = sigv4_cache_open(memory, sigv4_cache_bytes());
    assert_non_null(cache);
    return cache;
}

static void end(struct sigv4_cache *cache) {
    sigv4_cache_wipe(cache);
    free(cache);
}

static struct sha256_pads pads_of(struct sigv4_cache *cache, const char *credential, const char *secret) {
    struct sha256_pads pads;
    assert_true(sigv4_cache_pads(&pads, cache, str_of(credential), str_of(secret)));
    return pads;
}

/* Are these bytes anywhere in the cache's memory? */
static bool holds(const struct sigv4_cache *cache, const void *bytes, size_t n) {
    const char *p = (const char *)cache;
    for (size_t i = 0; i + n <= sigv4_cache_bytes(); i++)
        if (memcmp(p + i, bytes, n) == 0) return true;
    return false;
}

static bool holds_pads(const struct sigv4_cache *cache, const struct sha256_pads *pads) {
    return holds(cache, pads, sizeof *pads);
}

/* The example of AWS's page on deriving a signing key. */
static void known_key(void **state) {
    (void)state;
    static const unsigned char key[] = {0xc4, 0xaf, 0xb1, 0xcc, 0x57, 0x71, 0xd8, 0x71, 0x76, 0x3a, 0x39,
                                        0x3e, 0x44, 0xb7, 0x03, 0x57, 0x1b, 0x55, 0xcc, 0x28, 0x42, 0x4d,
                                        0x1a, 0x5e, 0x86, 0xda, 0x6e, 0xd3, 0xc1, 0x54, 0xa4, 0xb9};
    struct sha256_pads want, got = pads_of(NULL, CREDENTIAL, SECRET);
    assert_true(sha256_pads_init(&want, (struct str){(const char *)key, sizeof key}));
    assert_memory_equal(&got, &want, sizeof want);
}

static void same_key(void **state) {
    (void)state;
    struct sigv4_cache *cache = make();
    struct sha256_pads derived = pads_of(NULL, CREDENTIAL, SECRET);
    for (int i = 0; i < 3; i++) {
        struct sha256_pads got = pads_of(cache, CREDENTIAL, SECRET);
        assert_memory_equal(&got, &derived, sizeof got);
        assert_true(holds_pads(cache, &derived));
    }
    char with[65], without[65];
    assert_true(sigv4_cache_signature(with, cache, STR(CREDENTIAL), STR(SECRET), STR("text")));
    assert_true(sigv4_signature(without, STR("text"), STR(SECRET), STR("20150830"), STR("us-east-1"), STR("iam")));
    assert_string_equal(with, without);
    assert_false(holds(cache, SECRET, strlen(SECRET)));
    end(cache);
}

static void rotated(void **state) {
    (void)state;
    struct sigv4_cache *cache = make();
    struct sha256_pads old = pads_of(cache, CREDENTIAL, SECRET), fresh = pads_of(NULL, CREDENTIAL, "other");
    struct sha256_pads got = pads_of(cache, CREDENTIAL, "other");
    assert_memory_equal(&got, &fresh, sizeof got);
    assert_false(holds_pads(cache, &old));
    assert_true(holds_pads(cache, &fresh));
    end(cache);
}

static void both_days(void **state) {
    (void)state;
    struct sigv4_cache *cache = make();
    struct sha256_pads yesterday = pads_of(cache, "A/20150830/r/s/aws4_request", SECRET);
    struct sha256_pads today = pads_of(cache, "A/20150831/r/s/aws4_request", SECRET);
    pads_of(cache, "A/20150830/r/s/aws4_request", SECRET);
    assert_true(holds_pads(cache, &yesterday));
    assert_true(holds_pads(cache, &today));
    end(cache);
}

static void oldest_goes(void **state) {
    (void)state;
    struct sigv4_cache *cache = make();
    struct sha256_pads first = pads_of(cache, "0/d/r/s/aws4_request", SECRET), second = first;
    for (int i = 1; i < SIGV4_CACHE_SLOTS; i++) {
        char credential[64];
        snprintf(credential, sizeof credential, "%d/d/r%d/s/aws4_request", i, i);
        struct sha256_pads pads = pads_of(cache, credential, SECRET);
        if (i == 1) second = pads;
    }
    pads_of(cache, "0/d/r/s/aws4_request", SECRET); /* used again: the second is the oldest now */
    pads_of(cache, "one/d/more/s/aws4_request", SECRET);
    assert_true(holds_pads(cache, &first));
    assert_false(holds_pads(cache, &second));
    end(cache);
}

static void wiped(void **state) {
    (void)state;
    struct sigv4_cache *cache = make();
    struct sha256_pads pads = pads_of(cache, CREDENTIAL, SECRET);
    sigv4_cache_wipe(cache);
    assert_false(holds_pads(cache, &pads));
    assert_false(holds(cache, "AKIDEXAMPLE", 11));
    struct sha256_pads again = pads_of(cache, CREDENTIAL, SECRET);
    assert_memory_equal(&again, &pads, sizeof pads);
    assert_true(holds_pads(cache, &pads));
    end(cache);
}

static void long_names(void **state) {
    (void)state;
    struct sigv4_cache *cache = make();
    char credential[400];
    memset(credential, 'x', sizeof credential);
    memcpy(credential + sizeof credential - 20, "/d/r/s/aws4_request", 20);
    struct sha256_pads with = pads_of(cache, credential, SECRET), without = pads_of(NULL, credential, SECRET);
    assert_memory_equal(&with, &without, sizeof with);
    assert_false(holds_pads(cache, &with));
    end(cache);
}

static void too_small(void **state) {
    (void)state;
    char *memory = malloc(sigv4_cache_bytes() + 1);
    assert_null(sigv4_cache_open(memory, sigv4_cache_bytes() - 1));
    assert_null(sigv4_cache_open(memory + 1, sigv4_cache_bytes()));
    assert_null(sigv4_cache_open(NULL, sigv4_cache_bytes()));
    free(memory);
}

/* --- SigV4A ----------------------------------------------------------------------------------------------------- */

static void check_ecdsa(struct sigv4_cache *cache, const struct sigv4_keys *keys) {
    unsigned char der[SIGV4A_SIGNATURE_BYTES], xy[SIGV4A_POINT_BYTES];
    struct err e;
    size_t n = 0;
    bool valid = false;
    check_ok(sigv4_cache_ecdsa(cache, keys, STR("text"), false, der, &n, &e), e);
    check_ok(sigv4_cache_point(cache, keys, xy, &e), e);
    struct str point = {(const char *)xy, sizeof xy}, signature = {(const char *)der, n};
    check_ok(sigv4a_verify(point, STR("text"), signature, &valid, &e), e);
    assert_true(valid);
}

static void ecdsa_keys(void **state) {
    (void)state;
    struct sigv4_cache *cache = make();
    struct sigv4_keys rotated_keys = {KEYS.id, STR("other"), {0}};
    unsigned char xy[SIGV4A_POINT_BYTES], other[SIGV4A_POINT_BYTES], cached[SIGV4A_POINT_BYTES];
    struct err e;
    for (int i = 0; i < 3; i++) check_ecdsa(cache, &KEYS);
    check_ecdsa(NULL, &KEYS);
    check_ok(sigv4_cache_point(NULL, &KEYS, xy, &e), e);
    check_ok(sigv4_cache_point(NULL, &rotated_keys, other, &e), e);
    check_ok(sigv4_cache_point(cache, &rotated_keys, cached, &e), e);
    assert_memory_equal(cached, other, sizeof other);
    assert_memory_not_equal(cached, xy, sizeof xy);
    check_ecdsa(cache, &rotated_keys);
    pads_of(cache, CREDENTIAL, SECRET); /* both kinds live side by side */
    check_ecdsa(cache, &rotated_keys);
    end(cache);
}

/* --- Threads ---------------------------------------------------------------------------------------------------- */

enum { THREADS = 4, TURNS = 300 };

struct work {
    struct sigv4_cache *cache;
    int wrong;
};

static void *sign_much(void *argument) {
    struct work *work = argument;
    for (int i = 0; i < TURNS; i++) {
        char credential[64], with[65], without[65];
        unsigned char der[SIGV4A_SIGNATURE_BYTES];
        size_t n;
        struct err e;
        snprintf(credential, sizeof credential, "A/2015%04d/r/s/aws4_request", i % (SIGV4_CACHE_SLOTS + 3));
        bool ok = sigv4_cache_signature(with, work->cache, str_of(credential), STR(SECRET), STR("t")) &&
                  sigv4_cache_signature(without, NULL, str_of(credential), STR(SECRET), STR("t"));
        work->wrong += !ok || strcmp(with, without) != 0;
        if (i % 10 == 0) work->wrong += !sigv4_cache_ecdsa(work->cache, &KEYS, STR("t"), false, der, &n, &e);
        if (i % 50 == 0) sigv4_cache_wipe(work->cache);
    }
    return NULL;
}

static void threads(void **state) {
    (void)state;
    struct sigv4_cache *cache = make();
    pthread_t thread[THREADS];
    struct work work[THREADS];
    for (int i = 0; i < THREADS; i++) {
        work[i] = (struct work){.cache = cache};
        assert_int_equal(pthread_create(&thread[i], NULL, sign_much, &work[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(thread[i], NULL);
        assert_int_equal(work[i].wrong, 0);
    }
    end(cache);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE("the key of AWS's example is derived", known_key),
        CASE("a remembered key is the derived one, and the secret is not kept", same_key),
        CASE("a rotated secret gets its own key, and the old key is wiped", rotated),
        CASE("around midnight both days live", both_days),
        CASE("the key unused for longest goes, wiped", oldest_goes),
        CASE("a wiped cache holds nothing and stays usable", wiped),
        CASE("a credential too long to remember is derived each time", long_names),
        CASE("memory that is too small or not aligned is no cache", too_small),
        CASE("pairs of keys of SigV4A are remembered too, until they are rotated", ecdsa_keys),
        CASE("threads share a cache, even while it is wiped", threads),
    };
    return cmocka_run_group_tests_name("sigv4_cache", tests, NULL, NULL);
}
