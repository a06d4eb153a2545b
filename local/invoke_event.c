/* SPDX-License-Identifier: Apache-2.0 */
/* A name is looked for beside the template, so that it works from every folder. */
#include "invoke_event.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "input.h"
#include "json.h"

enum { MAX_PATH_BYTES = 4096, MAX_LIST_BYTES = 400, MAX_NAMES = 256 };

static bool is_json(struct str event, const char *path, struct err *e) {
    struct cJSON *root;
    if (!json_read(event, &root, e))
        return err_prefix(e, "the event %s: ", strcmp(path, "-") == 0 ? "on standard input" : path);
    json_close(root);
    return true;
}

static bool is_file(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && !S_ISDIR(st.st_mode);
}

/* "events" in the template's folder. */
static void add_folder(struct buf *path, const char *template_path) {
    const char *slash = strrchr(template_path, '/');
    if (slash) buf_add(path, (struct str){template_path, (size_t)(slash - template_path) + 1});
    buf_add(path, STR("events"));
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static size_t read_names(const char *folder, char *names[MAX_NAMES], struct arena *a) {
    DIR *d = opendir(folder);
    size_t n = 0;
    for (struct dirent *found; d && n < MAX_NAMES && (found = readdir(d));) {
        struct str name = str_of(found->d_name);
        if (!str_ends(name, STR(".json"))) continue;
        names[n] = arena_copy(a, (struct str){name.p, name.n - STR(".json").n});
        n += names[n] != NULL;
    }
    if (d) closedir(d);
    qsort(names, n, sizeof *names, by_name);
    return n;
}

static bool unknown(const char *given, const char *folder, struct arena *a, struct err *e) {
    char *names[MAX_NAMES];
    struct buf list;
    size_t n = read_names(folder, names, a);
    buf_init(&list, MAX_LIST_BYTES, a);
    for (size_t i = 0; i < n; i++) buf_addf(&list, " %s", names[i]);
    if (n == 0) return err_set(e, ERR_CONFIG, "there is no file %s, and no event in %s", given, folder);
    return err_set(e, ERR_CONFIG, "there is no file %s and no event of that name in %s; there are%.*s", given, folder,
                   STR_ARG(buf_str(&list)));
}

bool invoke_event_read(const char *given, const char *template_path, struct str *event, struct arena *a,
                       struct err *e) {
    struct buf folder, path;
    *event = STR("{}");
    if (!given) return true;
    buf_init(&folder, MAX_PATH_BYTES, a);
    buf_init(&path, MAX_PATH_BYTES, a);
    add_folder(&folder, template_path);
    buf_add_char(&folder, 0);
    if (!buf_ok(&folder, e)) return false;
    buf_addf(&path, "%s/%s.json", folder.p, given);
    if (!buf_ok(&path, e)) return false;
    const char *file = given;
    if (strcmp(given, "-") != 0 && !is_file(given)) {
        if (strchr(given, '/') || !is_file(path.p)) return unknown(given, folder.p, a, e);
        file = path.p;
    }
    return input_read(file, INVOKE_EVENT_MAX_BYTES, event, a, e) && is_json(*event, file, e);
}
