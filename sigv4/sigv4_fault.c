/* SPDX-License-Identifier: Apache-2.0 */
/* How a fault gets into the verdict. */
#include "sigv4_judge.h"

const char *sigv4_fault_name(enum sigv4_fault fault) {
    switch (fault) {
    case SIGV4_OK:
    case SIGV4_MALFORMED_REQUEST: return "";
    case SIGV4_MISSING_AUTHENTICATION_TOKEN: return "MissingAuthenticationTokenException";
    case SIGV4_INCOMPLETE_SIGNATURE: return "IncompleteSignatureException";
    case SIGV4_INVALID_SIGNATURE: return "InvalidSignatureException";
    case SIGV4_UNRECOGNIZED_CLIENT: return "UnrecognizedClientException";
    case SIGV4_EXPIRED_TOKEN: return "ExpiredTokenException";
    case SIGV4_MALFORMED_QUERY: return "MalformedQueryStringException";
    }
    return "InvalidSignatureException";
}

/* Texts quote the request: the arena is the limit. */
void sigv4_fault_begin(struct sigv4_judge *j, struct buf *b) {
    buf_init(b, SIZE_MAX / 4, j->a);
}

bool sigv4_fault_buf(struct sigv4_judge *j, enum sigv4_fault fault, const struct buf *message, struct str reason) {
    if (!buf_ok(message, j->e)) return false;
    j->verdict->fault = fault;
    j->verdict->message = buf_str(message);
    j->verdict->reason = reason;
    return true;
}

bool sigv4_fault_text(struct sigv4_judge *j, enum sigv4_fault fault, struct str message, struct str reason) {
    j->verdict->fault = fault;
    j->verdict->message = message;
    j->verdict->reason = reason;
    return true;
}

bool sigv4_fault_quoting(struct sigv4_judge *j, enum sigv4_fault fault, struct str before, struct str quoted,
                         struct str after, struct str reason) {
    struct buf b;
    sigv4_fault_begin(j, &b);
    buf_add(&b, before);
    buf_add_char(&b, '\'');
    buf_add(&b, quoted);
    buf_add_char(&b, '\'');
    buf_add(&b, after);
    return sigv4_fault_buf(j, fault, &b, reason);
}
