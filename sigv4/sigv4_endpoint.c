/* SPDX-License-Identifier: Apache-2.0 */
/* Reads service and region off the labels of an AWS host name. The suffixes are those of AWS's partitions. */
#include "sigv4_endpoint.h"

static const struct str PARTITIONS[] = {
    STR_INIT("amazonaws.com"), STR_INIT("amazonaws.com.cn"), STR_INIT("amazonaws.eu"),   STR_INIT("c2s.ic.gov"),
    STR_INIT("sc2s.sgov.gov"), STR_INIT("cloud.adc-e.uk"),   STR_INIT("csp.hci.ic.gov"), {0}};
static const struct str DUAL_STACK[] = {
    STR_INIT("api.aws"), STR_INIT("api.amazonwebservices.com.cn"), STR_INIT("api.amazonwebservices.eu"), {0}};
static const struct str ON_AWS[] = {STR_INIT("on.aws"), {0}};
static const struct str LOCALHOST[] = {STR_INIT("localhost"), {0}};

/* {labels}.{kind}.{region}.{one of the suffixes} */
struct form {
    size_t labels;
    struct str kind, service;
    struct str before_suffix; /* a label between region and suffix; absent: none */
    const struct str *suffixes;
};

static const struct form FORMS[] = {
    {1, STR_INIT("execute-api"), STR_INIT("execute-api"), {0}, PARTITIONS},
    {1, STR_INIT("execute-api"), STR_INIT("execute-api"), {0}, DUAL_STACK},
    {1, STR_INIT("execute-api"), STR_INIT("execute-api"), STR_INIT("vpce"), PARTITIONS},
    {1, STR_INIT("execute-api"), STR_INIT("execute-api"), {0}, LOCALHOST},
    {1, STR_INIT("lambda-url"), STR_INIT("lambda"), {0}, ON_AWS},
    {1, STR_INIT("lambda-url"), STR_INIT("lambda"), {0}, LOCALHOST},
    {2, STR_INIT("vpc-lattice-svcs"), STR_INIT("vpc-lattice-svcs"), {0}, ON_AWS},
    {1, STR_INIT("appsync-api"), STR_INIT("appsync"), {0}, PARTITIONS},
};

static bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_label(struct str s) {
    for (size_t i = 0; i < s.n; i++)
        if (!is_lower(s.p[i]) && !(s.p[i] >= 'A' && s.p[i] <= 'Z') && !is_digit(s.p[i]) && s.p[i] != '-') return false;
    return s.n > 0;
}

/* "us-gov-west-1": two words or more, then a number. */
static bool is_region(struct str s) {
    size_t words = 0;
    for (struct str rest = s, word; rest.p; words++) {
        bool more = str_cut(&rest, '-', &word);
        if (!word.n || word.n > (more ? 9 : 2)) return false;
        for (size_t i = 0; i < word.n; i++)
            if (more ? !is_lower(word.p[i]) : !is_digit(word.p[i])) return false;
    }
    return words >= 3;
}

/* A gateway on this machine may be told any region. */
static bool is_local_region(struct str s) {
    for (size_t i = 0; i < s.n; i++)
        if (!is_lower(s.p[i]) && !is_digit(s.p[i]) && s.p[i] != '-') return false;
    return s.n > 0;
}

static bool has_suffix(const struct form *form, struct str rest) {
    struct str label;
    if (form->before_suffix.p && (!str_cut(&rest, '.', &label) || !str_eq_nocase(label, form->before_suffix)))
        return false;
    for (const struct str *s = form->suffixes; s->p; s++)
        if (str_eq_nocase(rest, *s)) return true;
    return false;
}

static bool fits(const struct form *form, struct str host, struct str *region) {
    struct str rest = host, label;
    for (size_t i = 0; i < form->labels; i++)
        if (!str_cut(&rest, '.', &label) || !is_label(label)) return false;
    if (!str_cut(&rest, '.', &label) || !str_eq_nocase(label, form->kind)) return false;
    if (!str_cut(&rest, '.', region)) return false;
    return (form->suffixes == LOCALHOST ? is_local_region(*region) : is_region(*region)) && has_suffix(form, rest);
}

bool sigv4_endpoint_infer(struct str host, struct str *service, struct str *region) {
    for (size_t i = 0; i < sizeof FORMS / sizeof *FORMS; i++) {
        struct str where;
        if (!fits(&FORMS[i], host, &where)) continue;
        *service = FORMS[i].service;
        *region = where;
        return true;
    }
    return false;
}
