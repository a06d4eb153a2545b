/* SPDX-License-Identifier: Apache-2.0 */
#include "program.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "stack_flags.h"

/* "FUNCTION=FILE": a name has no '/' and no '.', so that a path with '=' in it can be told from it. */
static bool split(const char *value, struct str *name, const char **file) {
    const char *equals = strchr(value, '=');
    size_t n = equals ? (size_t)(equals - value) : 0;
    if (!n || memchr(value, '/', n) || memchr(value, '.', n)) return false;
    *name = (struct str){value, n};
    *file = equals + 1;
    return true;
}

static bool given_file(const struct flags *f, size_t flag, const struct model *m, const char *template_path,
                       const struct model_function *function, const char **file, struct arena *a, struct err *e) {
    const char *own = NULL, *all = NULL, *path;
    for (size_t i = 0; i < f->n_given; i++) {
        const char *value = f->given[i].value;
        const struct model_function *named;
        struct str name;
        if (f->given[i].flag != flag) continue;
        if (!split(value, &name, &path)) {
            if (all) return err_set(e, ERR_CONFIG, "--bootstrap is given twice: %.100s and %.100s", all, value);
            all = value;
            continue;
        }
        if (!stack_flags_function(m, template_path, name, &named, a, e)) return err_prefix(e, "--bootstrap: ");
        if (named == function && own)
            return err_set(e, ERR_CONFIG, "--bootstrap is given twice for %.*s", STR_ARG(name));
        if (named == function) own = path;
    }
    *file = own ? own : all;
    return true;
}

/* NULL: there is none. Failures of memory meet the caller's next step too. */
static const char *built_file(const struct model_function *function, const char *template_path, struct arena *a) {
    const char *slash = strrchr(template_path, '/');
    struct str folder = {template_path, slash ? (size_t)(slash - template_path) + 1 : 0}, uri = function->code_uri;
    struct buf path;
    if (!uri.n) return NULL;
    buf_init(&path, PATH_MAX, a);
    if (uri.p[0] != '/') buf_add(&path, folder);
    buf_add(&path, uri);
    buf_add(&path, STR("/bootstrap"));
    buf_add_char(&path, 0);
    return !path.failed && access(path.p, F_OK) == 0 ? path.p : NULL;
}

static const char *file_beside_us(struct arena *a, struct err *e) {
    static const char name[] = "/bootstrap";
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - sizeof name);
    if (n <= 0) {
        err_set(e, ERR_CONFIG, "cannot tell where this program is; give --bootstrap");
        return NULL;
    }
    self[n] = 0;
    char *slash = strrchr(self, '/');
    memcpy(slash ? slash : self, name, sizeof name);
    const char *path = arena_copy(a, str_of(self));
    if (!path) err_set(e, ERR_MEMORY, "out of memory");
    return path;
}

static bool use(const char *file, struct program *p, struct arena *a, struct err *e) {
    char found[PATH_MAX];
    if (!realpath(file, found))
        return err_set(e, ERR_CONFIG, "no bootstrap: %s: %s (build it, or give --bootstrap)", file, strerror(errno));
    if (access(found, X_OK) != 0)
        return err_set(e, ERR_CONFIG, "%s cannot be executed: %s (chmod +x?)", found, strerror(errno));
    size_t n = (size_t)(strrchr(found, '/') - found);
    *p = (struct program){.bootstrap = arena_copy(a, str_of(found)),
                          .task_root = arena_copy(a, (struct str){found, n ? n : 1})};
    return (p->bootstrap && p->task_root) || err_set(e, ERR_MEMORY, "out of memory");
}

bool program_find(const struct flags *f, size_t flag, const struct model *m, const char *template_path,
                  const struct model_function *function, struct program *p, struct arena *a, struct err *e) {
    const char *file = NULL;
    if (!given_file(f, flag, m, template_path, function, &file, a, e)) return false;
    if (!file) file = built_file(function, template_path, a);
    if (!file) file = file_beside_us(a, e);
    return file && use(file, p, a, e);
}
