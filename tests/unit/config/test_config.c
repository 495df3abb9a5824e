#include "config/config.h"

#include "base/alloc.h"
#include "base/file.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct config parse(const char *text)
{
    struct config config = {0};
    struct error err = ERROR_INIT;
    int failed = config_parse(text, strlen(text), "bench.json", &config, &err);
    cr_assert_eq(failed, 0, "%s", err.message);
    return config;
}

static void refuse(const char *text, const char *reason)
{
    struct config config = {0};
    struct error err = ERROR_INIT;
    cr_assert_eq(config_parse(text, strlen(text), "bench.json", &config, &err), ERROR_USAGE, "%s",
                 text);
    cr_assert(strstr(err.message, reason), "'%s' is not in '%s'", reason, err.message);
    cr_assert_null(config.source);
}

Test(config, every_key_is_read)
{
    AUTO_CONFIG struct config c =
        parse("{\"$schema\": \"x\", \"project\": \"p\", \"cpus\": \"1-3\","
              " \"env\": {\"A\": \"b\", \"C\": null},"
              " \"rust\": {\"folder\": \"rust\", \"toolchain\": \"1.95.0\", \"timeout\": \"90m\","
              "  \"crates\": [\"plain\", {\"name\": \"c\", \"benches\": [\"x\", \"y\"],"
              "   \"features\": \"f\", \"default_features\": false, \"filter\": \"^z\"}]},"
              " \"python\": {\"folder\": \"python\", \"suite\": \"s\", \"build\": \"wheel\","
              "  \"package\": \"pylance\", \"version\": \"1.0\", \"interpreter\": \"python3.11\","
              "  \"features\": [\"g\"], \"requirements\": [\"pytest\"], \"pytest_args\": [\"-x\"],"
              "  \"filter\": \"io\", \"timeout\": 30,"
              "  \"datagen\": {\"command\": [\"python\", \"gen.py\"], \"inputs\": [\"gen.py\"],"
              "   \"network\": true, \"timeout\": \"1h\"}}}");
    cr_assert_str_eq(c.project, "p");
    cr_assert_str_eq(c.cpus, "1-3");
    cr_assert_str_eq(c.env.items[0], "A=b");
    cr_assert_str_eq(c.env_names.items[0], "C");
    cr_assert_str_eq(c.rust.folder, "rust");
    cr_assert_str_eq(c.rust.toolchain, "1.95.0");
    cr_assert_eq(c.rust.timeout_s, 5400);
    cr_assert_eq(c.rust.crate_count, 2);
    cr_assert_str_eq(c.rust.crates[0].name, "plain");
    cr_assert(c.rust.crates[0].default_features);
    cr_assert_eq(c.rust.crates[1].benches.count, 2);
    cr_assert_str_eq(c.rust.crates[1].features.items[0], "f");
    cr_assert_not(c.rust.crates[1].default_features);
    cr_assert_str_eq(c.rust.crates[1].filter, "^z");
    cr_assert_eq(c.python.build, PYTHON_WHEEL);
    cr_assert_str_eq(c.python.package, "pylance");
    cr_assert_str_eq(c.python.version, "1.0");
    cr_assert_str_eq(c.python.interpreter, "python3.11");
    cr_assert_eq(c.python.timeout_s, 30);
    cr_assert_eq(c.python.datagen.command.count, 2);
    cr_assert(c.python.datagen.network);
    cr_assert_eq(c.python.datagen.timeout_s, 3600);
}

Test(config, what_is_absent_stays_empty)
{
    AUTO_CONFIG struct config c = parse("{\"rust\": {}}");
    cr_assert(c.rust.present);
    cr_assert_not(c.python.present);
    cr_assert_null(c.project);
    cr_assert_eq(c.rust.crate_count, 0);
}

Test(config, an_unknown_key_is_named_with_its_place_and_a_neighbour)
{
    refuse("{\"rusty\": {}}", "unknown key \"rusty\", did you mean \"rust\"?");
    refuse("{\"rust\": {\"crates\": [{\"name\": \"a\", \"bench\": []}]}}",
           "unknown key \"bench\" in rust.crates[0], did you mean \"benches\"?");
    refuse("{\"python\": {\"suite\": \"s\", \"datagen\": {\"zzzzzzzz\": 1}}}",
           "in python.datagen: the keys there are command, inputs, network, timeout");
}

Test(config, a_wrong_type_is_named_with_its_place)
{
    refuse("[]", "the document has to be an object, and is a list");
    refuse("{\"project\": 1, \"rust\": {}}", "project has to be a string, and is a number");
    refuse("{\"project\": \"\", \"rust\": {}}", "project is empty");
    refuse("{\"rust\": []}", "rust has to be an object, and is a list");
    refuse("{\"rust\": {\"crates\": {}}}", "rust.crates has to be a list");
    refuse("{\"rust\": {\"crates\": [7]}}", "rust.crates[0] has to be an object");
    refuse("{\"rust\": {\"crates\": [{\"name\": \"a\", \"benches\": [1]}]}}",
           "rust.crates[0].benches[0] has to be a string, and is a number");
    refuse("{\"rust\": {\"crates\": [{\"name\": \"a\", \"default_features\": 1}]}}",
           "default_features has to be true or false");
    refuse("{\"python\": {\"suite\": \"s\", \"build\": \"poetry\"}}",
           "python.build is one of maturin, wheel, pip, none, not \"poetry\"");
    refuse("{\"rust\": {\"timeout\": -1}}", "rust.timeout has to be longer than zero");
    refuse("{\"rust\": {\"timeout\": null}}", "and is null");
}

Test(config, a_key_that_is_given_twice_is_refused)
{
    refuse("{\"rust\": {\"folder\": \"a\", \"folder\": \"b\"}}", "rust.folder is given twice");
}

Test(config, what_is_no_json_is_refused_with_its_line)
{
    refuse("", "is not JSON: line 1");
    refuse("{\n\"rust\": {},\n}", "is not JSON: line 3");
    refuse("{\"rust\": {}} {}", "is not JSON");
}

Test(config, folders_stay_inside_the_target)
{
    refuse("{\"rust\": {\"folder\": \"/etc\"}}", "which leaves the target");
    refuse("{\"rust\": {\"folder\": \"a/../../b\"}}", "which leaves the target");
    refuse("{\"python\": {\"suite\": \"../s\"}}", "python.suite");
    refuse("{\"python\": {\"suite\": \"s\", \"datagen\": {\"inputs\": [\"..\"]}}}",
           "python.datagen.inputs");
}

Test(config, incomplete_parts_are_refused)
{
    refuse("{}", "neither \"rust\" nor \"python\"");
    refuse("{\"python\": {}}", "has no \"suite\"");
    refuse("{\"python\": {\"suite\": \"s\", \"build\": \"wheel\"}}", "has no \"package\"");
}

Test(config, names_of_secrets_never_pass)
{
    static const char *const secret[] = {
        "GITHUB_TOKEN", "MY_TOKEN_2",  "AWS_REGION",      "API_KEY",       "client_secret",
        "PGPASSWORD",   "ACTIONS_URL", "GITHUB_ANYTHING", "aws_secret_id", "LD_PRELOAD"};
    for (size_t i = 0; i < ARRAY_SIZE(secret); i++)
        cr_assert(config_env_is_secret(secret[i]), "%s", secret[i]);
    cr_assert_not(config_env_is_secret("RUSTFLAGS"));
    cr_assert_not(config_env_is_secret("STORE_URI"));
    refuse("{\"rust\": {}, \"env\": {\"GH_TOKEN\": null}}", "never reaches a benchmark");
    refuse("{\"rust\": {}, \"env\": {\"A B\": \"\"}}", "is no name of a variable");
}

/* A scratch folder with files in it: names end with NULL, a name that ends in "/" is a folder. */
static char *make_target(const char *const *names)
{
    char *root = xstrdup("/tmp/config-test-XXXXXX");
    cr_assert(mkdtemp(root));
    for (; *names; names++) {
        AUTO_FREE char *path = path_join(root, *names);
        AUTO_FREE char *parent = xstrdup(path);
        *strrchr(parent, '/') = '\0';
        cr_assert_eq(dir_make(parent, NULL), 0);
        const char *text = strstr(*names, ".py") ? "def test_x(benchmark):\n    pass\n" : "";
        cr_assert_eq(file_write_atomic(path, text, strlen(text), NULL), 0);
    }
    return root;
}

static struct config defaults(const char *const *names)
{
    AUTO_FREE char *root = make_target(names);
    struct config config = {0};
    struct error err = ERROR_INIT;
    cr_assert_eq(config_load(NULL, root, &config, &err), 0, "%s", err.message);
    cr_assert_eq(tree_remove(root, NULL), 0);
    return config;
}

Test(config, lance_is_known)
{
    AUTO_CONFIG struct config c =
        defaults((const char *const[]){"Cargo.toml", "rust/lance-encoding/Cargo.toml",
                                       "python/python/ci_benchmarks/__init__.py", NULL});
    cr_assert_str_eq(c.project, "lance");
    cr_assert_eq(c.rust.crate_count, 3);
    cr_assert_str_eq(c.rust.crates[2].name, "lance-encoding");
    cr_assert_eq(c.python.build, PYTHON_MATURIN);
    cr_assert_str_eq(c.python.suite, "python/ci_benchmarks");
    cr_assert_str_eq(c.source, "built-in defaults");
}

Test(config, a_cargo_package_and_a_pytest_suite_are_known)
{
    AUTO_CONFIG struct config c =
        defaults((const char *const[]){"Cargo.toml", "tests/unit/test_speed.py", NULL});
    cr_assert(c.rust.present);
    cr_assert_eq(c.rust.crate_count, 0);
    cr_assert(c.python.present);
    cr_assert_str_eq(c.python.suite, "tests");
    cr_assert_eq(c.python.build, PYTHON_NONE);
}

Test(config, nothing_to_run_is_no_data)
{
    AUTO_FREE char *root = make_target((const char *const[]){"README.md", NULL});
    struct config config = {0};
    struct error err = ERROR_INIT;
    cr_assert_eq(config_load(NULL, root, &config, &err), ERROR_NO_DATA);
    cr_assert(strstr(err.message, "nothing to run"));
    cr_assert_eq(tree_remove(root, NULL), 0);
}

Test(config, a_link_in_the_target_is_not_its_configuration)
{
    AUTO_FREE char *root = make_target((const char *const[]){"Cargo.toml", NULL});
    AUTO_FREE char *link = path_join(root, CONFIG_FILE);
    cr_assert_eq(symlink("/etc/passwd", link), 0);
    struct config config = {0};
    struct error err = ERROR_INIT;
    cr_assert_eq(config_load(NULL, root, &config, &err), 0, "%s", err.message);
    cr_assert_str_eq(config.source, "built-in defaults");
    config_release(&config);
    cr_assert_eq(tree_remove(root, NULL), 0);
}

Test(config, commands_are_read)
{
    AUTO_CONFIG struct config c = parse(
        "{\"commands\": [{\"name\": \"sums\", \"folder\": \"cpp\", \"build\": [\"make\", \"-j2\"],"
        " \"run\": \"./sums\", \"format\": \"google-benchmark\", \"output\": \"o.json\","
        " \"timeout\": \"5m\"}, {\"name\": \"b\", \"run\": [\"b\"], \"format\": \"go\"}]}");
    cr_assert_eq(c.command_count, 2);
    cr_assert_str_eq(c.commands[0].name, "sums");
    cr_assert_str_eq(c.commands[0].folder, "cpp");
    cr_assert_str_eq(c.commands[0].build.items[1], "-j2");
    cr_assert_str_eq(c.commands[0].run.items[0], "./sums");
    cr_assert_str_eq(c.commands[0].format, "google-benchmark");
    cr_assert_str_eq(c.commands[0].output, "o.json");
    cr_assert_eq(c.commands[0].timeout_s, 300);
    cr_assert_null(c.commands[1].output);
    cr_assert_eq(c.commands[1].build.count, 0);
}

Test(config, commands_that_are_wrong_are_refused)
{
    refuse("{\"commands\": [{\"name\": \"a\", \"run\": \"a\", \"formats\": \"go\"}]}",
           "did you mean \"format\"?");
    refuse("{\"commands\": [{\"name\": \"a\", \"run\": \"a\"}]}", "commands[0] has no \"format\"");
    refuse("{\"commands\": [{\"name\": \"a\", \"run\": \"a\", \"format\": \"go\"},"
           " {\"name\": \"a\", \"run\": \"b\", \"format\": \"go\"}]}",
           "\"a\" is given twice");
    refuse("{\"commands\": [{\"name\": \"a\", \"run\": \"a\", \"format\": \"go\", \"output\": "
           "\"../b\"}]}",
           "leaves the target");
}
