/* SPDX-License-Identifier: Apache-2.0 */
/* Turns libmicrohttpd's callbacks into one call with a whole request, or into the parts of an upload. The target is kept as
   it was on the wire: it is what the caller signed. */
#include "http_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "buf.h"

/* The pool also holds what libmicrohttpd makes of a query, some 70 bytes a parameter. */
enum { HEADER_BYTES = 64 * 1024, POOL_BYTES = 256 * 1024, STACK_BYTES = 512 * 1024, OVERHEAD_BYTES = 64 * 1024 * 1024 };

struct http_server {
    struct http_server_options options;
    struct MHD_Daemon *daemon;
    uint16_t port;
};

/* One request, from its first line to the end of its answer. */
struct request {
    const struct http_server *server;
    struct MHD_Connection *connection;
    struct arena arena;
    struct http_request rq;
    struct http_fields trailers;
    struct http_fields *fields; /* where fields go at the moment */
    struct buf body;
    void *upload;               /* takes the body instead */
    struct stream_pipe *stream; /* the answer's body */
    struct err e;
    size_t header_bytes;
    bool started, failed, until_close; /* until_close: HTTP/1.0, whose streams end with the connection */
};

/* Called with the raw request target before libmicrohttpd decodes anything. */
static void *on_target(void *user, const char *target, struct MHD_Connection *connection) {
    struct http_server *s = user;
    struct request *r = calloc(1, sizeof *r);
    if (!r) return NULL;
    r->server = s;
    r->connection = connection;
    r->fields = &r->rq.fields;
    arena_init(&r->arena, OVERHEAD_BYTES + 4 * s->options.max_body_bytes);
    buf_init(&r->body, s->options.max_body_bytes, &r->arena);
    const char *kept = arena_copy(&r->arena, str_of(target));
    struct str rest = str_of(kept);
    if (!kept || !str_cut(&rest, '?', &r->rq.path)) r->rq.query = (struct str){0};
    else r->rq.query = rest.p ? rest : STR("");
    r->header_bytes = str_of(kept).n;
    r->failed = !kept || r->header_bytes > HEADER_BYTES;
    return r;
}

static enum MHD_Result on_field(void *user, enum MHD_ValueKind kind, const char *name, size_t name_n, const char *value,
                                size_t value_n) {
    struct request *r = user;
    (void)kind;
    r->header_bytes += name_n + (value ? value_n : 0) + sizeof ": \r\n" - 1;
    if (r->header_bytes > HEADER_BYTES) r->failed = true;
    if (r->failed) return MHD_NO;
    /* some versions leave the space behind a value, which is no part of it */
    struct str bare = str_trim((struct str){value ? value : "", value ? value_n : 0});
    char *n = arena_copy(&r->arena, (struct str){name, name_n}), *v = arena_copy(&r->arena, bare);
    if (!n || !v || !http_field_add(r->fields, (struct str){n, name_n}, (struct str){v, bare.n}, &r->arena, &r->e))
        r->failed = true;
    return r->failed ? MHD_NO : MHD_YES;
}

static void peer_text(struct MHD_Connection *connection, char out[static INET6_ADDRSTRLEN]) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr_in *v4 = info ? (const void *)info->client_addr : NULL;
    if (!v4 || v4->sin_family != AF_INET || !inet_ntop(AF_INET, &v4->sin_addr, out, INET6_ADDRSTRLEN)) out[0] = 0;
}

/* For libmicrohttpd the time that a handler or a stream needs is the client's silence. */
static void restart_idle_time(const struct request *r) {
    MHD_set_connection_option(r->connection, MHD_CONNECTION_OPTION_TIMEOUT, 0U);
    MHD_set_connection_option(r->connection, MHD_CONNECTION_OPTION_TIMEOUT, r->server->options.idle_timeout_s);
}

/* Ends the connection with a reset: a close would be the end that the client expects. */
static void reset_connection(const struct request *r) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (info) connect(info->connect_fd, &(struct sockaddr){.sa_family = AF_UNSPEC}, sizeof(struct sockaddr));
}

static ssize_t read_stream(void *user, uint64_t position, char *into, size_t room) {
    struct request *r = user;
    (void)position;
    long n = stream_pipe_read(r->stream, into, room);
    restart_idle_time(r);
    if (n > 0) return n;
    if (n == 0) return MHD_CONTENT_READER_END_OF_STREAM;
    if (r->until_close) reset_connection(r);
    return MHD_CONTENT_READER_END_WITH_ERROR;
}

static struct MHD_Response *make_response(struct request *r, struct str body) {
    if (!r->stream) return MHD_create_response_from_buffer(body.n, (void *)(uintptr_t)body.p, MHD_RESPMEM_MUST_COPY);
    struct MHD_Response *out =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_PIPE_BYTES, read_stream, r, NULL);
    /* Without chunks: libmicrohttpd sends the last one, though HEAD has no body, and it would precede the next answer. */
    if (out && str_eq(r->rq.method, STR("HEAD")))
        MHD_set_response_options(out, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
    return out;
}

static enum MHD_Result send_response(struct request *r, const struct http_response *rs) {
    struct MHD_Response *out = make_response(r, rs->body);
    if (!out) return MHD_NO;
    enum MHD_Result ok = MHD_YES;
    for (size_t i = 0; i < rs->fields.n && ok == MHD_YES; i++) {
        char *n = arena_copy(&r->arena, rs->fields.at[i].name), *v = arena_copy(&r->arena, rs->fields.at[i].value);
        /* an empty value is refused by libmicrohttpd: such a field is left out */
        if (!n || !v) ok = MHD_NO;
        else if (*v) ok = MHD_add_response_header(out, n, v);
    }
    restart_idle_time(r);
    if (ok == MHD_YES) ok = MHD_queue_response(r->connection, (unsigned)rs->status, out);
    MHD_destroy_response(out);
    return ok;
}

static void end_upload(struct request *r, const struct http_fields *trailers, struct http_response *rs) {
    void *upload = r->upload;
    r->upload = NULL;
    if (upload) r->server->options.uploads->end(upload, trailers, rs, &r->arena);
}

static enum MHD_Result answer(struct request *r) {
    static const struct http_response bad = {.status = 431,
                                             .body = STR_INIT("{\"message\":\"Request header too large\"}")};
    const struct http_server_options *options = &r->server->options;
    char ip[INET6_ADDRSTRLEN];
    struct http_response rs = {0};
    if (r->failed) return send_response(r, &bad);
    if (r->body.failed) return send_response(r, options->too_large);
    if (r->upload) {
        end_upload(r, &r->trailers, &rs);
    } else {
        peer_text(r->connection, ip);
        r->rq.body = buf_str(&r->body);
        options->handle(options->user, &r->rq, str_of(ip), &rs, &r->stream, &r->arena);
    }
    return rs.status ? send_response(r, &rs) : MHD_NO;
}

static void on_head(struct request *r, const char *method, const char *version) {
    const struct http_server_options *options = &r->server->options;
    char *kept = arena_copy(&r->arena, str_of(method));
    r->started = true;
    r->until_close = strcmp(version, MHD_HTTP_VERSION_1_1) != 0;
    r->rq.method = str_of(kept);
    if (!kept) r->failed = true;
    MHD_get_connection_values_n(r->connection, MHD_HEADER_KIND, on_field, r);
    if (!r->failed && options->uploads) r->upload = options->uploads->begin(options->user, &r->rq, &r->arena);
}

static enum MHD_Result on_request(void *user, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *upload, size_t *upload_n, void **context) {
    struct request *r = *context;
    (void)user, (void)url;
    if (!r) return MHD_NO;
    struct str part = {upload, *upload_n};
    *upload_n = 0;
    if (!r->started) {
        on_head(r, method, version);
        return MHD_YES;
    }
    if (part.n) {
        if (r->upload) r->server->options.uploads->part(r->upload, part);
        else buf_add(&r->body, part);
        return MHD_YES;
    }
    r->fields = &r->trailers;
    if (r->upload) MHD_get_connection_values_n(connection, MHD_FOOTER_KIND, on_field, r);
    return answer(r);
}

static void on_done(void *user, struct MHD_Connection *connection, void **context,
                    enum MHD_RequestTerminationCode code) {
    struct request *r = *context;
    (void)user, (void)connection, (void)code;
    if (!r) return;
    end_upload(r, NULL, &(struct http_response){0});
    if (r->stream) stream_pipe_leave(r->stream);
    arena_close(&r->arena);
    free(r);
    *context = NULL;
}

static struct MHD_Daemon *start_daemon(struct http_server *s) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(s->options.port)};
    address.sin_addr.s_addr = htonl(s->options.everywhere ? INADDR_ANY : INADDR_LOOPBACK);
    return MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL, 0, NULL,
                            NULL, on_request, s, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address,
                            MHD_OPTION_URI_LOG_CALLBACK, on_target, s, MHD_OPTION_NOTIFY_COMPLETED, on_done, s,
                            MHD_OPTION_CONNECTION_LIMIT, s->options.max_connections, MHD_OPTION_CONNECTION_TIMEOUT,
                            s->options.idle_timeout_s, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)POOL_BYTES,
                            MHD_OPTION_THREAD_STACK_SIZE, (size_t)STACK_BYTES, MHD_OPTION_END);
}

bool http_server_start(const struct http_server_options *options, struct http_server **server, struct err *e) {
    struct http_server *s = calloc(1, sizeof *s);
    if (!s) return err_set(e, ERR_MEMORY, "out of memory for a server");
    s->options = *options;
    errno = 0;
    s->daemon = start_daemon(s);
    const union MHD_DaemonInfo *info = s->daemon ? MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_BIND_PORT) : NULL;
    if (!info) {
        int why = errno;
        http_server_stop(s);
        return err_set(e, ERR_NETWORK, "cannot listen on 127.0.0.1:%u: %s", (unsigned)options->port,
                       why ? strerror(why) : "the server did not start");
    }
    s->port = info->port;
    *server = s;
    return true;
}

uint16_t http_server_port(const struct http_server *server) {
    return server->port;
}

void http_server_stop(struct http_server *server) {
    if (!server) return;
    if (server->daemon) MHD_stop_daemon(server->daemon);
    free(server);
}
