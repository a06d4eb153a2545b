/* SPDX-License-Identifier: Apache-2.0 */
/* local/session.c: who a session is, how many there are, and when one goes. */
#include "session.h"

#include <pthread.h>

#include "check.h"

static const struct model MODEL = {.region = STR_INIT("eu-west-1"),
                                   .account_id = STR_INIT("123456789012"),
                                   .stack_name = STR_INIT("s"),
                                   .partition = STR_INIT("aws"),
                                   .url_suffix = STR_INIT("amazonaws.com")};
static const struct model_principal ROLE = {.kind = MODEL_ROLE,
                                            .name = STR_INIT("reader"),
                                            .account_id = STR_INIT("123456789012"),
                                            .unique_id = STR_INIT("AROAX"),
                                            .session = STR_INIT("apigw"),
                                            .user_arn = STR_INIT("arn:fixed")};
static const struct model_principal USER = {
    .kind = MODEL_USER, .unique_id = STR_INIT("AIDAX"), .user_arn = STR_INIT("arn:user")};
static struct sessions *table;
static struct keyring ring;

static int open_table(void **state) {
    (void)state;
    struct err e;
    if (!session_open(&table, &e)) return 1;
    ring = (struct keyring){.sessions = table};
    return 0;
}

static int close_table(void **state) {
    (void)state;
    session_close(table);
    return 0;
}

static bool try_add(int64_t now_s, int64_t expires_s, const struct keyring_entry **entry, struct err *e) {
    const struct session_wish wish = {&MODEL, &ROLE, STR("one"), {0}, now_s, expires_s};
    return session_add(table, &wish, entry, e);
}

static const struct keyring_entry *add(int64_t now_s, int64_t expires_s) {
    const struct keyring_entry *entry;
    struct err e;
    check_ok(try_add(now_s, expires_s, &entry, &e), e);
    return entry;
}

static void named(void **state) {
    (void)state;
    struct arena arena;
    struct str id;
    struct err e;
    const struct keyring_entry *s = add(100, 200);
    arena_init(&arena, 10000);
    check_str(keyring_user_arn(s), STR("arn:aws:sts::123456789012:assumed-role/reader/one"));
    check_ok(keyring_user_id(s, &id, &arena, &e), e);
    check_text(id, "AROAX:one");
    assert_true(str_starts(s->keys.id, STR("ASIA")));
    assert_true(s->keys.token.n > 300);
    assert_int_equal(s->expires_unix_s, 200);
    assert_null(s->session_policy);
    const struct session_wish wish = {
        &MODEL, &USER, {0}, STR("{\"Statement\":{\"Effect\":\"Deny\",\"Action\":\"*\",\"Resource\":\"*\"}}"), 1, 2};
    const struct keyring_entry *u;
    check_ok(session_add(table, &wish, &u, &e), e);
    check_text(keyring_user_arn(u), "arn:user");
    check_ok(keyring_user_id(u, &id, &arena, &e), e);
    check_text(id, "AIDAX");
    assert_int_equal(u->session_policy->n, 1);
    session_give_back(table, s);
    session_give_back(table, u);
    arena_close(&arena);
}

static void found(void **state) {
    (void)state;
    const struct keyring_entry *s = add(100, 200);
    assert_ptr_equal(keyring_find(&ring, s->keys.id), s);
    assert_null(keyring_find(&ring, STR("ASIAOTHER")));
    assert_null(keyring_find(&ring, (struct str){s->keys.id.p, s->keys.id.n - 1}));
    keyring_give_back(&ring, s);
    keyring_give_back(&ring, s);
    keyring_give_back(&ring, NULL);
}

static void bounded(void **state) {
    (void)state;
    const struct keyring_entry *first = add(100, 1000), *entry;
    struct err e;
    for (int i = 1; i < SESSION_MAX; i++) session_give_back(table, add(100, 1000 + i));
    assert_false(try_add(999, 5000, &entry, &e));
    assert_int_equal(e.kind, ERR_LIMIT);
    entry = add(1000, 5000); /* the first one has expired: it makes room, and stays for who still uses it */
    assert_null(session_find(table, first->keys.id));
    assert_int_equal(first->keys.secret.n, 40);
    session_give_back(table, first);
    assert_false(try_add(1000, 5000, &first, &e));
    session_give_back(table, entry);
}

static void good_policies(void **state) {
    (void)state;
    static const char *const policies[] = {
        "{\n\t\"Version\":\t\"2012-10-17\",\r\n\t\"Statement\": [\t{\"Sid\":\"a\\u0041\", \"Effect\":\"Allow\",\n\t\t"
        "\"Action\":\"execute-api:*\",\"Resource\":\"*\"\n\t}]\n}\n",
        "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"execute-api:*\",\"Resource\":\"arn:aws:execute-api:*:*:a\\/"
        "*\"}}"};
    for (size_t i = 0; i < sizeof policies / sizeof *policies; i++) {
        const struct session_wish wish = {&MODEL, &ROLE, STR("one"), str_of(policies[i]), 1, 2};
        const struct keyring_entry *entry;
        struct err e;
        check_ok(session_add(table, &wish, &entry, &e), e);
        assert_int_equal(entry->session_policy->n, 1);
        session_give_back(table, entry);
    }
}

static void bad_policies(void **state) {
    (void)state;
    static const char *const policies[] = {
        "",
        "x",
        "[]",
        "{}",
        "{\"Statement\":[]}",
        "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\"}}",
        "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":{\"Fn::Sub\":\"*\"}}}",
        "{\"Statement\":{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"*\",\"Resource\":\"*\"}}",
        "{\"Version\":\"2008-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}}",
        "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}}{}",
        "Statement: {Effect: Allow}"};
    for (size_t i = 0; i < sizeof policies / sizeof *policies; i++) {
        const struct session_wish wish = {&MODEL, &ROLE, STR("one"), str_of(policies[i]), 1, 2};
        const struct keyring_entry *entry;
        struct err e;
        if (session_add(table, &wish, &entry, &e)) fail_msg("taken: %s", policies[i]);
        if (e.kind != ERR_PARSE) fail_msg("%s: %s", policies[i], e.msg);
    }
}

static void *use(void *user) {
    for (int i = 0; i < 300; i++) {
        const struct keyring_entry *mine = add(i, i + 1), *again = session_find(table, mine->keys.id);
        if (again) session_give_back(table, again);
        session_give_back(table, mine);
    }
    return user;
}

static void several_threads(void **state) {
    (void)state;
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) assert_int_equal(pthread_create(&threads[i], NULL, use, NULL), 0);
    for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
}

#define WITH_TABLE(sentence, function) \
    { sentence, function, open_table, close_table, NULL }

int main(void) {
    const struct CMUnitTest cases[] = {
        WITH_TABLE("a session has keys of its own and its role's name, a user's stays the user", named),
        WITH_TABLE("a session is found by its whole id", found),
        WITH_TABLE("there are no more than the limit, and only expired ones make room", bounded),
        WITH_TABLE("a policy is JSON, however it is laid out", good_policies),
        WITH_TABLE("a policy that cannot be evaluated makes no session", bad_policies),
        WITH_TABLE("several threads may take and give back", several_threads),
    };
    return cmocka_run_group_tests_name("session", cases, NULL, NULL);
}
