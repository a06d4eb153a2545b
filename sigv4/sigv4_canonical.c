/* SPDX-License-Identifier: Apache-2.0 */
/* The one canonicaliser, for signing and verifying alike. A request comes in as it is on the wire; its canonical form
   flows straight into SHA-256, and into a text only when somebody wants to see it.
   https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
#include "sigv4_canonical.h"

/* --- The sink --------------------------------------------------------------------------------------------------- */

void sigv4_sink_begin(struct sigv4_sink *sink, struct buf *text) {
    sha256_begin(&sink->hash);
    sink->text = text;
    sink->total = sink->n = 0;
}

static void pass_on(struct sigv4_sink *sink, struct str s) {
    sha256_add(&sink->hash, s);
    if (sink->text) buf_add(sink->text, s);
    sink->total += s.n; /* all pieces are in memory at once, so the sum is no overflow */
}

void sigv4_sink_flush(struct sigv4_sink *sink, struct str s) {
    pass_on(sink, (struct str){sink->stage, sink->n});
    sink->n = 0;
    if (s.n > sizeof sink->stage) pass_on(sink, s);
    else sigv4_sink_add(sink, s);
}

static inline void add_char(struct sigv4_sink *sink, char c) {
    sigv4_sink_add(sink, (struct str){&c, 1});
}

bool sigv4_sink_end(struct sigv4_sink *sink, unsigned char digest[static SHA256_BYTES], struct err *e) {
    sigv4_sink_flush(sink, (struct str){0});
    if (!sha256_end(&sink->hash, digest)) return err_set(e, ERR_MEMORY, "libcrypto could not hash the request");
    if (sink->text && !buf_ok(sink->text, e)) return err_prefix(e, "canonical request: ");
    if (sink->total <= SIGV4_MAX_CANONICAL_BYTES) return true;
    return err_set(e, ERR_LIMIT, "canonical request: text is longer than its limit of %d bytes",
                   SIGV4_MAX_CANONICAL_BYTES);
}

/* --- Fields ----------------------------------------------------------------------------------------------------- */

static sigv4_lanes odd_bytes(sigv4_lanes at) {
    return (sigv4_lanes)(at <= ' ') | (sigv4_lanes)(at == 0x7f);
}

/* A token has 1,000 bytes and more. The last step looks at some bytes for a second time. */
bool sigv4_canonical_plain(struct str s) {
    enum { LANES = sizeof(sigv4_lanes), STEP = 4 * LANES };
    sigv4_lanes odd = {0}, more = odd;
    if (s.n < 4) {
        for (size_t i = 0; i < s.n; i++)
            if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f) return false;
        return true;
    }
    if (s.n < LANES) return !sigv4_lanes_any(odd_bytes(sigv4_lanes_load(s.p, s.n)));
    const char *p = s.p, *end = p + s.n;
    for (; end - p >= STEP; p += STEP) {
        odd |= odd_bytes(sigv4_lanes_load(p, LANES)) | odd_bytes(sigv4_lanes_load(p + LANES, LANES));
        more |= odd_bytes(sigv4_lanes_load(p + 2 * LANES, LANES)) | odd_bytes(sigv4_lanes_load(p + 3 * LANES, LANES));
    }
    for (; end - p >= LANES; p += LANES) odd |= odd_bytes(sigv4_lanes_load(p, LANES));
    return !sigv4_lanes_any(odd | more | odd_bytes(sigv4_lanes_load(end - LANES, LANES)));
}

/* str_eq with a `b` that is not empty; most names differ in length or in their first byte. */
static inline bool is(struct str a, struct str b) {
    return a.n == b.n && a.p[0] == b.p[0] && memcmp(a.p, b.p, b.n) == 0;
}

/* What a hop between signer and verifier, or a tracing library behind the signer, may add, change or drop. */
static bool may_change(struct str name) {
    static const struct str names[] = {
        STR_INIT("accept-encoding"),
        STR_INIT("authorization"),
        STR_INIT("baggage"),
        STR_INIT("cache-control"),
        STR_INIT("connection"),
        STR_INIT("expect"),
        STR_INIT("from"),
        STR_INIT("keep-alive"),
        STR_INIT("max-forwards"),
        STR_INIT("pragma"),
        STR_INIT("referer"),
        STR_INIT("te"),
        STR_INIT("traceparent"),
        STR_INIT("tracestate"),
        STR_INIT("trailer"),
        STR_INIT("upgrade"),
        STR_INIT("user-agent"),
        STR_INIT("x-amzn-trace-id"),
        STR_INIT("transfer-encoding"),
    };
    static const struct str prefixes[] = {STR_INIT("proxy-"), STR_INIT("sec-"), STR_INIT("x-forwarded-")};
    if (is(name, STR("host")) || (name.n > 6 && memcmp(name.p, "x-amz-", 6) == 0)) return false; /* most often */
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (is(name, names[i])) return true;
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (name.n >= prefixes[i].n && is((struct str){name.p, prefixes[i].n}, prefixes[i])) return true;
    return false;
}

/* str_cmp; most names differ in their first byte. */
static inline int compare(struct str a, struct str b) {
    if (a.n && b.n && a.p[0] != b.p[0]) return (unsigned char)a.p[0] - (unsigned char)b.p[0];
    return str_cmp(a, b);
}

/* The same parameters are the same bytes, so their order is nobody's business. */
static inline bool params_swapped(const struct http_field *x, const struct http_field *y) {
    int d = compare(x->name, y->name);
    return (d ? d : compare(x->value, y->value)) > 0;
}

/* The names that can repeat lie in one text, in their order of arrival. */
static inline bool fields_swapped(const struct http_field *x, const struct http_field *y) {
    int d = compare(x->name, y->name);
    return d ? d > 0 : x->name.p > y->name.p;
}

/* Shell's sort, in place: a plain insertion sort for the few there mostly are, and no disaster for 512. */
static inline void sort(struct http_field *at, size_t n,
                        bool swapped(const struct http_field *, const struct http_field *)) {
    static const size_t gaps[] = {301, 132, 57, 23, 10, 4, 1};
    for (size_t g = 0; g < sizeof gaps / sizeof *gaps; g++)
        for (size_t gap = gaps[g], i = gap; i < n; i++) {
            struct http_field one = at[i];
            size_t k = i;
            for (; k >= gap && swapped(&at[k - gap], &one); k -= gap) at[k] = at[k - gap];
            at[k] = one;
        }
}

static void lower(char *out, struct str name) {
    for (size_t i = 0; i < name.n; i++) {
        unsigned char c = (unsigned char)name.p[i];
        out[i] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
}

bool sigv4_canonical_fields(struct http_fields *lines, const struct http_fields *fields, size_t more,
                            bool unsigned_token, struct arena *a, struct err *e) {
    size_t bytes = 0;
    if (fields->n > HTTP_MAX_FIELDS) return err_set(e, ERR_LIMIT, "more than %d fields", HTTP_MAX_FIELDS);
    for (size_t i = 0; i < fields->n; i++) bytes += fields->at[i].name.n;
    *lines = (struct http_fields){.cap = fields->n + more};
    lines->at = arena_take(a, lines->cap * sizeof *lines->at);
    char *text = arena_take(a, bytes);
    if (!lines->at || !text) return err_set(e, ERR_MEMORY, "out of memory for %zu names", fields->n);
    for (size_t i = 0; i < fields->n; i++) {
        struct http_field one = {{text, fields->at[i].name.n}, fields->at[i].value};
        lower(text, fields->at[i].name);
        text += one.name.n;
        if (may_change(one.name) || (unsigned_token && is(one.name, STR("x-amz-security-token")))) continue;
        lines->at[lines->n++] = one;
    }
    return true;
}

void sigv4_canonical_sort(struct http_fields *lines) {
    sort(lines->at, lines->n, fields_swapped);
}

static bool repeats(const struct http_fields *sorted, size_t i) {
    return i > 0 && is(sorted->at[i].name, sorted->at[i - 1].name);
}

size_t sigv4_canonical_names(char *out, const struct http_fields *sorted) {
    char *p = out;
    for (size_t i = 0; i < sorted->n; i++) {
        struct str name = sorted->at[i].name;
        if (repeats(sorted, i)) continue;
        if (i) *p++ = ';';
        if (name.n) memcpy(p, name.p, name.n);
        p += name.n;
    }
    return (size_t)(p - out);
}

bool sigv4_signed_headers(struct buf *out, const struct http_fields *fields, bool unsigned_token, struct err *e) {
    struct http_fields sorted;
    size_t bytes = 0;
    if (!sigv4_canonical_fields(&sorted, fields, 0, unsigned_token, out->arena, e)) return false;
    sigv4_canonical_sort(&sorted);
    for (size_t i = 0; i < sorted.n; i++) bytes += sorted.at[i].name.n + 1;
    char *names = arena_take(out->arena, bytes);
    if (!names) return err_set(e, ERR_MEMORY, "out of memory for %zu names", sorted.n);
    buf_add(out, (struct str){names, sigv4_canonical_names(names, &sorted)});
    return buf_ok(out, e);
}

static bool white(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r'); /* tab, line feed, vertical tab, form feed, carriage return */
}

/* Trimmed, runs of white space as one space: words, joined. */
static void add_value(struct sigv4_sink *out, struct str v, bool plain) {
    if (plain || sigv4_canonical_plain(v)) {
        sigv4_sink_add(out, v);
        return;
    }
    bool first = true;
    for (size_t i = 0, from; i < v.n;) {
        while (i < v.n && white(v.p[i])) i++;
        for (from = i; i < v.n && !white(v.p[i]);) i++;
        if (i == from) break;
        if (!first) add_char(out, ' ');
        sigv4_sink_add(out, (struct str){v.p + from, i - from});
        first = false;
    }
}

static void add_header_lines(struct sigv4_sink *out, const struct http_fields *fields, struct str names) {
    for (struct str rest = names, name; rest.n;) {
        str_cut(&rest, ';', &name);
        sigv4_sink_add(out, name);
        add_char(out, ':');
        bool first = true;
        for (size_t i = 0; i < fields->n; i++) {
            if (!sigv4_same_name(fields->at[i].name, name)) continue;
            if (!first) add_char(out, ',');
            add_value(out, fields->at[i].value, false);
            first = false;
        }
        add_char(out, '\n');
    }
}

/* The same for fields that are sorted already. */
static void add_sorted_lines(struct sigv4_sink *out, const struct sigv4_lines *lines) {
    for (size_t i = 0; i < lines->fields.n; i++) {
        const struct http_field *f = &lines->fields.at[i];
        if (repeats(&lines->fields, i)) {
            add_char(out, ',');
        } else {
            if (i) add_char(out, '\n');
            sigv4_sink_add(out, f->name);
            add_char(out, ':');
        }
        add_value(out, f->value, lines->plain);
    }
    if (lines->fields.n) add_char(out, '\n');
}

/* --- The whole -------------------------------------------------------------------------------------------------- */

/* Sorted by encoded name, then by encoded value: sorting joined texts would put "a-b=" before "a=". */
static void add_query(struct sigv4_sink *out, struct http_fields *params) {
    sort(params->at, params->n, params_swapped);
    for (size_t i = 0; i < params->n; i++) {
        if (i) add_char(out, '&');
        sigv4_sink_add(out, params->at[i].name);
        add_char(out, '=');
        sigv4_sink_add(out, params->at[i].value);
    }
}

bool sigv4_canonical_stream(struct sigv4_sink *out, const struct http_request *rq, struct http_fields *params,
                            const struct sigv4_lines *lines, const struct sigv4_canonical *how, struct arena *a,
                            struct err *e) {
    sigv4_sink_add(out, rq->method);
    add_char(out, '\n');
    if (!sigv4_target_path(out, rq->path, how, a, e)) return false;
    add_char(out, '\n');
    add_query(out, params);
    add_char(out, '\n');
    if (lines) add_sorted_lines(out, lines);
    else add_header_lines(out, &rq->fields, how->signed_headers);
    add_char(out, '\n');
    sigv4_sink_add(out, how->signed_headers);
    add_char(out, '\n');
    sigv4_sink_add(out, how->payload_hash);
    return true;
}

/* A signature cannot sign itself, and a token may be sent beside it. */
static void drop_unsigned(struct http_fields *params, bool without_token) {
    size_t kept = 0;
    for (size_t i = 0; i < params->n; i++) {
        struct str name = params->at[i].name;
        if (is(name, STR("X-Amz-Signature")) || (without_token && is(name, STR("X-Amz-Security-Token")))) continue;
        params->at[kept++] = params->at[i];
    }
    params->n = kept;
}

/* `digest` is wanted, or `text`, or both. */
static bool canonicalise(unsigned char digest[static SHA256_BYTES], struct buf *text, const struct http_request *rq,
                         const struct sigv4_canonical *how, struct arena *a, struct err *e) {
    struct sigv4_sink sink;
    struct http_fields params;
    if (!sigv4_target_query(&params, rq->query, 0, how->allow, a, e)) return false;
    drop_unsigned(&params, how->without_token);
    sigv4_sink_begin(&sink, text);
    bool streamed = sigv4_canonical_stream(&sink, rq, &params, NULL, how, a, e);
    return sigv4_sink_end(&sink, digest, streamed ? e : &(struct err){0}) && streamed;
}

bool sigv4_canonical_text(struct buf *out, const struct http_request *rq, const struct sigv4_canonical *how,
                          struct err *e) {
    unsigned char digest[SHA256_BYTES];
    return canonicalise(digest, out, rq, how, out->arena, e);
}

bool sigv4_canonical_digest(unsigned char digest[SIGV4_DIGEST_BYTES], const struct http_request *rq,
                            const struct sigv4_canonical *how, struct arena *a, struct err *e) {
    return canonicalise(digest, NULL, rq, how, a, e);
}

bool sigv4_canonical_request(struct buf *out, const struct http_request *rq, struct str signed_headers,
                             struct str payload_hash, enum sigv4_path path, struct err *e) {
    struct sigv4_canonical how = {
        .signed_headers = signed_headers, .payload_hash = payload_hash, .path = path, .allow = SIGV4_AS_RECEIVED};
    return sigv4_canonical_text(out, rq, &how, e);
}
