# SPDX-License-Identifier: Apache-2.0
"""Asks flagd's own Python engine (pip install openfeature-flagd-core==2.0.0) for answers.

usage: flagd-oracle.py [SEED [CASES]] > oracle.json
Then BANYAN_FLAGD_ORACLE=oracle.json makes the test compare them with ours.
"""
import json, logging, random, sys

from openfeature.contrib.tools.flagd.core import FlagdCore
from openfeature.evaluation_context import EvaluationContext

from json_logic.builtins import op_equals as LOOSE, to_number, to_string
from openfeature.contrib.tools.flagd.core.targeting import custom_ops
from openfeature.contrib.tools.flagd.core.targeting import targeting as engine

# Where Python shows through in that engine, JavaScript and flagd's Go engine decide:
# True is not 1 and null not 0, lists compare by value, only two texts compare as texts, and a weight may be computed (12.0 is whole).
def same(a, b):
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b))
    return isinstance(a, bool) == isinstance(b, bool) and a == b


def loose(a, b):
    return a is None and b is None if a is None or b is None else LOOSE(None, a, b) or same(a, b)


def ordered(test):
    def pair(a, b):
        return test(a, b) if isinstance(a, str) and isinstance(b, str) else test(to_number(a), to_number(b))
    return lambda data, a=None, b=None, *c: pair(a, b) and (not c or pair(b, c[0]))


def within(data, needle=None, haystack=None, *_):
    if isinstance(haystack, list):
        return any(same(needle, item) for item in haystack)
    return OPERATORS_IN(data, needle, haystack)


def fraction(arg):
    if isinstance(arg, list) and len(arg) == 2 and isinstance(arg[1], float) and arg[1].is_integer():
        arg = [arg[0], int(arg[1])]
    return PARSE_FRACTION(arg)


OPERATORS = sys.modules[engine.__module__].OPERATORS
OPERATORS_IN, PARSE_FRACTION = OPERATORS["in"], custom_ops._parse_fraction
custom_ops._parse_fraction = fraction
OPERATORS.update({
    "===": lambda data, a=None, b=None, *_: same(a, b), "!==": lambda data, a=None, b=None, *_: not same(a, b),
    "<": ordered(lambda a, b: a < b), "<=": ordered(lambda a, b: a <= b),
    ">": ordered(lambda a, b: a > b), ">=": ordered(lambda a, b: a >= b), "in": within,
    **{name: lambda data, *args, choose=choose: choose([number(arg) for arg in args]) for name, choose in
       [("min", lambda n: float("nan") if any(x != x for x in n) else min(n)),
        ("max", lambda n: float("nan") if any(x != x for x in n) else max(n))]},
    "+": lambda data, *args: number(sum(number(arg) for arg in args)),
    "-": lambda data, *args: number(-number(args[0]) if len(args) == 1 else number(args[0]) - number(args[1])),
    "==": lambda data, a=None, b=None, *_: loose(a, b), "!=": lambda data, a=None, b=None, *_: not loose(a, b),
    "cat": lambda data, *args: "".join(str(a).lower() if isinstance(a, bool) else to_string(a) for a in args),
    "*": lambda data, a=None, b=None: number(number(a) * number(b)),
})


def number(value):
    value = to_number(value)
    value = int(value) if isinstance(value, bool) else value
    return int(value) if isinstance(value, float) and value.is_integer() else value


logging.disable(logging.CRITICAL)
random.seed(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
CASES = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
VARIANTS = {"red": "r", "blue": "b", "green": "g", "true": "t", "false": "f", "1": "one"}
pick = random.choice


def constant():
    return pick([None, True, False, 0, 1, 7, 12, 2.5, "red", "blue", "1", "7", "eu", "1.2.3", "a@x.org",
                 ["red"], ["eu", "us"]])


def variable():
    return {"var": pick(["wave", "region", "email", "version", "age", "gone", "user.name", "list.1",
                         "targetingKey", "$flagd.flagKey", ["gone", "eu"], ["age", 3]])}


def operand(depth):
    return pick([constant, variable, variable, lambda: rule(depth + 1)])() if depth < 4 else pick([constant, variable])()


def entry(depth):
    return [pick(["red", "blue", "green", True, None, 1]), pick([1, 10, 25, 50, 0, {"-": [{"var": "age"}, 20]}])]


def rule(depth=0):
    o = lambda: operand(depth)
    kind = pick(["if", "if", "cmp", "logic", "math", "text", "in", "version", "fractional", "fractional", "list", "missing"])
    if kind == "if":
        return {"if": [o() for _ in range(pick([1, 2, 3, 3, 5]))]}
    if kind == "cmp":
        return {pick(["==", "!=", "===", "!==", "<", "<=", ">", ">="]): [o(), o()]}
    if kind == "logic":
        return pick([{"and": [o(), o()]}, {"or": [o(), o()]}, {"!": [o()]}, {"!!": [o()]}])
    if kind == "math":
        return {pick(["+", "-", "*", "min", "max"]): [o(), o()]}
    if kind == "text":
        return pick([{"cat": [o(), o()]}, {"substr": [o(), pick([-2, 0, 1, 9]), pick([1, 2, -1])]},
                     {"starts_with": [o(), pick(["a", "e", "1"])]}, {"ends_with": [o(), pick([".org", "u", "3"])]}])
    if kind == "in":
        return {"in": [o(), pick([["eu", "red", 1], "europe", {"var": "list"}, None])]}
    if kind == "version":
        return {"sem_ver": [pick([{"var": "version"}, "1.0.0", "v2"]), pick(["=", "!=", "<", "<=", ">", ">=", "^", "~"]),
                            pick(["1.2.3", "1.2", "2.0.0-beta.1", "1.10.0"])]}
    if kind == "fractional":
        weights = [entry(depth) for _ in range(pick([1, 2, 3]))]
        return {"fractional": weights if pick([True, False]) else
                [pick([{"var": "email"}, {"var": "age"}, {"cat": [{"var": "region"}, "-", {"var": "email"}]}, {"var": "gone"}])] + weights}
    if kind == "missing":
        return {"missing": ["age", pick(["gone", "wave"])]}
    return pick([{"some": [{"var": "list"}, {"==": [{"var": ""}, pick(["eu", 2])]}]},
                 {"all": [{"var": "list"}, {"!!": [{"var": ""}]}]},
                 {"none": [{"var": "list"}, {"===": [{"var": ""}, "us"]}]},
                 {"merge": [o(), o()]}, {"filter": [{"var": "list"}, {"in": [{"var": ""}, ["eu"]]}]},
                 {"map": [{"var": "list"}, {"cat": [{"var": ""}, "!"]}]},
                 {"reduce": [{"var": "list"}, {"cat": [{"var": "accumulator"}, {"var": "current"}]}, ""]}])


def context():
    values = {"wave": ["1", "2", 1], "region": ["eu", "us", ""], "email": ["a@x.org", "b@y.org", "ü@z.org"],
              "version": ["1.2.3", "v1.10.0", "2.0.0-beta.2", "2", "x", 3], "age": [7, 30, 2.5, "12", True, -4],
              "user": [{"name": "red"}, {}, "name"], "list": [["eu", "us"], [1, 2, 3], [], "eu"]}
    return {key: pick(options) for key, options in values.items() if random.random() < 0.8}


cases = []
while len(cases) < CASES:
    targeting = rule()
    flag = {"state": "ENABLED", "variants": VARIANTS, "targeting": targeting}
    if random.random() < 0.8:
        flag["defaultVariant"] = "green"
    key = pick(["stage", "care-plans", "ü"])
    core = FlagdCore()
    core.set_flags({"flags": {key: dict(flag)}})
    for _ in range(4):
        attributes, subject = context(), pick(["acme", "beta", "tenant-9", None, ""])
        try:
            found = core.resolve_string_value(key, "code default", EvaluationContext(subject, attributes))
            answer = {"reason": str(found.reason.value), "variant": found.variant}
        except Exception:
            answer = {"reason": "ERROR", "variant": None}
        if subject is not None:
            attributes["targetingKey"] = subject
        cases.append({"key": key, "flag": flag, "context": attributes, "answer": answer})
json.dump(cases, sys.stdout, ensure_ascii=False)
