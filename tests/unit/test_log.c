/* SPDX-License-Identifier: Apache-2.0 */
/* base/log.c: one record, one line, whatever is in it; JSON lines are read back with our own reader. */
#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
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

/* A message that stops in the middle of a two-byte character. */
static void cut_character(void **state) {
    (void)state;
    char text[4096];
    for (size_t i = 0; i + 1 < sizeof text; i += 2) memcpy(text + i, "\xc3\xa4", 2);
    log_open(LOG_JSON, LOG_INFO, file);
    for (int before = 0; before < 2; before++) {
        log_line(LOG_INFO, "%.*s%.*s", before, "x", (int)sizeof text, text);
        struct cJSON *root = json_line();
        assert_true(str_ends(json_get_text(root, "message"), STR("\xc3\xa4...")));
        json_close(root);
    }
}

static void every_byte(void **state) {
    (void)state;
    for (int c = 1; c < 256; c++) { /* no NUL: it would end the string of the test's reader, not the line */
        log_open(LOG_JSON, LOG_INFO, file);
        log_line(LOG_INFO, "a%cb", c);
        struct cJSON *root = json_line();
        struct str message = json_get_text(root, "message");
        if (c < 0x80) {
            assert_int_equal(message.n, 3);
            assert_int_equal(message.p[1], c);
        } else {
            check_text(message, "a\xef\xbf\xbd"
                                "b");
        }
        json_close(root);
        log_open(LOG_TEXT, LOG_INFO, file);
        log_line(LOG_INFO, "a%cb", c);
        struct str text = lines(), line;
        assert_true(str_cut(&text, '\n', &line));
        assert_int_equal(text.n, 0);
        assert_true(str_ends(line, STR("b")));
    }
    log_open(LOG_JSON, LOG_INFO, file);
    log_line(LOG_INFO, "a%cb", 0);
    assert_true(str_find(lines(), STR("\"a\\u0000b\"}\n")) != SIZE_MAX);
    log_open(LOG_TEXT, LOG_INFO, file);
    log_line(LOG_INFO, "a%cb", 0);
    assert_true(str_ends(lines(), STR("\ta?b\n")));
}

static const struct str STACK[] = {STR_INIT("main.c:1 main"), STR_INIT("b.c:2\nb"), STR_INIT("")};

static void failure_json(void **state) {
    (void)state;
    struct log_cause failure = {STR("Function.Bad"), STR("it \"broke\"\n"), STACK, 3};
    log_open(LOG_JSON, LOG_INFO, file);
    log_failure(LOG_ERROR, &failure, "request %d", 7);
    struct cJSON *root = json_line();
    check_text(json_get_text(root, "message"), "request 7");
    check_text(json_get_text(root, "errorType"), "Function.Bad");
    check_text(json_get_text(root, "errorMessage"), "it \"broke\"\n");
    const struct cJSON *stack = json_get(root, "stackTrace");
    assert_int_equal(cJSON_GetArraySize(stack), 3);
    check_text(json_text(cJSON_GetArrayItem(stack, 1)), "b.c:2\nb");
    assert_int_equal(cJSON_GetArraySize(root), 6);
    json_close(root);
    failure = (struct log_cause){0};
    log_failure(LOG_ERROR, &failure, "x");
    root = json_line();
    assert_int_equal(cJSON_GetArraySize(root), 3);
    json_close(root);
    log_failure(LOG_DEBUG, &failure, "x");
    assert_int_equal(lines().n, 0);
}

static void failure_text(void **state) {
    (void)state;
    struct log_cause failure = {STR("Function.Bad"), STR("it\nbroke"), STACK, 2};
    log_open(LOG_TEXT, LOG_INFO, file);
    log_failure(LOG_ERROR, &failure, "request");
    assert_true(str_ends(lines(), STR("\tERROR\trequest: Function.Bad: it\rbroke\r    main.c:1 main\r    b.c:2\rb\n")));
    failure = (struct log_cause){.error_message = STR("why")};
    log_failure(LOG_ERROR, &failure, "request");
    assert_true(str_ends(lines(), STR("\trequest: why\n")));
}

/* Each byte becomes six, and every member is longer than it may be. */
static void longest_record(void **state) {
    (void)state;
    static char text[8192];
    static struct str stack[1000];
    memset(text, 1, sizeof text);
    for (size_t i = 0; i < 1000; i++) stack[i] = (struct str){text, 60};
    struct str all = {text, sizeof text};
    struct log_scope scope = {all, all, all};
    struct log_cause failure = {all, all, stack, 1000};
    log_set_scope(&scope);
    for (int format = LOG_TEXT; format <= LOG_JSON; format++) {
        log_open((enum log_format)format, LOG_INFO, file);
        log_failure(LOG_INFO, &failure, "%.*s", (int)sizeof text, text);
        struct str record = lines();
        assert_true(str_ends(record, STR("\n")));
        assert_int_equal(str_find(record, STR("\n")), record.n - 1);
        if (format == LOG_TEXT) continue;
        struct cJSON *root;
        struct err e;
        check_ok(json_read(record, &root, &e), e);
        assert_true(str_ends(json_get_text(root, "message"), STR("\x01...")));
        assert_int_equal(json_get_text(root, "errorMessage").n, 2047);
        assert_int_equal(json_get_text(root, "tenantId").n, 256);
        assert_int_equal(cJSON_GetArraySize(json_get(root, "stackTrace")), 64);
        json_close(root);
    }
    log_set_scope(NULL);
}

/* --- The environment ------------------------------------------------------------------------------------------------ */

static void set(const char *format, const char *level, const char *concurrency, const char *telemetry) {
    const char *const names[] = {"AWS_LAMBDA_LOG_FORMAT", "AWS_LAMBDA_LOG_LEVEL", "AWS_LAMBDA_MAX_CONCURRENCY",
                                 "_LAMBDA_TELEMETRY_LOG_FD"};
    const char *const values[] = {format, level, concurrency, telemetry};
    for (int i = 0; i < 4; i++) {
        if (values[i]) setenv(names[i], values[i], 1);
        else unsetenv(names[i]);
    }
    log_open_from_environment(file);
}

static void environment(void **state) {
    (void)state;
    set(NULL, NULL, NULL, NULL);
    log_line(LOG_DEBUG, "x");
    log_line(LOG_INFO, "x");
    assert_true(str_ends(lines(), STR("\tINFO\tx\n")));
    set("json", "error", NULL, NULL);
    log_line(LOG_WARN, "x");
    assert_int_equal(lines().n, 0);
    log_line(LOG_ERROR, "x");
    json_close(json_line());
    set("", "", NULL, NULL);
    assert_int_equal(lines().n, 0);
    set("xml", "loud", NULL, NULL);
    struct str text = lines();
    assert_true(str_find(text, STR("AWS_LAMBDA_LOG_FORMAT is neither JSON nor Text: writing text")) != SIZE_MAX);
    assert_true(str_find(text, STR("AWS_LAMBDA_LOG_LEVEL is none of")) != SIZE_MAX);
    set("Text", NULL, "4", NULL);
    log_line(LOG_INFO, "x");
    json_close(json_line());
    set(NULL, NULL, NULL, NULL);
}

static uint64_t number_at(const char *p, size_t n) {
    uint64_t number = 0;
    for (size_t i = 0; i < n; i++) number = number << 8 | (unsigned char)p[i];
    return number;
}

/* The next frame of *rest. */
static struct str frame(struct str *rest, uint64_t type) {
    assert_true(rest->n >= 16);
    assert_int_equal(number_at(rest->p, 4), type);
    struct str message = {rest->p + 16, (size_t)number_at(rest->p + 4, 4)};
    assert_true(number_at(rest->p + 8, 8) > 1700000000000000U);
    assert_true(message.n <= rest->n - 16);
    *rest = (struct str){message.p + message.n, rest->n - 16 - message.n};
    return message;
}

static void frames(void **state) {
    (void)state;
    int pair[2];
    char number[16], got[4096];
    assert_int_equal(pipe(pair), 0);
    snprintf(number, sizeof number, "%d", pair[1]);
    set("Text", "TRACE", NULL, number);
    assert_null(getenv("_LAMBDA_TELEMETRY_LOG_FD"));
    assert_true(fcntl(pair[1], F_GETFD) & FD_CLOEXEC);
    log_line(LOG_TRACE, "one");
    log_line(LOG_FATAL, "%s", "two\n");
    ssize_t n = read(pair[0], got, sizeof got);
    assert_true(n > 0);
    struct str rest = {got, (size_t)n};
    assert_true(str_ends(frame(&rest, 0xa55a0007), STR("Z\t\tTRACE\tone")));
    assert_true(str_ends(frame(&rest, 0xa55a001b), STR("\tFATAL\ttwo\r")));
    assert_int_equal(rest.n, 0);
    set("JSON", NULL, NULL, number);
    log_line(LOG_INFO, "one");
    n = read(pair[0], got, sizeof got);
    assert_true(n > 0);
    rest = (struct str){got, (size_t)n};
    assert_true(str_ends(frame(&rest, 0xa55a000e), STR("\"message\":\"one\"}")));
    assert_int_equal(rest.n, 0);
    assert_int_equal(lines().n, 0);
    close(pair[0]);
    close(pair[1]);
}

static void no_frames(void **state) {
    (void)state;
    static const char *const bad[] = {"", "x", "-1", "99999", "99999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        set(NULL, NULL, NULL, bad[i]);
        assert_true(str_find(lines(), STR("_LAMBDA_TELEMETRY_LOG_FD is no open descriptor")) != SIZE_MAX);
        assert_null(getenv("_LAMBDA_TELEMETRY_LOG_FD"));
    }
    set(NULL, NULL, NULL, NULL);
}

/* --- Many writers --------------------------------------------------------------------------------------------------- */

enum { WRITERS = 8, LINES = 50, LONG = 1500 };

/* As JSON each line is over 9,000 bytes: more than PIPE_BUF, and a pipe is full after seven. */
static void *write_lines(void *user) {
    char letter = *(const char *)user, text[LONG + 1];
    char id[2] = {letter, 0};
    struct log_scope scope = {.request_id = str_of(id)};
    memset(text, letter - 'a' + 1, LONG);
    text[LONG] = 0;
    log_set_scope(&scope);
    for (int i = 0; i < LINES; i++) log_line(LOG_INFO, "%s", text);
    return NULL;
}

static void start_writers(pthread_t threads[static WRITERS]) {
    static const char letters[] = "abcdefgh";
    for (size_t i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_lines, (void *)(uintptr_t)&letters[i]), 0);
}

/* One line's message is one byte many times, and it is that of its requestId. */
static void check_line(struct str line) {
    struct cJSON *root;
    struct err e;
    check_ok(json_read(line, &root, &e), e);
    struct str message = json_get_text(root, "message"), id = json_get_text(root, "requestId");
    assert_int_equal(id.n, 1);
    size_t own = 0;
    while (own < message.n && message.p[own] == id.p[0] - 'a' + 1) own++;
    assert_int_equal(own, LONG);
    json_close(root);
}

/* Reads until the last writer's end is closed; true: as many lines as were written, each whole. */
static void check_stream(int fd) {
    struct arena a;
    struct buf all;
    arena_init(&a, 256 * 1024 * 1024);
    buf_init(&all, 64 * 1024 * 1024, &a);
    char piece[5000];
    ssize_t n;
    while ((n = read(fd, piece, sizeof piece)) > 0) buf_add(&all, (struct str){piece, (size_t)n});
    struct str rest = buf_str(&all), line;
    int count = 0;
    for (; str_cut(&rest, '\n', &line); count++) check_line(line);
    assert_int_equal(rest.n, 0);
    assert_int_equal(count, WRITERS * LINES);
    arena_close(&a);
}

static void *join_and_close(void *user) {
    int fd = *(const int *)user;
    pthread_t threads[WRITERS];
    log_open(LOG_JSON, LOG_INFO, fd);
    start_writers(threads);
    for (size_t i = 0; i < WRITERS; i++) pthread_join(threads[i], NULL);
    close(fd);
    return NULL;
}

/* flags: those of the pipe's end that is written to. */
static void through_a_pipe(int flags) {
    int pair[2];
    pthread_t writers;
    assert_int_equal(pipe(pair), 0);
    assert_int_equal(fcntl(pair[1], F_SETFL, flags), 0);
    assert_int_equal(pthread_create(&writers, NULL, join_and_close, &pair[1]), 0);
    check_stream(pair[0]);
    assert_int_equal(pthread_join(writers, NULL), 0);
    close(pair[0]);
}

static void slow_pipe(void **state) {
    (void)state;
    through_a_pipe(0);
}

static void impatient_pipe(void **state) {
    (void)state;
    through_a_pipe(O_NONBLOCK);
}

/* Two processes, each with its threads, append to one file. */
static void appended_file(void **state) {
    (void)state;
    char name[] = "/tmp/test_log.XXXXXX";
    int fd = mkstemp(name);
    assert_true(fd >= 0);
    pid_t child = fork();
    assert_true(child >= 0);
    int mine = open(name, O_WRONLY | O_APPEND);
    join_and_close(&mine);
    if (!child) _exit(0);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    struct arena a;
    struct buf all;
    arena_init(&a, 256 * 1024 * 1024);
    buf_init(&all, 96 * 1024 * 1024, &a);
    char piece[65536];
    ssize_t n;
    while ((n = read(fd, piece, sizeof piece)) > 0) buf_add(&all, (struct str){piece, (size_t)n});
    struct str rest = buf_str(&all), line;
    int count = 0;
    for (; str_cut(&rest, '\n', &line); count++) check_line(line);
    assert_int_equal(count, 2 * WRITERS * LINES);
    arena_close(&a);
    close(fd);
    unlink(name);
}

static void raw_record(void **state) {
    (void)state;
    int pair[2];
    char number[16], got[256];
    log_open(LOG_JSON, LOG_INFO, file);
    assert_true(log_is_json());
    log_raw(LOG_FATAL, STR("{\"message\":\"it crashed\"}"));
    struct cJSON *root = json_line();
    check_text(json_get_text(root, "message"), "it crashed");
    json_close(root);
    assert_int_equal(pipe(pair), 0);
    snprintf(number, sizeof number, "%d", pair[1]);
    set("Text", NULL, NULL, number);
    assert_false(log_is_json());
    log_raw(LOG_FATAL, STR("it crashed"));
    ssize_t n = read(pair[0], got, sizeof got);
    assert_true(n > 0);
    struct str rest = {got, (size_t)n};
    check_text(frame(&rest, 0xa55a001b), "it crashed");
    assert_int_equal(rest.n, 0);
    close(pair[0]);
    close(pair[1]);
    set(NULL, NULL, NULL, NULL);
}

/* A crash must not hang for a log that nobody reads. */
static void raw_to_a_full_pipe(void **state) {
    (void)state;
    static const char byte[4096];
    int pair[2];
    assert_int_equal(pipe(pair), 0);
    fcntl(pair[1], F_SETFL, O_NONBLOCK);
    while (write(pair[1], byte, sizeof byte) > 0) continue;
    fcntl(pair[1], F_SETFL, 0);
    log_open(LOG_TEXT, LOG_INFO, pair[1]);
    log_raw(LOG_FATAL, STR("it crashed")); /* comes back */
    close(pair[0]);
    close(pair[1]);
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
        CASE("a message is not cut inside a character", cut_character),
        CASE("with any byte in a message a record is one line, and JSON is JSON", every_byte),
        CASE("a failure has type, message and stack in members of their own", failure_json),
        CASE("a failure is one line of text, frames and all", failure_text),
        CASE("members that are too long are cut, and the longest record fits", longest_record),
        CASE("format and level come from the environment, and concurrency means JSON", environment),
        CASE("telemetry frames have type, length, time and message, and the variable is gone", frames),
        CASE("a telemetry descriptor that is none is a warning", no_frames),
        CASE("lines of many threads that are longer than a pipe takes at once do not mix", slow_pipe),
        CASE("nor do they on a pipe that does not wait", impatient_pipe),
        CASE("two processes may append to one file", appended_file),
        CASE("a crash report's own record is a line or a frame", raw_record),
        CASE("nor does it wait for ever where nobody reads", raw_to_a_full_pipe),
        CASE("a closed log is no crash", nobody_listens),
    };
    return cmocka_run_group_tests_name("log", tests, open_file, close_file);
}
