/* SPDX-License-Identifier: Apache-2.0 */
/* local/toml.c: the part of TOML that SAM CLI writes.
   https://toml.io/en/v1.0.0 */
#include "toml.h"

#include "check.h"

static struct arena arena;
static struct err e;
static const struct node *root;

static int open_arena(void **state) {
    (void)state;
    arena_init(&arena, 16 * 1024 * 1024);
    return 0;
}

static int close_arena(void **state) {
    (void)state;
    arena_close(&arena);
    return 0;
}

static void good(const char *text) {
    if (!toml_read_text("f", str_of(text), &root, &arena, &e)) fail_msg("%s", e.msg);
}

#define refused(text, sentence) refused_at(STR(text), sentence, __LINE__)

static void refused_at(struct str text, const char *sentence, int line) {
    bool read = toml_read_text("f", text, &root, &arena, &e);
    if (!read && e.kind == ERR_CONFIG && strncmp(e.msg, sentence, strlen(sentence)) == 0) return;
    print_error("%.*s: expected <%s...>, got <%s>\n", STR_ARG(text), sentence, read ? "no error" : e.msg);
    _fail(__FILE__, line);
}

static struct str value(const char *key) {
    const struct node *n = node_get(root, key);
    if (!n) fail_msg("no %s", key);
    return n->text;
}

static void values(void **state) {
    (void)state;
    good("a = \"x y\" # comment\nb='C:\\n'\n\tc\t=\ttrue\r\nd = false\ne = -12\nf = 0.1\n\"g h\" = \"\"\n1 = 2\n\n# "
         "end");
    check_text(value("a"), "x y");
    check_text(value("b"), "C:\\n");
    check_text(value("c"), "true");
    check_text(value("e"), "-12");
    check_text(value("f"), "0.1");
    check_text(value("g h"), "");
    check_text(value("1"), "2");
    assert_true(node_get(root, "a")->quoted && !node_get(root, "c")->quoted);
    assert_int_equal(node_get(root, "c")->line, 3);
    good("");
    assert_int_equal(root->n, 0);
    good("a = 1");
    good("a = \"# no comment\"\nb = '\"'");
    check_text(value("a"), "# no comment");
    check_text(value("b"), "\"");
}

static void escapes(void **state) {
    (void)state;
    good("a = \"\\b\\t\\n\\f\\r\\\"\\\\\"\nb = \"\\u00e4\\u20ac\\U0001F600\\u0041\"");
    check_text(value("a"), "\b\t\n\f\r\"\\");
    check_text(value("b"), "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"
                           "A");
    refused("a = \"\\x\"", "f:1: a \\ that TOML does not have");
    refused("a = \"\\u00g0\"", "f:1: a \\u without its digits");
    refused("a = \"\\ud800\"", "f:1: a \\u that is no character");
    refused("a = \"\\u0000\"", "f:1: a \\u that is no character");
    refused("a = \"\\U00110000\"", "f:1: a \\u that is no character");
    refused("a = \"\\", "f:1: a \\ that TOML does not have");
}

static void lists(void **state) {
    (void)state;
    good("a = [\"x\", 'y']\nb = []\nc = [ # so\n  1,\n\n  true, # and so\n]\nd = 1\n");
    assert_int_equal(node_get(root, "a")->n, 2);
    check_text(node_get(root, "a")->at[1].value->text, "y");
    assert_int_equal(node_get(root, "b")->n, 0);
    assert_int_equal(node_get(root, "c")->n, 2);
    assert_int_equal(node_get(root, "c")->at[1].value->line, 6);
    assert_int_equal(node_get(root, "d")->line, 8);
    refused("a = [1", "f:1: the list has no ]");
    refused("a = [1\n2]", "f:2: a list wants , or ] here");
    refused("a = [1,,2]", "f:1: a value is a text in quotes");
    refused("a = [[1]]", "f:1: a value is a text in quotes");
    refused("a = [1] 2", "f:1: something stands behind");
}

static void tables(void **state) {
    (void)state;
    good("version = 0.1\n[default.deploy.parameters]\na = 1\n[ default . 'global' ]\nb = 2\n[default]\nc = "
         "3\n[default.deploy]\nd = 4");
    const struct node *env = node_get(root, "default");
    check_text(node_get(node_get(node_get(env, "deploy"), "parameters"), "a")->text, "1");
    check_text(node_get(node_get(env, "global"), "b")->text, "2");
    check_text(node_get(env, "c")->text, "3");
    check_text(node_get(node_get(env, "deploy"), "d")->text, "4");
    refused("[a]\n[b]\n[a]", "f:3: this table is there twice");
    refused("a = 1\n[a]", "f:2: a is a value already, and no table");
    refused("[a]\nb = 1\n[a.b.c]", "f:3: b is a value already");
    refused("[a.b]\n[a]\nb = 1", "f:3: the key b is there twice");
    refused("a = 1\na = 2", "f:2: the key a is there twice");
    refused("[[a]]", "f:1: a list of tables");
    refused("[a", "f:1: the name of a table has no ]");
    refused("[]", "f:1: no key stands");
    refused("[a.]", "f:1: no key stands");
    refused("[a] b = 1", "f:1: something stands behind");
}

static void all_else(void **state) {
    (void)state;
    refused("a = \"\"\"x\"\"\"", "f:1: a text of several lines");
    refused("a = '''x'''", "f:1: a text of several lines");
    refused("a = {b = 1}", "f:1: a value is a text in quotes");
    refused("a.b = 1", "f:1: a key with points");
    refused("a = 2020-01-01", "f:1: a value is");
    refused("a = 12:00:00", "f:1: a value is");
    refused("a = 0x10", "f:1: a value is");
    refused("a = 1e3", "f:1: a value is");
    refused("a = 1_000", "f:1: a value is");
    refused("a = 1.", "f:1: a value is");
    refused("a = +", "f:1: a value is");
    refused("a = inf", "f:1: a value is");
    refused("a = True", "f:1: a value is");
    refused("a = text", "f:1: a value is");
    refused("a =", "f:1: a value is");
    refused("a", "f:1: the key a has no =");
    refused("= 1", "f:1: no key stands");
    refused("\"\" = 1", "f:1: no key stands");
    refused("a = \"x", "f:1: the text has no \" at its end");
    refused("a = \"x\n\"", "f:1: the text has no \" at its end");
    refused("a = 1 b = 2", "f:1: something stands behind");
    refused("a = 1\nb = \xff", "f:2: a byte that no TOML file has");
    refused("a = 1\nb = \"\0\"", "f:2: a byte that no TOML file has");
    refused("a = 1\rb = 2", "f:1: a byte that no TOML file has");
    refused("a = \"\x7f\"", "f:1: a byte that no TOML file has");
    refused("\xef\xbb\xbf"
            "a = 1",
            "f:1: no key stands");
}

int main(void) {
    const struct CMUnitTest cases[] = {
        CASE("a value is a text, a number, true or false", values),
        CASE("an escape is one character", escapes),
        CASE("a list may go over several lines", lists),
        CASE("a table may be written once, before or behind those above it", tables),
        CASE("all else is refused by file and line", all_else),
    };
    return cmocka_run_group_tests_name("toml", cases, open_arena, close_arena);
}
