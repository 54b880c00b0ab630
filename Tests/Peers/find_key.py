# SPDX-License-Identifier: Apache-2.0
"""usage: find_key.py PID KEY.pem: copies of a P-256 key in a process's memory.

Looks for its number in either byte order and for its file's text. Prints `guarded N elsewhere N
regions N`: in memory that is locked and left out of core files (proc(5), smaps: lo, dd), and in
other memory.
"""
import sys

from cryptography.hazmat.primitives import serialization

pid, file = int(sys.argv[1]), sys.argv[2]
text = open(file, "rb").read()
key = serialization.load_pem_private_key(text, None)
number = key.private_numbers().private_value.to_bytes(32, "big")
# The number begins in the first line of a PKCS #8 file; two pieces of the text hold most of it.
lines = text.split(b"\n")
patterns = [number, number[::-1], lines[1][50:], lines[2][:32]]
found = {True: 0, False: 0}
PAGE = 4096
# Entries of pages that were never touched, written since or not (admin-guide/mm/pagemap).
UNTOUCHED = [bytes(8) * 512, (1 << 55).to_bytes(8, "little") * 512]


def runs(pages, start, end):
    """Parts of a mapping that are in memory or swapped out: most of it was never touched."""
    first = None
    for at in range(start, end, 512 * PAGE):
        count = min(512, (end - at) // PAGE)
        pages.seek(at // PAGE * 8)
        entries = pages.read(count * 8)
        if entries in UNTOUCHED:
            if first is not None:
                yield first, at
            first = None
            continue
        for index in range(count):
            is_there = entries[index * 8 + 7 : index * 8 + 8] >= b"\x40"
            if is_there and first is None:
                first = at + index * PAGE
            elif not is_there and first is not None:
                yield first, at + index * PAGE
                first = None
    if first is not None:
        yield first, end


def search(memory, start, end):
    try:
        memory.seek(start)
        data = memory.read(end - start)
    except OSError:
        return 0
    return sum(data.count(pattern) for pattern in patterns)


regions = resident = start = end = 0
is_readable = False
with open(f"/proc/{pid}/smaps") as maps, open(f"/proc/{pid}/mem", "rb", buffering=0) as memory, \
        open(f"/proc/{pid}/pagemap", "rb", buffering=0) as pages:
    for line in maps:
        words = line.split()
        if "-" in words[0] and len(words) > 1 and len(words[1]) == 4:
            start, end = (int(part, 16) for part in words[0].split("-"))
            is_readable = words[1].startswith("r")
            resident = 0
        elif words[0] in ("Rss:", "Swap:"):
            resident += int(words[1])
        elif words[0] == "VmFlags:" and is_readable and resident:
            is_guarded = "dd" in words and "lo" in words
            regions += 1
            for first, last in runs(pages, start, end):
                found[is_guarded] += search(memory, first, last)
print("guarded", found[True], "elsewhere", found[False], "regions", regions)
