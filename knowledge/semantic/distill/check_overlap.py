#!/usr/bin/env python3
"""Tell what the model learned from that stands in somebody's test set, too.

    python3 check_overlap.py DATA... [--corpus CORPUS] [--drop]

DATA are folders of questions or articles: of .jsonl the strings are read, of .tsv
the columns, of .md and .txt the lines. They are compared with pairs/*.jsonl, and
with the corpus if CORPUS, what corpus.py wrote, is given. Case, accents and
punctuation do not count. An overlap is exact when all words are the same, and
near when 8 words in a row are. Exact ones of up to 3 words, such as "lost card",
are what everybody says: they are counted, and not shown.

With --drop, questions of the pairs that overlap go, short ones too. It ends with
status 1 if a longer text of the pairs overlaps.
"""

import argparse
import collections
import json
import pathlib
import re
import sys

import check_pairs as pairs
import distill
import student

ROW = 8  # words of a near overlap
SAID = 3  # words up to which a text is anyone's


def words(text):
    """Return the words of text, folded."""
    return tuple(re.findall(r"\w+", student.folded(text)))


def strings(value):
    """Yield the strings of a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from strings(part)


def texts(path):
    """Yield the texts of a file of test data."""
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        if path.suffix == ".jsonl":
            yield from strings(json.loads(line))
        elif path.suffix == ".tsv":
            yield from line.split("\t")
        elif path.suffix in (".md", ".txt"):
            yield re.sub(r'^(#+|-|title:) *"?', "", line)


class Known:
    """The words of test data, to look texts up in."""

    def __init__(self, folders):
        self.whole, self.rows = {}, {}
        for folder in folders:
            for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix in (".jsonl", ".tsv", ".md", ".txt")):
                for text in texts(path):
                    self.add(words(text), path)

    def add(self, said, path):
        """Note the words of a text of path."""
        if len(said) > 1:
            self.whole.setdefault(said, path)
        for row in rows(said):
            self.rows.setdefault(row, path)

    def kind(self, text):
        """Return ("exact", "near" or "short", path) if text overlaps, or None."""
        said = words(text)
        if said in self.whole:
            return "short" if len(said) <= SAID else "exact", self.whole[said]
        return next((("near", self.rows[row]) for row in rows(said) if row in self.rows), None)


def rows(said):
    """Return each ROW words in a row."""
    return [said[i : i + ROW] for i in range(len(said) - ROW + 1)]


def check_pairs(known):
    """Print the overlaps of pairs/*.jsonl and return how many of a kind."""
    count = collections.Counter()
    for (path, number), topic in zip(*pairs.read()):
        for text in [text for language in pairs.LANGUAGES if language in topic for text in pairs.said(topic[language])]:
            count["texts"] += 1
            kind, place = known.kind(text) or ("", None)
            count[kind] += bool(kind)
            if kind in ("exact", "near"):
                print(f"pairs/{path.name}:{number}: {kind}: {text}  ({place})")
    return count


def drop(known):
    """Drop the questions of the pairs that overlap, and print them."""
    places, topics = pairs.read()
    found = [(number, language, question) for number, topic in enumerate(topics) for language in pairs.LANGUAGES
             for question in topic.get(language, {}).get("questions", []) if known.kind(question)]
    for number, _, question in found:
        print(f"pairs/{places[number][0].name}:{places[number][1]}: dropped: {question}")
    pairs.drop(places, topics, found)


def check_corpus(known, corpus):
    """Return how many lines of the corpus overlap, by file and kind."""
    counts = {}
    for name in ("en.txt", "pt.txt", "es.txt", "pairs.en-pt.tsv", "pairs.en-es.tsv"):
        counts[name] = count = collections.Counter()
        for line in distill.lines(corpus / name):
            for text in line.split("\t"):
                count["texts"] += 1
                kind, _ = known.kind(text) or ("", None)
                count[kind] += bool(kind)
    return counts


def report(name, count):
    """Print how many texts overlap, by kind."""
    print(f"{name}: {count['texts']} texts, {count['exact']} exact, {count['near']} near, {count['short']} exact of up to {SAID} words")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=pathlib.Path, nargs="+")
    parser.add_argument("--corpus", type=pathlib.Path)
    parser.add_argument("--drop", action="store_true")
    args = parser.parse_args()
    known = Known(args.data)
    if args.drop:
        drop(known)
    count = check_pairs(known)
    report("pairs", count)
    if args.corpus:
        for name, its in check_corpus(known, args.corpus).items():
            report(name, its)
    sys.exit(1 if count["exact"] or count["near"] else 0)


if __name__ == "__main__":
    main()
