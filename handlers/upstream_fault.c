/* SPDX-License-Identifier: Apache-2.0 */
/* Tables: what is seen -> fault -> what is said. */
#include "upstream_fault.h"

#include "json.h"

enum { MAX_CLASS_CHARS = 64, MAX_ID_CHARS = 64 };

static const struct upstream_words WORDS[UPSTREAM_FAULTS] = {
    [UPSTREAM_OK] = {"", 200, "", ""},
    [UPSTREAM_NOT_SIGNED] = {"MissingAuthenticationTokenException", 502,
                             "the private API has no such route or method, or saw no signature",
                             "compare the stage and path of PRIVATE_API_URL and the method with the deployed routes"},
    [UPSTREAM_BAD_AUTHORIZATION] = {"IncompleteSignatureException", 502,
                                    "the private API could not read the Authorization field",
                                    "look for a proxy or an authorizer on the way that changes this field"},
    [UPSTREAM_MISMATCH] = {"InvalidSignatureException", 502, "the private API computed another signature",
                           "set the log level to DEBUG and the next refusal is explained line by line; often "
                           "PRIVATE_API_HOST is not the host that the API sees"},
    [UPSTREAM_EXPIRED] = {"SignatureExpired", 502, "the signature was too old when it reached the private API",
                          "this machine's clock is behind AWS's by more than 5 minutes, or the request was held up"},
    [UPSTREAM_NOT_YET_VALID] = {"SignatureNotYetCurrent", 502, "the signature's date is in the private API's future",
                                "this machine's clock is ahead of AWS's by more than 5 minutes"},
    [UPSTREAM_SCOPE] = {"CredentialScopeMismatch", 502, "the signature is for another region, service or day",
                        "set PRIVATE_API_REGION and PRIVATE_API_SERVICE to those of the private API"},
    [UPSTREAM_BAD_TOKEN] = {"UnrecognizedClientException", 502,
                            "the private API does not know this key, or its session token",
                            "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN do not belong together, or "
                            "the key was deleted"},
    [UPSTREAM_EXPIRED_TOKEN] = {"ExpiredTokenException", 502, "the session token has expired",
                                "the keys of this environment are old; Lambda renews them by itself, a copy of them in "
                                "a configuration does not"},
    [UPSTREAM_POLICY] =
        {"AccessDeniedException", 502,
         "the role of this function may not invoke this method: its policy needs execute-api:Invoke on "
         "it",
         "allow execute-api:Invoke on arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/path, and look "
         "for a deny there or in the API's resource policy"},
    [UPSTREAM_API_KEY] = {"ForbiddenException", 502,
                          "the private API wants an API key, or refuses the one that was sent",
                          "PRIVATE_API_KEY needs a value that is in a usage plan of this stage; a resource policy or "
                          "WAF can answer so too"},
    [UPSTREAM_FORBIDDEN] =
        {"UpstreamForbidden", 502, "the private API forbids the request",
         "an HTTP API says no more for a wrong signature, a missing policy and an expired token alike; "
         "if the private function answered so itself, its log says why"},
    [UPSTREAM_REFUSAL] = {"UpstreamRefusal", 502, "the private API refused the request",
                          "the private function's log says why"},
    [UPSTREAM_THROTTLED] = {"UpstreamThrottled", 502, "the private API has too many requests",
                            "raise the throttle of its stage, method or usage plan, or call it less"},
    [UPSTREAM_REDIRECT] =
        {"UpstreamRedirect", 502, "the private API answered with a redirect",
         "a signature is for one host, so it was not followed: set PRIVATE_API_URL to the final address"},
    [UPSTREAM_FAILURE] = {"UpstreamFailure", 502, "the private API failed", "the private function's log says why"},
    [UPSTREAM_LATE] = {"UpstreamFailure", 504, "the private API failed",
                       "the private function did not answer within API Gateway's own time-out"},
    [UPSTREAM_NOT_JSON] = {"UpstreamNotJson", 502, "the private API's answer is not JSON",
                           "does PRIVATE_API_URL name the private API? Something else may answer there"},
    [UPSTREAM_TIMEOUT] =
        {"UpstreamTimeout", 504, "the private API did not answer in time",
         "raise this function's Timeout if the private function needs longer; if it was never reached, "
         "look at the route, security group and endpoint policy"},
    [UPSTREAM_NAME] = {"UpstreamNameNotFound", 502, "the private API's host name was not found",
                       "check the host of PRIVATE_API_URL; a private API's own name resolves only inside its VPC"},
    [UPSTREAM_CONNECT] = {"UpstreamUnreachable", 502, "the private API was not reached",
                          "nobody listens at PRIVATE_API_URL's host and port, or a security group is in between"},
    [UPSTREAM_TLS] = {"UpstreamTlsError", 502, "no trusted TLS connection to the private API came about",
                      "the certificate must be valid, for the host of PRIVATE_API_URL, and signed by an authority in "
                      "AWS_CA_BUNDLE or the system's bundle; a VPC endpoint's name goes into PRIVATE_API_URL, the "
                      "API's into PRIVATE_API_HOST"},
    [UPSTREAM_DIED] = {"UpstreamConnectionDied", 502,
                       "the connection to the private API ended before its answer was whole",
                       "the request may have been carried out"},
    [UPSTREAM_KEPT_DIED] = {"UpstreamConnectionDied", 502,
                            "the connection to the private API died under the request; it was not sent twice",
                            "the request may have been carried out; make it idempotent (PUT) if it is to be repeated"},
    [UPSTREAM_PROTOCOL] = {"UpstreamProtocolError", 502, "the private API's answer was not whole or not HTTP",
                           "does PRIVATE_API_URL name the private API? A proxy on the way may cut answers"},
    [UPSTREAM_TOO_LONG] = {"UpstreamTooLong", 502, "the private API's answer is longer than this function may answer",
                           "the limit is 6 MiB, Lambda's own"},
    [UPSTREAM_CREDENTIALS] = {"CredentialsError", 502, "this function has no usable credentials; its log says why",
                              "Lambda sets AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN: do not set "
                              "them in the function's configuration"},
    [UPSTREAM_ASSUME_ROLE] = {"AssumeRoleError", 502, "this function could not assume its role; its log says why",
                              "this function's role needs sts:AssumeRole on PRIVATE_API_ROLE_ARN, whose trust policy "
                              "must name it, and STS must be reachable"},
    [UPSTREAM_KEYS_TIMEOUT] = {"CredentialsTimeout", 504, "this function did not get its credentials in time",
                               "in a VPC without internet access STS needs an endpoint of its own"},
    [UPSTREAM_BAD_REQUEST] = {"BadRequest", 400, "the request cannot be passed on as it is",
                              "nothing was sent: this is the caller's to correct"},
    [UPSTREAM_MEMORY] = {"OutOfMemory", 502, "this function ran out of memory", "raise its MemorySize"},
};

const struct upstream_words *upstream_fault_words(enum upstream_fault fault) {
    return &WORDS[fault];
}

static bool is_word(struct str s, const char *more, size_t limit) {
    return str_is_made_of(s, more) && s.n && s.n <= limit;
}

struct str upstream_fault_class(const struct http_response *rs) {
    struct str rest = http_field_get(&rs->fields, STR("x-amzn-ErrorType")), word;
    str_cut(&rest, ':', &word);
    return is_word(word, "", MAX_CLASS_CHARS) ? word : (struct str){0};
}

struct str upstream_fault_id(const struct http_response *rs, struct str name) {
    struct str id = http_field_get(&rs->fields, name);
    return is_word(id, "-_=", MAX_ID_CHARS) ? id : (struct str){0};
}

struct str upstream_fault_message(struct str body, struct arena *a) {
    struct cJSON *root;
    struct err ignored;
    if (!json_read(body, &root, &ignored)) return (struct str){0};
    struct str found = json_get_text(root, "message");
    if (!found.p) found = json_get_text(root, "Message");
    if (found.p) found.p = arena_copy(a, found);
    json_close(root);
    return found.p ? found : (struct str){0};
}

/* The message is finer than the class: InvalidSignatureException stands for half of them. */
static enum upstream_fault fault_of_403(struct str class, struct str message) {
    static const struct {
        struct str start;
        enum upstream_fault fault;
    } messages[] = {
        {STR_INIT("Missing Authentication Token"), UPSTREAM_NOT_SIGNED},
        {STR_INIT("The request signature we calculated does not match"), UPSTREAM_MISMATCH},
        {STR_INIT("Signature expired: "), UPSTREAM_EXPIRED},
        {STR_INIT("Signature not yet current: "), UPSTREAM_NOT_YET_VALID},
        {STR_INIT("Credential should be scoped "), UPSTREAM_SCOPE},
        {STR_INIT("Date in Credential scope does not match "), UPSTREAM_SCOPE},
        {STR_INIT("The security token included in the request is expired"), UPSTREAM_EXPIRED_TOKEN},
        {STR_INIT("The security token included in the request is invalid"), UPSTREAM_BAD_TOKEN},
    };
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++)
        if (str_starts(message, messages[i].start)) return messages[i].fault;
    for (enum upstream_fault f = UPSTREAM_NOT_SIGNED; f <= UPSTREAM_API_KEY; f++)
        if (class.n && str_eq(class, str_of(WORDS[f].error_type))) return f;
    bool denied = str_find(message, STR(" is not authorized to perform: execute-api:Invoke")) != SIZE_MAX;
    return denied && !class.n ? UPSTREAM_POLICY : UPSTREAM_FORBIDDEN;
}

enum upstream_fault upstream_fault_of_answer(const struct http_response *rs, struct str message) {
    if (rs->status == 403) return fault_of_403(upstream_fault_class(rs), message);
    if (rs->status == 429) return UPSTREAM_THROTTLED;
    if (rs->status == 504) return UPSTREAM_LATE;
    if (rs->status >= 500) return UPSTREAM_FAILURE;
    if (rs->status >= 400) return UPSTREAM_REFUSAL;
    return rs->status >= 300 ? UPSTREAM_REDIRECT : UPSTREAM_OK;
}

static enum upstream_fault fault_of_network(enum http_fault fault) {
    switch (fault) {
    case HTTP_FAULT_NAME: return UPSTREAM_NAME;
    case HTTP_FAULT_CONNECT: return UPSTREAM_CONNECT;
    case HTTP_FAULT_TLS: return UPSTREAM_TLS;
    case HTTP_FAULT_KEPT_DIED: return UPSTREAM_KEPT_DIED;
    case HTTP_FAULT_NONE:
    case HTTP_FAULT_DIED: break;
    }
    return UPSTREAM_DIED;
}

enum upstream_fault upstream_fault_of_error(const struct err *e, enum http_fault fault) {
    switch (e->kind) {
    case ERR_TIMEOUT: return UPSTREAM_TIMEOUT;
    case ERR_CONFIG: return UPSTREAM_TLS; /* the bundle that AWS_CA_BUNDLE names has gone */
    case ERR_NETWORK: return fault_of_network(fault);
    case ERR_LIMIT: return UPSTREAM_TOO_LONG;
    case ERR_PARSE: return UPSTREAM_BAD_REQUEST;
    case ERR_MEMORY: return UPSTREAM_MEMORY;
    default: return UPSTREAM_PROTOCOL;
    }
}
