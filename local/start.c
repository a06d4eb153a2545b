/* SPDX-License-Identifier: Apache-2.0 */
/* Options, the lines that scripts wait for (`listening`, `ready`), and an orderly end. */
#include "start.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway.h"
#include "log.h"
#include "session.h"

static const char USAGE[] = "usage: apigw start [options]\n"
                            "  --template FILE    the SAM template (template.yaml)\n"
                            "  --callers FILE     a CloudFormation file with more IAM users and roles\n"
                            "  --callers-account ID  the AWS account of those (that of the template)\n"
                            "  --parameter K=V    a parameter of the template (may be repeated)\n"
                            "  --port N           port of the first API, the next API gets the next one, and STS\n"
                            "                     the last; 0: free ones (3000)\n"
                            "  --bootstrap FILE   the program of the functions (bootstrap beside apigw)\n"
                            "  --region NAME      AWS_REGION, AWS_DEFAULT_REGION or us-east-1 when not given\n"
                            "  --account ID       12 digits (123456789012)\n"
                            "  --stack-name NAME  (lambda-iam-c)\n";

#define STATE_FOLDER ".apigw"

enum { START_BYTES = 64 * 1024 * 1024 };

struct start {
    struct model_options model;
    struct gateway_options gateway;
    const char *bootstrap, *region, *account, *callers_account, *stack_name, *port,
        *last_parameter; /* as given; NULL: not */
    struct http_fields parameters;
    struct arena arena;
};

static bool usage(const char *what, const char *which) {
    fprintf(stderr, "apigw start: %s%s\n%s", what, which, USAGE);
    return false;
}

static bool read_parameter(struct start *s, const char *text) {
    struct err e;
    struct str name, value = str_of(text);
    if (!str_cut(&value, '=', &name) || !name.n) return usage("--parameter wants NAME=VALUE, not ", text);
    if (!value.p) value = STR("");
    if (http_field_count(&s->parameters, name)) return usage("--parameter is given twice for one name: ", text);
    return http_field_add(&s->parameters, name, value, &s->arena, &e) || usage(e.msg, "");
}

/* The option's place for its text; NULL: no such option. --parameter and --port are read further by the caller. */
static const char **place_of(struct start *s, const char *name) {
    const struct {
        const char *name;
        const char **at;
    } options[] = {{"--template", &s->model.template_path},
                   {"--callers", &s->model.callers_path},
                   {"--callers-account", &s->callers_account},
                   {"--bootstrap", &s->bootstrap},
                   {"--region", &s->region},
                   {"--account", &s->account},
                   {"--stack-name", &s->stack_name},
                   {"--port", &s->port},
                   {"--parameter", &s->last_parameter}};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (strcmp(name, options[i].name) == 0) return options[i].at;
    return NULL;
}

static bool read_option(struct start *s, const char *name, const char *value) {
    const char **at = place_of(s, name);
    if (!at) return usage("unknown option ", name);
    if (!value) return usage("no value behind ", name);
    bool repeated = at != &s->last_parameter && *at;
    *at = value;
    if (repeated) return usage("given twice: ", name);
    return at != &s->last_parameter || read_parameter(s, value);
}

static bool read_port(struct start *s) {
    int64_t port = 3000;
    if (s->port && !str_read_int64(str_of(s->port), 0, 65535, &port))
        return usage("--port wants a number from 0 to 65535, not ", s->port);
    s->gateway.port = (uint16_t)port;
    return true;
}

static bool is_word(struct str s, const char *more) {
    return str_is_made_of(s, more) && s.n > 0 && s.n <= 128;
}

static bool check_names(const struct start *s) {
    int64_t number;
    if (!is_word(s->model.region, "-")) return usage("that is no region: ", s->model.region.p);
    if (!is_word(s->model.stack_name, "-")) return usage("that is no stack name: ", s->model.stack_name.p);
    if (s->model.account_id.n != 12 || !str_read_int64(s->model.account_id, 0, INT64_MAX, &number))
        return usage("--account wants 12 digits, not ", s->model.account_id.p);
    struct str theirs = s->model.callers_account;
    if (!theirs.p) return true;
    if (!s->model.callers_path) return usage("--callers-account wants --callers", "");
    return (theirs.n == 12 && str_read_int64(theirs, 0, INT64_MAX, &number)) ||
           usage("--callers-account wants 12 digits, not ", theirs.p);
}

static struct str first_of(const char *a, const char *b, const char *c, const char *d) {
    const char *const all[] = {a, b, c, d};
    for (size_t i = 0; i < 4; i++)
        if (all[i] && *all[i]) return str_of(all[i]);
    return STR("");
}

static bool read_arguments(struct start *s, int argc, char **argv) {
    s->model.parameters = &s->parameters;
    for (int i = 1; i < argc; i += 2)
        if (!read_option(s, argv[i], i + 1 < argc ? argv[i + 1] : NULL)) return false;
    if (!s->model.template_path) s->model.template_path = "template.yaml";
    s->model.region = first_of(s->region, getenv("AWS_REGION"), getenv("AWS_DEFAULT_REGION"), "us-east-1");
    s->model.account_id = first_of(s->account, "123456789012", NULL, NULL);
    s->model.callers_account = str_of(s->callers_account);
    s->model.stack_name = first_of(s->stack_name, "lambda-iam-c", NULL, NULL);
    return read_port(s) && check_names(s);
}

/* The given file, or `bootstrap` in the folder of this program. */
static bool find_bootstrap(struct start *s, struct err *e) {
    static char self[PATH_MAX], found[PATH_MAX];
    if (!s->bootstrap) {
        ssize_t n = readlink("/proc/self/exe", self, sizeof self - sizeof "/bootstrap");
        if (n <= 0) return err_set(e, ERR_CONFIG, "cannot tell where this program is; give --bootstrap");
        self[n] = 0;
        char *slash = strrchr(self, '/');
        memcpy(slash ? slash : self, "/bootstrap", sizeof "/bootstrap");
        s->bootstrap = self;
    }
    if (!realpath(s->bootstrap, found))
        return err_set(e, ERR_CONFIG, "no bootstrap: %s: %s", s->bootstrap, strerror(errno));
    if (access(found, X_OK) != 0) return err_set(e, ERR_CONFIG, "%s cannot be executed: %s", found, strerror(errno));
    s->gateway.bootstrap = found;
    return true;
}

static void print_api(const struct model_api *api, uint16_t port) {
    printf("listening %.*s http://127.0.0.1:%u/%.*s\n", STR_ARG(api->logical_id), (unsigned)port, STR_ARG(api->stage));
    for (size_t i = 0; i < api->n_routes; i++) {
        const struct model_route *r = &api->routes[i];
        printf("  %-7.*s /%.*s%.*s  %s%s  %.*s\n", STR_ARG(r->method), STR_ARG(api->stage), STR_ARG(r->path),
               r->aws_iam   ? r->api_key ? "AWS_IAM+key" : "AWS_IAM"
               : r->api_key ? "key"
                            : "open",
               api->has_policy ? "+policy" : "", STR_ARG(r->function->logical_id));
    }
}

static void print_enforced(const struct model *m) {
    bool iam = false, key = false, policy = false;
    for (size_t i = 0; i < m->n_apis; i++) {
        policy |= m->apis[i].has_policy;
        for (size_t k = 0; k < m->apis[i].n_routes; k++) {
            iam |= m->apis[i].routes[k].aws_iam;
            key |= m->apis[i].routes[k].api_key;
        }
    }
    if (iam)
        printf("enforced on AWS_IAM routes: signature (%.*s/execute-api), session token, clock within 5 minutes, "
               "execute-api:Invoke in the caller's policies\n",
               STR_ARG(m->region));
    if (policy) printf("enforced on routes with a policy: the API's resource policy\n");
    if (key) printf("enforced on routes with a key: x-api-key of an enabled key in a usage plan of the stage\n");
    if (!iam && !key && !policy) printf("enforced: nothing, for no route asks for AWS_IAM, a key or a policy\n");
}

/* False: nobody can read these lines, so whoever waits for `ready` would wait for ever. */
static bool print_ready(const struct model *m, const struct gateway *g, const struct keyring *ring, struct err *e) {
    for (size_t i = 0; i < m->n_apis; i++) print_api(&m->apis[i], gateway_port(g, i));
    printf("listening STS http://127.0.0.1:%u\n", (unsigned)gateway_sts_port(g));
    print_enforced(m);
    printf("credentials %s:", ring->path);
    for (size_t i = 0; i < ring->n; i++) printf(" %.*s", STR_ARG(ring->at[i].who->profile));
    printf("\nready\n");
    if (fflush(stdout) == 0 && !ferror(stdout)) return true;
    return err_set(e, ERR_CONFIG, "standard output cannot be written: %s", strerror(errno));
}

/* Everything between an accepted template and the signal that ends it. */
static int run(struct start *s, const struct model *m, const sigset_t *signals) {
    struct keyring ring = {0};
    struct gateway *gateway = NULL;
    struct err e;
    int signal_number;
    s->gateway.model = m;
    s->gateway.keyring = &ring;
    bool ok = find_bootstrap(s, &e) && keyring_make(&ring, m, &s->arena, &e) && session_open(&ring.sessions, &e) &&
              keyring_lock(&ring, STATE_FOLDER, &s->arena, &e) && gateway_start(&s->gateway, &gateway, &s->arena, &e) &&
              keyring_save(&ring, STATE_FOLDER, &s->arena, &e) && print_ready(m, gateway, &ring, &e);
    if (ok) {
        sigwait(signals, &signal_number);
    } else {
        fprintf(stderr, "apigw start: %s\n", e.msg);
    }
    gateway_stop(gateway);
    keyring_close(&ring);
    return ok ? 0 : 1;
}

int start_main(int argc, char **argv) {
    struct start s = {0};
    struct model m;
    struct err e;
    sigset_t signals;
    arena_init(&s.arena, START_BYTES);
    log_open(LOG_TEXT, LOG_INFO, 2);
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGQUIT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL); /* every thread inherits this: only sigwait sees them */
    int code = 2;
    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        fputs(USAGE, stdout);
        code = 0;
    } else if (read_arguments(&s, argc, argv)) {
        bool ok = model_read(&s.model, &m, &s.arena, &e);
        if (!ok) fprintf(stderr, "apigw start: %s\n", e.msg);
        for (size_t i = 0; ok && i < m.n_notices; i++) fprintf(stderr, "note: %.*s\n", STR_ARG(m.notices[i]));
        code = ok ? run(&s, &m, &signals) : 1;
    }
    arena_close(&s.arena);
    return code;
}
