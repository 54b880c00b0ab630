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
regions = 0
start = end = 0
is_readable = False
with open(f"/proc/{pid}/smaps") as maps, open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
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
            tail = b""
            at = start
            while at < end:
                memory.seek(at)
                try:
                    part = memory.read(min(1 << 22, end - at))
                except OSError:
                    break
                if not part:
                    break
                data = tail + part
                for pattern in patterns:
                    # What lies wholly in the tail was counted with the part before.
                    hit = data.find(pattern)
                    while hit >= 0:
                        if hit + len(pattern) > len(tail):
                            found[is_guarded] += 1
                        hit = data.find(pattern, hit + 1)
                tail = data[-31:]
                at += len(part)
print("guarded", found[True], "elsewhere", found[False], "regions", regions)
