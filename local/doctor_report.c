/* SPDX-License-Identifier: Apache-2.0 */
/* Found texts carry names out of files that nobody vouches for, so each writer escapes them in its own way. */
#include "doctor_report.h"

#include <stdarg.h>
#include <stdio.h>

#include "json.h"

static const char *const VERDICTS[] = {
    [DOCTOR_OK] = "ok", [DOCTOR_INFO] = "info", [DOCTOR_WARN] = "warn", [DOCTOR_FAIL] = "fail"};

static struct str print_found(struct arena *a, const char *fmt, va_list ap) {
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    char *p = n < 0 ? NULL : arena_take(a, (size_t)n + 1);
    if (p) vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    return (struct str){p, p ? (size_t)n : 0};
}

void doctor_report_add(struct doctor_report *r, const char *check, enum doctor_verdict verdict, const char *advice,
                       const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    struct str found = print_found(r->arena, fmt, ap);
    va_end(ap);
    if (r->n == DOCTOR_MAX_CHECKS || !found.p) r->failed = true;
    else r->at[r->n++] = (struct doctor_check){check, verdict, found, advice};
}

size_t doctor_report_faults(const struct doctor_report *r) {
    size_t faults = 0;
    for (size_t i = 0; i < r->n; i++) faults += r->at[i].verdict == DOCTOR_FAIL;
    return faults;
}

static void add_plain(struct buf *out, struct str s) {
    for (size_t i = 0; i < s.n; i++) buf_add_char(out, (unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f ? '?' : s.p[i]);
}

void doctor_report_write_table(const struct doctor_report *r, struct str file, struct buf *out) {
    size_t faults = doctor_report_faults(r);
    for (size_t i = 0; i < r->n; i++) {
        const struct doctor_check *c = &r->at[i];
        buf_addf(out, "%-4s  %-11s  ", VERDICTS[c->verdict], c->check);
        add_plain(out, c->found);
        buf_add_char(out, '\n');
        if (c->advice) buf_addf(out, "%19s-> %s\n", "", c->advice);
    }
    add_plain(out, file);
    if (!faults) buf_add(out, STR(": will start on provided.al2023\n"));
    else buf_addf(out, ": will not start on provided.al2023, %zu fault%s\n", faults, faults == 1 ? "" : "s");
}

void doctor_report_write_json(const struct doctor_report *r, struct str file, struct buf *out) {
    buf_add(out, STR("{\"file\":"));
    json_write_text(out, file);
    buf_addf(out, ",\"ok\":%s,\"checks\":[", doctor_report_faults(r) ? "false" : "true");
    for (size_t i = 0; i < r->n; i++) {
        const struct doctor_check *c = &r->at[i];
        buf_addf(out, "%s{\"check\":\"%s\",\"verdict\":\"%s\",\"found\":", i ? "," : "", c->check,
                 VERDICTS[c->verdict]);
        json_write_text(out, c->found);
        buf_add(out, STR(",\"advice\":"));
        json_write_text(out, str_of(c->advice));
        buf_add_char(out, '}');
    }
    buf_add(out, STR("]}\n"));
}
