/* SPDX-License-Identifier: Apache-2.0 */
/* local/keyring.c: the shape of keys, the file of one run, and that only our own file goes. */
#include "keyring.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "input.h"
#include "profile.h"

#define BASE32 "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
#define BASE64 "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

static struct arena arena;
static char folder[64], dir[96], path[128];
static struct model_principal who[] = {
    {.kind = MODEL_USER, .profile = STR_INIT("bob")},
    {.kind = MODEL_ROLE, .profile = STR_INIT("PublicFunctionRole")},
};
static const struct model MODEL = {.region = STR_INIT("eu-west-1"), .principals = who, .n_principals = 2};

static int set_up(void **state) {
    (void)state;
    arena_init(&arena, 64 * 1024 * 1024);
    memcpy(folder, "/tmp/keyringXXXXXX", sizeof "/tmp/keyringXXXXXX");
    if (!mkdtemp(folder)) return 1;
    snprintf(dir, sizeof dir, "%s/.apigw", folder);
    snprintf(path, sizeof path, "%s/credentials", dir);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    unlink(path);
    rmdir(dir);
    unlink(dir);
    rmdir(folder);
    arena_close(&arena);
    return 0;
}

static struct keyring fresh(void) {
    struct keyring ring;
    struct err e;
    check_ok(keyring_make(&ring, &MODEL, &arena, &e), e);
    return ring;
}

static struct keyring saved(void) {
    struct keyring ring = fresh();
    struct err e;
    check_ok(keyring_save(&ring, dir, &arena, &e), e);
    return ring;
}

static struct str file_text(void) {
    struct str text;
    struct err e;
    check_ok(input_read(path, 100000, &text, &arena, &e), e);
    return text;
}

static void check_letters(struct str s, size_t n, const char *alphabet) {
    assert_int_equal(s.n, n);
    for (size_t i = 0; i < n; i++) assert_non_null(memchr(alphabet, s.p[i], strlen(alphabet)));
}

static void shapes(void **state) {
    (void)state;
    struct keyring ring = fresh();
    struct sigv4_keys user = ring.at[0].keys, role = ring.at[1].keys;
    assert_int_equal(ring.n, 2);
    assert_true(str_starts(user.id, STR("AKIA")));
    assert_true(str_starts(role.id, STR("ASIA")));
    check_letters((struct str){user.id.p + 4, user.id.n - 4}, 16, BASE32);
    check_letters(user.secret, 40, BASE64);
    check_letters(role.secret, 40, BASE64);
    assert_null(user.token.p);
    assert_true(role.token.n > 300);
    check_letters(role.token, role.token.n, BASE64);
    keyring_close(&ring);
}

static void fresh_each_run(void **state) {
    (void)state;
    struct keyring one = fresh(), two = fresh();
    for (size_t i = 0; i < 2; i++) {
        assert_false(str_eq(one.at[i].keys.id, two.at[i].keys.id));
        assert_false(str_eq(one.at[i].keys.secret, two.at[i].keys.secret));
    }
    assert_false(str_eq(one.at[0].keys.secret, one.at[1].keys.secret));
    assert_false(str_eq(one.at[1].keys.token, two.at[1].keys.token));
}

static void finding(void **state) {
    (void)state;
    struct keyring ring = fresh();
    static const struct model_principal stranger = {.profile = STR_INIT("bob")};
    struct str id = ring.at[1].keys.id;
    assert_ptr_equal(keyring_find(&ring, id), &ring.at[1]);
    assert_null(keyring_find(&ring, (struct str){id.p, id.n - 1}));
    assert_null(keyring_find(&ring, STR("")));
    assert_null(keyring_find(&ring, (struct str){0}));
    assert_ptr_equal(keyring_of(&ring, &who[0]), &ring.at[0]);
    assert_null(keyring_of(&ring, &stranger));
}

static void nobody(void **state) {
    (void)state;
    static const struct model empty = {.region = STR_INIT("eu-west-1")};
    struct keyring ring;
    struct err e;
    check_ok(keyring_make(&ring, &empty, &arena, &e), e);
    assert_null(keyring_find(&ring, STR("AKIDEXAMPLE")));
    check_ok(keyring_save(&ring, dir, &arena, &e), e);
    keyring_close(&ring);
    assert_int_not_equal(access(path, F_OK), 0);
}

static void api_keys(void **state) {
    (void)state;
    static const struct model_api api = {.stage = STR_INIT("dev")}, other = {.stage = STR_INIT("dev")};
    static const struct model_api *opens[] = {&api};
    static struct model_api_key keys[] = {
        {.logical_id = STR_INIT("Given"),
         .value = STR_INIT("given-0123456789-0123"),
         .enabled = true,
         .opens = opens,
         .n_opens = 1},
        {.logical_id = STR_INIT("Drawn"), .enabled = true, .opens = opens, .n_opens = 1}};
    static const struct model model = {.region = STR_INIT("eu-west-1"), .api_keys = keys, .n_api_keys = 2};
    struct keyring ring;
    struct err e;
    check_ok(keyring_make(&ring, &model, &arena, &e), e);
    struct str drawn = ring.api_keys[1];
    assert_int_equal(drawn.n, 40);
    assert_true(keyring_opens(&ring, &api, keys[0].value));
    assert_true(keyring_opens(&ring, &api, drawn));
    assert_false(keyring_opens(&ring, &other, drawn));
    assert_false(keyring_opens(&ring, &api, STR("")));
    assert_false(keyring_opens(&ring, &api, (struct str){drawn.p, drawn.n - 1}));
    check_ok(keyring_save(&ring, dir, &arena, &e), e);
    assert_true(str_find(file_text(), STR("# x-api-key of Given: given-0123456789-0123\n")) != SIZE_MAX);
    assert_true(str_find(file_text(), drawn) != SIZE_MAX);
    keyring_close(&ring);
    for (size_t i = 0; i < drawn.n; i++) assert_int_equal(drawn.p[i], 0);
    check_text(keys[0].value, "given-0123456789-0123");
}

static void modes(void **state) {
    (void)state;
    struct stat st;
    mode_t before = umask(0);
    struct keyring ring = saved();
    umask(before);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(stat(dir, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    keyring_close(&ring);
}

static void aws_format(void **state) {
    (void)state;
    struct keyring ring = saved();
    struct profile p;
    struct err e;
    for (size_t i = 0; i < 2; i++) {
        check_ok(profile_read(file_text(), "credentials", who[i].profile, &p, &e), e);
        check_str(p.keys.id, ring.at[i].keys.id);
        check_str(p.keys.secret, ring.at[i].keys.secret);
        check_str(p.keys.token, ring.at[i].keys.token);
        check_text(p.region, "eu-west-1");
    }
    keyring_close(&ring);
}

static void gone_at_the_end(void **state) {
    (void)state;
    struct keyring ring = saved();
    struct str secret = ring.at[0].keys.secret, token = ring.at[1].keys.token;
    assert_int_equal(access(path, F_OK), 0);
    keyring_close(&ring);
    assert_int_not_equal(access(path, F_OK), 0);
    for (size_t i = 0; i < secret.n; i++) assert_int_equal(secret.p[i], 0);
    for (size_t i = 0; i < token.n; i++) assert_int_equal(token.p[i], 0);
    assert_int_equal(ring.n, 0);
    keyring_close(&ring); /* and a second time does nothing */
}

static void other_run(void **state) {
    (void)state;
    struct keyring first = saved(), second = saved();
    struct profile p;
    struct err e;
    keyring_close(&first);
    check_ok(profile_read(file_text(), "credentials", STR("bob"), &p, &e), e);
    check_str(p.keys.id, second.at[0].keys.id);
    keyring_close(&second);
    assert_int_not_equal(access(path, F_OK), 0);
}

/* A file system hands the number of a removed file to the next one: it alone does not tell whose file it is. */
static void other_run_same_inode(void **state) {
    (void)state;
    struct keyring first = saved();
    for (int i = 0; i < 8; i++) {
        struct keyring second = saved();
        keyring_close(&second);
    }
    struct keyring last = saved();
    keyring_close(&first);
    assert_int_equal(access(path, F_OK), 0);
    keyring_close(&last);
}

static void removed_by_hand(void **state) {
    (void)state;
    struct keyring ring = saved();
    assert_int_equal(unlink(path), 0);
    keyring_close(&ring);
    assert_int_not_equal(access(path, F_OK), 0);
}

static void replaces_what_is_there(void **state) {
    (void)state;
    assert_int_equal(mkdir(dir, 0700), 0);
    int fd = open(path, O_WRONLY | O_CREAT, 0644);
    assert_int_equal(write(fd, "stale", 5), 5);
    close(fd);
    struct keyring ring = saved();
    struct stat st;
    assert_true(str_find(file_text(), STR("stale")) == SIZE_MAX);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    keyring_close(&ring);
}

static void no_folder(void **state) {
    (void)state;
    struct keyring ring = fresh();
    char deep[128];
    struct err e;
    snprintf(deep, sizeof deep, "%s/missing/.apigw", folder);
    assert_false(keyring_save(&ring, deep, &arena, &e));
    assert_int_equal(e.kind, ERR_CONFIG);
    assert_true(str_find(str_of(e.msg), STR("cannot make ")) == 0);
    assert_true(str_find(str_of(e.msg), str_of(deep)) != SIZE_MAX);
    assert_true(str_ends(str_of(e.msg), STR("No such file or directory")));
    keyring_close(&ring);
}

static void folder_is_a_file(void **state) {
    (void)state;
    struct keyring ring = fresh();
    struct err e;
    close(open(dir, O_WRONLY | O_CREAT, 0600));
    assert_false(keyring_save(&ring, dir, &arena, &e));
    assert_int_equal(e.kind, ERR_CONFIG);
    assert_true(str_find(str_of(e.msg), str_of(path)) != SIZE_MAX);
    assert_true(str_ends(str_of(e.msg), STR("Not a directory")));
    keyring_close(&ring);
    assert_int_equal(access(dir, F_OK), 0);
}

#define WITH_FOLDER(sentence, function) \
    { sentence, function, set_up, tear_down, NULL }

int main(void) {
    const struct CMUnitTest cases[] = {
        WITH_FOLDER("a user has an AKIA key, a role an ASIA key and a token", shapes),
        WITH_FOLDER("every run has keys of its own", fresh_each_run),
        WITH_FOLDER("an entry is found by its whole id and by its principal", finding),
        WITH_FOLDER("a template without roles has an empty keyring", nobody),
        WITH_FOLDER("an API key has its value or a drawn one, and opens its own stages", api_keys),
        WITH_FOLDER("the file is 0600 and the folder 0700, whatever the umask", modes),
        WITH_FOLDER("every profile can be read back by its name", aws_format),
        WITH_FOLDER("closing removes the file and wipes the keys", gone_at_the_end),
        WITH_FOLDER("another run's file is not removed", other_run),
        WITH_FOLDER("bug: another run's file is not removed even when it has the number of ours", other_run_same_inode),
        WITH_FOLDER("a file that was removed by hand does not matter", removed_by_hand),
        WITH_FOLDER("an older file is replaced, mode included", replaces_what_is_there),
        WITH_FOLDER("a folder that cannot be made is named", no_folder),
        WITH_FOLDER("a folder that is a file is named", folder_is_a_file),
    };
    return cmocka_run_group_tests_name("keyring", cases, NULL, NULL);
}
