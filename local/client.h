/* SPDX-License-Identifier: Apache-2.0 */
/* A request out of a command line: what `apigw sign`, `apigw explain` and `apigw call` share. */
#ifndef LOCAL_CLIENT_H
#define LOCAL_CLIENT_H

#include "flags.h"
#include "profile.h"
#include "sigv4.h"
#include "url.h"

/* The flags, in this order at the start of a command's own table (CLIENT_FLAGS). */
enum client_flag {
    CLIENT_METHOD,
    CLIENT_HEADER,
    CLIENT_DATA,
    CLIENT_REQUEST,
    CLIENT_PROFILE,
    CLIENT_CREDENTIALS,
    CLIENT_REGION,
    CLIENT_SERVICE,
    CLIENT_DATE,
    CLIENT_ALGORITHM,
    CLIENT_PRESIGN,
    CLIENT_UNSIGNED_TOKEN,
    CLIENT_UNSIGNED_PAYLOAD,
    CLIENT_BODY_HASH,
    CLIENT_NO_NORMALIZE,
    CLIENT_ALLOW,
    CLIENT_N_FLAGS
};
#define CLIENT_FLAGS \
    {"--method", 'X', true, false}, {"--header", 'H', true, true}, {"--data", 'd', true, true}, \
        {"--request", 0, true, false}, {"--profile", 0, true, false}, {"--credentials", 0, true, false}, \
        {"--region", 0, true, false}, {"--service", 0, true, false}, {"--date", 0, true, false}, \
        {"--algorithm", 0, true, false}, {"--presign", 0, true, false}, {"--unsigned-token", 0, false, false}, \
        {"--unsigned-payload", 0, false, false}, {"--body-hash-header", 0, false, false}, \
        {"--no-normalize", 0, false, false}, { \
        "--allow", 0, true, true \
    }

/* What --help says of them. */
#define CLIENT_USAGE \
    "request:  URL [-X METHOD] [-H 'Name: value']... [-d DATA|@FILE|@-]...\n" \
    "          or --request FILE: a raw HTTP/1.1 request (\"-\": standard input); raw spaces and UTF-8 may stand in\n" \
    "          its target\n" \
    "keys:     --profile NAME [--credentials FILE], else AWS_PROFILE, AWS_ACCESS_KEY_ID and its kin, the container\n" \
    "          endpoint, the profile `default`; roles and credential_process as in ~/.aws/config\n" \
    "signing:  [--region R] [--service S] [--date YYYYMMDDThhmmssZ] [--algorithm v4|v4a] [--presign SECONDS]\n" \
    "          [--unsigned-token] [--unsigned-payload] [--body-hash-header] [--no-normalize] [--allow RULE]...\n" \
    "          RULE: plus empty-segment dot-segment encoded-dot empty-pair empty-name bad-escape raw-bytes\n" \
    "          folded-value, or all: what signers disagree on is refused otherwise\n"

struct client {
    struct flags flags;
    struct url url;         /* of --request: host and port of its Host field */
    struct http_request rq; /* with a Host field; before signing */
    size_t n_given;         /* fields before signing */
    size_t host_added;      /* index of the Host field that the caller did not give; SIZE_MAX: he did */
    bool as_curl;           /* "Name:" adds no field, and -d is left to the command, which sends it */
    const char *method;     /* without -X; NULL: POST with -d, else GET */
    bool has_body;          /* it may be empty */
    struct profile profile;
    struct sigv4_scope scope;
    struct arena arena;
    struct err e;
};

/* NULL: out of memory. */
struct client *client_open(void);
void client_close(struct client *c);

/* c->e on standard error, as a sentence of `apigw COMMAND`, with the flag that helps where the signer was too strict. */
void client_complain(const struct client *c, const char *command);

/* Flags, and those values that can be judged without files: ERR_CONFIG in c->e is bad usage. */
bool client_read_flags(struct client *c, const struct flag *known, size_t n_known, int argc, char **argv);
/* The request. */
bool client_read_request(struct client *c);
/* Of a request to be signed: ERR_PARSE for a Content-Length that is not the body's, or a Transfer-Encoding. */
bool client_check_framing(struct client *c);
/* Of a request that was sent: the body ends where its Content-Length says. */
void client_cut_body(struct client *c);
/* What the -d are together, in memory; there is at least one. */
bool client_read_data(struct client *c, struct str *data);
/* Keys and scope: a flag wins over the host's name, that over the profile and the environment; a service is never
   guessed. */
bool client_read_keys(struct client *c);

#endif
