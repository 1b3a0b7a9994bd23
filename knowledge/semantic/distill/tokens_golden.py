#!/usr/bin/env python3
"""Write what the tests hold the tokenizer to: 10,000 texts and their tokens.

    python3 tokens_golden.py WORK [--corpus CORPUS]

WORK is the folder of the teacher, as distill.py left it. Of each text, the
tokens are told by the teacher's own tokenizer, and by WordPiece over the
vocabulary of ../model/static.bin: run it again when that has changed. The texts
stay those of ../testdata/tokens.gz, unless CORPUS, what corpus.py wrote, is given
to choose them anew.

It writes ../testdata/tokens.gz: first the SHA-256 of the model's vocabulary, then
a line for each text: the hash of the teacher's tokens, that of the model's, and
the text as JSON. And ../testdata/teacher.gz, the teacher's vocabulary.
"""

import argparse
import gzip
import hashlib
import json
import pathlib
import random
import struct
import unicodedata

from tokenizers import Tokenizer

import distill
import student
import teacher

TESTDATA = distill.HERE.parent / "testdata"
MODEL = distill.HERE.parent / "model" / "static.bin"
TEXTS = 10_000

EMOJI = "😀 🎉 👍🏽 👩‍👩‍👧‍👦 🇧🇷 ❤️ ✅ 🤷‍♀️ 1️⃣ ☎ © ™ 🫠".split()
CODE = ['if err != nil { return fmt.Errorf("%w", err) }', "SELECT * FROM orders WHERE id = 7;", "<b>bold</b> &amp; <br/>",
        'curl -X POST https://example.com/v1/pay -d \'{"amount": 10}\'', "C:\\Users\\ana\\file.txt", "a[i]++ == b->c ? 1 : 0",
        "#!/bin/sh\nset -eu\n\techo $HOME", "snake_case camelCase kebab-case SCREAMING_CASE", "def f(x): return x**2  # squared"]
ODD = ["", " ", "\t\n\r", "\x00", "a\x00b", "a\x0bb\x0cc", "a\x85b", "\ufeffbom", "zero\u200bwidth\u200djoin\u2060er", "soft\u00adhyphen",
       "non\u00a0breaking\u202fspace\u3000wide", "line\u2028separator\u2029here", "\u202eright to left\u202c", "\ufffd replaced",
       "İstanbul", "İİ", "ISTANBUL ı I", "straße STRASSE ẞ", "ﬁnd the ﬂoor of the oﬃce", "ǅ ǆ Ǆ", "ΌΣΟΣ όσος Σ", "ŉ ǰ ΐ", "K Å Ω",
       "½ ² ① Ⅷ ㎏ №", "𝐛𝐨𝐥𝐝 𝒾𝓉𝒶𝓁𝒾𝒸 𝟘𝟙", "ｆｕｌｌ ｗｉｄｔｈ！", "e\u0301\u0301\u0301 a\u0308\u0323", "\u0301alone", "क्षत्रिय", "நிலை", "ไม่ทราบ",
       "한국어 각 \u1100\u1161", "漢字かな交じり文です。", "中文ABC中文123", "豈更\U0002f804", "\U00020000\U0002b73f\U0002b820\U0002b91f\U0002b920", "العربية: مَرْحَبًا؟",
       "עִבְרִית", "\ue000private\uf8ff", "\U000e0041tag", "\u0378unassigned", "ok😀", "😀ok", "-- — – ― ‑ -", "«aspas» ‹x› „y“ ‚z‘", "…...!!??!?",
       "can't won't it's l'eau d’água", "R$ 1.234,56 € 20 $9.99 10% 50 °C", "##ing ## #", "un##believable", "a" * 99, "a" * 100, "a" * 101, "é" * 100,
       "e\u0301" * 101, "x" * 5000, "中" * 300, "!" * 300, "a." * 200]
SCRIPTS = [(0x00A0, 0x024F), (0x0370, 0x03FF), (0x0400, 0x04FF), (0x0590, 0x05FF), (0x0600, 0x06FF), (0x0900, 0x097F), (0x0E00, 0x0E7F),
           (0x1100, 0x11FF), (0x1E00, 0x1FFF), (0x2000, 0x206F), (0x20A0, 0x20CF), (0x2100, 0x2BFF), (0x3000, 0x30FF), (0x3400, 0x34FF),
           (0x4E00, 0x9FA5), (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0xFB00, 0xFDFF), (0xFE00, 0xFFEF), (0x1F300, 0x1F64F), (0x20000, 0x2A6D6)]


def old(char):
    """Tell whether Unicode 3.2 has the character, or it is an emoji. The teacher's
    tokenizer knows Unicode 8; what came later it takes for letters."""
    return unicodedata.ucd_3_2_0.category(char) not in ("Cn", "Cs") or 0x1F300 <= ord(char) <= 0x1F64F


def evenly(items, count):
    """Return count of items, as far apart as can be."""
    return [items[i * len(items) // count] for i in range(min(count, len(items)))]


def said(corpus, language):
    """Return the lines of corpus, without those of the rows of sources.tsv whose
    authors gathered what others had written."""
    lines, kept, at = distill.lines(corpus / f"{language}.txt"), [], 0
    head, *rows = [row.split("\t") for row in distill.lines(corpus / "counts.tsv")]
    for row in rows:
        upto = at + int(row[head.index(language)])
        if "vaderSentiment" not in row[0]:
            kept += lines[at:upto]
        at = upto
    return kept


def messages():
    """Return what the project's own tests ask, as people write it."""
    folder = distill.HERE.parent.parent / "testdata"
    asked = [json.loads(line)["text"] for line in distill.lines(folder / "everyday.jsonl")]
    rows = [row.split("\t") for row in distill.lines(folder / "messages.tsv") if not row.startswith("#")]
    return asked + [row[2].replace("\\n", "\n") for row in rows if len(row) == 3]


def every_character():
    """Yield each character of Unicode 3.2, in a word and alone, ten to a text;
    not ideographs and Hangul, which are many, nor those that Unicode took for
    something else in version 8."""
    few = [c for c in map(chr, range(0x110000)) if unicodedata.ucd_3_2_0.category(c) not in ("Cn", "Co", "Cs")
           and not (0x3400 <= ord(c) < 0xA000 or 0xAC00 <= ord(c) < 0xD7A4 or ord(c) >= 0x20000)
           and c not in "\u166d\u1734\u1885\u1886"]
    for i in range(0, len(few), 10):
        yield " ".join(f"a{c}b {c}" for c in few[i : i + 10])


def changed(text, chance):
    """Return text as somebody's keyboard or program might spoil it."""
    ways = [str.upper, str.title, str.swapcase, lambda t: unicodedata.normalize("NFD", t), lambda t: unicodedata.normalize("NFKC", t),
            lambda t: t.replace(" ", "\u00a0"), lambda t: t.replace(" ", ""), lambda t: t + chance.choice(EMOJI),
            lambda t: t.replace("e", "e\u0301", 1), lambda t: "\u200b".join(t), lambda t: t.replace(" ", chance.choice("\t\n.-_/,'")),
            lambda t: t + "?" * chance.randrange(1, 9), lambda t: t[:: -1], lambda t: "".join(chance.sample(t, len(t)))]
    return chance.choice(ways)(text)


def made_up(chance):
    """Yield texts of characters that chance picks."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    while True:
        low, high = chance.choice(SCRIPTS)
        chars = [c for c in (chr(chance.randint(low, high)) for _ in range(chance.randrange(1, 40))) if old(c)]
        yield "".join(c + " " * (chance.random() < 0.2) for c in chars)
        yield " ".join("".join(chance.choice(letters) for _ in range(chance.randrange(1, most))) for most in (5, 12, 40, 130))
        yield " ".join(str(chance.randrange(10 ** chance.randrange(1, 15))) + chance.choice(["", ",5", ".000", "%", "€", "ª", "kg"]) for _ in range(5))
        yield "".join(chance.choice("!?.,;:-_()[]{}'\"/\\@#$%&*+=<>|~^`¿¡«»—…·") for _ in range(chance.randrange(1, 60)))
        host = "".join(chance.choice(letters) for _ in range(chance.randrange(3, 20)))
        yield f"https://www.{host}.com/{host[::-1]}?q={chance.randrange(1000)}&lang=pt-BR#top me@{host}.org"
        yield chance.choice(CODE) + " " + chance.choice(EMOJI) + " " + chance.choice(ODD[:55])


def choose(corpus):
    """Return TEXTS texts of many kinds, none twice, the same each time."""
    chance = random.Random(1)
    questions, answers = distill.read_pairs()
    plain = messages() + evenly([text for text, _ in questions], 1500) + evenly([text for its in answers for text in its], 500)
    for language, count in (("en", 1200), ("pt", 700), ("es", 700)):
        plain += evenly(said(corpus, language), count)
    texts = dict.fromkeys(ODD + CODE + EMOJI + list(every_character()) + plain)
    texts |= dict.fromkeys(changed(text, chance) for text in evenly(plain, 1700))
    for text in made_up(chance):
        if len(texts) >= TEXTS:
            return list(texts)[:TEXTS]
        texts[text] = None


def own_vocabulary():
    """Return the tokens of the model that is committed."""
    data = MODEL.read_bytes().removeprefix(distill.MAGIC)
    header, names = struct.unpack_from("<II", data)
    return data[8 + header :][:names].decode().split("\n")[:-1]


def digest(tokens):
    """Return a short hash of tokens, hex."""
    return hashlib.sha256("\n".join(tokens).encode()).hexdigest()[:8]


def hashes(tokenizer, texts):
    """Return the hash of each text's tokens, without those that frame it."""
    return [digest(e.tokens) for e in tokenizer.encode_batch(texts, add_special_tokens=False)]


def squeeze(path, lines):
    """Write lines to path with gzip, the same bytes each time."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(gzip.compress("".join(line + "\n" for line in lines).encode(), 9, mtime=0))
    print(f"{path}: {path.stat().st_size} bytes")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--corpus", type=pathlib.Path)
    args = parser.parse_args()

    golden = TESTDATA / "tokens.gz"
    if args.corpus:
        texts = choose(args.corpus)
    else:
        texts = [json.loads(line.split(" ", 2)[2]) for line in gzip.decompress(golden.read_bytes()).decode().split("\n")[1:-1]]
    whole = Tokenizer.from_file(str(teacher.fetch(args.work) / teacher.TOKENIZER))
    whole.no_truncation()
    whole.no_padding()
    own = own_vocabulary()
    told = zip(hashes(whole, texts), hashes(student.Tokens(own).tokenizer, texts), texts)
    squeeze(golden, [hashlib.sha256("\n".join(own).encode()).hexdigest()] + [f"{a} {b} {json.dumps(text)}" for a, b, text in told])
    vocabulary = whole.get_vocab()
    squeeze(TESTDATA / "teacher.gz", sorted(vocabulary, key=vocabulary.get))


if __name__ == "__main__":
    main()
