/* SPDX-License-Identifier: Apache-2.0 */
/* local/route.c: the closest route of each kind of API, the values of its path parameters, and the paths that none takes.
   https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html */
#include "route.h"

#include "check.h"

static struct arena arena;

static int open_arena(void **state) {
    (void)state;
    arena_init(&arena, 1024 * 1024);
    return 0;
}

static int close_arena(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

#define ROUTE(m, p) \
    { .method = STR_INIT(m), .path = STR_INIT(p) }

static struct model_route routes[] = {
    ROUTE("GET", "/"),
    ROUTE("GET", "/pets/dog/1"),
    ROUTE("GET", "/pets/dog/{id}"),
    ROUTE("GET", "/pets/{proxy+}"),
    ROUTE("ANY", "/items/{id}"),
    ROUTE("PUT", "/items/{id}"),
    ROUTE("GET", "/items/new"),
    ROUTE("GET", "/{a}/x/{b}"),
    ROUTE("POST", "/files/{rest+}"),
    ROUTE("GET", "/private"),
};
enum { N_ROUTES = sizeof routes / sizeof *routes };

/* The route that takes it, as "METHOD template name=value ..."; "-" when none does. */
static const char *taken(const struct model_api *api, const char *method, const char *path) {
    const struct http_request rq = {.method = str_of(method), .path = str_of(path)};
    const struct model_route *route;
    struct http_fields params = {0};
    struct buf text;
    struct err e;
    check_ok(route_find(api, &rq, &route, &params, &arena, &e), e);
    if (!route) return "-";
    buf_init(&text, 4096, &arena);
    buf_addf(&text, "%.*s %.*s", STR_ARG(route->method), STR_ARG(route->path));
    for (size_t i = 0; i < params.n; i++)
        buf_addf(&text, " %.*s=%.*s", STR_ARG(params.at[i].name), STR_ARG(params.at[i].value));
    return arena_copy(&arena, buf_str(&text));
}

struct request {
    const char *method, *path, *taken;
};

static void check_all(const struct model_api *api, const struct request *cases, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const char *got = taken(api, cases[i].method, cases[i].path);
        if (strcmp(got, cases[i].taken) != 0)
            fail_msg("%s %s: %s instead of %s", cases[i].method, cases[i].path, got, cases[i].taken);
    }
}

#define CHECK_ALL(api, cases) check_all(api, cases, sizeof cases / sizeof *cases)

static const struct model_api REST = {
    .kind = MODEL_REST_API, .stage = STR_INIT("dev"), .routes = routes, .n_routes = N_ROUTES};
static const struct model_api HTTP = {
    .kind = MODEL_HTTP_API, .stage = STR_INIT("$default"), .routes = routes, .n_routes = N_ROUTES};
static const struct model_api STAGED = {
    .kind = MODEL_HTTP_API, .stage = STR_INIT("dev"), .routes = routes, .n_routes = N_ROUTES};

static void rest(void **state) {
    (void)state;
    static const struct request cases[] = {
        {"GET", "/dev", "GET /"},
        {"GET", "/dev/", "GET /"},
        {"GET", "/dev/pets/dog/1", "GET /pets/dog/1"},
        {"GET", "/dev/pets/dog/2", "GET /pets/dog/{id} id=2"},
        {"GET", "/dev/pets/cat", "GET /pets/{proxy+} proxy=cat"},
        {"GET", "/dev/pets/cat/3/4", "GET /pets/{proxy+} proxy=cat/3/4"},
        {"GET", "/dev/pets/cat/", "GET /pets/{proxy+} proxy=cat/"},
        {"POST", "/dev/items/7", "ANY /items/{id} id=7"},
        {"PUT", "/dev/items/7", "PUT /items/{id} id=7"},
        {"GET", "/dev/items/new", "GET /items/new"},
        {"GET", "/dev/items/New", "ANY /items/{id} id=New"},
        {"GET", "/dev/q/x/r", "GET /{a}/x/{b} a=q b=r"},
        {"GET", "/dev/pets/x/r", "GET /pets/{proxy+} proxy=x/r"}, /* text first, from the left */
        {"GET", "/dev/items/a%20b", "ANY /items/{id} id=a%20b"},
        {"GET", "/dev/items/a%2Fb", "ANY /items/{id} id=a%2Fb"},
        {"GET", "/dev/items/https%3A%2F%2Fh", "ANY /items/{id} id=https%3A%2F%2Fh"},
        {"GET", "/dev/items/..a%2Fb..", "ANY /items/{id} id=..a%2Fb.."},
        {"GET", "/dev/items/+", "ANY /items/{id} id=+"},
        {"GET", "/dev/items/a.b", "ANY /items/{id} id=a.b"},
    };
    CHECK_ALL(&REST, cases);
}

static void http(void **state) {
    (void)state;
    static const struct request cases[] = {
        {"GET", "/", "GET /"},
        {"GET", "/pets/dog/1", "GET /pets/dog/1"},
        {"GET", "/pets/dog/2", "GET /pets/dog/{id} id=2"},
        {"GET", "/pets/cat/1", "GET /pets/{proxy+} proxy=cat/1"},
        {"GET", "/pets/x/r", "GET /{a}/x/{b} a=pets b=r"}, /* whole matches before greedy ones */
        {"GET", "/items/a%20b", "ANY /items/{id} id=a b"},
        {"GET", "/items/%E2%82%AC", "ANY /items/{id} id=\xe2\x82\xac"},
        {"GET", "/pets/a%2Fb/c", "GET /pets/{proxy+} proxy=a/b/c"},
        {"GET", "/items/a%2Fb", "-"}, /* one part, or two */
        {"GET", "/items/a%3Fb", "-"}, /* AWS cuts it at the '?' */
        {"GET", "/items/a%00b", "-"},
    };
    static const struct request staged[] = {
        {"GET", "/dev/private", "GET /private"}, {"GET", "/dev", "GET /"}, {"GET", "/private", "-"}, {"GET", "/", "-"}};
    CHECK_ALL(&HTTP, cases);
    CHECK_ALL(&STAGED, staged);
}

/* The trees and requests that were measured at a REST API of AWS. */
static void measured(void **state) {
    (void)state;
    static struct model_route jobs[] = {ROUTE("ANY", "/{proxy+}"), ROUTE("GET", "/jobs/{type}"),
                                        ROUTE("OPTIONS", "/cors")};
    static struct model_route users[] = {
        ROUTE("GET", "/users/{id}"), ROUTE("PATCH", "/users/me"),  ROUTE("POST", "/roles/provision"),
        ROUTE("GET", "/roles/{id}"), ROUTE("GET", "/things/real"), ROUTE("POST", "/things/{proxy+}"),
    };
    static const struct request of_jobs[] = {{"GET", "/jobs/reboot", "GET /jobs/{type} type=reboot"},
                                             {"POST", "/jobs/reboot", "ANY /{proxy+} proxy=jobs/reboot"},
                                             {"GET", "/jobs", "ANY /{proxy+} proxy=jobs"},
                                             {"POST", "/jobs", "ANY /{proxy+} proxy=jobs"},
                                             {"GET", "/cors", "ANY /{proxy+} proxy=cors"}};
    static const struct request of_users[] = {{"GET", "/users/me", "GET /users/{id} id=me"},
                                              {"PATCH", "/users/me", "PATCH /users/me"},
                                              {"GET", "/users/abc", "GET /users/{id} id=abc"},
                                              {"POST", "/users/me", "-"},
                                              {"POST", "/roles/provision", "POST /roles/provision"},
                                              {"GET", "/roles/provision", "GET /roles/{id} id=provision"},
                                              {"GET", "/things/real", "GET /things/real"},
                                              {"POST", "/things/real", "POST /things/{proxy+} proxy=real"}};
    struct model_api api = {.stage = STR_INIT("$default")};
    for (int http_api = 0; http_api < 2; http_api++) {
        api.kind = http_api ? MODEL_HTTP_API : MODEL_REST_API;
        api.routes = jobs, api.n_routes = sizeof jobs / sizeof *jobs;
        CHECK_ALL(&api, of_jobs);
        api.routes = users, api.n_routes = sizeof users / sizeof *users;
        CHECK_ALL(&api, of_users);
    }
}

/* A closer ANY goes before a wider route's name. */
static void methods(void **state) {
    (void)state;
    static struct model_route few[] = {ROUTE("GET", "/{proxy+}"), ROUTE("GET", "/{id}"),     ROUTE("ANY", "/a"),
                                       ROUTE("ANY", "/{id}"),     ROUTE("ANY", "/{proxy+}"), ROUTE("PUT", "/a")};
    static const struct request cases[] = {{"GET", "/a", "ANY /a"},
                                           {"PUT", "/a", "PUT /a"},
                                           {"GET", "/b", "GET /{id} id=b"},
                                           {"PUT", "/b", "ANY /{id} id=b"},
                                           {"GET", "/a/b", "GET /{proxy+} proxy=a/b"},
                                           {"PUT", "/a/b", "ANY /{proxy+} proxy=a/b"}};
    struct model_api api = {.stage = STR_INIT("$default"), .routes = few, .n_routes = sizeof few / sizeof *few};
    for (int http_api = 0; http_api < 2; http_api++) {
        api.kind = http_api ? MODEL_HTTP_API : MODEL_REST_API;
        CHECK_ALL(&api, cases);
    }
    static const char *const none[] = {"get", "TRACE", "CONNECT", "ANY", "*", "", "GET "};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) assert_string_equal(taken(&api, none[i], "/other"), "-");
}

static void nothing(void **state) {
    (void)state;
    static const char *const paths[] = {"/private/",
                                        "//private",
                                        "/private//",
                                        "/./private",
                                        "/x/../private",
                                        "/items/",
                                        "/items",
                                        "/items//",
                                        "/items/1/",
                                        "/files",
                                        "/files/",
                                        "/files//a",
                                        "/files/./a",
                                        "/files/a/..",
                                        "/files/%2e%2e/",
                                        "/items/%2E",
                                        "/items/%",
                                        "/items/%zz",
                                        "/items/..%2fa",
                                        "/items/.%2Fa",
                                        "/items/a%2f..",
                                        "/items/%2e%2E%2fa",
                                        "/items/a%2F.%2Fb",
                                        "/files/a/..%2f",
                                        "/items/%4",
                                        "/PRIVATE",
                                        "private",
                                        "",
                                        "*",
                                        "/privat",
                                        "/private2",
                                        "/private/x",
                                        "/items/1/2",
                                        "/Items/1",
                                        "http://h/files",
                                        "/dev2/private"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct buf staged;
        buf_init(&staged, 256, &arena);
        buf_addf(&staged, "%s%s", paths[i][0] == '/' ? "/dev" : "", paths[i]);
        const char *at_stage = arena_copy(&arena, buf_str(&staged));
        const char *const tried[] = {taken(&REST, "GET", at_stage), taken(&REST, "POST", at_stage),
                                     taken(&STAGED, "POST", at_stage), taken(&HTTP, "POST", paths[i])};
        for (size_t k = 0; k < sizeof tried / sizeof *tried; k++)
            if (strcmp(tried[k], "-") != 0) fail_msg("%s: taken by %s", paths[i], tried[k]);
    }
}

/* A spelling that AWS might read as another route is nobody's: it could be the open door beside the closed one. */
static void two_readings(void **state) {
    (void)state;
    static struct model_route few[] = {ROUTE("GET", "/private"), ROUTE("GET", "/a/{id}"), ROUTE("ANY", "/{proxy+}"),
                                       ROUTE("ANY", "$default")};
    struct model_api api = {.kind = MODEL_REST_API, .stage = STR_INIT("$default"), .routes = few, .n_routes = 3};
    static const char *const odd[] = {"/%70rivate", "/privat%65", "/%61/1"};
    for (int http_api = 0; http_api < 2; http_api++) {
        api.kind = http_api ? MODEL_HTTP_API : MODEL_REST_API;
        api.n_routes = http_api ? 4 : 3;
        for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) assert_string_equal(taken(&api, "GET", odd[i]), "-");
    }
    assert_string_equal(taken(&api, "GET", "/a%2F1"), "-");
    assert_string_equal(taken(&api, "GET", "/other%20x"), "ANY /{proxy+} proxy=other x");
}

static void fallback(void **state) {
    (void)state;
    static struct model_route few[] = {ROUTE("ANY", "$default"), ROUTE("GET", "/private"), ROUTE("GET", "$default")};
    struct model_api api = {.kind = MODEL_HTTP_API, .stage = STR_INIT("$default"), .routes = few, .n_routes = 2};
    static const struct request cases[] = {{"GET", "/private", "GET /private"},
                                           {"POST", "/private", "ANY $default"},
                                           {"GET", "/", "ANY $default"},
                                           {"GET", "/a/b/", "ANY $default"},
                                           {"GET", "/a//b", "-"},
                                           {"GET", "/a/../b", "-"}};
    CHECK_ALL(&api, cases);
    api.n_routes = 3;
    assert_string_equal(taken(&api, "GET", "/x"), "GET $default");
}

static void function_url(void **state) {
    (void)state;
    static struct model_route one[] = {ROUTE("ANY", "$default")};
    const struct model_api api = {
        .kind = MODEL_FUNCTION_URL, .stage = STR_INIT("$default"), .routes = one, .n_routes = 1};
    static const char *const paths[] = {"/", "/a//b", "/a/../b", "/%zz", "/a%2Fb", "/a/"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        assert_string_equal(taken(&api, i % 2 ? "GET" : "DELETE", paths[i]), "ANY $default");
    assert_string_equal(taken(&api, "GET", "*"), "-");
    assert_string_equal(taken(&api, "get", "/"), "-");
}

static void stage_in_path(void **state) {
    (void)state;
    struct buf text;
    check_str(route_inside(&REST, STR("/dev/a")), STR("/a"));
    check_str(route_inside(&REST, STR("/dev")), STR("/"));
    assert_null(route_inside(&REST, STR("/devil/a")).p);
    assert_null(route_inside(&REST, STR("/DEV/a")).p);
    check_str(route_inside(&HTTP, STR("/dev/a")), STR("/dev/a"));
    buf_init(&text, 64, &arena);
    route_write_path(&text, &STAGED, STR("/a"));
    route_write_path(&text, &HTTP, STR("/b"));
    check_text(buf_str(&text), "/dev/a/b");
}

static void no_memory(void **state) {
    (void)state;
    const struct http_request rq = {.method = STR("GET"), .path = STR("/dev/items/a%20b")};
    const struct model_route *route;
    struct http_fields params = {0};
    struct arena none;
    struct err e;
    arena_init(&none, 0);
    assert_false(route_find(&REST, &rq, &route, &params, &none, &e));
    assert_int_equal(e.kind, ERR_MEMORY);
    assert_null(route);
    arena_close(&none);
}

#define WITH_ARENA(sentence, function) \
    { sentence, function, open_arena, close_arena, NULL }

int main(void) {
    const struct CMUnitTest cases[] = {
        WITH_ARENA("a REST API takes text before {id} before {proxy+}, part by part, values as sent", rest),
        WITH_ARENA("an HTTP API takes whole matches before greedy ones, values decoded", http),
        WITH_ARENA("a method that a resource lacks is looked for in wider ones, as measured at AWS", measured),
        WITH_ARENA("a closer ANY goes before a wider route's named method", methods),
        WITH_ARENA("no route takes a slash too many, an empty part, dots or another case", nothing),
        WITH_ARENA("a path that decodes to another route takes none", two_readings),
        WITH_ARENA("$default takes what no other route takes", fallback),
        WITH_ARENA("a function URL takes every path", function_url),
        WITH_ARENA("the stage is the path's first part, unless it is $default", stage_in_path),
        WITH_ARENA("without memory there is no route", no_memory),
    };
    return cmocka_run_group_tests_name("route", cases, NULL, NULL);
}
