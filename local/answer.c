/* SPDX-License-Identifier: Apache-2.0 */
/* Two tables. Which cell is documented, seen or assumed is said in README.md.
   https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
   https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
   https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
#include "answer.h"

#define MESSAGE(text) STR_INIT("{\"message\":\"" text "\"}")
#define SEE_URLS_AUTH \
    "Forbidden. For troubleshooting Function URL authorization issues, see: " \
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"

enum { KINDS = MODEL_FUNCTION_URL + 1, MAX_EVENT_BYTES = 6 * 1024 * 1024, MAX_BODY_BYTES = 10 * 1024 * 1024 };

static const struct {
    int status;
    const char *type; /* x-amzn-ErrorType; NULL: none */
    struct str body;
} answers[KINDS][ANSWER_KINDS] = {
    [MODEL_REST_API] =
        {[ANSWER_NO_ROUTE] = {403, "MissingAuthenticationTokenException", MESSAGE("Missing Authentication Token")},
         [ANSWER_DENIED] = {403, "AccessDeniedException", STR_INIT("{\"Message\":\"Access Denied\"}")},
         [ANSWER_NO_KEY] = {403, "ForbiddenException", MESSAGE("Forbidden")},
         [ANSWER_BAD_REQUEST] = {400, "BadRequestException", MESSAGE("Bad Request")},
         [ANSWER_LONG_BODY] = {413, "RequestTooLargeException", MESSAGE("Request Too Long")},
         [ANSWER_LONG_HEADERS] = {431, "BadRequestException", MESSAGE("Request Header Fields Too Large")},
         [ANSWER_LONG_URL] = {414, "BadRequestException", MESSAGE("Request URI too long")},
         [ANSWER_BAD_REPLY] = {502, "InternalServerErrorException",
                               STR_INIT("{\"message\": \"Internal server error\"}")},
         [ANSWER_TOO_LATE] = {504, "INTEGRATION_TIMEOUT", STR_INIT("{\"message\": \"Endpoint request timed out\"}")},
         [ANSWER_THROTTLED] = {500, "InternalServerErrorException",
                               STR_INIT("{\"message\": \"Internal server error\"}")},
         [ANSWER_UNAVAILABLE] = {503, "ServiceUnavailableException", MESSAGE("Service Unavailable")},
         [ANSWER_FAULT] = {500, "InternalServerErrorException", MESSAGE("Internal server error")}},
    [MODEL_HTTP_API] = {[ANSWER_NO_ROUTE] = {404, NULL, MESSAGE("Not Found")},
                        [ANSWER_DENIED] = {403, NULL, MESSAGE("Forbidden")},
                        [ANSWER_NO_KEY] = {403, NULL, MESSAGE("Forbidden")},
                        [ANSWER_BAD_REQUEST] = {400, NULL, MESSAGE("Bad Request")},
                        [ANSWER_LONG_BODY] = {413, NULL, MESSAGE("Request Entity Too Large")},
                        [ANSWER_LONG_HEADERS] = {431, NULL, MESSAGE("Request Header Fields Too Large")},
                        [ANSWER_LONG_URL] = {414, NULL, MESSAGE("URI Too Long")},
                        [ANSWER_BAD_REPLY] = {500, NULL, MESSAGE("Internal Server Error")},
                        [ANSWER_TOO_LATE] = {503, NULL, MESSAGE("Service Unavailable")},
                        [ANSWER_THROTTLED] = {503, NULL, MESSAGE("Service Unavailable")},
                        [ANSWER_UNAVAILABLE] = {503, NULL, MESSAGE("Service Unavailable")},
                        [ANSWER_FAULT] = {500, NULL, MESSAGE("Internal Server Error")}},
    [MODEL_FUNCTION_URL] =
        {[ANSWER_NO_ROUTE] = {403, "AccessDeniedException", STR_INIT("{\"Message\":\"" SEE_URLS_AUTH "\"}")},
         [ANSWER_DENIED] = {403, "AccessDeniedException", STR_INIT("{\"Message\":\"" SEE_URLS_AUTH "\"}")},
         [ANSWER_NO_KEY] = {403, "ForbiddenException", MESSAGE("Forbidden")},
         [ANSWER_BAD_REQUEST] = {400, "BadRequestException", MESSAGE("Bad Request")},
         [ANSWER_LONG_BODY] = {413, "RequestTooLargeException",
                               STR_INIT("{\"Message\":\"Request must be smaller than 6291456 bytes for the "
                                        "InvokeFunction operation\"}")},
         [ANSWER_LONG_HEADERS] = {431, "BadRequestException", MESSAGE("Request Header Fields Too Large")},
         [ANSWER_LONG_URL] = {414, "BadRequestException", MESSAGE("URI Too Long")},
         [ANSWER_BAD_REPLY] = {502, "InternalServerErrorException", STR_INIT("Internal Server Error")},
         [ANSWER_TOO_LATE] = {502, "InternalServerErrorException", STR_INIT("Internal Server Error")},
         [ANSWER_THROTTLED] = {429, "TooManyRequestsException",
                               STR_INIT("{\"Reason\":\"ReservedFunctionConcurrentInvocationLimitExceeded\",\"Type\":"
                                        "\"User\",\"message\":\"Rate Exceeded.\"}")},
         [ANSWER_UNAVAILABLE] = {503, "ServiceUnavailableException", MESSAGE("Service Unavailable")},
         [ANSWER_FAULT] = {500, "InternalServerErrorException", STR_INIT("Internal Server Error")}},
};

const struct answer_limits *answer_limits(enum model_api_kind kind) {
    static const struct answer_limits limits[KINDS] = {
        [MODEL_REST_API] = {MAX_BODY_BYTES, 10240, 10240, false, 29000},
        [MODEL_HTTP_API] = {MAX_BODY_BYTES, 10240, 0, true, 30000},
        [MODEL_FUNCTION_URL] = {MAX_EVENT_BYTES, 0, 0, false, 0},
    };
    return &limits[kind];
}

bool answer_add_type(struct http_response *rs, struct str type, struct arena *a, struct err *e) {
    return !type.p || http_field_add(&rs->fields, STR("x-amzn-ErrorType"), type, a, e);
}

bool answer_make(enum model_api_kind kind, enum answer answer, struct http_response *rs, struct arena *a,
                 struct err *e) {
    *rs = (struct http_response){.status = answers[kind][answer].status, .body = answers[kind][answer].body};
    return answer_add_type(rs, str_of(answers[kind][answer].type), a, e);
}
