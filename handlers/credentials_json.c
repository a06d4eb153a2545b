/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON that STS, the container endpoint and a credential_process answer with, and the forms of its Expiration. */
#include <cjson/cJSON.h>
#include <string.h>

#include "credentials.h"
#include "json.h"
#include "sigv4_stages.h"
#include "wipe.h"

enum { MAX_CODE_CHARS = 64 };

/* "+02:00" or "+0200" in seconds. */
static bool read_offset(struct str s, int64_t *offset_s) {
    int64_t hours, minutes;
    bool colon = s.n == 6 && s.p[3] == ':';
    if ((s.n != 5 && !colon) || (s.p[0] != '+' && s.p[0] != '-')) return false;
    if (!str_read_int64((struct str){s.p + 1, 2}, 0, 23, &hours)) return false;
    if (!str_read_int64((struct str){s.p + s.n - 2, 2}, 0, 59, &minutes)) return false;
    *offset_s = (hours * 60 + minutes) * (s.p[0] == '-' ? -60 : 60);
    return true;
}

bool credentials_read_time(struct str text, int64_t *unix_s) {
    static const char form[] = "dddd-dd-ddTdd:dd:dd";
    char compact[SIGV4_DATE_BYTES];
    size_t n = 0, at = sizeof form - 1;
    int64_t offset_s = 0, moment_s;
    if (text.n <= at) return false;
    for (size_t i = 0; i < at; i++) {
        if (form[i] == 'd' || form[i] == 'T') compact[n++] = text.p[i];
        else if (text.p[i] != form[i]) return false;
    }
    compact[n++] = 'Z';
    if (!sigv4_date_read((struct str){compact, n}, &moment_s)) return false;
    if (text.p[at] == '.') do
            at++;
        while (at < text.n && text.p[at] >= '0' && text.p[at] <= '9');
    struct str zone = {text.p + at, text.n - at};
    if (!str_eq(zone, STR("Z")) && !read_offset(zone, &offset_s)) return false;
    *unix_s = moment_s - offset_s;
    return true;
}

static bool read_end(const cJSON *object, bool long_term, int64_t *expires_s, struct err *e) {
    const cJSON *end = json_get(object, "Expiration");
    *expires_s = CREDENTIALS_NO_END;
    if (!end) return long_term || err_set(e, ERR_PROTOCOL, "there is no Expiration");
    if (cJSON_IsNumber(end) && end->valuedouble >= 0 && end->valuedouble < 1e12) {
        *expires_s = (int64_t)end->valuedouble;
        return true;
    }
    return credentials_read_time(json_text(end), expires_s) ||
           err_set(e, ERR_PROTOCOL, "Expiration is no time of the form 2015-08-30T12:36:00Z");
}

static bool take(const cJSON *object, const char *name, bool may_miss, struct str *copy, struct arena *a,
                 struct err *e) {
    struct str text = json_get_text(object, name);
    *copy = (struct str){0};
    if (!text.n) return may_miss || err_set(e, ERR_PROTOCOL, "there is no %s", name);
    *copy = (struct str){arena_copy(a, text), text.n};
    wipe_str(text);
    return copy->p || err_set(e, ERR_MEMORY, "out of memory for keys");
}

bool credentials_read_json(const struct cJSON *object, const struct credentials_names *names, struct credentials *found,
                           struct arena *a, struct err *e) {
    *found = (struct credentials){0};
    if (!take(object, names->id, false, &found->keys.id, a, e) ||
        !take(object, names->secret, false, &found->keys.secret, a, e) ||
        !take(object, names->token, names->long_term, &found->keys.token, a, e) ||
        !read_end(object, names->long_term, &found->expires_s, e))
        return false;
    if (credentials_check(&found->keys, names, e)) return true;
    e->kind = ERR_PROTOCOL;
    return false;
}

struct str credentials_word(struct str code) {
    bool plain = code.n > 0 && code.n <= MAX_CODE_CHARS && str_is_made_of(code, ".");
    return plain ? code : STR("without a code");
}
