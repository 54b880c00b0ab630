# SPDX-License-Identifier: Apache-2.0
"""What a program of rows has seen: a line for each row that went wrong, then `rows N`."""
wrong, count = [], 0


def row(name, condition, seen=""):
    global count
    count += 1
    if not condition:
        wrong.append(f"{name}: {seen}")


def tell():
    for text in wrong:
        print(text)
    print("rows", count)
