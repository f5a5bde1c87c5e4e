#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
#
# Files for laboratories by the rules of those who take them: labs_valid.py KIND FILE. What is wrong
# is told in one line, with exit code 1; with 4 if a package is missing.

import ast
import json
import pathlib
import sys


def kcidb(path):
    """By kcidb_schema.json, and by KCIDB's own schema where its package kcidb_io is installed."""
    import jsonschema

    data = json.loads(path.read_text())
    schema = json.loads((pathlib.Path(__file__).parent / "kcidb_schema.json").read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    jsonschema.Draft7Validator(schema).validate(data)
    for of in "checkouts", "builds", "tests":
        ids = [one["id"] for one in data[of]]
        if len(ids) != len(set(ids)):
            raise ValueError("two %s have one id" % of)
    builds = {one["id"] for one in data["builds"]}
    checkouts = {one["id"] for one in data["checkouts"]}
    if {one["build_id"] for one in data["tests"]} - builds:
        raise ValueError("a test of no build")
    if {one["checkout_id"] for one in data["builds"]} - checkouts:
        raise ValueError("a build of no checkout")
    try:
        import kcidb_io
    except ImportError:
        return
    kcidb_io.schema.LATEST.validate(data)


def testdef(path):
    """By LAVA's schema of a test definition, which by itself lets unknown keys pass."""
    import voluptuous
    from lava_common.schemas.test import testdef as lava

    data = yaml_once(path)
    lava.validate(data)
    voluptuous.Schema(lava.testdef())(data)


def yaml_once(path):
    """What a file says as YAML. No mapping has a key twice, of which one would be lost."""
    import yaml

    class Loader(yaml.SafeLoader):
        pass

    def mapping(loader, node):
        keys = [key.value for key, _ in node.value]
        if len(keys) != len(set(keys)):
            raise ValueError("a key is there twice")
        return loader.construct_mapping(node, deep=True)

    Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)
    return yaml.load(path.read_text(), Loader=Loader)


def as_json(path):
    """Tells what a file says as YAML in JSON, for jq."""
    json.dump(yaml_once(path), sys.stdout)


def python(path):
    ast.parse(path.read_text())


def junit(path):
    """Prints what each case came to, and its name."""
    import xml.etree.ElementTree

    for case in xml.etree.ElementTree.parse(path).iter("testcase"):
        print(*([one.tag for one in case] or ["pass"]), case.get("name"))


KINDS = {"kcidb": kcidb, "testdef": testdef, "json": as_json, "junit": junit, "python": python}


def main():
    try:
        KINDS[sys.argv[1]](pathlib.Path(sys.argv[2]))
    except ImportError as error:
        print("the package is not installed: %s" % error)
        return 4
    except Exception as error:  # of several packages, of which each has its own
        print("%s: %s" % (sys.argv[2], str(error).split("\n")[0]))
        return 1
    return 0


sys.exit(main())
