/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/runtime_error.c: any bytes in, bounded and well-formed JSON and header fields out. */
#include <stdlib.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "check.h"
#include "json.h"
#include "log.h"
#include "runtime_error.h"

static struct arena arena;
static struct err e;

static int set_up(void **state) {
    (void)state;
    arena_init(&arena, 64 << 20);
    log_open(LOG_TEXT, LOG_FATAL, 2);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

static void types(void **state) {
    (void)state;
    static const char *const good[] = {"Function.Unknown", "Runtime.OutOfMemory", "Function.Ab", "Runtime.XY"};
    static const char *const bad[] = {"",
                                      "Function",
                                      "Function.",
                                      "Function.A",
                                      "Function.bad",
                                      "Function.Bad1",
                                      "Function.Bad.Worse",
                                      "function.Bad",
                                      "Sandbox.Timedout",
                                      " Function.Bad",
                                      "Function.Bad ",
                                      "Function.B\xc3\xa4h",
                                      "Function.Bad\r\nX: y",
                                      "std::runtime_error",
                                      "Function.[ad",
                                      "Function.A`",
                                      "unhandled"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct lambda_failure f = {.error_type = str_of(good[i])};
        check_str(runtime_error_type(&f), f.error_type);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct lambda_failure f = {.error_type = str_of(bad[i])};
        if (runtime_error_is_type(f.error_type)) fail_msg("taken: %s", bad[i]);
        check_text(runtime_error_type(&f), "Function.Unknown");
    }
}

static struct cJSON *json_of(const struct lambda_failure *f, enum runtime_error_place place) {
    struct cJSON *root;
    struct str json;
    check_ok(runtime_error_json(&json, f, place, &arena, &e), e);
    assert_false(str_has_control(json));
    check_ok(json_read(json, &root, &e), e);
    return root;
}

static struct cJSON *cause_of(const struct lambda_failure *f) {
    struct cJSON *root;
    struct str json = runtime_error_cause(f, &arena);
    assert_true(json.n > 0);
    assert_false(str_has_control(json));
    check_ok(json_read(json, &root, &e), e);
    return root;
}

static void body(void **state) {
    (void)state;
    const struct str frames[] = {STR("main (main.c:7)"), STR("_start")};
    const struct lambda_failure f = {.error_type = STR("std::range_error"),
                                     .error_message = STR("the \"event\"\n is gr\xc3\xbcn"),
                                     .stack_trace = frames,
                                     .stack_trace_n = 2};
    for (int place = RUNTIME_ERROR_BODY; place <= RUNTIME_ERROR_TRAILER; place++) {
        struct cJSON *root = json_of(&f, (enum runtime_error_place)place);
        const struct cJSON *stack = json_get(root, "stackTrace");
        check_str(json_get_text(root, "errorMessage"), f.error_message);
        check_text(json_get_text(root, "errorType"), "std::range_error");
        assert_int_equal(cJSON_GetArraySize(stack), 2);
        check_text(json_text(stack->child), "main (main.c:7)");
        json_close(root);
    }
}

static void nothing_known(void **state) {
    (void)state;
    const struct lambda_failure f = {.error_message = {0}};
    struct cJSON *root = json_of(&f, RUNTIME_ERROR_BODY);
    check_text(json_get_text(root, "errorMessage"), "");
    check_text(json_get_text(root, "errorType"), "Function.Unknown");
    assert_int_equal(cJSON_GetArraySize(json_get(root, "stackTrace")), 0);
    json_close(root);
    json_close(cause_of(&f));
}

static void own_body(void **state) {
    (void)state;
    const struct lambda_failure f = {.body = STR("<not JSON>"), .error_message = STR("m")};
    struct str json;
    check_ok(runtime_error_json(&json, &f, RUNTIME_ERROR_BODY, &arena, &e), e);
    check_text(json, "<not JSON>");
    check_ok(runtime_error_json(&json, &f, RUNTIME_ERROR_TRAILER, &arena, &e), e);
    check_text(json, "<not JSON>");
}

static void large_own_body(void **state) {
    (void)state;
    char *text = arena_zero(&arena, 1 << 20);
    const struct lambda_failure f = {.body = {text, 1 << 20}, .error_message = STR("m")};
    struct str json;
    check_ok(runtime_error_json(&json, &f, RUNTIME_ERROR_BODY, &arena, &e), e);
    assert_int_equal(json.n, 1 << 20);
    struct cJSON *root = json_of(&f, RUNTIME_ERROR_TRAILER);
    check_text(json_get_text(root, "errorMessage"), "m");
    json_close(root);
}

static void every_byte(void **state) {
    (void)state;
    char all[256];
    for (int c = 0; c < 256; c++) {
        char text[] = {'a', (char)c, 'b'};
        struct str s = {text, sizeof text};
        const struct lambda_failure f = {.error_type = s, .error_message = s, .stack_trace = &s, .stack_trace_n = 1};
        struct str json, cause = runtime_error_cause(&f, &arena);
        check_ok(runtime_error_json(&json, &f, RUNTIME_ERROR_BODY, &arena, &e), e);
        assert_false(str_has_control(json));
        assert_true(cause.n && !str_has_control(cause));
        assert_true(str_is_utf8(json, NULL) && str_is_utf8(cause, NULL));
        if (!c) continue; /* written as \u0000, which our own reader refuses */
        struct cJSON *root = json_of(&f, RUNTIME_ERROR_BODY);
        check_str(json_get_text(root, "errorMessage"), c < 0x80 ? s
                                                                : STR("a\xef\xbf\xbd"
                                                                      "b"));
        json_close(root);
        json_close(cause_of(&f));
    }
    for (int c = 0; c < 256; c++) all[c] = (char)(c ? c : 1);
    const struct lambda_failure f = {.error_message = {all, sizeof all}};
    json_close(json_of(&f, RUNTIME_ERROR_BODY));
}

/* The longest of everything, in bytes that take six each. */
static void bounds(void **state) {
    (void)state;
    enum { N = 2 << 20, FRAMES = 500 };
    static const char fills[] = {'x', '\x01', '\xff', '"'};
    char *text = arena_take(&arena, N);
    struct str *frames = arena_take(&arena, FRAMES * sizeof *frames);
    for (size_t k = 0; k < sizeof fills; k++) {
        memset(text, fills[k], N);
        for (size_t i = 0; i < FRAMES; i++) frames[i] = (struct str){text, N};
        const struct lambda_failure f = {
            .error_type = {text, N}, .error_message = {text, N}, .stack_trace = frames, .stack_trace_n = FRAMES};
        struct str json, cause = runtime_error_cause(&f, &arena);
        check_ok(runtime_error_json(&json, &f, RUNTIME_ERROR_BODY, &arena, &e), e);
        assert_in_range(json.n, 64 * 1024, 1024 * 1024);
        check_ok(runtime_error_json(&json, &f, RUNTIME_ERROR_TRAILER, &arena, &e), e);
        assert_in_range(json.n, 1024, 40 * 1024);
        assert_in_range(cause.n, 0, 64 * 1024);
        struct cJSON *root = json_of(&f, RUNTIME_ERROR_BODY);
        assert_true(str_ends(json_get_text(root, "errorMessage"), STR("...")));
        json_close(root);
    }
}

static void cut_inside_letter(void **state) {
    (void)state;
    enum { N = 64 * 1024 + 10 };
    char *text = arena_take(&arena, N);
    for (size_t shift = 0; shift < 3; shift++) {
        memset(text, 'x', shift);
        for (size_t i = shift; i + 3 <= N; i += 3) memcpy(text + i, "\xe2\x82\xac", 3);
        const struct lambda_failure f = {.error_message = {text, N - (N - shift) % 3}};
        struct cJSON *root = json_of(&f, RUNTIME_ERROR_BODY);
        assert_true(str_ends(json_get_text(root, "errorMessage"), STR("\xe2\x82\xac...")));
        json_close(root);
    }
}

static void cause(void **state) {
    (void)state;
    const struct str frames[] = {STR("parse (src/event.c:12)"),
                                 STR("handle (src/event.c:99)"),
                                 STR("src/main.c:3"),
                                 STR("no place"),
                                 STR("odd:"),
                                 STR("a:b"),
                                 STR(":5")};
    const struct lambda_failure f = {
        .error_type = STR("Function.Bad"), .error_message = STR("m"), .stack_trace = frames, .stack_trace_n = 7};
    char folder[4096];
    struct cJSON *root = cause_of(&f);
    check_str(json_get_text(root, "working_directory"), str_of(getcwd(folder, sizeof folder)));
    check_text(json_get_text(root, "message"), "m");
    const struct cJSON *exception = json_get(root, "exceptions")->child, *frame = json_get(exception, "stack")->child;
    check_text(json_get_text(exception, "message"), "m");
    check_text(json_get_text(exception, "type"), "Function.Bad");
    check_text(json_get_text(frame, "path"), "src/event.c");
    assert_int_equal(json_get(frame, "line")->valueint, 12);
    check_text(json_get_text(frame, "label"), "parse (src/event.c:12)");
    frame = frame->next->next;
    check_text(json_get_text(frame, "path"), "src/main.c");
    assert_int_equal(json_get(frame, "line")->valueint, 3);
    for (frame = frame->next; frame; frame = frame->next) {
        check_text(json_get_text(frame, "path"), "");
        assert_int_equal(json_get(frame, "line")->valueint, 0);
    }
    const struct cJSON *paths = json_get(root, "paths");
    assert_int_equal(cJSON_GetArraySize(paths), 2);
    check_text(json_text(paths->child), "src/event.c");
    check_text(json_text(paths->child->next), "src/main.c");
    json_close(root);
}

static void own_cause(void **state) {
    (void)state;
    char *text = arena_take(&arena, RUNTIME_MAX_CAUSE_BYTES + 1);
    memset(text, 'x', RUNTIME_MAX_CAUSE_BYTES + 1);
    struct lambda_failure f = {.xray_error_cause = {text, RUNTIME_MAX_CAUSE_BYTES}};
    assert_ptr_equal(runtime_error_cause(&f, &arena).p, text);
    f.xray_error_cause.n++;
    assert_null(runtime_error_cause(&f, &arena).p);
    f.xray_error_cause = STR("{\"a\":\n1}");
    assert_null(runtime_error_cause(&f, &arena).p);
    f.xray_error_cause = STR("{\"a\":\"gr\xc3\xbcn\"}");
    check_text(runtime_error_cause(&f, &arena), "{\"a\":\"gr\xc3\xbcn\"}");
}

#define ERROR_CASE(sentence, function) \
    { sentence, function, set_up, tear_down, NULL }

int main(void) {
    const struct CMUnitTest tests[] = {
        ERROR_CASE("what is no Category.Reason goes out as Function.Unknown", types),
        ERROR_CASE("message, type and stack trace are in the body as they are", body),
        ERROR_CASE("a failure of which nothing is known is still an error", nothing_known),
        ERROR_CASE("a body of the function's own goes out as it is", own_body),
        ERROR_CASE("an own body that fits into no trailer is replaced there", large_own_body),
        ERROR_CASE("any byte may be in any text", every_byte),
        ERROR_CASE("endless texts give JSON of a bounded size", bounds),
        ERROR_CASE("a message is cut between two letters", cut_inside_letter),
        ERROR_CASE("the X-Ray cause has the folder, the exception, its frames and their paths", cause),
        ERROR_CASE("an own X-Ray cause is dropped when no header field can hold it", own_cause),
    };
    return cmocka_run_group_tests_name("runtime_error", tests, NULL, NULL);
}
