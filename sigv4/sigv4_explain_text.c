/* SPDX-License-Identifier: Apache-2.0 */
/* The text side of explaining: a refusal's body comes in, its message goes out; texts of anybody come in, what may be
   shown of them goes out. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "percent.h"
#include "sigv4_explain_parts.h"
#include "sigv4_stages.h"

enum { MAX_BODY_BYTES = 512 * 1024, MAX_SENTENCE_BYTES = 4096 };

static const struct str HIDDEN = STR_INIT("<hidden>");

static struct str keep(struct sigv4_explainer *x, const struct buf *b) {
    x->failed |= b->failed;
    return b->failed ? STR("") : buf_str(b);
}

/* --- The message -------------------------------------------------------------------------------------------------- */

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct str trimmed(struct str s) {
    while (s.n && is_space(s.p[s.n - 1])) s.n--;
    while (s.n && is_space(s.p[0])) s = (struct str){s.p + 1, s.n - 1};
    return s;
}

static struct str without_cr(struct sigv4_explainer *x, struct str s) {
    struct buf b;
    buf_init(&b, MAX_BODY_BYTES, x->a);
    size_t from = 0;
    for (size_t i = 0; i + 1 < s.n; i++) {
        if (s.p[i] != '\r' || s.p[i + 1] != '\n') continue;
        buf_add(&b, (struct str){s.p + from, i - from});
        from = i + 1;
    }
    buf_add(&b, (struct str){s.p + from, s.n - from});
    return keep(x, &b);
}

/* The text of the document's message, or of the document if it is a string. */
static bool read_json(struct sigv4_explainer *x, struct str text) {
    struct cJSON *root;
    struct err ignored;
    if (!json_read(text, &root, &ignored)) return false;
    struct str message = json_text(root);
    if (!message.p) message = json_get_text(root, "message");
    if (!message.p) {
        message = json_get_text(root, "Message");
        x->capital = message.p != NULL;
    }
    bool found = message.p != NULL;
    if (found) x->message = without_cr(x, message);
    json_close(root);
    return found;
}

void sigv4_explain_read_message(struct sigv4_explainer *x) {
    struct str body = trimmed(x->in->body);
    x->message = STR("");
    if (!body.n || body.n > MAX_BODY_BYTES || read_json(x, body)) return;
    if (str_find(body, STR("\\n'")) != SIZE_MAX) { /* copied out of a JSON text, with its escapes */
        struct buf quoted;
        buf_init(&quoted, MAX_BODY_BYTES + 2, x->a);
        buf_add_char(&quoted, '"');
        buf_add(&quoted, body);
        buf_add_char(&quoted, '"');
        if (read_json(x, keep(x, &quoted))) return;
    }
    x->message = without_cr(x, body);
}

bool sigv4_refusal_clock(struct str message, int64_t *their_unix_s) {
    const struct str end = STR(" min.)");
    for (size_t at; (at = str_find(message, STR("("))) != SIZE_MAX;) {
        message = (struct str){message.p + at + 1, message.n - at - 1};
        size_t i = SIGV4_DATE_BYTES - 1;
        if (message.n < i + 4 || !sigv4_date_read((struct str){message.p, i}, their_unix_s)) continue;
        if (memcmp(message.p + i, " - ", 3) != 0 && memcmp(message.p + i, " + ", 3) != 0) continue;
        for (i += 3; i < message.n && message.p[i] >= '0' && message.p[i] <= '9';) i++;
        if (str_starts((struct str){message.p + i, message.n - i}, end)) return true;
    }
    return false;
}

/* --- What may be shown -------------------------------------------------------------------------------------------- */

void sigv4_explain_hide(struct sigv4_explainer *x, struct str secret) {
    size_t free_at = 0;
    while (free_at < EXPLAIN_WORDS && x->words[free_at].n) free_at++;
    for (size_t i = free_at; i < free_at + EXPLAIN_FORMS && i < EXPLAIN_WORDS && secret.n; i++) {
        struct buf b;
        x->words[i] = secret;
        buf_init(&b, SIZE_MAX, x->a);
        percent_write(&b, secret, false);
        secret = keep(x, &b);
    }
}

/* The length of the word at the front of s, the longest if there are several; 0: none. */
static size_t word_at(const struct sigv4_explainer *x, struct str s) {
    size_t longest = 0;
    for (size_t i = 0; i < EXPLAIN_WORDS; i++)
        if (x->words[i].n > longest && str_starts(s, x->words[i])) longest = x->words[i].n;
    return longest;
}

/* Hides before it cuts: half a secret is one too. */
static void add_shown(struct sigv4_explainer *x, struct buf *b, struct str s, size_t limit) {
    for (size_t i = 0, begin = b->n; i < s.n;) {
        if (b->n - begin >= limit) {
            buf_add(b, STR("..."));
            return;
        }
        size_t hidden = word_at(x, (struct str){s.p + i, s.n - i});
        unsigned char c = (unsigned char)s.p[i];
        if (hidden) buf_add(b, HIDDEN);
        else if (c < 0x20 || c > 0x7e) buf_addf(b, "\\x%02x", c);
        else buf_add_char(b, (char)c);
        i += hidden ? hidden : 1;
    }
}

struct str sigv4_explain_shown(struct sigv4_explainer *x, struct str s) {
    struct buf b;
    buf_init(&b, SIZE_MAX, x->a);
    add_shown(x, &b, s, EXPLAIN_QUOTE_BYTES);
    return keep(x, &b);
}

struct str sigv4_explain_line_shown(struct sigv4_explainer *x, struct str line) {
    struct buf b;
    if (!line.p) return line;
    buf_init(&b, SIZE_MAX, x->a);
    add_shown(x, &b, line, SIZE_MAX);
    return keep(x, &b);
}

static bool contains_nocase(struct str s, struct str word) {
    for (size_t i = 0; i + word.n <= s.n; i++)
        if (str_eq_nocase((struct str){s.p + i, word.n}, word)) return true;
    return false;
}

bool sigv4_explain_is_private(struct str name) {
    static const char *const parts[] = {"token",  "authorization", "cookie",    "secret",  "password", "passwd",
                                        "apikey", "api-key",       "signature", "api_key", "session",  "bearer"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (contains_nocase(name, str_of(parts[i]))) return true;
    return false;
}

static void add_pair(struct sigv4_explainer *x, struct buf *b, struct str pair, char separator) {
    struct str value = pair, name;
    bool has_value = str_cut(&value, separator, &name);
    add_shown(x, b, name, SIZE_MAX);
    if (!has_value) return;
    buf_add_char(b, separator);
    if (value.n && sigv4_explain_is_private(name)) buf_addf(b, "<hidden, %zu bytes>", value.n);
    else add_shown(x, b, value, SIZE_MAX);
}

struct str sigv4_explain_header_shown(struct sigv4_explainer *x, struct str line) {
    struct buf b;
    if (!line.p) return line;
    buf_init(&b, SIZE_MAX, x->a);
    add_pair(x, &b, line, ':');
    return keep(x, &b);
}

struct str sigv4_explain_query_shown(struct sigv4_explainer *x, struct str line) {
    struct buf b;
    struct str pair;
    if (!line.p) return line;
    buf_init(&b, SIZE_MAX, x->a);
    for (bool more = true; more;) {
        more = str_cut(&line, '&', &pair);
        add_pair(x, &b, pair, '=');
        if (more) buf_add_char(&b, '&');
    }
    return keep(x, &b);
}

/* --- Sentences ---------------------------------------------------------------------------------------------------- */

static struct str sentence(struct sigv4_explainer *x, const char *fmt, va_list ap) {
    char text[MAX_SENTENCE_BYTES];
    struct buf b;
    int n = vsnprintf(text, sizeof text, fmt, ap);
    buf_init(&b, MAX_SENTENCE_BYTES, x->a);
    if (n < 0 || (size_t)n >= sizeof text) x->failed = true; /* its pieces are bounded: it cannot be */
    else buf_add(&b, (struct str){text, (size_t)n});
    return keep(x, &b);
}

void sigv4_explain_say(struct sigv4_explainer *x, enum sigv4_cause cause, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    x->out->cause = cause;
    x->out->sentence = sentence(x, fmt, ap);
    va_end(ap);
}

void sigv4_explain_fix(struct sigv4_explainer *x, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    x->out->fix = sentence(x, fmt, ap);
    va_end(ap);
}
