/* SPDX-License-Identifier: Apache-2.0 */
/* handlers/container_credentials.c against a scripted endpoint. */
#include <unistd.h>

#include "container_credentials.h"
#include "keys_fixture.h"

#define RELATIVE_URI "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
#define FULL_URI "AWS_CONTAINER_CREDENTIALS_FULL_URI"
#define TOKEN "AWS_CONTAINER_AUTHORIZATION_TOKEN"
#define TOKEN_FILE "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
#define PATH "/v2/credentials/s3cret-path"
#define KEYS(id, end) \
    "{\"AccessKeyId\":\"" id "\",\"SecretAccessKey\":\"Se3cret\",\"Token\":\"tok==\",\"Expiration\":\"" end "\"}"

static struct credentials_cache cache;

static int set_up(void **state) {
    static const char *const unset[] = {RELATIVE_URI, FULL_URI, TOKEN, TOKEN_FILE};
    for (size_t i = 0; i < sizeof unset / sizeof *unset; i++) unsetenv(unset[i]);
    log_open(LOG_TEXT, LOG_FATAL, 2);
    open_arena(state);
    return credentials_cache_open(&cache, &e) ? 0 : -1;
}

static int tear_down(void **state) {
    credentials_cache_close(&cache);
    return close_arena(state);
}

static void start(const struct scripted_step *steps, size_t n) {
    start_at(FULL_URI, PATH "?q=1", steps, n);
}

static bool get_keys(int64_t now_s) {
    const struct credentials_time when = {now_s, 5000};
    return container_credentials_keys(&cache, &when, &keys, &arena, &e);
}

static void asked(void **state) {
    (void)state;
    const struct scripted_step steps[] = {answer("200 OK", KEYS("ASIAONE", "2023-11-14T22:28:20Z")),
                                          answer("200 OK", KEYS("ASIATWO", "2023-11-14T22:43:20Z"))};
    setenv(TOKEN, "Bearer x", 1);
    start(steps, 2);
    assert_true(container_credentials_given());
    check_ok(get_keys(NOW), e);
    check_text(keys.id, "ASIAONE");
    check_text(keys.secret, "Se3cret");
    check_text(keys.token, "tok==");
    check_ok(get_keys(NOW + 599), e);
    check_text(keys.id, "ASIAONE");
    setenv(TOKEN, "Bearer y", 1); /* read anew each time */
    check_ok(get_keys(NOW + 600), e);
    check_text(keys.id, "ASIATWO");
    stop_after(2);
    check_text(scripted_line(server.request[0]), "GET " PATH "?q=1 HTTP/1.1");
    check_str(scripted_field(server.request[0], "Host"), str_of(server.host_port));
    check_text(scripted_field(server.request[0], "Accept"), "application/json");
    check_text(scripted_field(server.request[0], "Authorization"), "Bearer x");
    check_text(scripted_field(server.request[1], "Authorization"), "Bearer y");
    scripted_close(&server);
}

static void no_token(void **state) {
    (void)state;
    const struct scripted_step step = answer("200 OK", KEYS("ASIAONE", "2023-11-14T22:28:20Z"));
    start(&step, 1);
    check_ok(get_keys(NOW), e);
    stop_after(1);
    assert_null(scripted_field(server.request[0], "Authorization").p);
    scripted_close(&server);
}

static void write_file(const char *path, const char *text) {
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static void token_file(void **state) {
    (void)state;
    char path[] = "/tmp/test_container_XXXXXX";
    const struct scripted_step step = answer("200 OK", KEYS("ASIAONE", "2023-11-14T22:28:20Z"));
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    setenv(TOKEN, "Bearer from the variable", 1);
    setenv(TOKEN_FILE, path, 1);
    start(&step, 1);
    assert_false(get_keys(NOW));
    assert_non_null(strstr(e.msg, "which is empty"));
    write_file(path, "Bearer\nt0ken");
    assert_false(get_keys(NOW + 10));
    assert_int_equal(e.kind, ERR_CONFIG);
    assert_non_null(strstr(e.msg, TOKEN_FILE " holds a control byte"));
    assert_null(strstr(e.msg, "t0ken"));
    write_file(path, "Bearer from the file\n");
    check_ok(get_keys(NOW + 20), e);
    assert_int_equal(unlink(path), 0);
    credentials_cache_close(&cache);
    check_ok(credentials_cache_open(&cache, &e), e);
    assert_false(get_keys(NOW));
    assert_non_null(strstr(e.msg, TOKEN_FILE " names /tmp/test_container_"));
    assert_non_null(strstr(e.msg, "No such file"));
    stop_after(1);
    check_text(scripted_field(server.request[0], "Authorization"), "Bearer from the file");
    scripted_close(&server);
}

static void bad_settings(void **state) {
    (void)state;
    static const struct {
        const char *variable, *value, *named;
    } bad[] = {
        {FULL_URI, "http://example.com/x", "AWS_CONTAINER_CREDENTIALS_FULL_URI starts with http://"},
        {FULL_URI, "http://169.254.169.254/x", "AWS_CONTAINER_CREDENTIALS_FULL_URI starts with http://"},
        {FULL_URI, "http://169.254.170.2.example/x", "AWS_CONTAINER_CREDENTIALS_FULL_URI starts with http://"},
        {FULL_URI, "http://[fd00:ec2::24]/x", "AWS_CONTAINER_CREDENTIALS_FULL_URI starts with http://"},
        {FULL_URI, "ftp://localhost/", "AWS_CONTAINER_CREDENTIALS_FULL_URI is no usable URL"},
        {FULL_URI, "/v2/x", "AWS_CONTAINER_CREDENTIALS_FULL_URI is no usable URL"},
        {RELATIVE_URI, "v2/x", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI does not start with a '/'"},
        {RELATIVE_URI, "@example.com/", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI does not start with a '/'"},
        {RELATIVE_URI, "/a b", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is no usable URL"},
        {TOKEN, "t0ken\r\nX: y", "AWS_CONTAINER_AUTHORIZATION_TOKEN holds a control byte"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        unsetenv(RELATIVE_URI);
        setenv(FULL_URI, "http://127.0.0.1:1/", 1);
        setenv(bad[i].variable, bad[i].value, 1);
        if (get_keys(NOW + 10 * (int64_t)i)) fail_msg("taken: %s", bad[i].value);
        assert_int_equal(e.kind, ERR_CONFIG);
        if (!strstr(e.msg, bad[i].named)) fail_msg("%s: %s", bad[i].value, e.msg);
        assert_null(strstr(e.msg, "t0ken"));
    }
}

/* Only read, never asked: on a machine of AWS somebody is there. */
static void addresses(void **state) {
    (void)state;
    static const char *const good[] = {"http://169.254.170.2/x",  "http://169.254.170.23/x",
                                       "http://[fd00:ec2::23]/x", "http://[fd00:ec2:0:0:0:0:0:23]/x",
                                       "http://localhost/x",      "http://127.1.2.3:80/x",
                                       "http://[::1]:1/x",        "https://keys.example/x"};
    struct url u;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        setenv(FULL_URI, good[i], 1);
        check_ok(container_credentials_url(&u, &arena, &e), e);
        check_text(u.path, "/x");
    }
}

static void relative_wins(void **state) {
    (void)state;
    struct url u;
    setenv(RELATIVE_URI, PATH "?q=1", 1);
    setenv(FULL_URI, "ftp://nonsense", 1);
    check_ok(container_credentials_url(&u, &arena, &e), e);
    assert_false(u.tls);
    check_text(u.host, "169.254.170.2");
    check_text(u.path, PATH);
    check_text(u.query, "q=1");
}

static void answers(void **state) {
    (void)state;
    static const struct {
        const char *status, *body, *sentence;
        enum err_kind kind;
    } bad[] = {
        {"403 Forbidden", "{\"code\":\"InvalidAuthorizationToken\",\"message\":\"Se3cret\"}",
         "it answered 403 InvalidAuthorizationToken; check AWS_CONTAINER_AUTHORIZATION_TOKEN or "
         "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
         ERR_REFUSED},
        {"500 Error", "Se3cret", "it answered 500 without a code; its own log says why", ERR_REFUSED},
        {"302 Found", "", "it answered 302 without a code", ERR_REFUSED},
        {"200 OK", "Se3cret", "its answer is not JSON", ERR_PROTOCOL},
        {"200 OK", "{\"AccessKeyId\":\"ASIAX\",\"SecretAccessKey\":\"Se3cret\"}", "there is no Token", ERR_PROTOCOL},
        {"200 OK", KEYS("ASIAX", "2023-11-14T22:13:21Z"), "have ended already", ERR_PROTOCOL},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const struct scripted_step step = answer(bad[i].status, bad[i].body);
        start(&step, 1);
        if (get_keys(NOW + 10 * (int64_t)i)) fail_msg("taken: case %zu", i);
        if (!strstr(e.msg, bad[i].sentence)) fail_msg("case %zu: %s", i, e.msg);
        assert_int_equal(e.kind, bad[i].kind);
        assert_null(strstr(e.msg, "Se3cret"));
        assert_null(strstr(e.msg, "s3cret-path"));
        stop_after(1);
        scripted_close(&server);
    }
}

static void unreachable(void **state) {
    (void)state;
    char url[8192];
    setenv(FULL_URI, "http://127.0.0.1:1" PATH, 1);
    assert_false(get_keys(NOW));
    assert_int_equal(e.kind, ERR_NETWORK);
    assert_true(str_starts(str_of(e.msg), STR("the container credentials endpoint 127.0.0.1: ")));
    assert_null(strstr(e.msg, "s3cret-path"));
    memset(url, 'S', sizeof url);
    memcpy(url, "http://127.0.0.1:1/", 19);
    url[4000] = 0;
    setenv(FULL_URI, url, 1); /* longer than an error sentence */
    assert_false(get_keys(NOW + 10));
    assert_string_equal(e.msg, "the container credentials endpoint 127.0.0.1: the exchange failed");
}

static bool ask(const struct credentials_time *when, struct sigv4_keys *mine, struct arena *a, struct err *why) {
    return container_credentials_keys(&cache, when, mine, a, why);
}

static void one_request(void **state) {
    (void)state;
    struct scripted_step step = answer("200 OK", KEYS("ASIAONE", "2023-11-14T22:28:20Z"));
    step.delay_ms = 100;
    start(&step, 1);
    check_eight_ask(&(struct asker){.ask = ask, .id = "ASIAONE"});
    stop_after(1);
    scripted_close(&server);
}

#define CONTAINER_CASE(sentence, function) \
    { sentence, function, set_up, tear_down, NULL }

int main(void) {
    const struct CMUnitTest tests[] = {
        CONTAINER_CASE("keys are asked for with the token, kept, and refreshed", asked),
        CONTAINER_CASE("without a token there is no Authorization", no_token),
        CONTAINER_CASE("the token's file is read anew and wins over the variable", token_file),
        CONTAINER_CASE("what is wrong is refused by its variable's name, before anything is sent", bad_settings),
        CONTAINER_CASE("plain http is for this machine and AWS's link-local addresses", addresses),
        CONTAINER_CASE("the relative URI wins", relative_wins),
        CONTAINER_CASE("a refusal and a bad answer are told apart and never shown", answers),
        CONTAINER_CASE("an endpoint that is not there is named without its path", unreachable),
        CONTAINER_CASE("eight threads make one request", one_request),
    };
    return cmocka_run_group_tests_name("container_credentials", tests, NULL, NULL);
}
