/* SPDX-License-Identifier: Apache-2.0 */
/* How a fault is said to the caller of each kind of endpoint.
   https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
   https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html */
#include "json.h"
#include "sigv4_verify.h"

static bool write_body(struct sigv4_refusal *refusal, const char *member, struct str message, struct arena *a,
                       struct err *e) {
    struct buf body;
    buf_init(&body, SIZE_MAX / 4, a);
    buf_addf(&body, "{\"%s\":", member);
    json_write_text(&body, message);
    buf_add_char(&body, '}');
    refusal->body = buf_str(&body);
    return buf_ok(&body, e);
}

/* What stands before an empty line: behind it a mismatch quotes the canonical texts. */
static struct str first_paragraph(struct str message) {
    size_t end = str_find(message, STR("\n\n"));
    return end == SIZE_MAX ? message : (struct str){message.p, end};
}

/* A Function URL tells an unsigned request from a wrong one, and never quotes what should have been signed. */
static bool refuse_url(const struct sigv4_verdict *verdict, struct sigv4_refusal *refusal, struct arena *a,
                       struct err *e) {
    if (verdict->fault == SIGV4_MISSING_AUTHENTICATION_TOKEN) {
        refusal->error_type = STR("AccessDeniedException");
        return write_body(refusal, "Message",
                          STR("Forbidden. For troubleshooting Function URL authorization issues, see: "
                              "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"),
                          a, e);
    }
    enum sigv4_fault fault = verdict->fault == SIGV4_UNRECOGNIZED_CLIENT ? SIGV4_INVALID_SIGNATURE : verdict->fault;
    refusal->error_type = str_of(sigv4_fault_name(fault));
    return write_body(refusal, "message", first_paragraph(verdict->message), a, e);
}

bool sigv4_refuse(enum sigv4_profile profile, const struct sigv4_verdict *verdict, struct sigv4_refusal *refusal,
                  struct arena *a, struct err *e) {
    *refusal = (struct sigv4_refusal){.status = 403, .body = STR("")};
    if (verdict->fault == SIGV4_MALFORMED_REQUEST) {
        refusal->status = 400;
        return true;
    }
    if (profile == SIGV4_HTTP_API) return write_body(refusal, "message", STR("Forbidden"), a, e);
    if (profile == SIGV4_FUNCTION_URL) return refuse_url(verdict, refusal, a, e);
    refusal->error_type = str_of(sigv4_fault_name(verdict->fault));
    return write_body(refusal, "message", verdict->message, a, e);
}
