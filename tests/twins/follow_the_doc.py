#!/usr/bin/env python3
"""Follows docs/add-a-twin.md literally: in a copy of the tree, then against an installed twinloop.

usage: follow_the_doc.py SOURCE BUILD
The page's own words steer it: a line "`path`:" before a block makes that file, "In `path`, after `line`, add:" inserts the
block there, and sh blocks are run, all in the page's order. Before section 5 the folder is a copy of the tree; section 5
begins an empty project into which twins/ and the scenario are copied. Both must give the same run hash.
BUILD must hold a built program; without one the second half is skipped (and says so). Exit 77: nothing could be tried.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

TREE = ["CMakeLists.txt", "CMakePresets.json", "cmake", "engine", "twins", "tools", "tests", "include", "scripts", "assets",
        "scenarios", "LICENSE", "README.md", "docs"]
# The page's preset is a release; plain -O0 builds four times faster and gives the same bits.
QUICK = {"cmake --preset release": "cmake -S . -B build/release -DCMAKE_BUILD_TYPE=None -DCMAKE_C_FLAGS=-O0"}


def steps_of(page):
    """(section, kind, argument, anchor, block) for every fenced block; kind is file, insert or run."""
    section, before, steps = "", "", []
    lines = iter(page.split("\n"))
    for line in lines:
        if line.startswith("## "):
            section = line[3:].split(".")[0]
        if not line.startswith("```"):
            before = line or before
            continue
        block = []
        for inner in lines:
            if inner == "```":
                break
            block.append(inner)
        text = "\n".join(block) + "\n"
        file = re.fullmatch(r"`([^`]+)`:", before)
        insert = re.fullmatch(r"In `([^`]+)`, after `([^`]+)`, add:", before)
        if file:
            steps.append((section, "file", file[1], "", text))
        elif insert:
            steps.append((section, "insert", insert[1], insert[2], text))
        elif line == "```sh":
            steps.append((section, "run", "", "", text))
        else:
            sys.exit(f"follow_the_doc: this block says nowhere what to do with it: {before!r}")
        before = ""
    return steps


def run(command, folder, env):
    done = subprocess.run(command, shell=True, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        sys.exit(f"follow_the_doc: `{command}` gave {done.returncode}:\n{done.stdout[-4000:]}")
    return done.stdout


def follow(steps, folder, env):
    """Does the steps in folder; returns what the commands printed."""
    printed = ""
    for _, kind, path, anchor, text in steps:
        place = os.path.join(folder, path)
        if kind == "file":
            os.makedirs(os.path.dirname(place), exist_ok=True)
            with open(place, "w", encoding="utf-8") as out:
                out.write(text)
        elif kind == "insert":
            with open(place, encoding="utf-8") as old:
                lines = old.read().split("\n")
            if lines.count(anchor) != 1:
                sys.exit(f"follow_the_doc: {path} has the line {anchor!r} {lines.count(anchor)} times, the page needs it once")
            at = lines.index(anchor) + 1
            lines[at:at] = text.rstrip("\n").split("\n")
            with open(place, "w", encoding="utf-8") as out:
                out.write("\n".join(lines))
        else:
            for command in text.strip().split("\n"):
                printed += run(QUICK.get(command, command), folder, env)
    return printed


def run_hash(printed):
    found = re.findall(r"run hash ([0-9a-f]{64})", printed)
    if len(found) != 1 or "passed" not in printed:
        sys.exit(f"follow_the_doc: no passed run with one hash in:\n{printed[-2000:]}")
    return found[0]


def main():
    source, build = sys.argv[1:3]
    if not os.path.exists(os.path.join(build, "twinloop")):
        print("SKIP: the program is not built, so no page can be followed")
        return 77
    with open(os.path.join(source, "docs", "add-a-twin.md"), encoding="utf-8") as page:
        steps = steps_of(page.read())
    inside = [s for s in steps if s[0] != "5"]
    outside = [s for s in steps if s[0] == "5"]
    touched = sorted({s[2] for s in inside if s[1] == "insert"})
    if touched != ["twins/registry.def"]:
        sys.exit(f"follow_the_doc: a twin is one folder and one row, but the page changes {touched}")
    env = dict(os.environ)
    with tempfile.TemporaryDirectory() as work:
        tree = os.path.join(work, "tree")
        os.mkdir(tree)
        for name in TREE:
            at = os.path.join(source, name)
            if os.path.isdir(at):
                shutil.copytree(at, os.path.join(tree, name), ignore=shutil.ignore_patterns("build*", "__pycache__", "*.o"))
            elif os.path.exists(at):
                shutil.copy(at, tree)
        first = run_hash(follow(inside, tree, env))

        usr = os.path.join(work, "usr")
        run(f"cmake --install '{build}' --prefix '{usr}'", work, env)
        project = os.path.join(work, "project")
        shutil.copytree(os.path.join(tree, "twins", "kettle"), os.path.join(project, "twins", "kettle"))
        shutil.copy(os.path.join(tree, "kettles.lua"), project)
        env["PATH"] = os.path.join(usr, "bin") + os.pathsep + env["PATH"]
        env["CMAKE_PREFIX_PATH"] = usr
        second = run_hash(follow(outside, project, env))
    if first != second:
        sys.exit(f"follow_the_doc: run hash {first} inside the tree, {second} as a shared object")
    print(f"run hash {first} both ways; steps followed: {len(steps)} cases passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
