/* SPDX-License-Identifier: Apache-2.0 */
/* The folder is watched and not the file, since a build puts another file in its place. */
#include "watch.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"

/* A build writes, strips and marks a file as executable one after the other: QUIET_MS after the last of them it is read. */
enum { QUIET_MS = 150, FOLDER_MS = 500, EVENT_BYTES = 4096 };

struct watched {
    struct watch_file file;
    char folder[PATH_MAX];
    const char *name;
    int folder_wd; /* -1: the folder is not there at the moment */
    int64_t due_ms;
    struct stat seen; /* zeroed: there was none */
};

struct watch {
    struct watched *files;
    size_t n;
    int inotify, stop;
    pthread_t thread;
    bool started;
};

static struct stat look(const struct watched *f) {
    struct stat st;
    if (stat(f->file.path, &st) != 0) memset(&st, 0, sizeof st);
    return st;
}

static bool differs(const struct stat *a, const struct stat *b) {
    return a->st_dev != b->st_dev || a->st_ino != b->st_ino || a->st_size != b->st_size || a->st_mode != b->st_mode ||
           a->st_mtim.tv_sec != b->st_mtim.tv_sec || a->st_mtim.tv_nsec != b->st_mtim.tv_nsec;
}

static bool watch_folder(const struct watch *w, struct watched *f) {
    f->folder_wd = inotify_add_watch(w->inotify, f->folder, IN_CLOSE_WRITE | IN_MOVED_TO | IN_ATTRIB | IN_CREATE);
    return f->folder_wd >= 0;
}

static void tell_changes(struct watch *w, int64_t now_ms) {
    for (struct watched *f = w->files; f < w->files + w->n; f++) {
        /* a folder that was removed and made again */
        if (f->folder_wd < 0 && watch_folder(w, f)) f->due_ms = now_ms + QUIET_MS;
        if (f->due_ms > now_ms) continue;
        f->due_ms = INT64_MAX;
        struct stat now = look(f);
        if (!now.st_ino || !differs(&f->seen, &now)) continue;
        f->seen = now;
        f->file.changed(f->file.user, f->file.path);
    }
}

static void note_event(struct watch *w, const struct inotify_event *event, int64_t now_ms) {
    for (struct watched *f = w->files; f < w->files + w->n; f++) {
        bool lost = event->mask & IN_Q_OVERFLOW, ours = event->wd == f->folder_wd;
        if (ours && (event->mask & IN_IGNORED)) f->folder_wd = -1;
        if (lost || (ours && event->len && strcmp(event->name, f->name) == 0)) f->due_ms = now_ms + QUIET_MS;
    }
}

static void read_events(struct watch *w, int64_t now_ms) {
    _Alignas(struct inotify_event) char bytes[EVENT_BYTES];
    ssize_t n = read(w->inotify, bytes, sizeof bytes);
    for (ssize_t at = 0; at < n;) {
        const struct inotify_event *event = (const void *)(bytes + at);
        note_event(w, event, now_ms);
        at += (ssize_t)(sizeof *event + event->len);
    }
}

static int wait_ms(const struct watch *w, int64_t now_ms) {
    int64_t ms = INT_MAX;
    for (const struct watched *f = w->files; f < w->files + w->n; f++) {
        if (f->folder_wd < 0 && ms > FOLDER_MS) ms = FOLDER_MS;
        if (f->due_ms - now_ms < ms) ms = f->due_ms > now_ms ? f->due_ms - now_ms : 0;
    }
    return ms == INT_MAX ? -1 : (int)ms;
}

static void *run(void *user) {
    struct watch *w = user;
    struct pollfd fds[] = {{.fd = w->stop, .events = POLLIN}, {.fd = w->inotify, .events = POLLIN}};
    for (;;) {
        if (poll(fds, 2, wait_ms(w, clock_monotonic_ms())) < 0 && errno != EINTR) return NULL;
        if (fds[0].revents) return NULL;
        int64_t now_ms = clock_monotonic_ms();
        if (fds[1].revents) read_events(w, now_ms);
        tell_changes(w, now_ms);
    }
}

static bool add_file(struct watch *w, const struct watch_file *file, struct err *e) {
    struct watched *f = &w->files[w->n];
    const char *slash = strrchr(file->path, '/');
    size_t n = slash ? (size_t)(slash - file->path) + 1 : 0;
    if (n >= sizeof f->folder) return err_set(e, ERR_LIMIT, "--watch: a path of more than %d bytes", PATH_MAX);
    *f = (struct watched){.file = *file, .name = slash ? slash + 1 : file->path, .due_ms = INT64_MAX};
    memcpy(f->folder, n ? file->path : "./", n ? n : 2);
    if (!watch_folder(w, f)) return err_set(e, ERR_CONFIG, "--watch: cannot watch %s: %s", f->folder, strerror(errno));
    f->seen = look(f);
    w->n++;
    return true;
}

bool watch_start(const struct watch_file *files, size_t n, struct watch **out, struct err *e) {
    struct watch *w = calloc(1, sizeof *w);
    if (!w) return err_set(e, ERR_MEMORY, "out of memory");
    w->files = calloc(n, sizeof *w->files);
    w->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    w->stop = eventfd(0, EFD_CLOEXEC);
    bool ok = w->files && w->inotify >= 0 && w->stop >= 0;
    if (!ok) err_set(e, ERR_MEMORY, "--watch: %s", strerror(errno));
    for (size_t i = 0; ok && i < n; i++) ok = add_file(w, &files[i], e);
    if (ok) {
        w->started = pthread_create(&w->thread, NULL, run, w) == 0;
        if (!w->started) ok = err_set(e, ERR_MEMORY, "--watch: cannot start a thread");
    }
    if (ok) *out = w;
    else watch_stop(w);
    return ok;
}

void watch_stop(struct watch *w) {
    if (!w) return;
    if (w->started) {
        eventfd_write(w->stop, 1);
        pthread_join(w->thread, NULL);
    }
    if (w->inotify >= 0) close(w->inotify);
    if (w->stop >= 0) close(w->stop);
    free(w->files);
    free(w);
}
