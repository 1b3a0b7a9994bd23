#!/usr/bin/env python3
"""Ask the teacher for the vectors of texts, to know what it reaches itself.

    ask_teacher.py WORK TEXTS VECTORS

WORK is the folder of the teacher's files, as for distill.py. TEXTS has a JSON
string on each line, as `go run . -texts FILE` in knowledge/compare writes; "-" is
the standard input. VECTORS is for its -teacher: a line that names the format, one
of JSON, and for each text its SHA-256 and its vector, float32, little endian.

Texts are read up to TOKENS, as many as the model can: those of articles are longer
than the sentences that the static model learns from.
"""

import argparse
import hashlib
import json
import pathlib
import sys

import teacher

MAGIC = b"signpost vectors 1\n"
NAME = "bge-small-en-v1.5, 8 bits"
TOKENS = 512
AT_ONCE = 2048


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("texts")
    parser.add_argument("vectors", type=pathlib.Path)
    args = parser.parse_args()
    with sys.stdin if args.texts == "-" else open(args.texts, encoding="utf-8") as file:
        texts = list(dict.fromkeys(json.loads(line) for line in file))
    ask = teacher.Teacher(teacher.fetch(args.work))
    ask.tokenizer.enable_truncation(TOKENS)
    with open(args.vectors, "wb") as out:
        out.write(MAGIC + json.dumps({"name": NAME, "dims": teacher.DIMS}).encode() + b"\n")
        for at in range(0, len(texts), AT_ONCE):
            some = texts[at : at + AT_ONCE]
            for text, vector in zip(some, ask(some, batch=16), strict=True):
                out.write(hashlib.sha256(text.encode()).digest() + vector.astype("<f4").tobytes())
            print(f"{at + len(some)} of {len(texts)}", file=sys.stderr)


if __name__ == "__main__":
    main()
