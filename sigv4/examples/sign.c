/* SPDX-License-Identifier: Apache-2.0 */
/* Signs with any HTTP client: sign HOST PATH | curl -H @- https://HOST/PATH */
#include <sigv4.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int main(int argc, char **argv) {
    static char memory[16384];
    struct arena a;
    struct err e = {0};
    struct sigv4_keys keys = {str_of(getenv("AWS_ACCESS_KEY_ID")), str_of(getenv("AWS_SECRET_ACCESS_KEY")),
                              str_of(getenv("AWS_SESSION_TOKEN"))};
    struct sigv4_scope scope = {.region = STR("us-east-1"), .service = STR("execute-api"), .unix_s = time(NULL)};
    struct http_request rq = {.method = STR("GET"), .path = str_of(argc > 2 ? argv[2] : "/")};
    arena_init_fixed(&a, memory, sizeof memory); /* no heap */
    if (!http_field_add(&rq.fields, STR("Host"), str_of(argc > 1 ? argv[1] : ""), &a, &e) ||
        !sigv4_sign(&rq, &keys, &scope, &a, &e))
        return fprintf(stderr, "%s\n", e.msg), 1;
    for (size_t i = 1; i < rq.fields.n; i++) /* what signing added, behind Host */
        printf("%.*s: %.*s\n", STR_ARG(rq.fields.at[i].name), STR_ARG(rq.fields.at[i].value));
    return 0;
}
