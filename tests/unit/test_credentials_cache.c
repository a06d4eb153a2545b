/* SPDX-License-Identifier: Apache-2.0 */
/* handlers/credentials_cache.c with a source of this test's own. */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "credentials_cache.h"
#include "log.h"

enum { NOW = 1700000000, THREADS = 8 };

/* What the source answers next; only the thread that asks, and this test between calls, touch it. */
static struct {
    const char *id;
    int64_t expires_s;
    enum err_kind fails;
    int asked;
    int64_t timeout_ms;
    bool blocks;
    sem_t entered, leave;
} source;

static struct credentials_cache cache;
static struct arena arena;
static struct sigv4_keys keys;
static struct err e;

static bool ask(void *user, const struct credentials_time *when, struct credentials *found, struct arena *a,
                struct err *why) {
    (void)user;
    source.asked++;
    source.timeout_ms = when->timeout_ms;
    if (source.blocks) {
        sem_post(&source.entered);
        sem_wait(&source.leave);
    }
    if (source.fails) return err_set(why, source.fails, "failure %d", source.asked);
    struct str id = str_of(source.id);
    *found = (struct credentials){{{arena_copy(a, id), id.n}, {arena_copy(a, id), id.n}, {arena_copy(a, id), id.n}},
                                  source.expires_s};
    return found->keys.id.p != NULL;
}

static bool get(int64_t now_s, int64_t timeout_ms, struct sigv4_keys *to, struct arena *a, struct err *why) {
    const struct credentials_source of = {ask, NULL, "this test"};
    const struct credentials_time when = {now_s, timeout_ms};
    return credentials_cache_keys(&cache, &of, &when, to, a, why);
}

static int set_up(void **state) {
    (void)state;
    memset(&source, 0, sizeof source);
    source.id = "FIRST";
    source.expires_s = NOW + 900;
    sem_init(&source.entered, 0, 0);
    sem_init(&source.leave, 0, 0);
    log_open(LOG_TEXT, LOG_FATAL, 2);
    arena_init(&arena, 1 << 20);
    return credentials_cache_open(&cache, &e) ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    credentials_cache_close(&cache);
    credentials_cache_close(&cache); /* and a second time does nothing */
    arena_close(&arena);
    return 0;
}

static void kept(void **state) {
    (void)state;
    check_ok(get(NOW, 5000, &keys, &arena, &e), e);
    check_text(keys.id, "FIRST");
    source.id = "SECOND";
    source.expires_s = NOW + 1800;
    check_ok(get(NOW + 599, 5000, &keys, &arena, &e), e);
    assert_int_equal(source.asked, 1);
    struct sigv4_keys first = keys;
    check_ok(get(NOW + 600, 5000, &keys, &arena, &e), e);
    check_text(keys.id, "SECOND");
    assert_int_equal(source.asked, 2);
    credentials_cache_close(&cache);
    check_text(first.secret, "FIRST"); /* the arena's, not the cache's */
    check_text(keys.token, "SECOND");
}

static void stale_keys(void **state) {
    (void)state;
    char log[512] = "";
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    log_open(LOG_TEXT, LOG_INFO, fds[1]);
    check_ok(get(NOW, 5000, &keys, &arena, &e), e);
    source.fails = ERR_REFUSED;
    check_ok(get(NOW + 700, 60000, &keys, &arena, &e), e);
    check_text(keys.id, "FIRST");
    assert_int_equal(source.asked, 2);
    assert_int_equal(source.timeout_ms, 2000); /* not the caller's whole time */
    assert_true(read(fds[0], log, sizeof log - 1) > 0);
    assert_non_null(strstr(log, "WARN"));
    assert_non_null(
        strstr(log, "the keys of this test could not be refreshed; the present ones last 200 s more: failure 2"));
    check_ok(get(NOW + 729, 5000, &keys, &arena, &e), e); /* not again at once */
    assert_int_equal(source.asked, 2);
    check_ok(get(NOW + 730, 1000, &keys, &arena, &e), e);
    assert_int_equal(source.asked, 3);
    assert_true(source.timeout_ms > 0 && source.timeout_ms <= 501);
    check_ok(get(NOW + 890, 5000, &keys, &arena, &e), e);
    assert_false(get(NOW + 891, 5000, &keys, &arena, &e)); /* the pause is for usable keys */
    close(fds[0]);
    close(fds[1]);
}

static void failure(void **state) {
    (void)state;
    source.fails = ERR_NETWORK;
    assert_false(get(NOW, 5000, &keys, &arena, &e));
    assert_int_equal(e.kind, ERR_NETWORK);
    assert_string_equal(e.msg, "failure 1");
    source.fails = ERR_NONE;
    assert_false(get(NOW + 1, 5000, &keys, &arena, &e));
    assert_string_equal(e.msg, "failure 1");
    assert_int_equal(source.asked, 1);
    check_ok(get(NOW + 2, 5000, &keys, &arena, &e), e);
    assert_int_equal(source.asked, 2);
}

static void clock_set_back(void **state) {
    (void)state;
    source.fails = ERR_NETWORK;
    assert_false(get(NOW, 5000, &keys, &arena, &e));
    source.fails = ERR_NONE;
    check_ok(get(NOW - 3600, 5000, &keys, &arena, &e), e);
}

static void after_timeout(void **state) {
    (void)state;
    source.fails = ERR_TIMEOUT;
    assert_false(get(NOW, 5000, &keys, &arena, &e));
    source.fails = ERR_NONE;
    check_ok(get(NOW, 5000, &keys, &arena, &e), e);
}

static void ended(void **state) {
    (void)state;
    source.expires_s = NOW + 9;
    assert_false(get(NOW, 5000, &keys, &arena, &e));
    assert_int_equal(e.kind, ERR_PROTOCOL);
    assert_non_null(strstr(e.msg, "have ended already"));
}

static void short_keys(void **state) {
    (void)state;
    source.expires_s = NOW + 100; /* never more than five minutes: not at each call nevertheless */
    check_ok(get(NOW, 5000, &keys, &arena, &e), e);
    check_ok(get(NOW + 1, 5000, &keys, &arena, &e), e);
    assert_int_equal(source.asked, 1);
    source.expires_s = CREDENTIALS_NO_END;
    check_ok(get(NOW + 30, 5000, &keys, &arena, &e), e);
    assert_int_equal(source.asked, 2);
    check_ok(get(INT64_C(1) << 40, 5000, &keys, &arena, &e), e);
    assert_int_equal(source.asked, 2);
}

static void dropped(void **state) {
    (void)state;
    check_ok(get(NOW, 5000, &keys, &arena, &e), e);
    source.id = "SECOND";
    assert_true(credentials_cache_drop(&cache, keys.id, NOW + 1));
    check_text(keys.id, "FIRST"); /* the copy is the caller's */
    assert_true(credentials_cache_drop(&cache, keys.id, NOW + 1));
    check_ok(get(NOW + 1, 5000, &keys, &arena, &e), e);
    check_text(keys.id, "SECOND");
    assert_true(credentials_cache_drop(&cache, STR("FIRST"), NOW + 2)); /* another thread's refusal came late */
    check_ok(get(NOW + 2, 5000, &keys, &arena, &e), e);
    assert_int_equal(source.asked, 2);
    assert_false(credentials_cache_drop(&cache, keys.id, NOW + 1 + CREDENTIALS_DROP_S - 1));
    check_ok(get(NOW + 30, 5000, &keys, &arena, &e), e);
    assert_int_equal(source.asked, 2);
    assert_true(credentials_cache_drop(&cache, keys.id, NOW + 1 + CREDENTIALS_DROP_S));
    check_ok(get(NOW + 31, 5000, &keys, &arena, &e), e);
    assert_int_equal(source.asked, 3);
    credentials_cache_close(&cache);
    assert_false(credentials_cache_drop(&cache, keys.id, NOW + 1000));
}

/* A refresh that failed ahead of time must not be the last word. */
static void dropped_while_pausing(void **state) {
    (void)state;
    check_ok(get(NOW, 5000, &keys, &arena, &e), e);
    source.fails = ERR_REFUSED;
    check_ok(get(NOW + 700, 5000, &keys, &arena, &e), e);
    source.fails = ERR_NONE;
    assert_true(credentials_cache_drop(&cache, keys.id, NOW + 701));
    check_ok(get(NOW + 701, 5000, &keys, &arena, &e), e);
    assert_int_equal(source.asked, 3);
}

static void no_memory(void **state) {
    (void)state;
    struct arena small;
    arena_init(&small, 1);
    assert_false(get(NOW, 5000, &keys, &small, &e));
    assert_int_equal(e.kind, ERR_MEMORY);
    arena_close(&small);
}

/* --- Threads ------------------------------------------------------------------------------------------------------ */

struct caller {
    pthread_t thread;
    int64_t now_s;
    struct arena arena;
    struct sigv4_keys keys;
    struct err e;
    bool ok;
};

static void *call(void *user) {
    struct caller *c = user;
    c->ok = get(c->now_s, 20000, &c->keys, &c->arena, &c->e);
    return NULL;
}

static void start(struct caller *c, int64_t now_s) {
    *c = (struct caller){.now_s = now_s};
    arena_init(&c->arena, 4096 * 16);
    assert_int_equal(pthread_create(&c->thread, NULL, call, c), 0);
}

static void join(struct caller *c) {
    assert_int_equal(pthread_join(c->thread, NULL), 0);
}

static void single_flight(void **state) {
    (void)state;
    struct caller callers[THREADS];
    source.blocks = true;
    for (size_t i = 0; i < THREADS; i++) start(&callers[i], NOW);
    sem_wait(&source.entered);
    assert_false(get(NOW, 1, &keys, &arena, &e)); /* its own time is up */
    assert_int_equal(e.kind, ERR_TIMEOUT);
    sem_post(&source.leave);
    for (size_t i = 0; i < THREADS; i++) {
        join(&callers[i]);
        check_ok(callers[i].ok, callers[i].e);
        check_text(callers[i].keys.secret, "FIRST");
        arena_close(&callers[i].arena);
    }
    assert_int_equal(source.asked, 1);
}

static void single_failure(void **state) {
    (void)state;
    struct caller callers[THREADS];
    source.blocks = true;
    source.fails = ERR_REFUSED;
    for (size_t i = 0; i < THREADS; i++) start(&callers[i], NOW);
    sem_wait(&source.entered);
    sem_post(&source.leave);
    for (size_t i = 0; i < THREADS; i++) {
        join(&callers[i]);
        assert_false(callers[i].ok);
        assert_string_equal(callers[i].e.msg, "failure 1");
        arena_close(&callers[i].arena);
    }
    assert_int_equal(source.asked, 1);
}

static void others_go_on(void **state) {
    (void)state;
    struct caller refresher;
    check_ok(get(NOW, 5000, &keys, &arena, &e), e);
    source.blocks = true;
    source.id = "SECOND";
    source.expires_s = NOW + 1800;
    start(&refresher, NOW + 600);
    sem_wait(&source.entered);
    check_ok(get(NOW + 600, 5000, &keys, &arena, &e), e); /* while the other one waits for its answer */
    check_text(keys.id, "FIRST");
    sem_post(&source.leave);
    join(&refresher);
    check_ok(refresher.ok, refresher.e);
    check_text(refresher.keys.id, "SECOND");
    arena_close(&refresher.arena);
    assert_int_equal(source.asked, 2);
}

#define CACHE_CASE(sentence, function) \
    { sentence, function, set_up, tear_down, NULL }

int main(void) {
    const struct CMUnitTest tests[] = {
        CACHE_CASE("keys are kept until five minutes before their end, and copied out", kept),
        CACHE_CASE("when a refresh fails the kept keys are used to their end, with a warning", stale_keys),
        CACHE_CASE("after a failure the source has two seconds of peace", failure),
        CACHE_CASE("a clock that was set back ends the peace", clock_set_back),
        CACHE_CASE("a time-out is no reason to wait", after_timeout),
        CACHE_CASE("keys that have ended are not taken", ended),
        CACHE_CASE("keys of a short life are not asked for at each call, those without end once", short_keys),
        CACHE_CASE("dropped keys are not handed out again, and none are dropped twice in half a minute", dropped),
        CACHE_CASE("after a drop the source is asked, though it has just failed", dropped_while_pausing),
        CACHE_CASE("a full arena is an error", no_memory),
        CACHE_CASE("eight threads ask once, and each waits no longer than its own time", single_flight),
        CACHE_CASE("eight threads share one failure", single_failure),
        CACHE_CASE("while one thread refreshes, the others go on with the kept keys", others_go_on),
    };
    return cmocka_run_group_tests_name("credentials_cache", tests, NULL, NULL);
}
