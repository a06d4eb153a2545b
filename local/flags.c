/* SPDX-License-Identifier: Apache-2.0 */
#include "flags.h"

#include <string.h>

static bool keep(struct flags *f, size_t flag, const char *value, struct err *e) {
    if (!f->known[flag].repeats && flags_value(f, flag))
        return err_set(e, ERR_CONFIG, "%s is given twice", f->known[flag].name);
    if (f->n_given == FLAGS_MAX_GIVEN) return err_set(e, ERR_LIMIT, "more than %d flags", FLAGS_MAX_GIVEN);
    f->given[f->n_given].flag = flag;
    f->given[f->n_given++].value = value;
    return true;
}

/* What argv[*i] lacks may be argv[*i + 1]. */
static bool keep_valued(struct flags *f, size_t flag, const char *value, int argc, char **argv, int *i, struct err *e) {
    if (!value && *i + 1 >= argc) return err_set(e, ERR_CONFIG, "%s needs a value", f->known[flag].name);
    return keep(f, flag, value ? value : argv[++*i], e);
}

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

/* How many letters are to be put in, left out or changed; SIZE_MAX for names longer than any flag's. */
static size_t distance(struct str a, struct str b) {
    enum { LONGEST = 40 };
    size_t row[LONGEST + 1];
    if (a.n > LONGEST || b.n > LONGEST) return SIZE_MAX;
    for (size_t k = 0; k <= b.n; k++) row[k] = k;
    for (size_t i = 0; i < a.n; i++) {
        size_t before = row[0];
        row[0] = i + 1;
        for (size_t k = 0; k < b.n; k++) {
            size_t changed = before + (a.p[i] != b.p[k]);
            before = row[k + 1];
            row[k + 1] = least(changed, least(before, row[k]) + 1);
        }
    }
    return row[b.n];
}

static bool unknown(const struct flags *f, struct str name, struct err *e) {
    const char *near = NULL;
    size_t nearest = 3; /* more than a slip of the finger */
    for (size_t k = 0; k < f->n_known; k++) {
        size_t d = distance(name, str_of(f->known[k].name));
        if (d < nearest) near = f->known[k].name;
        nearest = least(d, nearest);
    }
    return err_set(e, ERR_CONFIG, "unknown flag %.*s%s%s%s", (int)least(name.n, 100), name.p, near ? " (is it " : "",
                   near ? near : "", near ? "?)" : "");
}

static bool read_long(struct flags *f, int argc, char **argv, int *i, struct err *e) {
    const char *arg = argv[*i], *equals = strchr(arg, '=');
    size_t n = equals ? (size_t)(equals - arg) : strlen(arg);
    for (size_t k = 0; k < f->n_known; k++) {
        const struct flag *flag = &f->known[k];
        if (strlen(flag->name) != n || strncmp(flag->name, arg, n) != 0) continue;
        if (flag->has_value) return keep_valued(f, k, equals ? equals + 1 : NULL, argc, argv, i, e);
        if (equals) return err_set(e, ERR_CONFIG, "%s takes no value", flag->name);
        return keep(f, k, "", e);
    }
    return unknown(f, (struct str){arg, n}, e);
}

/* "-ik", "-XPOST", "-X POST" */
static bool read_brief(struct flags *f, int argc, char **argv, int *i, struct err *e) {
    for (const char *p = argv[*i] + 1; *p; p++) {
        size_t k = 0;
        while (k < f->n_known && f->known[k].brief != *p) k++;
        if (k == f->n_known) return err_set(e, ERR_CONFIG, "unknown flag -%c", *p);
        if (f->known[k].has_value) return keep_valued(f, k, p[1] ? p + 1 : NULL, argc, argv, i, e);
        if (!keep(f, k, "", e)) return false;
    }
    return true;
}

bool flags_read(struct flags *f, const struct flag *known, size_t n_known, int argc, char **argv, struct err *e) {
    bool words_only = false;
    *f = (struct flags){.known = known, .n_known = n_known};
    for (int i = 1; i < argc; i++) {
        const char *arg = argv[i];
        if (!words_only && strcmp(arg, "--") == 0) {
            words_only = true;
        } else if (words_only || arg[0] != '-' || !arg[1]) {
            if (f->n_words == FLAGS_MAX_WORDS) return err_set(e, ERR_CONFIG, "too many words: %.100s", arg);
            f->words[f->n_words++] = arg;
        } else if (!(arg[1] == '-' ? read_long(f, argc, argv, &i, e) : read_brief(f, argc, argv, &i, e))) {
            return false;
        }
    }
    return true;
}

const char *flags_value(const struct flags *f, size_t flag) {
    for (size_t i = f->n_given; i-- > 0;)
        if (f->given[i].flag == flag) return f->given[i].value;
    return NULL;
}

bool flags_number(const struct flags *f, size_t flag, int64_t min, int64_t max, int64_t *number, struct err *e) {
    const char *text = flags_value(f, flag);
    if (!text || str_read_int64(str_of(text), min, max, number)) return true;
    return err_set(e, ERR_CONFIG, "%s wants a number from %lld to %lld, not %.50s", f->known[flag].name, (long long)min,
                   (long long)max, text);
}
