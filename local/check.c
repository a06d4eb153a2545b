/* SPDX-License-Identifier: Apache-2.0 */
/* Command line in, report on standard output. Nothing is started, sent or written. */
#include "check.h"

#include <stdio.h>
#include <time.h>

#include "check_assume.h"
#include "check_report.h"
#include "clock.h"
#include "stack_flags.h"

enum { CHECK_BYTES = 512 * 1024 * 1024, MAX_TEXT_BYTES = 128 * 1024 * 1024 };
enum { JSON = STACK_N_FLAGS, EXPECT, LINT_ONLY, IGNORE, WHY, SOURCE_IP, USER_AGENT, BOOTSTRAP, HELP };

static const struct flag FLAGS[] = {STACK_FLAGS,
                                    {"--json", 0, false, false},
                                    {"--expect", 0, true, false},
                                    {"--lint-only", 0, false, false},
                                    {"--ignore", 0, true, true},
                                    {"--why", 0, true, false},
                                    {"--source-ip", 0, true, false},
                                    {"--user-agent", 0, true, false},
                                    {"--bootstrap", 0, true, false},
                                    {"--help", 'h', false, false}};

static const char USAGE[] =
    "usage: apigw check [options]\n"
    "       apigw check --why CALLER METHOD PATH [options]\n"
    "Who may call what: every caller against every route, and what in the template is most likely a "
    "mistake.\n" STACK_USAGE
    "  --expect FILE      lines that must hold: allow CALLER METHOD PATH, deny CALLER METHOD PATH,\n"
    "                     deny everything else; * is every caller, method or path; # begins a comment\n"
    "  --why CALLER METHOD PATH\n"
    "                     all about one cell; CALLER may be unsigned, PATH is /STAGE/PATH or API:/STAGE/PATH\n"
    "  --lint-only        no matrix\n"
    "  --ignore NAME      not this lint (may be repeated)\n"
    "  --bootstrap FILE   compare its machine with Architectures\n"
    "  --source-ip ADDR   the caller's address, for conditions (127.0.0.1)\n"
    "  --user-agent TEXT  what the caller sends as User-Agent, for conditions (apigw-check)\n"
    "  --json             for programs\n"
    "Exit code: 0 fine, 1 an expectation failed or a lint of level error was found, 2 wrong usage,\n"
    "3 the template cannot be read.\n";

struct check {
    struct flags flags;
    struct model_options options;
    struct http_fields parameters;
    struct model model;
    struct keyring ring;
    struct check_matrix matrix;
    struct check_expect expect;
    struct lint lint;
    struct check_report report;
    struct arena arena;
};

static bool is_given(const struct check *c, size_t flag) {
    return flags_value(&c->flags, flag) != NULL;
}

static bool read_ignored(struct check *c, struct err *e) {
    enum lint_rule rule;
    struct buf names;
    buf_init(&names, 512, &c->arena);
    for (int i = 0; i < LINT_RULES; i++) buf_addf(&names, " %s", lint_name((enum lint_rule)i));
    for (size_t i = 0; i < c->flags.n_given; i++) {
        if (c->flags.given[i].flag != IGNORE) continue;
        if (!lint_find(str_of(c->flags.given[i].value), &rule))
            return err_set(e, ERR_CONFIG, "there is no lint %.60s; there are%.*s", c->flags.given[i].value,
                           STR_ARG(buf_str(&names)));
        c->lint.ignored[rule] = true;
    }
    return true;
}

static bool read_arguments(struct check *c, int argc, char **argv, struct err *e) {
    if (!flags_read(&c->flags, FLAGS, sizeof FLAGS / sizeof *FLAGS, argc, argv, e)) return false;
    if (is_given(c, HELP)) return true;
    bool why = is_given(c, WHY);
    if (c->flags.n_words != (why ? 2 : 0))
        return why ? err_set(e, ERR_CONFIG, "--why wants CALLER METHOD PATH")
                   : err_set(e, ERR_CONFIG, "what is %.100s?", c->flags.words[0]);
    if (is_given(c, LINT_ONLY) && (why || is_given(c, EXPECT)))
        return err_set(e, ERR_CONFIG, "--lint-only makes no matrix for --%s", why ? "why" : "expect");
    if (why && (is_given(c, EXPECT) || is_given(c, JSON)))
        return err_set(e, ERR_CONFIG, "--why goes with neither --json nor --expect");
    return read_ignored(c, e) && stack_flags_read(&c->flags, &c->options, &c->parameters, &c->arena, e);
}

static bool make_matrix(struct check *c, struct err *e) {
    const char *ip = flags_value(&c->flags, SOURCE_IP), *agent = flags_value(&c->flags, USER_AGENT);
    c->matrix = (struct check_matrix){.model = &c->model,
                                      .ring = &c->ring,
                                      .source_ip = str_of(ip ? ip : "127.0.0.1"),
                                      .user_agent = str_of(agent ? agent : "apigw-check"),
                                      .now_s = clock_unix_ms() / 1000,
                                      .arena = &c->arena};
    if (!keyring_make(&c->ring, &c->model, &c->arena, e) || !check_matrix_make(&c->matrix, e) ||
        !check_assume_fill(&c->matrix, e))
        return false;
    c->report.matrix = &c->matrix;
    return true;
}

static int print(struct check *c, const struct buf *out) {
    struct err e;
    bool ok = buf_ok(out, &e);
    if (ok && (fwrite(out->p, 1, out->n, stdout) != out->n || fflush(stdout) != 0))
        ok = err_set(&e, ERR_CONFIG, "standard output cannot be written");
    if (!ok) fprintf(stderr, "apigw check: %s\n", e.msg);
    return !ok ? CHECK_UNREADABLE : check_report_faults(&c->report) ? CHECK_FAILED : CHECK_OK;
}

/* Of a caller and a route that the command line names. */
static int say_why(struct check *c, struct err *e) {
    size_t caller, route;
    struct buf out;
    buf_init(&out, MAX_TEXT_BYTES, &c->arena);
    if (!check_expect_caller(&c->matrix, str_of(flags_value(&c->flags, WHY)), &caller, e) ||
        !check_expect_route(&c->matrix, str_of(c->flags.words[0]), str_of(c->flags.words[1]), &route, e)) {
        fprintf(stderr, "apigw check: %s\n", e->msg);
        return CHECK_USAGE;
    }
    c->lint.n = 0;
    check_report_write_why(&c->matrix, caller, route, &out);
    return print(c, &out);
}

static int report(struct check *c, struct err *e) {
    const char *expect = flags_value(&c->flags, EXPECT);
    struct buf out;
    buf_init(&out, MAX_TEXT_BYTES, &c->arena);
    if (expect && c->report.matrix) {
        if (!check_expect_read(&c->expect, expect, &c->matrix, e)) {
            fprintf(stderr, "apigw check: %s\n", e->msg);
            return CHECK_USAGE;
        }
        c->report.expect = &c->expect;
    }
    if (is_given(c, JSON)) check_report_write_json(&c->report, &out);
    else check_report_write_table(&c->report, &out);
    return print(c, &out);
}

/* False: *code says why. A refusal that no lint knows is all there is to say. */
static bool examine(struct check *c, int *code, struct err *e) {
    struct err refusal;
    *code = CHECK_UNREADABLE;
    if (!stack_flags_configure(&c->flags, &c->options, &c->parameters, NULL, &c->arena, e)) return false;
    bool read = model_read(&c->options, &c->model, &c->arena, &refusal);
    c->report = (struct check_report){.template_path = c->options.template_path, .lint = &c->lint};
    if (!read) c->report.refusal = str_of(refusal.msg);
    if (!lint_template_check(&c->lint, &c->options, flags_value(&c->flags, BOOTSTRAP), e)) return false;
    lint_said_notices(&c->lint, &c->model);
    if (read) {
        lint_policy_check(&c->lint, &c->model);
        lint_principal_check(&c->lint, &c->model);
        lint_route_check(&c->lint, &c->model, str_of(c->options.template_path));
    }
    bool known = read || lint_said_refusal(&c->lint, c->report.refusal) || lint_errors(&c->lint);
    if (c->lint.failed) return err_set(e, ERR_MEMORY, "out of memory for the findings");
    if (!known) {
        *e = refusal;
        return false;
    }
    c->report.refusal.p = read ? NULL : arena_copy(&c->arena, c->report.refusal);
    return !read || is_given(c, LINT_ONLY) || make_matrix(c, e);
}

/* A program reads of it what people read on standard error. */
static int refuse(struct check *c, const struct err *why) {
    struct buf out;
    if (c->lint.failed) c->lint.n = 0;
    c->report =
        (struct check_report){.template_path = c->options.template_path, .lint = &c->lint, .refusal = str_of(why->msg)};
    buf_init(&out, MAX_TEXT_BYTES, &c->arena);
    check_report_write_json(&c->report, &out);
    print(c, &out);
    return CHECK_UNREADABLE;
}

static int run(struct check *c, int argc, char **argv) {
    struct err e;
    int code = CHECK_USAGE;
    if (!read_arguments(c, argc, argv, &e)) {
        fprintf(stderr, "apigw check: %s\n%s", e.msg, USAGE);
        return CHECK_USAGE;
    }
    if (is_given(c, HELP)) return fputs(USAGE, stdout) < 0;
    if (!examine(c, &code, &e)) {
        fprintf(stderr, "apigw check: %s\n", e.msg);
        return code == CHECK_UNREADABLE && is_given(c, JSON) ? refuse(c, &e) : code;
    }
    if (is_given(c, WHY) && c->report.matrix) return say_why(c, &e);
    return report(c, &e);
}

int check_main(int argc, char **argv) {
    struct check c = {.lint.arena = &c.arena};
    arena_init(&c.arena, CHECK_BYTES);
    int code = run(&c, argc, argv);
    keyring_close(&c.ring);
    arena_close(&c.arena);
    return code;
}
