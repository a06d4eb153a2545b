/* SPDX-License-Identifier: Apache-2.0 */
/* With its own content type a stream says status, headers and cookies before its body; any other is a body and no more.
   https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html */
#include "exchange_stream.h"

#include "apigw.h"
#include "exchange_reply.h"

static bool has_prelude(struct str content_type) {
    struct str type, rest = content_type;
    str_cut(&rest, ';', &type);
    return str_eq_nocase(str_trim(type), STR(APIGW_PRELUDE_TYPE));
}

/* Byte by byte: what follows the delimiter is the client's. */
static bool read_prelude(struct stream_pipe *pipe, struct buf *text, struct err *e) {
    size_t nuls = 0;
    while (nuls < APIGW_PRELUDE_NULS) {
        char c;
        if (stream_pipe_read(pipe, &c, 1) != 1)
            return err_set(e, ERR_PARSE, "the stream ended before the %d NUL bytes behind its prelude",
                           (int)APIGW_PRELUDE_NULS);
        buf_add_char(text, c);
        if (!buf_ok(text, e)) return err_prefix(e, "the prelude of a stream: ");
        nuls = c ? 0 : nuls + 1;
    }
    text->n -= APIGW_PRELUDE_NULS;
    return true;
}

static bool read_head(struct stream_pipe *pipe, struct http_response *head, struct arena *a, struct err *e) {
    struct buf text;
    buf_init(&text, APIGW_PRELUDE_BYTES, a);
    return read_prelude(pipe, &text, e) && apigw_read_prelude(buf_str(&text), head, a, e);
}

bool exchange_stream_head(const struct exchange *x, struct stream_pipe *pipe, struct str content_type,
                          struct http_response *rs, struct err *e) {
    struct http_response head = {.status = 200};
    struct str type = content_type.n ? content_type : STR("application/octet-stream");
    if (has_prelude(content_type)) return read_head(pipe, &head, x->arena, e) && exchange_reply_head(x, &head, rs, e);
    if (!stream_pipe_await(pipe)) return err_set(e, ERR_HANDLER, "the stream broke off before its first byte");
    return http_field_add(&head.fields, STR("Content-Type"), type, x->arena, e) && exchange_reply_head(x, &head, rs, e);
}
