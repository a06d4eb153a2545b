/* SPDX-License-Identifier: Apache-2.0 */
/* Blocking sockets; everything that threads share is under one lock. */
#include "many_server.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "scripted_server.h"

struct place {
    struct many_server *server;
    int at;
};

static bool whole(struct str s) {
    size_t header = str_find(s, STR("\r\n\r\n"));
    int64_t length = 0;
    if (header == SIZE_MAX) return false;
    if (scripted_field(s, "Transfer-Encoding").p)
        return str_find(s, STR("\r\n0\r\n")) != SIZE_MAX && str_ends(s, STR("\r\n\r\n"));
    struct str field = scripted_field(s, "Content-Length");
    if (field.p && !str_read_int64(field, 0, 1 << 24, &length)) abort();
    return s.n >= header + 4 + (size_t)length;
}

/* Absent: the peer has left. */
static struct str receive(int fd) {
    struct str s = {NULL, 0};
    for (;;) {
        char *p = realloc((void *)(uintptr_t)s.p, s.n + 65536);
        if (!p) abort();
        ssize_t n = recv(fd, p + s.n, 65536, 0);
        s = (struct str){p, s.n + (size_t)(n > 0 ? n : 0)};
        if (n <= 0) break;
        if (whole(s)) return s;
    }
    free((void *)(uintptr_t)s.p);
    return (struct str){0};
}

static void send_text(int fd, const char *text) {
    size_t n = strlen(text);
    if (send(fd, text, n, MSG_NOSIGNAL) != (ssize_t)n) return; /* the client may well have left */
}

static void send_event(int fd, const struct many_event *event) {
    char text[1024], deadline[80] = "";
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    if (event->deadline_in_ms)
        snprintf(deadline, sizeof deadline, "Lambda-Runtime-Deadline-Ms: %lld\r\n",
                 (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000 + event->deadline_in_ms);
    snprintf(text, sizeof text,
             "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: %s\r\nLambda-Runtime-Invocation-Id: i-%s\r\n"
             "Lambda-Runtime-Trace-Id: Root=%s\r\n%sContent-Length: %zu\r\n\r\n%s",
             event->id, event->id, event->id, deadline, strlen(event->body), event->body);
    send_text(fd, text);
}

/* False: close the connection. */
static bool answer_next(struct many_server *s, int fd) {
    pthread_mutex_lock(&s->lock);
    if (++s->parked > s->most_parked) s->most_parked = s->parked;
    pthread_cond_broadcast(&s->changed);
    while (!s->stop && s->taken == s->n && (s->answered < s->n || (s->lose_at && (s->lost || s->parked < s->lose_at))))
        pthread_cond_wait(&s->changed, &s->lock);
    const struct many_event *event = s->taken < s->n ? &s->events[s->taken++] : NULL;
    bool lost = !event && !s->stop;
    s->lost |= lost;
    s->parked--;
    pthread_mutex_unlock(&s->lock);
    if (event) send_event(fd, event);
    if (lost) send_text(fd, "HTTP/1.1 500 Lost\r\nContent-Length: 0\r\n\r\n");
    return event || lost;
}

static const char *status_for(const struct many_server *s, struct str request) {
    struct str line = scripted_line(request);
    for (int i = 0; i < s->n; i++) {
        char part[64];
        snprintf(part, sizeof part, "/invocation/%s/", s->events[i].id);
        if (str_find(line, str_of(part)) != SIZE_MAX) return s->events[i].status;
    }
    return NULL;
}

static bool answer_post(struct many_server *s, int fd, int at, struct str request) {
    char text[128];
    pthread_mutex_lock(&s->lock);
    if (s->posts == MANY_POSTS) abort();
    s->post[s->posts++] = (struct many_post){request, at};
    const char *status = status_for(s, request);
    s->answered++;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    if (status && !*status) return false;
    snprintf(text, sizeof text, "HTTP/1.1 %s\r\nContent-Length: 0\r\n\r\n", status ? status : "202 Accepted");
    send_text(fd, text);
    return true;
}

static void *converse(void *user) {
    struct place place = *(struct place *)user;
    struct many_server *s = place.server;
    free(user);
    int fd = s->sockets[place.at];
    for (bool go_on = true; go_on;) {
        struct str request = receive(fd);
        if (!request.p) break;
        if (str_starts(request, STR("POST "))) {
            go_on = answer_post(s, fd, place.at, request);
        } else {
            go_on = answer_next(s, fd);
            free((void *)(uintptr_t)request.p);
        }
    }
    shutdown(fd, SHUT_RDWR);
    return NULL;
}

static void *accept_all(void *user) {
    struct many_server *s = user;
    for (int fd; (fd = accept(s->listener, NULL, NULL)) >= 0;) {
        struct place *place = malloc(sizeof *place);
        pthread_mutex_lock(&s->lock);
        if (!place || s->connections == MANY_CONNECTIONS) abort();
        *place = (struct place){s, s->connections++};
        s->sockets[place->at] = fd;
        if (pthread_create(&s->threads[place->at], NULL, converse, place) != 0) abort();
        pthread_mutex_unlock(&s->lock);
    }
    return NULL;
}

void many_start(struct many_server *s, const struct many_event *events, int n) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    *s = (struct many_server){.events = events, .n = n};
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->changed, NULL);
    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(s->listener >= 0);
    assert_int_equal(bind(s->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(s->listener, MANY_CONNECTIONS), 0);
    assert_int_equal(getsockname(s->listener, (struct sockaddr *)&address, &size), 0);
    snprintf(s->host_port, sizeof s->host_port, "127.0.0.1:%d", ntohs(address.sin_port));
    assert_int_equal(pthread_create(&s->acceptor, NULL, accept_all, s), 0);
}

void many_stop(struct many_server *s) {
    shutdown(s->listener, SHUT_RDWR);
    pthread_join(s->acceptor, NULL);
    close(s->listener);
    pthread_mutex_lock(&s->lock);
    s->stop = true;
    pthread_cond_broadcast(&s->changed);
    for (int i = 0; i < s->connections; i++) shutdown(s->sockets[i], SHUT_RDWR);
    pthread_mutex_unlock(&s->lock);
    for (int i = 0; i < s->connections; i++) {
        pthread_join(s->threads[i], NULL);
        close(s->sockets[i]);
    }
}

void many_close(struct many_server *s) {
    for (int i = 0; i < s->posts; i++) free((void *)(uintptr_t)s->post[i].request.p);
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
}

int many_count(const struct many_server *s, const char *part) {
    int n = 0;
    for (int i = 0; i < s->posts; i++) n += str_find(scripted_line(s->post[i].request), str_of(part)) != SIZE_MAX;
    return n;
}

struct str many_find(const struct many_server *s, const char *part) {
    for (int i = 0; i < s->posts; i++)
        if (str_find(scripted_line(s->post[i].request), str_of(part)) != SIZE_MAX) return s->post[i].request;
    return (struct str){0};
}
