/* SPDX-License-Identifier: Apache-2.0 */
/* A YAML document (JSON is YAML too) as a tree in an arena, in which every node knows its file and line.
   CloudFormation's short tags are read as the long form at once, `!Sub x` as {"Fn::Sub": x} and `!GetAtt A.B` as
   {"Fn::GetAtt": [A, B]}, so that nobody else knows two forms. */
#ifndef LOCAL_NODE_H
#define LOCAL_NODE_H

#include "arena.h"
#include "err.h"

enum node_kind { NODE_SCALAR, NODE_SEQUENCE, NODE_MAPPING };

struct node;
struct node_member {
    struct str key; /* absent in a sequence */
    unsigned line;  /* of the key */
    const struct node *value;
};

struct node {
    enum node_kind kind;
    bool quoted; /* a scalar that is text whatever it looks like */
    unsigned line;
    const char *file;       /* borrowed */
    struct str text;        /* of a scalar; NUL-terminated, never absent, no NUL inside */
    struct node_member *at; /* of a sequence or mapping */
    size_t n, cap;
};

/* Refused with "FILE:LINE: ": anchors, aliases, merge keys, unknown tags, keys that are not scalars, a key that is
   there twice, a second document, deep nesting, NUL, bad YAML. `file` must outlive the tree, `text` need not. */
bool node_read(const char *file, const struct node **root, struct arena *a, struct err *e);
bool node_read_text(const char *file, struct str text, const struct node **root, struct arena *a, struct err *e);

/* NULL in, NULL out; NULL too for a value that is no mapping. */
const struct node *node_get(const struct node *mapping, const char *key);

/* An intrinsic function: a mapping of one member named Ref, Condition or Fn::... */
bool node_is_intrinsic(const struct node *n);
bool node_is(const struct node *n, const char *intrinsic); /* that one; its argument is n->at[0].value */

/* A plain scalar that YAML 1.1 reads as null; as something that is written back differently from how it was written
   (yes, 010, 1e3, 1:30, null): such a value must be in quotes to mean its letters. */
bool node_is_null(const struct node *n);
bool node_is_rewritten(const struct node *n);

/* Nodes made by the reader of templates: they stand where `place` stands. False or NULL: ERR_MEMORY. */
struct node *node_new(enum node_kind kind, const struct node *place, struct arena *a, struct err *e);
const struct node *node_new_text(struct str text, const struct node *place, struct arena *a, struct err *e);
bool node_add(struct node *parent, struct node_member member, struct arena *a, struct err *e);

/* ERR_CONFIG, "FILE:LINE: " and the sentence; always false. */
bool node_error(const struct node *place, struct err *e, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
