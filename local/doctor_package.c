/* SPDX-License-Identifier: Apache-2.0 */
/* A path in, its files out: names, modes and sizes; bytes only when asked for. A folder is walked as a packer would. */
#include "doctor_package.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "buf.h"
#include "input.h"

enum { MAX_DEPTH = 32, MAX_PATH_BYTES = 65536, FIRST_ENTRIES = 16 };

static bool add_entry(struct doctor_package *p, struct doctor_entry entry, struct err *e) {
    if (p->n == DOCTOR_MAX_FILES) return err_set(e, ERR_LIMIT, "%s: more than %d files", p->path, DOCTOR_MAX_FILES);
    if (p->n == p->cap) {
        size_t cap = p->cap ? p->cap * 2 : FIRST_ENTRIES;
        void *grown = arena_grow(p->arena, p->at, p->cap * sizeof *p->at, cap * sizeof *p->at);
        if (!grown) return err_set(e, ERR_MEMORY, "out of memory for the list of files");
        p->at = grown;
        p->cap = cap;
    }
    while (str_starts(entry.name, STR("./"))) entry.name = (struct str){entry.name.p + 2, entry.name.n - 2};
    p->at[p->n++] = entry;
    p->unpacked = entry.size > UINT64_MAX - p->unpacked ? UINT64_MAX : p->unpacked + entry.size;
    return true;
}

static bool add_packed(struct doctor_package *p, const struct zip_entry *z, struct err *e) {
    struct doctor_entry entry = {
        .name = z->name, .has_mode = z->has_mode, .mode = z->mode, .size = z->size, .packed = z};
    entry.folder = str_ends(z->name, STR("/")) || (z->has_mode && S_ISDIR(z->mode));
    entry.special = z->has_mode && (z->mode & S_IFMT) && !S_ISREG(z->mode) && !entry.folder;
    return add_entry(p, entry, e);
}

/* A damaged zip is a finding; only the lack of memory is not. */
static bool open_zip(struct doctor_package *p, struct err *e) {
    p->kind = DOCTOR_ZIP;
    if (!zip_read(p->bytes, &p->zip, p->arena, &p->damage)) {
        *e = p->damage;
        return e->kind != ERR_MEMORY;
    }
    for (size_t i = 0; i < p->zip.n; i++)
        if (!add_packed(p, &p->zip.at[i], e)) return false;
    return true;
}

static bool open_file(struct doctor_package *p, const struct stat *st, struct err *e) {
    p->kind = DOCTOR_FILE;
    p->file_bytes = (uint64_t)st->st_size;
    if (p->file_bytes > DOCTOR_MAX_BYTES) {
        if (str_ends(str_of(p->path), STR(".zip"))) p->kind = DOCTOR_ZIP;
        return true;
    }
    if (!input_read(p->path, DOCTOR_MAX_BYTES, &p->bytes, p->arena, e)) return false;
    if (zip_is_zip(p->bytes)) return open_zip(p, e);
    struct doctor_entry entry = {.has_mode = true, .mode = st->st_mode, .size = p->bytes.n};
    entry.name = doctor_package_base(str_of(p->path));
    return add_entry(p, entry, e);
}

static char *join(struct doctor_package *p, const char *folder, const char *name, struct err *e) {
    struct buf path;
    buf_init(&path, MAX_PATH_BYTES, p->arena);
    buf_addf(&path, "%s%s%s", folder, *folder ? "/" : "", name);
    return buf_ok(&path, e) ? path.p : NULL; /* buf_addf's NUL stands behind it */
}

static bool walk(struct doctor_package *p, const char *below, int depth, struct err *e);

/* Packers follow a link to a file; one to a folder they treat each in their own way. */
static bool add_found(struct doctor_package *p, const char *below, const char *name, int depth, struct err *e) {
    struct stat st;
    char *inner = join(p, below, name, e), *path = inner ? join(p, p->path, inner, e) : NULL;
    if (!path) return false;
    if (lstat(path, &st) != 0) return err_set(e, ERR_CONFIG, "%s: %s", path, strerror(errno));
    bool link = S_ISLNK(st.st_mode);
    if (link && stat(path, &st) != 0) st.st_mode = S_IFLNK; /* it leads nowhere */
    struct doctor_entry entry = {.name = str_of(inner), .has_mode = true, .mode = st.st_mode};
    entry.folder = !link && S_ISDIR(st.st_mode);
    entry.special = !entry.folder && !S_ISREG(st.st_mode);
    if (S_ISREG(st.st_mode)) entry.size = (uint64_t)st.st_size;
    if (!add_entry(p, entry, e)) return false;
    return !entry.folder || walk(p, inner, depth + 1, e);
}

static bool walk(struct doctor_package *p, const char *below, int depth, struct err *e) {
    if (depth > MAX_DEPTH) return err_set(e, ERR_LIMIT, "%s: more than %d folders deep", p->path, MAX_DEPTH);
    char *path = *below ? join(p, p->path, below, e) : arena_copy(p->arena, str_of(p->path));
    if (!path) return *below ? false : err_set(e, ERR_MEMORY, "out of memory");
    DIR *folder = opendir(path);
    if (!folder) return err_set(e, ERR_CONFIG, "%s: %s", path, strerror(errno));
    bool ok = true;
    for (struct dirent *d; ok && (d = readdir(folder));)
        if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0) ok = add_found(p, below, d->d_name, depth, e);
    closedir(folder);
    return ok;
}

bool doctor_package_open(struct doctor_package *p, const char *path, struct arena *a, struct err *e) {
    struct stat st;
    *p = (struct doctor_package){.path = path, .arena = a};
    if (stat(path, &st) != 0) return err_set(e, ERR_CONFIG, "%s: %s", path, strerror(errno));
    if (S_ISREG(st.st_mode)) return open_file(p, &st, e);
    if (!S_ISDIR(st.st_mode)) return err_set(e, ERR_CONFIG, "%s is neither a file nor a folder", path);
    p->kind = DOCTOR_FOLDER;
    return walk(p, "", 0, e);
}

bool doctor_package_bytes(struct doctor_package *p, const struct doctor_entry *entry, struct str *bytes,
                          struct err *e) {
    if (p->kind == DOCTOR_ZIP) return zip_extract(&p->zip, entry->packed, DOCTOR_MAX_BYTES, bytes, p->arena, e);
    if (p->kind == DOCTOR_FILE) {
        *bytes = p->bytes;
        return true;
    }
    char *path = join(p, p->path, entry->name.p, e);
    return path && input_read(path, DOCTOR_MAX_BYTES, bytes, p->arena, e);
}

const struct doctor_entry *doctor_package_find(const struct doctor_package *p, struct str name) {
    for (size_t i = p->n; i-- > 0;)
        if (!p->at[i].folder && str_eq(p->at[i].name, name)) return &p->at[i];
    return NULL;
}

struct str doctor_package_base(struct str name) {
    size_t from = name.n;
    while (from && name.p[from - 1] != '/' && name.p[from - 1] != '\\') from--;
    return (struct str){name.p + from, name.n - from};
}
