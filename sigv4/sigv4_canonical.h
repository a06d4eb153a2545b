/* SPDX-License-Identifier: Apache-2.0 */
/* The canonicaliser's inner parts, for sigv4_canonical.c, sigv4_target.c and the signer: a request flows through a sink
   into SHA-256 and, if it is wanted, into a text. */
#ifndef SIGV4_SIGV4_CANONICAL_H
#define SIGV4_SIGV4_CANONICAL_H

#include <string.h>

#include "sha256.h"
#include "sigv4_stages.h"

/* Small pieces are collected, large ones are hashed where they are. */
struct sigv4_sink {
    struct sha256 hash;
    struct buf *text; /* NULL: not wanted */
    size_t total;     /* bytes that have left the stage */
    size_t n;         /* bytes on it */
    char stage[448];
};
void sigv4_sink_begin(struct sigv4_sink *sink, struct buf *text);
void sigv4_sink_flush(struct sigv4_sink *sink, struct str s); /* the stage, and s behind it */
bool sigv4_sink_end(struct sigv4_sink *sink, unsigned char digest[static SHA256_BYTES], struct err *e);

static inline void sigv4_sink_add(struct sigv4_sink *sink, struct str s) {
    if (s.n > sizeof sink->stage - sink->n) {
        sigv4_sink_flush(sink, s);
        return;
    }
    if (s.n) memcpy(sink->stage + sink->n, s.p, s.n);
    sink->n += s.n;
}

/* str_eq_nocase for a `lower` that is in lower case already; most names differ in length. */
static inline bool sigv4_same_name(struct str name, struct str lower) {
    if (name.n != lower.n) return false;
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] != lower.p[i] && ((name.p[i] ^ lower.p[i]) != 0x20 || lower.p[i] < 'a' || lower.p[i] > 'z'))
            return false;
    return true;
}

/* 16 bytes at once, as every 64-bit processor can. */
typedef unsigned char sigv4_lanes __attribute__((vector_size(16)));

/* The 16 bytes at p; of `n` bytes from 4 to 15 all of them, some twice. */
static inline sigv4_lanes sigv4_lanes_load(const char *p, size_t n) {
    typedef uint64_t halves __attribute__((vector_size(16)));
    halves both;
    if (n >= sizeof both) {
        memcpy(&both, p, sizeof both);
    } else if (n >= sizeof both[0]) {
        uint64_t low, high;
        memcpy(&low, p, sizeof low);
        memcpy(&high, p + n - sizeof high, sizeof high);
        both = (halves){low, high};
    } else {
        uint32_t begin, end;
        memcpy(&begin, p, sizeof begin);
        memcpy(&end, p + n - sizeof end, sizeof end);
        uint64_t all = (uint64_t)begin << 32 | end;
        both = (halves){all, all};
    }
    return (sigv4_lanes)both;
}

static inline bool sigv4_lanes_any(sigv4_lanes odd) {
    uint64_t halves[2];
    memcpy(halves, &odd, sizeof halves);
    return (halves[0] | halves[1]) != 0;
}

/* No space, no control byte: nothing to trim, to fold or to refuse. */
bool sigv4_canonical_plain(struct str s);

/* Field lines to be: names in lower case, sorted; those of one name in their order of arrival. */
struct sigv4_lines {
    struct http_fields fields;
    bool plain; /* all values are, and nobody has to look at them again */
};

/* The fields that may be signed, not sorted yet, with room for `more`. */
bool sigv4_canonical_fields(struct http_fields *lines, const struct http_fields *fields, size_t more,
                            bool unsigned_token, struct arena *a, struct err *e);
void sigv4_canonical_sort(struct http_fields *lines);

/* "a;b;c" from sorted fields; at most the sum of the names' bytes and one more for each. Returns its length. */
size_t sigv4_canonical_names(char *out, const struct http_fields *sorted);

/* The path, checked and written. */
bool sigv4_target_path(struct sigv4_sink *out, struct str path, const struct sigv4_canonical *how, struct arena *a,
                       struct err *e);

/* The query's parameters, checked, decoded and encoded anew, in order of arrival; with room for `more`. */
bool sigv4_target_query(struct http_fields *params, struct str query, size_t more, unsigned allow, struct arena *a,
                        struct err *e);

/* s percent-encoded; itself if there is nothing to encode. Absent: out of memory. */
struct str sigv4_target_encode(struct str s, struct arena *a);

/* All of it. params get sorted; the caller has taken out what is not signed. lines: the fields that how->signed_headers
   names; NULL: they are looked up in rq. */
bool sigv4_canonical_stream(struct sigv4_sink *out, const struct http_request *rq, struct http_fields *params,
                            const struct sigv4_lines *lines, const struct sigv4_canonical *how, struct arena *a,
                            struct err *e);

#endif
