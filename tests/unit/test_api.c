/* SPDX-License-Identifier: Apache-2.0 */
/* local/api.c: AWS's names of an API. */
#include "api.h"

#include "check.h"
#include "with_arena.h"

static const struct model MODEL = {.region = STR_INIT("cn-north-1"),
                                   .partition = STR_INIT("aws-cn"),
                                   .account_id = STR_INIT("123456789012"),
                                   .url_suffix = STR_INIT("amazonaws.com.cn")};
static const struct model_api REST = {
    .kind = MODEL_REST_API, .api_id = STR_INIT("a1b2c3d4e5"), .stage = STR_INIT("dev")};
static const struct model_api URL = {
    .kind = MODEL_FUNCTION_URL, .api_id = STR_INIT("u1"), .stage = STR_INIT("$default")};

static void check_host(const struct model_api *api, const char *aws, const char *here) {
    struct buf b, local;
    buf_init(&b, 256, &arena);
    buf_init(&local, 256, &arena);
    api_write_host(&b, &MODEL, api);
    api_write_local_host(&local, &MODEL, api);
    check_str(buf_str(&b), str_of(aws));
    check_str(buf_str(&local), str_of(here));
}

static void hosts(void **state) {
    (void)state;
    check_host(&REST, "a1b2c3d4e5.execute-api.cn-north-1.amazonaws.com.cn",
               "a1b2c3d4e5.execute-api.cn-north-1.localhost");
    check_host(&URL, "u1.lambda-url.cn-north-1.on.aws", "u1.lambda-url.cn-north-1.localhost");
}

static void check_arn(bool mask, const char *arn) {
    struct buf b;
    buf_init(&b, 256, &arena);
    api_write_arn(&b, &MODEL, &REST, STR("GET"), mask);
    check_str(buf_str(&b), str_of(arn));
}

static void arns(void **state) {
    (void)state;
    check_arn(false, "arn:aws-cn:execute-api:cn-north-1:123456789012:a1b2c3d4e5/dev/GET");
    check_arn(true, "arn:aws-cn:execute-api:cn-north-1:********9012:a1b2c3d4e5/dev/GET");
}

static void authorizations(void **state) {
    (void)state;
    static const char *const words[] = {"open", "key", "AWS_IAM", "AWS_IAM+key"};
    for (unsigned i = 0; i < 4; i++) {
        const struct model_route r = {.aws_iam = i & 2, .api_key = i & 1};
        assert_string_equal(api_authorization(&r), words[i]);
    }
}

#define CASE(sentence, function) \
    { sentence, function, NULL, NULL, NULL }

int main(void) {
    const struct CMUnitTest cases[] = {
        CASE("an API and a function URL have a host at AWS, and one on this machine", hosts),
        CASE("the ARN of a request, with the account masked in a refusal", arns),
        CASE("a route's authorization has a word", authorizations),
    };
    return cmocka_run_group_tests_name("api", cases, open_arena, close_arena);
}
