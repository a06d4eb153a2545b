/* SPDX-License-Identifier: Apache-2.0 */
/* In: the text of a template. Out: its tree, from libyaml's events (https://yaml.org/spec/1.1/). Whatever
   CloudFormation would refuse, or two readers could understand differently (a key that is there twice), is refused
   with its line.
   https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "buf.h"
#include "node.h"

/* Member look-up is a walk, so a mapping's size is bounded too; CloudFormation's own limits are far below. */
enum { MAX_BYTES = 1024 * 1024, MAX_DEPTH = 64, MAX_MEMBERS = 2000, MAX_TAG = 64 };

struct reader {
    yaml_parser_t parser;
    yaml_event_t event; /* the current one, when there is one */
    bool have_event;
    struct str text;
    struct node here; /* where the current event starts: file and line */
    struct arena *arena;
    struct err *e;
};

static unsigned line_at(struct str text, size_t offset) {
    unsigned line = 1;
    for (size_t i = 0; i < offset && i < text.n; i++)
        if (text.p[i] == '\n') line++;
    return line;
}

static bool syntax_error(struct reader *r) {
    const yaml_parser_t *p = &r->parser;
    const char *problem = p->problem ? p->problem : "unreadable";
    if (p->error == YAML_MEMORY_ERROR) return err_set(r->e, ERR_MEMORY, "%s: out of memory", r->here.file);
    bool of_bytes = p->error == YAML_READER_ERROR;
    r->here.line = of_bytes ? line_at(r->text, p->problem_offset) : (unsigned)p->problem_mark.line + 1;
    if (!p->context || of_bytes) return node_error(&r->here, r->e, "not YAML: %s", problem);
    return node_error(&r->here, r->e, "not YAML: %s, %s (which began in line %zu)", problem, p->context,
                      p->context_mark.line + 1);
}

static bool next_event(struct reader *r) {
    if (r->have_event) yaml_event_delete(&r->event);
    r->have_event = yaml_parser_parse(&r->parser, &r->event) != 0;
    if (!r->have_event) return syntax_error(r);
    r->here.line = (unsigned)r->event.start_mark.line + 1;
    return true;
}

static bool is_name_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* "!Sub" is Fn::Sub; Ref and Condition have no prefix. No tag: absent. */
static bool read_tag(struct reader *r, const yaml_char_t *tag, struct str *intrinsic) {
    struct str s = str_of((const char *)tag);
    *intrinsic = (struct str){0};
    if (!s.p) return true;
    bool known = s.n > 1 && s.n <= MAX_TAG && s.p[0] == '!';
    for (size_t i = 1; i < s.n; i++) known = known && is_name_byte(s.p[i]);
    if (!known) return node_error(&r->here, r->e, "the YAML tag %.*s is not supported", STR_ARG(s));
    struct str name = {s.p + 1, s.n - 1};
    bool bare = str_eq(name, STR("Ref")) || str_eq(name, STR("Condition"));
    struct buf b;
    buf_init(&b, 256, r->arena);
    buf_addf(&b, "%s%.*s", bare ? "" : "Fn::", STR_ARG(name));
    *intrinsic = buf_str(&b);
    return buf_ok(&b, r->e);
}

/* `!GetAtt A.B.C` is [A, B.C]. */
static bool split_attribute(struct reader *r, const struct node **value) {
    struct str rest = (*value)->text, head;
    if (!str_cut(&rest, '.', &head)) return node_error(*value, r->e, "!GetAtt needs RESOURCE.ATTRIBUTE");
    struct node *list = node_new(NODE_SEQUENCE, *value, r->arena, r->e);
    const struct node *resource = node_new_text(head, *value, r->arena, r->e);
    const struct node *attribute = node_new_text(rest, *value, r->arena, r->e);
    if (!list || !resource || !attribute) return false;
    *value = list;
    return node_add(list, (struct node_member){.line = list->line, .value = resource}, r->arena, r->e) &&
           node_add(list, (struct node_member){.line = list->line, .value = attribute}, r->arena, r->e);
}

static bool wrap(struct reader *r, struct str intrinsic, const struct node **value) {
    if (!intrinsic.p) return true;
    bool dotted = str_eq(intrinsic, STR("Fn::GetAtt")) && (*value)->kind == NODE_SCALAR;
    if (dotted && !split_attribute(r, value)) return false;
    struct node *call = node_new(NODE_MAPPING, *value, r->arena, r->e);
    if (!call) return false;
    struct node_member m = {.key = intrinsic, .line = call->line, .value = *value};
    *value = call;
    return node_add(call, m, r->arena, r->e);
}

static bool read_scalar(struct reader *r, struct node *n) {
    struct str s = {(const char *)r->event.data.scalar.value, r->event.data.scalar.length};
    if (s.n && memchr(s.p, 0, s.n)) return node_error(&r->here, r->e, "a NUL inside a value");
    char *copy = arena_copy(r->arena, s);
    if (!copy) return err_set(r->e, ERR_MEMORY, "%s: out of memory for the template", r->here.file);
    n->text = (struct str){copy, s.n};
    n->quoted = r->event.data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    return true;
}

static bool read_node(struct reader *r, unsigned depth, const struct node **out);

static bool read_sequence(struct reader *r, unsigned depth, struct node *n) {
    for (;;) {
        if (!next_event(r)) return false;
        if (r->event.type == YAML_SEQUENCE_END_EVENT) return true;
        struct node_member m = {.line = r->here.line};
        if (!read_node(r, depth + 1, &m.value) || !node_add(n, m, r->arena, r->e)) return false;
    }
}

static bool read_key(struct reader *r, const struct node *mapping, struct node_member *m) {
    struct node key = r->here;
    if (r->event.type == YAML_ALIAS_EVENT) return node_error(&r->here, r->e, "YAML aliases are not supported");
    if (r->event.type != YAML_SCALAR_EVENT) return node_error(&r->here, r->e, "a key that is not a name");
    if (r->event.data.scalar.anchor || r->event.data.scalar.tag)
        return node_error(&r->here, r->e, "a key with an anchor or a tag is not supported");
    if (!read_scalar(r, &key)) return false;
    if (str_eq(key.text, STR("<<"))) return node_error(&r->here, r->e, "YAML merge keys (<<) are not supported");
    if (key.text.n == 0) return node_error(&r->here, r->e, "an empty key");
    if (node_get(mapping, key.text.p))
        return node_error(&r->here, r->e, "the key %.*s is there twice", STR_ARG(key.text));
    if (mapping->n == MAX_MEMBERS)
        return node_error(&r->here, r->e, "more than %d members in one mapping", MAX_MEMBERS);
    *m = (struct node_member){.key = key.text, .line = r->here.line};
    return true;
}

static bool read_mapping(struct reader *r, unsigned depth, struct node *n) {
    for (;;) {
        struct node_member m;
        if (!next_event(r)) return false;
        if (r->event.type == YAML_MAPPING_END_EVENT) return true;
        if (!read_key(r, n, &m) || !next_event(r)) return false;
        if (!read_node(r, depth + 1, &m.value) || !node_add(n, m, r->arena, r->e)) return false;
    }
}

/* What the current event opens: kind, tag and anchor. */
static bool look(struct reader *r, enum node_kind *kind, const yaml_char_t **tag) {
    const yaml_char_t *anchor = NULL;
    switch (r->event.type) {
    case YAML_SCALAR_EVENT:
        *kind = NODE_SCALAR, *tag = r->event.data.scalar.tag, anchor = r->event.data.scalar.anchor;
        break;
    case YAML_SEQUENCE_START_EVENT:
        *kind = NODE_SEQUENCE, *tag = r->event.data.sequence_start.tag, anchor = r->event.data.sequence_start.anchor;
        break;
    case YAML_MAPPING_START_EVENT:
        *kind = NODE_MAPPING, *tag = r->event.data.mapping_start.tag, anchor = r->event.data.mapping_start.anchor;
        break;
    case YAML_ALIAS_EVENT:
        return node_error(&r->here, r->e, "YAML aliases are not supported (CloudFormation does not read them)");
    default: return node_error(&r->here, r->e, "a value is missing");
    }
    if (anchor) return node_error(&r->here, r->e, "YAML anchors are not supported (CloudFormation does not read them)");
    return true;
}

/* The current event opens the node; afterwards it is the one that closed it. */
static bool read_node(struct reader *r, unsigned depth, const struct node **out) {
    enum node_kind kind = NODE_SCALAR;
    const yaml_char_t *tag = NULL;
    struct str intrinsic;
    if (depth > MAX_DEPTH) return node_error(&r->here, r->e, "nested deeper than %d levels", MAX_DEPTH);
    if (!look(r, &kind, &tag) || !read_tag(r, tag, &intrinsic)) return false;
    struct node *n = node_new(kind, &r->here, r->arena, r->e);
    if (!n) return false;
    *out = n;
    bool ok = kind == NODE_SCALAR     ? read_scalar(r, n)
              : kind == NODE_SEQUENCE ? read_sequence(r, depth, n)
                                      : read_mapping(r, depth, n);
    return ok && wrap(r, intrinsic, out);
}

static bool read_document(struct reader *r, const struct node **root) {
    if (!next_event(r) || !next_event(r)) return false; /* the stream's start, then */
    if (r->event.type == YAML_STREAM_END_EVENT) return node_error(&r->here, r->e, "the file is empty");
    if (r->event.data.document_start.tag_directives.start != r->event.data.document_start.tag_directives.end)
        return node_error(&r->here, r->e, "%%TAG directives are not supported");
    if (!next_event(r) || !read_node(r, 1, root)) return false;
    if (!next_event(r) || !next_event(r)) return false; /* the document's end, then the stream's */
    if (r->event.type != YAML_STREAM_END_EVENT) return node_error(&r->here, r->e, "a second YAML document");
    return true;
}

bool node_read_text(const char *file, struct str text, const struct node **root, struct arena *a, struct err *e) {
    struct reader r = {.text = text, .here = {.file = file, .line = 1}, .arena = a, .e = e};
    if (text.n > MAX_BYTES) return err_set(e, ERR_CONFIG, "%s: larger than %d bytes", file, MAX_BYTES);
    const char *nul = text.n ? memchr(text.p, 0, text.n) : NULL;
    if (nul) r.here.line = line_at(text, (size_t)(nul - text.p));
    if (nul) return node_error(&r.here, e, "a NUL byte: this is not a text file");
    if (!yaml_parser_initialize(&r.parser)) return err_set(e, ERR_MEMORY, "%s: out of memory", file);
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING); /* else a byte order mark could choose UTF-16 */
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)(text.p ? text.p : ""), text.n);
    bool ok = read_document(&r, root);
    if (r.have_event) yaml_event_delete(&r.event);
    yaml_parser_delete(&r.parser);
    return ok;
}

bool node_read(const char *file, const struct node **root, struct arena *a, struct err *e) {
    FILE *f = fopen(file, "rb");
    if (!f) return err_set(e, ERR_CONFIG, "%s: cannot be read: %s", file, strerror(errno));
    char *bytes = malloc(MAX_BYTES + 1);
    size_t n = bytes ? fread(bytes, 1, MAX_BYTES + 1, f) : 0;
    bool failed = bytes && ferror(f);
    int why = errno;
    fclose(f);
    bool ok = !bytes   ? err_set(e, ERR_MEMORY, "%s: out of memory", file)
              : failed ? err_set(e, ERR_CONFIG, "%s: cannot be read: %s", file, strerror(why))
                       : node_read_text(file, (struct str){bytes, n}, root, a, e);
    free(bytes);
    return ok;
}
