#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
#
# Files for laboratories by the rules of those who take them: labs_valid.py KIND FILE. What is wrong
# is told in one line, with exit code 1; with 4 if a package is missing.

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


KINDS = {"kcidb": kcidb}


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
