/* SPDX-License-Identifier: Apache-2.0 */
/* API Gateway events and replies, read and written: REST API proxy (payload 1.0), HTTP API and Function URL (payload 2.0).
   https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
   https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html */
#ifndef RUNTIME_APIGW_H
#define RUNTIME_APIGW_H

#include "buf.h"
#include "http_msg.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Payload 1.0 of a REST API, 2.0 of an HTTP API, and 2.0 as a function URL speaks it: the members are the same, but cookies,
   absent values and inferred replies differ. */
enum apigw_format { APIGW_REST, APIGW_HTTP_V2, APIGW_FUNCTION_URL };

/* requestContext.identity (REST) or requestContext.authorizer.iam (2.0). Absent on an open method. */
struct apigw_identity {
    struct str user_arn, caller, user, access_key, account_id, principal_org_id;
    struct str source_ip, user_agent;
    struct str api_key, api_key_id; /* REST, of a method that requires a key */
};

struct apigw_event {
    enum apigw_format format;
    struct http_request http;  /* path without the stage (REST) or rawPath (2.0); query encoded; body decoded */
    bool body_is_base64;       /* the event carried the body in base64 */
    struct http_fields params; /* the query, decoded, in order, repeats kept */
    struct str raw_query;      /* rawQueryString (2.0) byte for byte; http.query is encoded anew, fit to be signed */
    struct http_fields path_params, stage_variables;
    struct apigw_identity identity;
    struct str resource, resource_id; /* "/private"; "GET /private" or "$default" (2.0: the route key) */
    struct str api_id, stage, account_id, domain_name, domain_prefix, protocol;
    struct str request_id, extended_request_id, deployment_id;
    int64_t time_epoch_ms;
};

/* Everything lives in the arena. ERR_PARSE: not JSON, no known shape, a member of the wrong type, bad base64. */
bool apigw_read_event(struct str json, struct apigw_event *event, struct arena *a, struct err *e);

/* Writes the event with every member AWS sends. What is absent becomes null (REST) or is left out (2.0). Read again it is the
   same event; 2.0 joins repeated headers and cookies to one, with names in lower case. */
void apigw_write_event(struct buf *json, const struct apigw_event *event, struct arena *a);

/* A body that is not UTF-8 text, or holds a NUL, goes out in base64. */
void apigw_write_reply(struct buf *json, enum apigw_format format, const struct http_response *rs);

/* ERR_PARSE when the service would answer with its own error for this reply. In 2.0 any JSON but an object with a statusCode
   is the body of a 200. The content type defaults to application/json; an HTTP API that is given a statusCode takes
   text/plain; charset=utf-8. */
bool apigw_read_reply(struct str json, enum apigw_format format, struct http_response *rs, struct arena *a,
                      struct err *e);

/* A streamed reply of this content type begins with the JSON of its head, APIGW_PRELUDE_NULS bytes of value 0 behind it,
   both together in the first APIGW_PRELUDE_BYTES; the body follows as it is.
   https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode-lambda.html */
#define APIGW_PRELUDE_TYPE "application/vnd.awslambda.http-integration-response"
enum { APIGW_PRELUDE_NULS = 8, APIGW_PRELUDE_BYTES = 16 * 1024 };

/* The JSON {"statusCode","headers","multiValueHeaders","cookies"}, with the rules of a reply; *rs gets no body. Without a
   statusCode it is 200, without a content type application/octet-stream. */
bool apigw_read_prelude(struct str json, struct http_response *rs, struct arena *a, struct err *e);

#ifdef __cplusplus
}
#endif

#endif
