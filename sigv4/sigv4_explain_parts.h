/* SPDX-License-Identifier: Apache-2.0 */
/* What the sigv4_explain_*.c files share. Nothing here can fail halfway: memory that is missing is remembered in
   `failed`, and asked about once. */
#ifndef SIGV4_SIGV4_EXPLAIN_PARTS_H
#define SIGV4_SIGV4_EXPLAIN_PARTS_H

#include "sigv4_explain.h"

enum { EXPLAIN_WORDS = 9, EXPLAIN_FORMS = 3, EXPLAIN_QUOTE_BYTES = 200, EXPLAIN_MAX_SKEW_S = 300 };

/* A canonical request, taken apart. */
struct sigv4_explain_lines {
    struct str method, path, query, headers, signed_headers, payload_hash; /* headers: all lines, with their LFs */
    size_t n_headers;
};

struct sigv4_explainer {
    const struct sigv4_refused *in;
    struct sigv4_explanation *out;
    struct str message;                   /* what the service says, its lines ended by LF; never absent */
    bool capital;                         /* {"Message"}, as policies and function URLs write it */
    struct str canonical, string_to_sign; /* those the service shows; absent when it does not */
    struct sigv4_explain_lines ours;      /* absent members when our canonical request is not known */
    int64_t now, theirs;                  /* both clocks; 0: unknown */
    struct str
        words[EXPLAIN_WORDS]; /* what must not be shown: the secret and both tokens, each plain and percent-encoded */
    struct arena *a;
    bool failed;
};

/* --- sigv4_explain_text.c ----------------------------------------------------------------------------------------- */
void sigv4_explain_read_message(struct sigv4_explainer *x);
void sigv4_explain_hide(struct sigv4_explainer *x, struct str secret); /* adds words */
/* Printable and without the words; longer text is cut and ends in "...". */
struct str sigv4_explain_shown(struct sigv4_explainer *x, struct str s);
/* A whole line of a canonical request, printable; private values (of headers or of query parameters) are left out. */
struct str sigv4_explain_header_shown(struct sigv4_explainer *x, struct str line);
struct str sigv4_explain_query_shown(struct sigv4_explainer *x, struct str line);
struct str sigv4_explain_line_shown(struct sigv4_explainer *x, struct str line);
bool sigv4_explain_is_private(struct str name); /* of a header or parameter whose value is nobody's business */
void sigv4_explain_say(struct sigv4_explainer *x, enum sigv4_cause cause, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void sigv4_explain_fix(struct sigv4_explainer *x, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* --- sigv4_explain_compare.c -------------------------------------------------------------------------------------- */
void sigv4_explain_split(struct str canonical, struct sigv4_explain_lines *lines);
/* The value of that header; absent if the lines have no such name. */
struct str sigv4_explain_header(const struct sigv4_explain_lines *lines, struct str name);
/* Both canonical requests and strings to sign are known: finds the difference and its cause. */
void sigv4_explain_compare(struct sigv4_explainer *x);

#endif
