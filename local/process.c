/* SPDX-License-Identifier: Apache-2.0 */
/* fork, exec and wait, with an honest answer when exec fails. */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

/* Between fork and exec in a program with threads: only async-signal-safe calls. */
static void become(const char *path, const char *dir, char *const envp[], int report_fd, pid_t parent) {
    char *const argv[] = {(char *)(size_t)path, NULL};
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    setpgid(0, 0);
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(126); /* it has died already */
#endif
    int null_fd = open("/dev/null", O_RDONLY);
    if (null_fd >= 0) dup2(null_fd, 0);
    dup2(2, 1);
    if (chdir(dir) == 0) execve(path, argv, envp);
    int why = errno;
    if (write(report_fd, &why, sizeof why) < 0) _exit(126);
    _exit(127);
}

/* One at a time: a pipe that is not yet close-on-exec would go to another thread's child, and be open as long as it lives. */
static bool fork_with_pipe(int report[static 2], pid_t *child) {
    static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&one_at_a_time);
    bool ok = pipe(report) == 0;
    if (ok) {
        fcntl(report[0], F_SETFD, FD_CLOEXEC);
        fcntl(report[1], F_SETFD, FD_CLOEXEC);
        *child = fork();
    }
    if (!ok || *child != 0) pthread_mutex_unlock(&one_at_a_time);
    return ok;
}

bool process_start(const char *path, const char *dir, char *const envp[], pid_t *pid, struct err *e) {
    int report[2], why = 0;
    pid_t child, parent = getpid();
    if (!fork_with_pipe(report, &child)) return err_set(e, ERR_MEMORY, "cannot start %s: %s", path, strerror(errno));
    if (child == 0) become(path, dir, envp, report[1], parent);
    int fork_why = errno;
    close(report[1]);
    if (child < 0) {
        close(report[0]);
        return err_set(e, ERR_MEMORY, "cannot start %s: %s", path, strerror(fork_why));
    }
    ssize_t n;
    do n = read(report[0], &why, sizeof why);
    while (n < 0 && errno == EINTR);
    close(report[0]);
    if (n == 0) { /* exec closed the pipe */
        *pid = child;
        return true;
    }
    waitpid(child, NULL, 0);
    return err_set(e, ERR_CONFIG, "cannot execute %s: %s", path, strerror(why));
}

void process_await(pid_t pid) {
    siginfo_t info;
    while (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) continue;
}

void process_reap(pid_t pid, char words[static 64]) {
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
    if (WIFSIGNALED(status)) snprintf(words, 64, "signal: %s", strsignal(WTERMSIG(status)));
    else snprintf(words, 64, "exit status %d", WEXITSTATUS(status));
}

void process_kill(pid_t pid) {
    kill(-pid, SIGKILL);
    kill(pid, SIGKILL); /* it may not have become a group leader yet */
}
