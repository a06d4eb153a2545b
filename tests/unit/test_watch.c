/* SPDX-License-Identifier: Apache-2.0 */
/* local/watch.c: whichever way a file is replaced, it is told once it is there. A case waits for what is told, without a
   limit of its own but that of the test. */
#include "watch.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

static char folder[64], subfolder[96], path[128], other[128];
static struct watch *watch;
static struct err e;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int told;
static const char *whole; /* what the file holds when it has been written */

static bool is_whole(void) {
    char text[64] = "";
    FILE *f = fopen(path, "r");
    if (!f) return false;
    text[fread(text, 1, sizeof text - 1, f)] = 0;
    fclose(f);
    return strcmp(text, whole) == 0;
}

/* Whoever writes slowly is told of twice, of the new file and of what is in it; the second one counts. */
static void note(void *user, const char *changed) {
    assert_ptr_equal(user, &told);
    assert_string_equal(changed, path);
    pthread_mutex_lock(&lock);
    told += is_whole();
    pthread_mutex_unlock(&lock);
}

static int count(void) {
    pthread_mutex_lock(&lock);
    int n = told;
    pthread_mutex_unlock(&lock);
    return n;
}

static void sleep_ms(int ms) {
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000L}, NULL);
}

static void await(int n) {
    while (count() < n) sleep_ms(5);
    assert_int_equal(count(), n);
}

static void write_text(const char *file, const char *text) {
    pthread_mutex_lock(&lock);
    whole = text;
    pthread_mutex_unlock(&lock);
    FILE *f = fopen(file, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static int open_watch(void **state) {
    (void)state;
    memcpy(folder, "/tmp/watchXXXXXX", sizeof "/tmp/watchXXXXXX");
    if (!mkdtemp(folder)) return 1;
    snprintf(subfolder, sizeof subfolder, "%s/build", folder);
    snprintf(path, sizeof path, "%s/bootstrap", subfolder);
    snprintf(other, sizeof other, "%s/other", subfolder);
    if (mkdir(subfolder, 0700) != 0) return 1;
    write_text(path, "first");
    told = 0;
    const struct watch_file files[] = {{path, note, &told}};
    return watch_start(files, 1, &watch, &e) ? 0 : 1;
}

static int close_watch(void **state) {
    (void)state;
    watch_stop(watch);
    watch = NULL;
    unlink(path);
    unlink(other);
    return rmdir(subfolder) || rmdir(folder);
}

static void written(void **state) {
    (void)state;
    write_text(path, "second");
    await(1);
    write_text(path, "third, longer");
    await(2);
}

static void renamed_over(void **state) {
    (void)state;
    write_text(other, "second");
    assert_int_equal(rename(other, path), 0);
    await(1);
}

static void removed_and_made(void **state) {
    (void)state;
    unlink(path);
    write_text(path, "second");
    await(1);
}

static void folder_made_again(void **state) {
    (void)state;
    unlink(path);
    assert_int_equal(rmdir(subfolder), 0);
    assert_int_equal(mkdir(subfolder, 0700), 0);
    write_text(path, "second");
    await(1);
    write_text(path, "third, longer"); /* the new folder is watched too */
    await(2);
}

/* What stays the same, or is another file, is not told: the one change behind it is the only one. */
static void only_changes(void **state) {
    (void)state;
    write_text(other, "first");
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(chmod(path, st.st_mode), 0);
    sleep_ms(400);
    write_text(path, "second");
    await(1);
}

static void made_executable(void **state) {
    (void)state;
    assert_int_equal(chmod(path, 0755), 0);
    await(1);
}

static void no_folder(void **state) {
    (void)state;
    struct watch *none = NULL;
    const struct watch_file files[] = {{"/nonexistent/bootstrap", note, &told}};
    assert_false(watch_start(files, 1, &none, &e));
    assert_string_equal(e.msg, "--watch: cannot watch /nonexistent/: No such file or directory");
    assert_null(none);
    watch_stop(NULL);
}

#define WITH_WATCH(sentence, function) \
    { sentence, function, open_watch, close_watch, NULL }

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WATCH("a file that is written is told", written),
        WITH_WATCH("a file that another is renamed over is told", renamed_over),
        WITH_WATCH("a file that is removed and made again is told", removed_and_made),
        WITH_WATCH("a folder that is removed and made again is watched on", folder_made_again),
        WITH_WATCH("another file and a change that changes nothing are not told", only_changes),
        WITH_WATCH("a file that becomes executable is told", made_executable),
        CASE("a folder that is not there is named", no_folder),
    };
    return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
