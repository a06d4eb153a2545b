/* SPDX-License-Identifier: Apache-2.0 */
/* base/log.c: one record, one line, whatever is in it; JSON lines are read back with our own reader. */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "json.h"
#include "log.h"

static int file = -1;
static char written[128 * 1024];

static int open_file(void **state) {
    (void)state;
    FILE *f = tmpfile();
    if (!f) return 1;
    file = dup(fileno(f));
    return fclose(f) || file < 0;
}

static int close_file(void **state) {
    (void)state;
    return close(file);
}

/* What was logged since the last call. */
static struct str lines(void) {
    ssize_t n = pread(file, written, sizeof written, 0);
    assert_in_range(n, 0, sizeof written - 1);
    assert_int_equal(ftruncate(file, 0), 0);
    assert_int_equal(lseek(file, 0, SEEK_SET), 0);
    return (struct str){written, (size_t)n};
}

static struct cJSON *json_line(void) {
    struct cJSON *root;
    struct err e;
    struct str text = lines(), line;
    assert_true(str_cut(&text, '\n', &line));
    assert_int_equal(text.n, 0); /* one record, one line */
    check_ok(json_read(line, &root, &e), e);
    return root;
}

static void json_members(void **state) {
    (void)state;
    struct log_scope scope = {STR("req-1"), STR("Root=1-2;Sampled=1"), STR("tenant")};
    log_open(LOG_JSON, LOG_INFO, file);
    log_set_scope(&scope);
    log_line(LOG_WARN, "%d bytes", 12);
    struct cJSON *root = json_line();
    check_text(json_get_text(root, "level"), "WARN");
    check_text(json_get_text(root, "message"), "12 bytes");
    check_text(json_get_text(root, "requestId"), "req-1");
    check_text(json_get_text(root, "traceId"), "Root=1-2;Sampled=1");
    check_text(json_get_text(root, "tenantId"), "tenant");
    assert_int_equal(cJSON_GetArraySize(root), 6);
    json_close(root);
    log_set_scope(NULL);
}

static void timestamp(void **state) {
    (void)state;
    static const char shape[] = "dddd-dd-ddTdd:dd:dd.dddZ";
    log_open(LOG_JSON, LOG_INFO, file);
    log_line(LOG_INFO, "x");
    struct cJSON *root = json_line();
    struct str time = json_get_text(root, "timestamp");
    assert_int_equal(time.n, sizeof shape - 1);
    for (size_t i = 0; i < time.n; i++) {
        if (shape[i] == 'd') assert_in_range(time.p[i], '0', '9');
        else assert_int_equal(time.p[i], shape[i]);
    }
    json_close(root);
}

static void no_scope(void **state) {
    (void)state;
    struct log_scope scope = {.request_id = STR("old")};
    log_open(LOG_JSON, LOG_INFO, file);
    log_set_scope(&scope);
    log_set_scope(NULL);
    log_line(LOG_INFO, "x");
    struct cJSON *root = json_line();
    assert_int_equal(cJSON_GetArraySize(root), 3);
    json_close(root);
}

static void hostile_json(void **state) {
    (void)state;
    log_open(LOG_JSON, LOG_INFO, file);
    log_line(LOG_INFO, "%s", "a\"},{\"level\":\"x\"\n{\"b\\\r\t\x01");
    struct cJSON *root = json_line();
    check_text(json_get_text(root, "message"), "a\"},{\"level\":\"x\"\n{\"b\\\r\t\x01");
    json_close(root);
    log_line(LOG_INFO, "%s", "bad \xff byte");
    root = json_line();
    check_text(json_get_text(root, "message"), "bad \xef\xbf\xbd byte");
    json_close(root);
}

static void text_line(void **state) {
    (void)state;
    struct log_scope scope = {.request_id = STR("req-1")};
    log_open(LOG_TEXT, LOG_INFO, file);
    log_set_scope(&scope);
    log_line(LOG_ERROR, "first\nsecond\n");
    log_set_scope(NULL);
    struct str text = lines(), line, part;
    assert_true(str_cut(&text, '\n', &line));
    assert_int_equal(text.n, 0);
    assert_true(str_cut(&line, '\t', &part));
    assert_int_equal(part.n, 24);
    assert_true(str_cut(&line, '\t', &part));
    check_text(part, "req-1");
    assert_true(str_cut(&line, '\t', &part));
    check_text(part, "ERROR");
    check_text(line, "first\rsecond\r");
}

static void levels(void **state) {
    (void)state;
    static const char *const names[] = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"};
    for (int least = LOG_TRACE; least <= LOG_FATAL; least++) {
        log_open(LOG_TEXT, (enum log_level)least, file);
        for (int level = LOG_TRACE; level <= LOG_FATAL; level++) {
            log_line((enum log_level)level, "x");
            struct str text = lines();
            assert_int_equal(text.n > 0, level >= least);
            if (text.n) assert_true(str_find(text, str_of(names[level])) != SIZE_MAX);
        }
    }
}

static void level_names(void **state) {
    (void)state;
    enum log_level level = LOG_FATAL;
    enum log_format format = LOG_TEXT;
    assert_true(log_read_level(STR("trace"), &level) && level == LOG_TRACE);
    assert_true(log_read_level(STR("Warn"), &level) && level == LOG_WARN);
    assert_false(log_read_level(STR("WARNING"), &level));
    assert_false(log_read_level(STR(""), &level));
    assert_int_equal(level, LOG_WARN);
    assert_true(log_read_format(STR("json"), &format) && format == LOG_JSON);
    assert_true(log_read_format(STR("TEXT"), &format) && format == LOG_TEXT);
    assert_false(log_read_format(STR("xml"), &format));
    assert_int_equal(format, LOG_TEXT);
}

static void long_message(void **state) {
    (void)state;
    char text[10000];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = 0;
    log_open(LOG_JSON, LOG_INFO, file);
    log_line(LOG_INFO, "%s", text);
    struct cJSON *root = json_line();
    assert_true(str_ends(json_get_text(root, "message"), STR("x...")));
    assert_true(json_get_text(root, "message").n < 2048);
    json_close(root);
    text[2047] = 0;
    log_line(LOG_INFO, "%s", text);
    root = json_line();
    check_str(json_get_text(root, "message"), str_of(text));
    json_close(root);
}

/* The longest record there can be: each byte of the message becomes six. */
static void longest_record(void **state) {
    (void)state;
    char text[2047];
    memset(text, 1, sizeof text);
    log_open(LOG_JSON, LOG_INFO, file);
    log_line(LOG_INFO, "%.*s", (int)sizeof text, text);
    struct cJSON *root = json_line();
    assert_int_equal(json_get_text(root, "message").n, sizeof text);
    json_close(root);
}

static void nobody_listens(void **state) {
    (void)state;
    int closed = dup(file);
    close(closed);
    log_open(LOG_TEXT, LOG_INFO, closed);
    log_line(LOG_INFO, "x");
    assert_int_equal(lines().n, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE("a JSON record has time, level, message and the ids in force", json_members),
        CASE("the time is RFC 3339 with milliseconds in UTC", timestamp),
        CASE("without a scope there are no ids", no_scope),
        CASE("nothing in a message can end a JSON record or add a member", hostile_json),
        CASE("a line feed in a message does not end a text record", text_line),
        CASE("records below the least level are not written", levels),
        CASE("formats and levels are read without case, others refused", level_names),
        CASE("a message that is too long ends in three dots", long_message),
        CASE("a message of control bytes fits into its record", longest_record),
        CASE("a closed log is no crash", nobody_listens),
    };
    return cmocka_run_group_tests_name("log", tests, open_file, close_file);
}
