/* SPDX-License-Identifier: Apache-2.0 */
/* local/invoke_event.c and invoke_wait.c: which event is meant, and lines that a shell reads back. Whole invocations are
   tested in tests/e2e/invoke.py. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "check.h"
#include "invoke_event.h"
#include "invoke_wait.h"

static struct arena arena;
static struct err e;
static char folder[] = "/tmp/test_invoke-XXXXXX";
static char template_path[64], event_path[128], large_path[128], subfolder[64];

static void write_text(const char *path, const char *text, size_t n) {
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static int make_files(void **state) {
    (void)state;
    arena_init(&arena, 64 * 1024 * 1024);
    if (!mkdtemp(folder)) return 1;
    snprintf(template_path, sizeof template_path, "%s/template.yaml", folder);
    snprintf(subfolder, sizeof subfolder, "%s/events", folder);
    snprintf(event_path, sizeof event_path, "%s/one.json", subfolder);
    snprintf(large_path, sizeof large_path, "%s/large.json", subfolder);
    if (mkdir(subfolder, 0700) != 0) return 1;
    write_text(event_path, " {\"a\": 1}\n", 10);
    return 0;
}

static int remove_files(void **state) {
    (void)state;
    arena_close(&arena);
    remove(large_path);
    return remove(event_path) || rmdir(subfolder) || rmdir(folder);
}

static void found(void **state) {
    (void)state;
    struct str event;
    check_ok(invoke_event_read(NULL, template_path, &event, &arena, &e), e);
    check_text(event, "{}");
    check_ok(invoke_event_read("one", template_path, &event, &arena, &e), e);
    check_text(event, " {\"a\": 1}\n");
    check_ok(invoke_event_read(event_path, "elsewhere/template.yaml", &event, &arena, &e), e);
    check_text(event, " {\"a\": 1}\n");
}

static void not_found(void **state) {
    (void)state;
    struct str event;
    assert_false(invoke_event_read("two", template_path, &event, &arena, &e));
    assert_non_null(strstr(e.msg, "there is no file two and no event of that name in "));
    assert_non_null(strstr(e.msg, "; there are one"));
    assert_false(invoke_event_read("../events/one", template_path, &event, &arena, &e));
    assert_false(invoke_event_read("", template_path, &event, &arena, &e));
    assert_false(invoke_event_read("one", "/nowhere/template.yaml", &event, &arena, &e));
    check_text(str_of(e.msg), "there is no file one, and no event in /nowhere/events");
}

static void too_long(void **state) {
    (void)state;
    struct str event;
    char *text = calloc(1, INVOKE_EVENT_MAX_BYTES + 1);
    assert_non_null(text);
    memset(text, ' ', INVOKE_EVENT_MAX_BYTES + 1);
    text[0] = '1';
    write_text(large_path, text, INVOKE_EVENT_MAX_BYTES);
    check_ok(invoke_event_read("large", template_path, &event, &arena, &e), e);
    assert_int_equal(event.n, INVOKE_EVENT_MAX_BYTES);
    write_text(large_path, text, INVOKE_EVENT_MAX_BYTES + 1);
    assert_false(invoke_event_read("large", template_path, &event, &arena, &e));
    assert_int_equal(e.kind, ERR_LIMIT);
    free(text);
}

static void quoted(void **state) {
    (void)state;
    char *const environment[] = {"A=it's $HOME\n\"x\"", "PATH=/bin", "EMPTY=", NULL};
    char text[512] = {0};
    FILE *f = fmemopen(text, sizeof text, "w");
    assert_non_null(f);
    const struct program program = {.bootstrap = "/a b/bootstrap", .task_root = "/a b"};
    invoke_wait_print(STR("Fn"), &program, environment, f);
    fclose(f);
    assert_non_null(
        strstr(text, "cd '/a b'\nexport A='it'\\''s $HOME\n\"x\"'\nexport EMPTY=''\ngdb --args '/a b/bootstrap'\n"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE("an event is a file, a name, or an empty object", found),
        CASE("an unknown name lists the events that there are", not_found),
        CASE("an event of Lambda's limit is read, one byte more is refused", too_long),
        CASE("a value is quoted so that a shell reads it back", quoted),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
