/* SPDX-License-Identifier: Apache-2.0 */
/* libcurl, well behaved: one client for one origin, driven through libcurl's multi interface. */
#include <arpa/inet.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "http_client.h"
#include "late_tls.h"

enum {
    SCRATCH_BYTES = 4 * 1024 * 1024, /* for a request's target and header, and a stream's answer besides its body */
    UPLOAD_BYTES = 256 * 1024,       /* a reply of 100 KB leaves in one piece: 15 us less than with libcurl's 64 KB */
    /* A kept connection that rested for longer is not used: load balancers give up after 60 s, and while Lambda has us
       frozen nobody sees it. A POST on a connection that is gone is lost, and may not be sent again. */
    MAX_REST_MS = 50 * 1000,
    RESOLVING_MS = 20, /* libcurl 8.21 goes on without an AAAA answer after 50 ms, but sets no timer for it */
};

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;
static CURLcode curl_ready;

static void init_curl(void) {
    late_tls_hold();
    curl_ready = curl_global_init(CURL_GLOBAL_DEFAULT);
    late_tls_release();
}

/* libcurl sends a request again, POST included, when a kept connection dies before the answer. Without a socket it
   cannot: a request that must not arrive twice gets none once a byte of it is out. */
static curl_socket_t on_open_socket(void *user, curlsocktype purpose, struct curl_sockaddr *address) {
    struct http_client *c = user;
    long sent = 0;
    (void)purpose;
    curl_easy_getinfo(c->curl, CURLINFO_REQUEST_SIZE, &sent);
    c->x.resend_stopped = c->x.once && sent > 0;
    if (c->x.resend_stopped) return CURL_SOCKET_BAD;
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd >= 0 && c->sockets_n < HTTP_MAX_SOCKETS) c->sockets[c->sockets_n++] = fd;
    return fd;
}

static int on_close_socket(void *user, curl_socket_t fd) {
    struct http_client *c = user;
    size_t kept = 0;
    for (size_t i = 0; i < c->sockets_n; i++)
        if (c->sockets[i] != fd) c->sockets[kept++] = c->sockets[i];
    c->sockets_n = kept;
    return close(fd);
}

static void set_once(struct http_client *c) {
    curl_easy_setopt(c->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c->curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(c->curl, CURLOPT_PROXY, "");
    curl_easy_setopt(c->curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(c->curl, CURLOPT_CURLU, c->origin_url);
    curl_easy_setopt(c->curl, CURLOPT_ERRORBUFFER, c->words);
    curl_easy_setopt(c->curl, CURLOPT_UPLOAD_BUFFERSIZE, (long)UPLOAD_BYTES);
    curl_easy_setopt(c->curl, CURLOPT_CONNECTTIMEOUT_MS, (long)c->options.connect_timeout_ms);
    curl_easy_setopt(c->curl, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
    curl_easy_setopt(c->curl, CURLOPT_OPENSOCKETDATA, c);
    curl_easy_setopt(c->curl, CURLOPT_CLOSESOCKETFUNCTION, on_close_socket);
    curl_easy_setopt(c->curl, CURLOPT_CLOSESOCKETDATA, c);
    http_answer_set_once(c);
    http_stream_set_once(c);
}

static char *origin_text(const struct url *u) {
    struct arena a;
    struct buf b;
    arena_init(&a, 4096);
    buf_init(&b, 1024, &a);
    buf_addf(&b, "%s://%.*s:%u", u->tls ? "https" : "http", STR_ARG(u->host), (unsigned)u->port);
    char *text = b.failed ? NULL : strndup(b.p, b.n);
    arena_close(&a);
    return text;
}

/* libcurl prints a Host of its own twice, byte by byte, and looks through all entries a dozen times. So what nearly every
   request has is one entry, made once: an entry is sent as it is, line break and all. */
static bool make_own(struct http_client *c, const struct url *origin) {
    static char no_host[] = "Host:";
    struct arena a;
    struct str host;
    struct buf b;
    struct err ignored;
    arena_init(&a, SIZE_MAX);
    buf_init(&b, SIZE_MAX, &a);
    bool ok = url_host_field(origin, &host, &a, &ignored);
    if (ok) buf_addf(&b, "Host: %.*s\r\nUser-Agent: %s", STR_ARG(host), c->user_agent);
    ok &= !b.failed;
    c->own[0] = (struct curl_slist){no_host, &c->own[1]};
    c->own[1].data = ok ? strndup(b.p, b.n) : NULL;
    arena_close(&a);
    return c->own[1].data != NULL;
}

static bool is_address(struct str host) {
    char text[INET_ADDRSTRLEN];
    struct in_addr address;
    if (str_starts(host, STR("["))) return true;
    if (!host.n || host.n >= sizeof text) return false;
    memcpy(text, host.p, host.n);
    text[host.n] = 0;
    return inet_pton(AF_INET, text, &address) == 1;
}

static bool make(struct http_client *c, const struct url *origin) {
    arena_init(&c->scratch, SCRATCH_BYTES);
    if (c->options.max_response_bytes < SIZE_MAX / 4) c->scratch.limit += 2 * c->options.max_response_bytes;
    c->origin = origin_text(origin);
    c->curl = curl_easy_init();
    c->multi = curl_multi_init();
    c->origin_url = curl_url();
    struct str agent = c->options.user_agent;
    if (agent.n) c->user_agent = strndup(agent.p, agent.n);
    /* What cannot change need not be looked through for what is too old, which libcurl does after each exchange. */
    if (c->curl && is_address(origin->host)) curl_easy_setopt(c->curl, CURLOPT_DNS_CACHE_TIMEOUT, -1L);
    return c->origin && c->curl && c->multi && c->origin_url && (!agent.n || (c->user_agent && make_own(c, origin)));
}

static bool set_origin(struct http_client *c, struct err *e) {
    CURLUcode code = curl_url_set(c->origin_url, CURLUPART_URL, c->origin, 0);
    if (code == CURLUE_OK) return true;
    return err_set(e, code == CURLUE_OUT_OF_MEMORY ? ERR_MEMORY : ERR_CONFIG, "libcurl refuses the address %s",
                   c->origin);
}

bool http_open(const struct url *origin, const struct http_options *options, struct http_client **client,
               struct err *e) {
    pthread_once(&curl_once, init_curl);
    if (curl_ready != CURLE_OK)
        return err_set(e, ERR_NETWORK, "libcurl did not start: %s", curl_easy_strerror(curl_ready));
    struct http_client *c = calloc(1, sizeof *c);
    if (!c) return err_set(e, ERR_MEMORY, "out of memory for an HTTP client");
    c->options = *options;
    if (!make(c, origin)) {
        http_close(c);
        return err_set(e, ERR_MEMORY, "out of memory for an HTTP client");
    }
    set_once(c);
    if (!set_origin(c, e) || (origin->tls && !http_tls_open(c, e))) {
        http_close(c);
        return false;
    }
    *client = c;
    return true;
}

void http_close(struct http_client *c) {
    struct http_hush hush;
    if (!c) return;
    http_warm_stop(c);
    http_client_end(c);
    http_tls_hush(c, &hush);
    curl_easy_cleanup(c->curl);
    curl_multi_cleanup(c->multi);
    http_tls_unhush(&hush);
    curl_url_cleanup(c->origin_url);
    http_tls_close(c);
    arena_close(&c->scratch);
    free(c->origin);
    free(c->user_agent);
    free(c->own[1].data);
    free(c);
}

/* The connections are the multi handle's. Without memory for another one, the next exchange tries again. */
void http_disconnect(struct http_client *c) {
    struct http_hush hush;
    http_warm_stop(c);
    http_client_end(c);
    http_tls_hush(c, &hush);
    curl_multi_cleanup(c->multi);
    http_tls_unhush(&hush);
    c->multi = curl_multi_init();
}

struct http_clocks http_clocks_now(void) {
    return (struct http_clocks){clock_monotonic_ms(), clock_unix_ms()};
}

int64_t http_clocks_since(const struct http_clocks *then) {
    struct http_clocks now = http_clocks_now();
    int64_t monotonic_ms = now.monotonic_ms - then->monotonic_ms, wall_ms = now.wall_ms - then->wall_ms;
    return monotonic_ms > wall_ms ? monotonic_ms : wall_ms;
}

int64_t http_client_deadline(int64_t began_ms, int64_t timeout_ms) {
    if (timeout_ms == HTTP_NO_TIMEOUT) return INT64_MAX;
    return began_ms + (timeout_ms < 0 || timeout_ms > INT32_MAX ? INT32_MAX : timeout_ms);
}

static void finish(struct http_client *c, CURLcode code) {
    c->x.done = true;
    c->x.code = code;
}

static bool renew(struct http_client *c) {
    CURL *fresh = curl_easy_duphandle(c->curl);
    if (!fresh) return false;
    curl_easy_cleanup(c->curl);
    c->curl = fresh;
    c->worn = false;
    http_tls_share(c);
    return true;
}

bool http_client_ready(struct http_client *c, struct err *e) {
    http_warm_settle(c, INT64_MAX);
    if (c->added) return err_set(e, ERR_PARSE, "the client is in the middle of a stream");
    if (c->tls && c->used.wall_ms && http_clocks_since(&c->used) > MAX_REST_MS) http_disconnect(c);
    if (!c->multi) c->multi = curl_multi_init();
    if (!c->multi || (c->worn && !renew(c))) return err_set(e, ERR_MEMORY, "out of memory for libcurl");
    arena_reset(&c->scratch);
    return true;
}

void http_client_begin(struct http_client *c) {
    c->words[0] = 0;
    if (c->tls) http_tls_forget(c);
    c->added = curl_multi_add_handle(c->multi, c->curl) == CURLM_OK;
    if (!c->added) finish(c, CURLE_OUT_OF_MEMORY);
}

void http_client_perform(struct http_client *c) {
    int running = 0, left;
    struct http_hush hush;
    if (c->x.done) return;
    http_tls_hush(c, &hush);
    CURLMcode code = curl_multi_perform(c->multi, &running);
    http_tls_unhush(&hush);
    if (code != CURLM_OK) {
        finish(c, code == CURLM_OUT_OF_MEMORY ? CURLE_OUT_OF_MEMORY : CURLE_FAILED_INIT);
    } else if (!running) {
        CURLMsg *message = curl_multi_info_read(c->multi, &left);
        finish(c, message ? message->data.result : CURLE_FAILED_INIT);
    }
}

bool http_client_wait(struct http_client *c, int64_t deadline_ms, bool room) {
    struct curl_waitfd socket = {.events = CURL_WAIT_POLLOUT};
    int64_t left = deadline_ms == INT64_MAX ? INT64_MAX : deadline_ms - clock_monotonic_ms();
    if (left <= 0) {
        snprintf(c->words, sizeof c->words, "no whole answer came within %lld ms", (long long)c->x.timeout_ms);
        finish(c, CURLE_OPERATION_TIMEDOUT);
        return false;
    }
    if (room && !c->sockets_n) return true;
    if (room) socket.fd = c->sockets[c->sockets_n - 1];
    int64_t longest_ms = c->sockets_n ? INT_MAX : RESOLVING_MS;
    int wait_ms = (int)(left < longest_ms ? left : longest_ms);
    if (curl_multi_poll(c->multi, &socket, room ? 1 : 0, wait_ms, NULL) != CURLM_OK) finish(c, CURLE_OUT_OF_MEMORY);
    return socket.revents != 0;
}

void http_client_run(struct http_client *c, int64_t deadline_ms) {
    for (http_client_perform(c); !c->x.done; http_client_perform(c)) http_client_wait(c, deadline_ms, false);
}

void http_client_end(struct http_client *c) {
    struct http_hush hush;
    if (!c->added) return;
    http_tls_hush(c, &hush);
    curl_multi_remove_handle(c->multi, c->curl); /* unless it is done this closes the connection */
    http_tls_unhush(&hush);
    c->added = false;
    if (c->tls) c->used = http_clocks_now();
}

bool http_exchange(struct http_client *c, const struct http_request *rq, int64_t timeout_ms, struct http_response *rs,
                   struct arena *a, struct err *e) {
    int64_t deadline_ms = http_client_deadline(clock_monotonic_ms(), timeout_ms);
    *rs = (struct http_response){0};
    http_warm_settle(c, deadline_ms);
    if (!http_client_ready(c, e)) return false;
    c->x = (struct exchange){.rs = rs, .arena = a, .timeout_ms = timeout_ms};
    buf_init(&c->x.body, c->options.max_response_bytes, a);
    if (!http_request_set(c, rq, e)) return false;
    http_client_begin(c);
    http_client_run(c, deadline_ms);
    http_client_end(c);
    return http_answer_judge(c, e);
}

bool http_unsent(const struct http_client *c) {
    long sent = 0;
    return c->x.done && curl_easy_getinfo(c->curl, CURLINFO_REQUEST_SIZE, &sent) == CURLE_OK && sent == 0;
}

bool http_date_read(struct str text, int64_t *unix_s) {
    char copy[64];
    if (text.n == 0 || text.n >= sizeof copy || memchr(text.p, 0, text.n)) return false;
    memcpy(copy, text.p, text.n);
    copy[text.n] = 0;
    *unix_s = curl_getdate(copy, NULL);
    return *unix_s >= 0;
}
