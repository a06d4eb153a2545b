/* SPDX-License-Identifier: Apache-2.0 */
/* libsigv4.a alone: signs a request and prints where the signature goes. */
#include <sigv4.h>
#include <stdio.h>

int main(void) {
    struct sigv4_keys keys = {.id = STR("AKIDEXAMPLE"), .secret = STR("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")};
    struct sigv4_scope scope = {.region = STR("us-east-1"), .service = STR("service"), .unix_s = 1440938160};
    struct http_request rq = {.method = STR("GET"), .path = STR("/")};
    struct arena a;
    struct err e;
    arena_init(&a, 1 << 20);
    bool ok = http_field_add(&rq.fields, STR("Host"), STR("example.amazonaws.com"), &a, &e) &&
              sigv4_sign(&rq, &keys, &scope, &a, &e);
    if (ok) printf("%.*s\n", STR_ARG(http_field_get(&rq.fields, STR("Authorization"))));
    else fprintf(stderr, "%s\n", e.msg);
    arena_close(&a);
    return ok ? 0 : 1;
}
