/* SPDX-License-Identifier: Apache-2.0 */
/* The YAML tree: what is read, what is refused and where, and that noise does not crash it. */
#include "node.h"

#include <stdio.h>
#include <stdlib.h>

#include "check.h"

enum { LIMIT = 64 * 1024 * 1024 };

static struct arena arena;
static struct err e;

static int open_arena(void **state) {
    (void)state;
    arena_init(&arena, LIMIT);
    return 0;
}

static int close_arena(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

static const struct node *read(const char *text) {
    const struct node *root = NULL;
    check_ok(node_read_text("t.yaml", str_of(text), &root, &arena, &e), e);
    return root;
}

#define refused(text, start) refused_at(text, start, __LINE__)

static void refused_at(const char *text, const char *start, int line) {
    const struct node *root;
    if (node_read_text("t.yaml", str_of(text), &root, &arena, &e)) {
        print_error("not refused: %s\n", text);
        _fail(__FILE__, line);
    }
    if (e.kind == ERR_CONFIG && strncmp(e.msg, start, strlen(start)) == 0) return;
    print_error("expected: %s...\n  actual: %s\n", start, e.msg);
    _fail(__FILE__, line);
}

static void tree(void **state) {
    (void)state;
    const struct node *n = read("A: 1\nB: [x, \"y\"]\nC:\n  D: |\n    text\n");
    assert_int_equal(n->kind, NODE_MAPPING);
    check_text(node_get(n, "A")->text, "1");
    assert_false(node_get(n, "A")->quoted);
    assert_int_equal(node_get(n, "B")->n, 2);
    assert_true(node_get(n, "B")->at[1].value->quoted);
    check_text(node_get(node_get(n, "C"), "D")->text, "text\n");
    assert_int_equal(node_get(node_get(n, "C"), "D")->line, 4);
    assert_int_equal(n->at[2].line, 3);
    assert_null(node_get(n, "E"));
    assert_null(node_get(node_get(n, "A"), "E"));
    assert_null(node_get(NULL, "E"));
}

static void json(void **state) {
    (void)state;
    const struct node *n = read("{\"A\": {\"Fn::Sub\": \"a\\u00e9\"},\n \"B\": [true, null, 1.5]}");
    assert_true(node_is(node_get(n, "A"), "Fn::Sub"));
    check_text(node_get(node_get(n, "A"), "Fn::Sub")->text, "a\xc3\xa9");
    assert_true(node_is_null(node_get(n, "B")->at[1].value));
    assert_int_equal(node_get(n, "B")->at[2].value->line, 2);
}

static void tags(void **state) {
    (void)state;
    const struct node *n = read("[!Ref A, !Condition C, !Sub 'x', !GetAtt A.B.C, !GetAtt [A, B], !If [a, b, !Ref c]]");
    assert_true(node_is(n->at[0].value, "Ref"));
    assert_true(node_is(n->at[1].value, "Condition"));
    assert_true(node_is(n->at[2].value, "Fn::Sub"));
    const struct node *att = n->at[3].value->at[0].value;
    assert_int_equal(att->n, 2);
    check_text(att->at[0].value->text, "A");
    check_text(att->at[1].value->text, "B.C");
    assert_int_equal(n->at[4].value->at[0].value->n, 2);
    assert_true(node_is(n->at[5].value->at[0].value->at[2].value, "Ref"));
}

static void refusals(void **state) {
    (void)state;
    refused("a: &x 1\nb: 2\n", "t.yaml:1: YAML anchors");
    refused("a: 1\nb: *x\n", "t.yaml:2: ");
    refused("a: 1\n\nb:\n  <<: {c: 1}\n", "t.yaml:4: YAML merge keys");
    refused("a: 1\nb: 2\na: 3\n", "t.yaml:3: the key a is there twice");
    refused("a: 1\n\"a\": 3\n", "t.yaml:2: the key a is there twice");
    refused("a: 1\n---\nb: 1\n", "t.yaml:2: a second YAML document");
    refused("? [a]\n: 1\n", "t.yaml:1: a key that is not a name");
    refused("a: 1\n? {b: c}\n: 1\n", "t.yaml:2: a key that is not a name");
    refused("a:\n - b: !!binary aGk=\n", "t.yaml:2: the YAML tag tag:yaml.org,2002:binary");
    refused("a: !<tag:x> b\n", "t.yaml:1: the YAML tag");
    refused("%TAG ! tag:x,2000:\n---\na: !Ref b\n", "t.yaml:");
    refused("a: ! b\n", "t.yaml:1: the YAML tag");
    refused("a: 1\nb: !GetAtt A\n", "t.yaml:2: !GetAtt needs");
    refused("a: \"x\\0y\"\n", "t.yaml:1: a NUL");
    refused("", "t.yaml:1: the file is empty");
    refused("# only a comment\n", "t.yaml:2: the file is empty");
    refused("a: [1, 2\nb: 3\n", "t.yaml:2: not YAML: ");
    refused("a: 1\n\tb: 2\n", "t.yaml:");
    refused("a: 1\nb: \xff\xfe\n", "t.yaml:2: not YAML: ");
    refused("\xff\xfe"
            "a: 1\n",
            "t.yaml:1: not YAML: ");
    refused("\"\": 1\n", "t.yaml:1: an empty key");
    refused(": 1\n", "t.yaml:1: not YAML: ");
}

static void nul_and_size(void **state) {
    (void)state;
    const struct node *root;
    assert_false(node_read_text("t.yaml", STR("a: 1\nb\0: 2\n"), &root, &arena, &e));
    check_text(str_of(e.msg), "t.yaml:2: a NUL byte: this is not a text file");
    size_t n = 1024 * 1024 + 1;
    char *big = malloc(n);
    memset(big, '#', n);
    assert_false(node_read_text("t.yaml", (struct str){big, n}, &root, &arena, &e));
    check_text(str_of(e.msg), "t.yaml: larger than 1048576 bytes");
    free(big);
}

static void nesting(void **state) {
    (void)state;
    char text[40001];
    memset(text, '[', 20000);
    memset(text + 20000, ']', 20000);
    text[40000] = 0;
    refused(text, "t.yaml:1: ");
    text[20064] = 0;
    read(text + 20000 - 64); /* 64 levels are fine */
    text[20065] = 0;
    text[20064] = ']';
    refused(text + 20000 - 65, "t.yaml:1: nested deeper than 64 levels");
    char maps[3 * 5000 + 1] = "";
    for (size_t i = 0; i < 5000; i++) memcpy(maps + 3 * i, "{a:", 3);
    refused(maps, "t.yaml:1: ");
}

static void alias_bomb(void **state) {
    (void)state;
    refused("a: [x, x]\nb: &b [1, 1]\nc: &c [*b, *b]\nd: [*c, *c]\n", "t.yaml:2: YAML anchors");
}

static void many_members(void **state) {
    (void)state;
    char *text = malloc(3000 * 12);
    size_t n = 0;
    for (int i = 0; i < 3000; i++) n += (size_t)snprintf(text + n, 12, "k%d: 1\n", i);
    refused(text, "t.yaml:2001: more than 2000 members");
    free(text);
}

static void files(void **state) {
    (void)state;
    const struct node *root;
    assert_false(node_read("/nowhere/t.yaml", &root, &arena, &e));
    assert_int_equal(strncmp(e.msg, "/nowhere/t.yaml: cannot be read: ", 33), 0);
    assert_false(node_read("/", &root, &arena, &e));
    assert_int_equal(strncmp(e.msg, "/: cannot be read: ", 19), 0);
}

static void rewritten(void **state) {
    (void)state;
    static const char *const changed[] = {"yes",  "No", "on", "True", "010",  "1_000", "0x1f", "1e3", "1:30",
                                          "1.50", "+1", ".5", "~",    "null", "",      ".inf", "00"};
    static const char *const same[] = {
        "true",  "false",           "0",   "1",       "-1",    "123456789012", "1.5", "3.0", "2012-10-17",
        "3.0.1", "provided.al2023", "a:b", "\"yes\"", "'010'", "https://x"};
    char text[64];
    for (size_t i = 0; i < sizeof changed / sizeof *changed; i++) {
        snprintf(text, sizeof text, "a: %s\n", changed[i]);
        if (!node_is_rewritten(node_get(read(text), "a"))) fail_msg("%s", changed[i]);
    }
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        snprintf(text, sizeof text, "a: %s\n", same[i]);
        if (node_is_rewritten(node_get(read(text), "a"))) fail_msg("%s", same[i]);
    }
}

/* Reproducible noise over the characters that YAML cares about. */
static void garbage(void **state) {
    (void)state;
    static const char letters[] = "{}[]:,-?&*!|>'\"%@`#\n\t abA0\\\xc3\xa9\r~";
    uint32_t seed = 1;
    char text[200];
    for (int round = 0; round < 20000; round++) {
        const struct node *root;
        size_t n = 0;
        for (; n < (size_t)round % sizeof text; n++) {
            seed = seed * 1664525 + 1013904223;
            text[n] = letters[(seed >> 16) % (sizeof letters - 1)];
        }
        (void)node_read_text("t.yaml", (struct str){text, n}, &root, &arena, &e);
        arena_reset(&arena);
    }
}

static void long_tag(void **state) {
    (void)state;
    char text[512] = "a: 1\nb: !";
    memset(text + strlen(text), 'T', 400);
    refused(text, "t.yaml:2: the YAML tag !TTTT");
}

int main(void) {
    const struct CMUnitTest cases[] = {
        CASE("a document is a tree with lines", tree),
        CASE("JSON is read as it is", json),
        CASE("a short tag is its long form", tags),
        CASE("what CloudFormation does not read, or two readers read differently, is refused with its line", refusals),
        CASE("NUL bytes and large files are refused", nul_and_size),
        CASE("nesting has a limit", nesting),
        CASE("an alias bomb stops at its first anchor", alias_bomb),
        CASE("a mapping has a limit", many_members),
        CASE("a file that cannot be read is named", files),
        CASE("a plain scalar that YAML would rewrite is told from one that it keeps", rewritten),
        CASE("bug: a long tag is refused with its line", long_tag),
        CASE("garbage is refused or read, without a crash", garbage),
    };
    return cmocka_run_group_tests_name("node", cases, open_arena, close_arena);
}
