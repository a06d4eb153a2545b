/* SPDX-License-Identifier: Apache-2.0 */
/* What a SAM template says, resolved: APIs with their routes, functions with their environment, roles and users with their
   policies. The reader is small and strict: what it accepts is exact; what it does not know and could change who gets in,
   it refuses by file, line and name. */
#ifndef LOCAL_MODEL_H
#define LOCAL_MODEL_H

#include "http_msg.h"
#include "policy.h"

enum model_principal_kind { MODEL_ROLE, MODEL_USER };

/* A role of the template or callers file, or a user of the callers file. */
struct model_principal {
    enum model_principal_kind kind;
    struct str logical_id;
    struct str name;    /* RoleName, or STACK-LogicalId; UserName, or the logical id */
    struct str profile; /* in .apigw/credentials: a role's logical id, a user's name */
    struct str arn;     /* arn:aws:iam::ACCOUNT:role/NAME or :user/NAME */
    struct str
        user_arn; /* what requestContext.identity.userArn shows: a user's arn, a role's assumed-role arn with the session */
    struct str unique_id; /* AROA... or AIDA..., 21 characters, derived from the arn */
    struct str session;   /* the function's name for a function's role, else "apigw"; absent for a user */
    struct policy_statements policies;
    bool has_boundary;
    struct policy_statements boundary; /* PermissionsBoundary: nothing of policies that it does not allow as well */
    struct policy_statements trust;    /* of a role: AssumeRolePolicyDocument */
    int64_t max_session_s;             /* of a role: MaxSessionDuration */
    struct str account_id;
};

struct model_function {
    struct str logical_id, name, arn;
    struct str handler; /* _HANDLER */
    struct model_principal *role;
    int64_t timeout_s, memory_mb;
    struct http_fields environment;   /* names and resolved values of Environment.Variables */
    struct str log_format, log_level; /* LoggingConfig; absent: Text, and no AWS_LAMBDA_LOG_LEVEL */
    struct str log_group;
    struct str code_uri;          /* CodeUri when it is a path; else absent */
    bool is_reserved;             /* ReservedConcurrentExecutions is given: */
    int64_t reserved_concurrency; /* more at once are throttled, and with 0 all */
};

struct model_route {
    struct str method; /* GET ..., or ANY */
    struct str path;   /* "/private", "/items/{id}", "/files/{proxy+}"; "$default" takes what no other route takes */
    bool aws_iam;      /* else open */
    bool api_key;      /* x-api-key of one of the API's keys is wanted */
    const struct model_function *function;
    unsigned line;
};

/* An API key and the stages that its usage plans open. */
struct model_api_key {
    struct str logical_id, id;
    struct str value; /* absent: AWS would draw one, and so does the keyring */
    bool enabled;
    const struct model_api **opens;
    size_t n_opens;
};

enum model_api_kind { MODEL_REST_API, MODEL_HTTP_API, MODEL_FUNCTION_URL };

/* What has an address of its own. A function URL is one with the single route ANY $default and the stage $default. */
struct model_api {
    enum model_api_kind kind;
    struct str logical_id, name;
    struct str stage;  /* "$default" is not part of the path */
    struct str api_id; /* derived from stack and logical id: the same at every start; 10 characters, a URL's has 32 */
    bool streams;      /* a function URL with InvokeMode: RESPONSE_STREAM */
    struct http_fields stage_variables;
    struct str *binary_media_types;
    size_t n_binary_media_types;
    struct model_route *routes;
    size_t n_routes;
    bool has_policy;
    struct policy_statements policy; /* its resource policy; of a function URL: that of the function */
};

struct model {
    struct str region, account_id, stack_name, partition, url_suffix;
    struct model_api *apis;
    size_t n_apis;
    struct model_function *functions;
    size_t n_functions;
    struct model_principal *principals;
    size_t n_principals;
    struct model_api_key *api_keys;
    size_t n_api_keys;
    struct str *notices; /* sentences for the operator: what was read and has no effect here */
    size_t n_notices;
};

struct model_options {
    const char *template_path;
    const char *callers_path; /* may be NULL */
    struct str region, account_id, stack_name;
    struct str callers_account;           /* whose the callers file is; absent: account_id */
    const struct http_fields *parameters; /* overrides of the template's parameters, name and value */
    size_t n_config_parameters;           /* the last of them are SAM's configuration's, and need not exist */
    const char *config_path;              /* and stand there */
    unsigned config_line;
};

/* Everything lives in the arena. Errors are ERR_CONFIG and begin with "FILE:LINE: " (FILE alone when it cannot be read). */
bool model_read(const struct model_options *options, struct model *model, struct arena *a, struct err *e);

/* The statements of a session policy that can matter here. ERR_PARSE: it is no such policy. */
bool model_session_policy(const struct model *model, struct str json, struct policy_statements *into, struct arena *a,
                          struct err *e);

#endif
