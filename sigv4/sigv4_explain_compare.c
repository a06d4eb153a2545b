/* SPDX-License-Identifier: Apache-2.0 */
/* Our canonical request and string to sign, and those that the service shows, come in; the line that differs, its cause
   and its cure go out. Of several lines the method and the host come first: who changes them changes others too. */
#include <stdlib.h>
#include <string.h>

#include "percent.h"
#include "sigv4_explain_parts.h"

enum { FIRST_HEADER_LINE = 4, MAX_DECODINGS = 4 };

static const struct str EMPTY_HASH = STR_INIT("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
static const struct str UNSIGNED = STR_INIT("UNSIGNED-PAYLOAD");

/* The same line of both canonical requests. */
struct pair {
    struct str ours, theirs;
};

static bool differs(struct pair p) {
    return !str_eq(p.ours, p.theirs);
}

static void point_at(struct sigv4_explainer *x, struct str label, size_t number, struct pair p,
                     struct str (*show)(struct sigv4_explainer *, struct str)) {
    size_t i = 0;
    while (i < p.ours.n && i < p.theirs.n && p.ours.p[i] == p.theirs.p[i]) i++;
    x->out->line = label;
    x->out->line_number = number;
    x->out->byte = i;
    x->out->ours = show(x, p.ours);
    x->out->theirs = show(x, p.theirs);
}

/* --- Taking apart ------------------------------------------------------------------------------------------------- */

void sigv4_explain_split(struct str canonical, struct sigv4_explain_lines *lines) {
    struct str line, rest = canonical;
    *lines = (struct sigv4_explain_lines){0};
    if (!rest.p) return;
    str_cut(&rest, '\n', &lines->method);
    str_cut(&rest, '\n', &lines->path);
    str_cut(&rest, '\n', &lines->query);
    lines->headers = (struct str){rest.p, 0};
    while (rest.p && str_cut(&rest, '\n', &line) && line.n) {
        lines->headers.n += line.n + 1;
        lines->n_headers++;
    }
    str_cut(&rest, '\n', &lines->signed_headers);
    lines->payload_hash = rest;
}

static struct str name_of(struct str line) {
    struct str name;
    str_cut(&line, ':', &name);
    return name;
}

static struct str value_of(struct str line) {
    struct str name;
    return str_cut(&line, ':', &name) ? line : STR("");
}

/* That header's line, and its place among them. */
static struct str find_line(const struct sigv4_explain_lines *lines, struct str name, size_t *at) {
    struct str rest = lines->headers, line;
    for (*at = 0; rest.n && str_cut(&rest, '\n', &line); ++*at)
        if (str_eq_nocase(name_of(line), name)) return line;
    return (struct str){0};
}

struct str sigv4_explain_header(const struct sigv4_explain_lines *lines, struct str name) {
    size_t at;
    struct str line = find_line(lines, name, &at);
    return line.p ? value_of(line) : line;
}

/* Without any percent-encoding, however often it was put on. */
static struct str decoded(struct sigv4_explainer *x, struct str s) {
    struct err ignored;
    for (int i = 0; i < MAX_DECODINGS; i++) {
        struct str next;
        if (!percent_read(s, false, &next, x->a, &ignored)) {
            x->failed |= ignored.kind == ERR_MEMORY;
            break;
        }
        if (next.n == s.n) break;
        s = next;
    }
    return s;
}

static bool same_decoded(struct sigv4_explainer *x, struct pair p) {
    return str_eq(decoded(x, p.ours), decoded(x, p.theirs));
}

static bool is_encoding_of(struct sigv4_explainer *x, struct str more, struct str less) {
    struct buf b;
    buf_init(&b, SIZE_MAX, x->a);
    percent_write(&b, less, true);
    x->failed |= b.failed;
    return !b.failed && str_eq(buf_str(&b), more);
}

/* The piece around the first byte that differs, beginning at a '/' or an escape. */
static struct str around(struct str s, size_t at) {
    size_t from = at < s.n ? at : s.n;
    while (from > 0 && at - from < 16 && s.p[from - 1] != '/' && s.p[from - 1] != '%') from--;
    if (from > 0 && s.p[from - 1] == '%') from--;
    size_t n = s.n - from < 24 ? s.n - from : 24;
    return (struct str){s.p + from, n};
}

/* --- Method and host ---------------------------------------------------------------------------------------------- */

static void method(struct sigv4_explainer *x, struct pair p) {
    point_at(x, STR("method"), 1, p, sigv4_explain_line_shown);
    struct str ours = sigv4_explain_shown(x, p.ours), theirs = sigv4_explain_shown(x, p.theirs);
    sigv4_explain_say(x, SIGV4_CAUSE_METHOD, "The request was signed as %.*s but arrived as %.*s.", STR_ARG(ours),
                      STR_ARG(theirs));
    sigv4_explain_fix(x,
                      "Sign the method that is sent, and do not follow redirects with a signed request: they turn POST "
                      "into GET; sign the new address instead.");
}

static bool only_port_differs(struct pair p) {
    struct str a = p.ours, b = p.theirs, host_a, host_b;
    str_cut(&a, ':', &host_a);
    str_cut(&b, ':', &host_b);
    return str_eq_nocase(host_a, host_b) && !str_eq(a, b);
}

static void host(struct sigv4_explainer *x, struct pair line, size_t number) {
    struct pair p = {value_of(line.ours), value_of(line.theirs)};
    point_at(x, STR("header host"), number, line, sigv4_explain_header_shown);
    struct str ours = sigv4_explain_shown(x, p.ours), theirs = sigv4_explain_shown(x, p.theirs);
    sigv4_explain_say(x, SIGV4_CAUSE_HOST,
                      "The request was signed for the host %.*s, but the service was asked for %.*s.", STR_ARG(ours),
                      STR_ARG(theirs));
    if (!p.theirs.n || only_port_differs(p))
        sigv4_explain_fix(x, "Sign the Host header exactly as it is sent, with its port (only :443 of https and :80 of "
                             "http are left out of both).");
    else
        sigv4_explain_fix(x,
                          "Sign with the host %.*s, or let the proxy, CDN, tunnel or custom domain in between pass the "
                          "Host header on unchanged.",
                          STR_ARG(theirs));
}

/* --- Path --------------------------------------------------------------------------------------------------------- */

static void path_encoding(struct sigv4_explainer *x, struct pair p) {
    size_t at = x->out->byte;
    struct str ours = sigv4_explain_shown(x, around(p.ours, at)), theirs = sigv4_explain_shown(x, around(p.theirs, at));
    if (is_encoding_of(x, p.theirs, p.ours)) {
        sigv4_explain_say(x, SIGV4_CAUSE_PATH_ENCODING,
                          "The path was percent-encoded one time too few before it was signed: %.*s instead of %.*s.",
                          STR_ARG(ours), STR_ARG(theirs));
        sigv4_explain_fix(x,
                          "Let the signer encode the path once more than it is sent (a sent %%20 is signed as %%2520); "
                          "every service but S3 expects that, so turn off S3 rules and \"do not encode the path\".");
    } else if (is_encoding_of(x, p.ours, p.theirs)) {
        sigv4_explain_say(x, SIGV4_CAUSE_PATH_ENCODING,
                          "The path was percent-encoded once too often before it was signed: %.*s instead of %.*s.",
                          STR_ARG(ours), STR_ARG(theirs));
        sigv4_explain_fix(x,
                          "Give the signer the path exactly as it is sent, encoded once; do not encode it again before "
                          "signing, or send it as you signed it.");
    } else {
        sigv4_explain_say(x, SIGV4_CAUSE_PATH_ENCODING,
                          "The path was sent with other percent-escapes than it was signed with: %.*s instead of %.*s.",
                          STR_ARG(ours), STR_ARG(theirs));
        sigv4_explain_fix(x, "Build the URL once, sign its path byte for byte and send it so; an HTTP library or proxy "
                             "that rewrites escapes (%%2f to %%2F, %%7E to ~) must get them in its own form.");
    }
}

/* Is `longer` a piece that begins with '/' and then `shorter`? */
static bool adds_front(struct str longer, struct str shorter, struct str *front) {
    if (!str_starts(shorter, STR("/")) || !str_starts(longer, STR("/")) || longer.n < shorter.n + 2 ||
        !str_ends(longer, shorter))
        return false;
    *front = (struct str){longer.p, longer.n - shorter.n};
    return true;
}

static void other_path(struct sigv4_explainer *x, struct pair p) {
    struct str ours = sigv4_explain_shown(x, p.ours), theirs = sigv4_explain_shown(x, p.theirs), front;
    sigv4_explain_say(x, SIGV4_CAUSE_PATH, "The path was signed as %.*s but arrived as %.*s.", STR_ARG(ours),
                      STR_ARG(theirs));
    if (adds_front(p.theirs, p.ours, &front)) {
        front = sigv4_explain_shown(x, front);
        sigv4_explain_fix(x, "Sign the whole path that the service sees, with %.*s (the stage, or what a proxy adds).",
                          STR_ARG(front));
    } else if (adds_front(p.ours, p.theirs, &front)) {
        front = sigv4_explain_shown(x, front);
        sigv4_explain_fix(x, "A proxy took %.*s off: sign the path without it, or make the proxy keep it.",
                          STR_ARG(front));
    } else
        sigv4_explain_fix(x,
                          "Sign the path that is sent, byte for byte, with its stage and its last '/' if there is one, "
                          "and without '//', '.' and '..', which are resolved on the way.");
}

static void path(struct sigv4_explainer *x, struct pair p) {
    point_at(x, STR("path"), 2, p, sigv4_explain_line_shown);
    if (same_decoded(x, p)) path_encoding(x, p);
    else other_path(x, p);
}

/* --- Query -------------------------------------------------------------------------------------------------------- */

static int compare_parameters(const void *a, const void *b) {
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* The query's parameters, sorted. */
static struct str *parameters(struct sigv4_explainer *x, struct str query, size_t *n) {
    size_t cap = 1;
    for (size_t i = 0; i < query.n; i++) cap += query.p[i] == '&';
    struct str *all = arena_take(x->a, cap * sizeof *all);
    *n = 0;
    if (!all) {
        x->failed = true;
        return NULL;
    }
    for (bool more = query.n > 0; more; ++*n) more = str_cut(&query, '&', &all[*n]);
    qsort(all, *n, sizeof *all, compare_parameters);
    return all;
}

/* The first parameter that is in one query only, of each. */
static struct pair first_lone(struct sigv4_explainer *x, struct pair queries) {
    size_t n_ours, n_theirs, i = 0, k = 0;
    struct str *ours = parameters(x, queries.ours, &n_ours), *theirs = parameters(x, queries.theirs, &n_theirs);
    struct pair lone = {{0}, {0}};
    while (ours && theirs && (i < n_ours || k < n_theirs)) {
        int order = i == n_ours ? 1 : k == n_theirs ? -1 : str_cmp(ours[i], theirs[k]);
        if (order < 0 && !lone.ours.p) lone.ours = ours[i];
        if (order > 0 && !lone.theirs.p) lone.theirs = theirs[k];
        i += order <= 0;
        k += order >= 0;
    }
    return lone;
}

static struct str parameter_name(struct sigv4_explainer *x, struct str parameter) {
    struct str name;
    str_cut(&parameter, '=', &name);
    return sigv4_explain_shown(x, name);
}

/* A '+' that one side reads as a space. */
static bool same_but_plus(struct sigv4_explainer *x, struct pair p) {
    struct str a = decoded(x, p.ours), b = decoded(x, p.theirs);
    if (a.n != b.n) return false;
    for (size_t i = 0; i < a.n; i++) {
        char c = a.p[i] == '+' ? ' ' : a.p[i], d = b.p[i] == '+' ? ' ' : b.p[i];
        if (c != d) return false;
    }
    return true;
}

static void query_value(struct sigv4_explainer *x, struct pair lone) {
    struct str name = parameter_name(x, lone.ours), other = parameter_name(x, lone.theirs);
    if (same_decoded(x, lone)) {
        sigv4_explain_say(
            x, SIGV4_CAUSE_QUERY,
            "The query parameter '%.*s' was percent-encoded in one way when it was signed and in another when "
            "it arrived.",
            STR_ARG(name));
        sigv4_explain_fix(
            x, "Percent-encode every byte of names and values but letters, digits, '-', '.', '_' and '~', once "
               "and with capital letters (%%2F), then sign and send that same text.");
    } else if (same_but_plus(x, lone)) {
        sigv4_explain_say(
            x, SIGV4_CAUSE_QUERY,
            "The query parameter '%.*s' has a '+', which one side reads as a plus and the other as a space.",
            STR_ARG(name));
        sigv4_explain_fix(x, "Write %%20 for a space and %%2B for a plus; never send a bare '+'.");
    } else if (str_eq(name, other)) {
        sigv4_explain_say(x, SIGV4_CAUSE_QUERY,
                          "The query parameter '%.*s' arrived with another value than was signed.", STR_ARG(name));
        sigv4_explain_fix(x, "Sign after the last change to the query, and send exactly what was signed.");
    } else {
        sigv4_explain_say(x, SIGV4_CAUSE_QUERY,
                          "The query parameter '%.*s' was signed, but '%.*s' arrived in its place.", STR_ARG(name),
                          STR_ARG(other));
        sigv4_explain_fix(x, "Sign after the last change to the query, and send exactly what was signed.");
    }
}

static void query(struct sigv4_explainer *x, struct pair p) {
    point_at(x, STR("query"), 3, p, sigv4_explain_query_shown);
    struct pair lone = first_lone(x, p);
    if (lone.ours.p && lone.theirs.p) {
        query_value(x, lone);
    } else if (lone.theirs.p) {
        struct str name = parameter_name(x, lone.theirs);
        sigv4_explain_say(x, SIGV4_CAUSE_QUERY, "The query parameter '%.*s' arrived but was not signed.",
                          STR_ARG(name));
        sigv4_explain_fix(x,
                          "Put '%.*s' into the query before signing; a client or proxy that adds parameters of its own "
                          "must do so before the signature is made.",
                          STR_ARG(name));
    } else if (lone.ours.p) {
        struct str name = parameter_name(x, lone.ours);
        sigv4_explain_say(x, SIGV4_CAUSE_QUERY, "The query parameter '%.*s' was signed but did not arrive.",
                          STR_ARG(name));
        sigv4_explain_fix(
            x,
            "Send the query that was signed: look for a client, proxy or CDN that drops '%.*s' (a '#' or a "
            "'&' that is not escaped ends it, too).",
            STR_ARG(name));
    } else {
        sigv4_explain_say(x, SIGV4_CAUSE_QUERY,
                          "The query parameters are the right ones but were signed in another order.");
        sigv4_explain_fix(x,
                          "Sort the parameters for signing by their percent-encoded names, then values, byte by byte "
                          "(capital letters come before small ones).");
    }
}

/* --- Other headers ------------------------------------------------------------------------------------------------ */

static struct str label_of(struct sigv4_explainer *x, struct str name) {
    struct buf b;
    struct str shown = sigv4_explain_shown(x, name);
    buf_init(&b, 256, x->a);
    buf_addf(&b, "header %.*s", STR_ARG(shown));
    x->failed |= b.failed;
    return buf_str(&b);
}

static void token(struct sigv4_explainer *x, struct pair p) {
    if (!p.theirs.n) sigv4_explain_say(x, SIGV4_CAUSE_TOKEN, "The session token was signed but did not arrive.");
    else
        sigv4_explain_say(x, SIGV4_CAUSE_TOKEN,
                          "The session token that arrived (%zu bytes) is not the one that was signed (%zu bytes).",
                          p.theirs.n, p.ours.n);
    sigv4_explain_fix(
        x, "Take key id, secret and session token from the same credentials each time a request is signed, and "
           "send X-Amz-Security-Token whole.");
}

/* name is ready to be shown, the values are not. */
static void value(struct sigv4_explainer *x, struct str name, struct pair p) {
    bool hidden = sigv4_explain_is_private(name);
    struct str ours = hidden ? STR("<hidden>") : sigv4_explain_shown(x, p.ours);
    struct str theirs = hidden ? STR("<hidden>") : sigv4_explain_shown(x, p.theirs);
    if (!p.theirs.n)
        sigv4_explain_say(x, SIGV4_CAUSE_HEADER,
                          "The header %.*s was signed but did not arrive: something on the way "
                          "removed it.",
                          STR_ARG(name));
    else if (!p.ours.n)
        sigv4_explain_say(x, SIGV4_CAUSE_HEADER, "The header %.*s was signed empty but arrived as '%.*s'.",
                          STR_ARG(name), STR_ARG(theirs));
    else
        sigv4_explain_say(x, SIGV4_CAUSE_HEADER, "The header %.*s was signed as '%.*s' but arrived as '%.*s'.",
                          STR_ARG(name), STR_ARG(ours), STR_ARG(theirs));
}

static void header_value(struct sigv4_explainer *x, struct str raw_name, struct pair p) {
    struct str name = sigv4_explain_shown(x, raw_name);
    if (str_eq_nocase(raw_name, STR("x-amz-security-token"))) {
        token(x, p);
        return;
    }
    value(x, name, p);
    if (str_eq_nocase(raw_name, STR("content-type")))
        sigv4_explain_fix(
            x, "Set Content-Type yourself to exactly what is sent (with its charset, if the client adds one) "
               "before signing, or leave it out of the signed headers.");
    else if (str_eq_nocase(raw_name, STR("x-amz-date")))
        sigv4_explain_fix(
            x, "Compare with the canonical request of this very attempt: the date says that the refusal belongs "
               "to another one, or that something signed the request again.");
    else if (str_eq_nocase(raw_name, STR("x-amz-content-sha256")))
        sigv4_explain_fix(
            x, "Compute X-Amz-Content-Sha256 over the bytes that are sent, and let nothing on the way sign the "
               "request again.");
    else
        sigv4_explain_fix(
            x,
            "Leave %.*s out of the signed headers (host, x-amz-* and content-type are enough), or send it "
            "in the form in which it arrives.",
            STR_ARG(name));
}

static void lone_header(struct sigv4_explainer *x, struct str raw_name, bool is_ours) {
    struct str name = sigv4_explain_shown(x, raw_name);
    sigv4_explain_say(x, SIGV4_CAUSE_HEADER, "The header %.*s is in %s canonical request only.", STR_ARG(name),
                      is_ours ? "our" : "the service's");
    sigv4_explain_fix(
        x,
        "The service takes the names from SignedHeaders in the Authorization that arrived: %s %.*s, and look "
        "whether the refused request was signed by another program or again on the way.",
        is_ours ? "sign without" : "sign with", STR_ARG(name));
}

/* True: a header line differs. */
static bool headers(struct sigv4_explainer *x, const struct sigv4_explain_lines *theirs) {
    struct str rest_ours = x->ours.headers, rest_theirs = theirs->headers;
    for (size_t i = 0; rest_ours.n || rest_theirs.n; i++) {
        struct pair line = {{0}, {0}};
        if (rest_ours.n) str_cut(&rest_ours, '\n', &line.ours);
        if (rest_theirs.n) str_cut(&rest_theirs, '\n', &line.theirs);
        if (line.ours.p && line.theirs.p && !differs(line)) continue;
        size_t elsewhere;
        struct str name = name_of(line.ours), other = name_of(line.theirs);
        bool both = line.ours.p && line.theirs.p && str_eq(name, other);
        bool is_ours = line.ours.p && (!line.theirs.p || !find_line(theirs, name, &elsewhere).p);
        if (!both && is_ours) line.theirs = (struct str){0};
        else if (!both) line.ours = (struct str){0};
        point_at(x, label_of(x, both || is_ours ? name : other), FIRST_HEADER_LINE + i, line,
                 sigv4_explain_header_shown);
        if (both) header_value(x, name, (struct pair){value_of(line.ours), value_of(line.theirs)});
        else lone_header(x, is_ours ? name : other, is_ours);
        return true;
    }
    return false;
}

static void signed_headers(struct sigv4_explainer *x, struct pair p, size_t number) {
    point_at(x, STR("signed headers"), number, p, sigv4_explain_line_shown);
    sigv4_explain_say(x, SIGV4_CAUSE_HEADER, "The list of signed headers differs.");
    sigv4_explain_fix(
        x, "Write the names in small letters, sorted and joined by ';', the same list in the canonical request "
           "and in SignedHeaders.");
}

/* --- Body --------------------------------------------------------------------------------------------------------- */

static void body(struct sigv4_explainer *x, struct pair p, size_t number) {
    point_at(x, STR("payload hash"), number, p, sigv4_explain_line_shown);
    if (str_eq(p.ours, UNSIGNED)) {
        sigv4_explain_say(x, SIGV4_CAUSE_BODY,
                          "The body was left out of the signature (UNSIGNED-PAYLOAD), which this service "
                          "does not take.");
        sigv4_explain_fix(x, "Sign the SHA-256 of the body; only S3 and VPC Lattice take UNSIGNED-PAYLOAD.");
    } else if (str_eq(p.theirs, EMPTY_HASH)) {
        sigv4_explain_say(x, SIGV4_CAUSE_BODY, "A body was signed, but the service got an empty one.");
        sigv4_explain_fix(
            x, "Look where the body gets lost: a GET with a body, a redirect, a proxy or CDN, a stream that was "
               "already read to its end by hashing it.");
    } else if (str_eq(p.ours, EMPTY_HASH)) {
        sigv4_explain_say(x, SIGV4_CAUSE_BODY, "An empty body was signed, but the service got one that is not.");
        sigv4_explain_fix(x, "Give the signer the body, the same bytes that are sent.");
    } else {
        sigv4_explain_say(x, SIGV4_CAUSE_BODY, "The body that arrived is not the body that was signed.");
        sigv4_explain_fix(
            x, "Hash the exact bytes that are sent, after the JSON is written, encoded and compressed, and treat "
               "them as bytes, not as text; nothing may rewrite them later.");
    }
}

/* --- Both strings ------------------------------------------------------------------------------------------------- */

/* The two lines behind the headers. */
static bool last_lines(struct sigv4_explainer *x, const struct sigv4_explain_lines *theirs) {
    size_t number = FIRST_HEADER_LINE + x->ours.n_headers + 1;
    struct pair names = {x->ours.signed_headers, theirs->signed_headers};
    struct pair hashes = {x->ours.payload_hash, theirs->payload_hash};
    if (differs(names)) signed_headers(x, names, number);
    else if (differs(hashes)) body(x, hashes, number + 1);
    else return false;
    return true;
}

/* True: a difference between the canonical requests is explained. */
static bool canonical_requests(struct sigv4_explainer *x) {
    struct sigv4_explain_lines theirs;
    size_t at;
    sigv4_explain_split(x->canonical, &theirs);
    struct pair methods = {x->ours.method, theirs.method};
    struct pair hosts = {.theirs = find_line(&theirs, STR("host"), &at)};
    hosts.ours = find_line(&x->ours, STR("host"), &at);
    struct pair paths = {x->ours.path, theirs.path};
    struct pair queries = {x->ours.query, theirs.query};
    if (differs(methods)) method(x, methods);
    else if (hosts.ours.p && hosts.theirs.p && differs(hosts)) host(x, hosts, FIRST_HEADER_LINE + at);
    else if (differs(paths)) path(x, paths);
    else if (differs(queries)) query(x, queries);
    else return headers(x, &theirs) || last_lines(x, &theirs);
    return true;
}

/* True: a difference between the strings to sign is explained. */
static bool strings_to_sign(struct sigv4_explainer *x) {
    static const struct str labels[] = {STR_INIT("string to sign: algorithm"), STR_INIT("string to sign: date"),
                                        STR_INIT("string to sign: scope"),
                                        STR_INIT("string to sign: hash of the canonical request")};
    struct str ours = x->in->string_to_sign, theirs = x->string_to_sign;
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        struct pair line;
        str_cut(&ours, '\n', &line.ours);
        str_cut(&theirs, '\n', &line.theirs);
        if (!differs(line)) continue;
        point_at(x, labels[i], i + 1, line, sigv4_explain_line_shown);
        struct str a = sigv4_explain_shown(x, line.ours), b = sigv4_explain_shown(x, line.theirs);
        sigv4_explain_say(
            x, SIGV4_CAUSE_STRING_TO_SIGN,
            "The canonical requests are equal, but the string to sign has %.*s where the service has %.*s.", STR_ARG(a),
            STR_ARG(b));
        sigv4_explain_fix(x, "Use one date for X-Amz-Date, the scope and the string to sign, the scope that stands in "
                             "Credential, and the SHA-256 of this very canonical request.");
        return true;
    }
    return false;
}

void sigv4_explain_compare(struct sigv4_explainer *x) {
    bool know_strings = x->in->string_to_sign.n && x->string_to_sign.n;
    if (canonical_requests(x) || (know_strings && strings_to_sign(x))) return;
    if (know_strings) {
        sigv4_explain_say(
            x, SIGV4_CAUSE_SECRET,
            "Both sides see the same text, so the signature was made with another secret access key than that of the "
            "access key id, or of another request than the one that was sent.");
        sigv4_explain_fix(
            x, "Copy the secret anew, whole and without spaces or line ends, from where the access key id comes "
               "from; keys of another profile, role or account do not fit. If it is right, sign what you send: nothing "
               "may change between the two.");
    } else {
        sigv4_explain_say(x, SIGV4_CAUSE_UNKNOWN,
                          "The canonical requests are equal; without both strings to sign it is open "
                          "whether the scope or the secret access key is wrong.");
        sigv4_explain_fix(x, "Compare the strings to sign; if they are equal too, the secret access key is wrong.");
    }
}
