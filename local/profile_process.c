/* SPDX-License-Identifier: Apache-2.0 */
/* fork and execvp with a pipe for the answer; time and bytes are bounded. */
#include "profile_process.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "clock.h"
#include "credentials.h"
#include "json.h"
#include "process.h"
#include "wipe.h"

enum { MAX_OUTPUT_BYTES = 64 * 1024, WAIT_STEP_MS = 5 };

/* --- Words -------------------------------------------------------------------------------------------------------- */

static bool blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* One word from *at, which is left behind it; its characters go to *out. False: a quote or \ without its end. */
static bool read_word(struct str s, size_t *at, char **out) {
    char quote = 0;
    for (; *at < s.n && (quote || !blank(s.p[*at])); ++*at) {
        char c = s.p[*at];
        if (quote ? c == quote : c == '"' || c == '\'') {
            quote = quote ? 0 : c;
            continue;
        }
        bool escape = c == '\\' && quote != '\'';
        if (escape && quote) escape = *at + 1 < s.n && (s.p[*at + 1] == '"' || s.p[*at + 1] == '\\');
        if (escape && ++*at == s.n) return false;
        *(*out)++ = s.p[*at];
    }
    *(*out)++ = 0;
    return !quote;
}

bool profile_process_split(struct str command, char ***argv, struct arena *a, struct err *e) {
    size_t n = 0, at = 0;
    char *out = arena_take(a, command.n + 1); /* a word is shorter than its text, or as long with a blank behind it */
    char **words = arena_take(a, (command.n / 2 + 2) * sizeof *words);
    if (!out || !words) return err_set(e, ERR_MEMORY, "out of memory for a command");
    for (;;) {
        while (at < command.n && blank(command.p[at])) at++;
        if (at == command.n) break;
        words[n++] = out;
        if (!read_word(command, &at, &out)) return err_set(e, ERR_CONFIG, "a quote or \\ has no end");
    }
    words[n] = NULL;
    *argv = words;
    return n > 0 || err_set(e, ERR_CONFIG, "there is no command");
}

/* --- The process -------------------------------------------------------------------------------------------------- */

static void become(char **argv, int out, int report) {
    signal(SIGPIPE, SIG_DFL);
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* who asked may run out of time */
#endif
    dup2(out, 1);
    execvp(argv[0], argv);
    int why = errno;
    if (write(report, &why, sizeof why) < 0) _exit(126);
    _exit(127);
}

static bool make_pipes(int out[static 2], int report[static 2]) {
    if (pipe(out) != 0) return false;
    if (pipe(report) != 0) {
        close(out[0]);
        close(out[1]);
        return false;
    }
    int all[] = {out[0], out[1], report[0], report[1]};
    for (size_t i = 0; i < 4; i++) fcntl(all[i], F_SETFD, FD_CLOEXEC);
    return true;
}

/* exec closes the report's pipe; otherwise it says why there was none. */
static bool start(char **argv, pid_t *pid, int *fd, struct err *e) {
    int out[2], report[2], why = 0;
    if (!make_pipes(out, report)) return err_set(e, ERR_MEMORY, "it cannot be started: %s", strerror(errno));
    *pid = fork();
    if (*pid == 0) become(argv, out[1], report[1]);
    int fork_why = errno;
    close(out[1]);
    close(report[1]);
    ssize_t n = -1;
    do n = *pid < 0 ? 0 : read(report[0], &why, sizeof why);
    while (n < 0 && errno == EINTR);
    close(report[0]);
    *fd = out[0];
    if (*pid > 0 && n == 0) return true;
    close(out[0]);
    if (*pid < 0) return err_set(e, ERR_MEMORY, "it cannot be started: %s", strerror(fork_why));
    waitpid(*pid, NULL, 0);
    return err_set(e, ERR_CONFIG, "it cannot be executed: %s", strerror(why));
}

struct output {
    char *p; /* room for MAX_OUTPUT_BYTES */
    size_t n;
};

/* Until the end of its output. */
static bool read_output(int fd, int64_t end_ms, struct output *out, struct err *e) {
    for (;;) {
        int64_t left_ms = end_ms - clock_monotonic_ms();
        struct pollfd p = {fd, POLLIN, 0};
        if (left_ms <= 0) return err_set(e, ERR_TIMEOUT, "it took too long and was ended");
        if (poll(&p, 1, left_ms < INT32_MAX ? (int)left_ms : INT32_MAX) <= 0) continue;
        if (out->n == MAX_OUTPUT_BYTES) return err_set(e, ERR_LIMIT, "it wrote more than %d bytes", MAX_OUTPUT_BYTES);
        ssize_t n = read(fd, out->p + out->n, MAX_OUTPUT_BYTES - out->n);
        if (n == 0) return true;
        if (n > 0) out->n += (size_t)n;
        else if (errno != EINTR) return err_set(e, ERR_CONFIG, "its output cannot be read: %s", strerror(errno));
    }
}

/* It may have closed its output and go on. */
static bool await_end(pid_t pid, int64_t end_ms, struct err *e) {
    const struct timespec step = {.tv_nsec = WAIT_STEP_MS * 1000000};
    for (;;) {
        siginfo_t info = {0};
        if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT | WNOHANG) == 0 && info.si_pid == pid) return true;
        if (clock_monotonic_ms() >= end_ms) return err_set(e, ERR_TIMEOUT, "it took too long and was ended");
        nanosleep(&step, NULL);
    }
}

static bool run(char **argv, int64_t timeout_ms, struct output *out, struct err *e) {
    int64_t end_ms = clock_monotonic_ms() + timeout_ms;
    char words[64];
    pid_t pid = 0;
    int fd = -1;
    if (!start(argv, &pid, &fd, e)) return false;
    bool ok = read_output(fd, end_ms, out, e) && await_end(pid, end_ms, e);
    if (!ok) kill(pid, SIGKILL);
    close(fd);
    process_reap(pid, words);
    if (ok && strcmp(words, "exit status 0") != 0)
        ok = err_set(e, ERR_CONFIG, "it failed (%s); its own words stand above", words);
    return ok;
}

/* --- Its answer --------------------------------------------------------------------------------------------------- */

static bool read_answer(struct str text, int64_t now_s, struct credentials *found, struct arena *a, struct err *e) {
    static const struct credentials_names names = {"AccessKeyId", "SecretAccessKey", "SessionToken", true};
    struct cJSON *root;
    struct err not_json;
    if (!json_read(text, &root, &not_json)) return err_set(e, ERR_PROTOCOL, "what it wrote is not JSON");
    const struct cJSON *version = json_get(root, "Version");
    bool ok = cJSON_IsNumber(version) && version->valuedouble == 1;
    if (!ok) err_set(e, ERR_PROTOCOL, "its answer has no \"Version\": 1");
    else ok = credentials_read_json(root, &names, found, a, e) || err_prefix(e, "in its answer: ");
    json_close(root);
    if (!ok || found->expires_s - now_s >= CREDENTIALS_LEAST_S) return ok;
    return err_set(e, ERR_PROTOCOL, "the keys it gave have ended already");
}

bool profile_process_run(struct str command, const struct credentials_time *when, struct sigv4_keys *keys,
                         struct arena *a, struct err *e) {
    struct credentials found;
    struct output out = {arena_take(a, MAX_OUTPUT_BYTES), 0};
    char **argv;
    if (!out.p) return err_set(e, ERR_MEMORY, "out of memory for its answer");
    if (!profile_process_split(command, &argv, a, e)) return false;
    bool ok =
        run(argv, when->timeout_ms, &out, e) && read_answer((struct str){out.p, out.n}, when->now_s, &found, a, e);
    wipe_bytes(out.p, out.n);
    if (ok) *keys = found.keys;
    return ok;
}
