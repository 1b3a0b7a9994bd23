#!/usr/bin/env python3
"""Make the static model: a vector for each token, learned from a teacher.

    python3 distill.py CORPUS WORK MODEL

CORPUS is what corpus.py wrote, WORK a folder for the teacher and its vectors,
MODEL the file to write. It takes half an hour on two processors, nearly all of
it for the teacher's vectors, which WORK keeps: a run that was killed goes on.

 1. The teacher embeds the English sentences, and the tokens, each alone.
 2. Its space is turned so that the directions in which sentences differ most come
    first; the first DIMS are kept.
 3. Tokens begin where the teacher has them, and count less the commoner they are.
    Then they learn, so that their sum points where the teacher has the sentence:
    an English one, or a Portuguese or Spanish one where its translation is.
 4. At the same time they learn from pairs/*.jsonl, which were written for this
    project, to tell the article that answers a question from all others.
 5. Rows are rounded to 8 bits and written with their tokens.
"""

import argparse
import hashlib
import json
import pathlib
import struct
import time

import numpy as np
import scipy.sparse

import student
import teacher

HERE = pathlib.Path(__file__).resolve().parent

NAME, VERSION, LICENCE = "signpost-static", "1", "MIT"
TEACHER = "BAAI/bge-small-en-v1.5 (MIT)"
MAGIC = b"signpost static 1\n"

DIMS = 192
EPOCHS = 6
BATCH = 2048  # sentences
RATE = 0.02  # of Adam, times the mean length of a row
DROPPED = 0.1  # share of the tokens that a text is learned without
SEEDS = (1, 2, 3)  # of the order in which it learns; the mean of what comes out is kept
RARE = 1e-3  # a token that is this share of all text counts half
PAIRS_EVERY = 2  # steps from one with pairs to the next
PAIRS_COUNT = 1.0  # what they count against sentences
QUESTIONS = 768  # in a step
SHARP = 0.1  # temperature of the choice among articles


def lines(path):
    """Return the lines of a file; only a line feed ends one."""
    return path.read_text().split("\n")[:-1]


def read_corpus(folder):
    """English sentences, those with translations first, and the translations as
    (text, index of the English sentence)."""
    at, translated = {}, []
    for language in ("pt", "es"):
        for line in lines(folder / f"pairs.en-{language}.tsv"):
            english, other = line.split("\t")[:2]
            translated.append((other, at.setdefault(english, len(at))))
    for text in lines(folder / "en.txt"):
        at.setdefault(text, len(at))
    return list(at), translated


def read_pairs():
    """Questions as (text, topic), and for each topic the texts that answer: its
    title, its lines, and all together, in each language."""
    questions, answers = [], []
    for path in sorted((HERE / "pairs").glob("*.jsonl")):
        for line in lines(path):
            topic = json.loads(line)
            texts = []
            for language in ("en", "pt", "es"):
                article = topic.get(language)
                if not article:
                    continue
                questions += [(q, len(answers)) for q in article["questions"]]
                body = " ".join(article["lines"])
                texts += [article["title"], body, article["title"] + ". " + body] + article["lines"]
            answers.append(texts)
    return questions, answers


def taught(texts, model, work):
    """The teacher's vectors of texts, float16. Those it has made are kept."""
    known_texts, known = work / "texts.txt", work / "vectors.f16"
    known_texts.touch()
    known.touch()
    have = lines(known_texts)
    size = teacher.DIMS * 2
    have = have[:known.stat().st_size // size]
    known_texts.write_text("".join(t + "\n" for t in have))
    with known.open("r+b") as f:
        f.truncate(len(have) * size)
    row = {t: i for i, t in enumerate(have)}
    missing = [t for t in texts if t not in row]
    embed, began = teacher.Teacher(model), time.time()
    for at in range(0, len(missing), 4096):
        chunk = missing[at:at + 4096]
        with known.open("ab") as f:
            f.write(embed(chunk).astype(np.float16).tobytes())
        with known_texts.open("a") as f:
            f.write("".join(t + "\n" for t in chunk))
        print(f"teacher: {at + len(chunk)} of {len(missing)} after {time.time() - began:.0f} s", flush=True)
    row = {t: i for i, t in enumerate(have + missing)}
    vectors = np.memmap(known, np.float16, "r").reshape(-1, teacher.DIMS)
    return vectors[[row[t] for t in texts]]


class Adam:
    """Adam, but for rows that a step does not touch: they stay as they are."""

    def __init__(self, rows):
        self.rows, self.first, self.second, self.step = rows, np.zeros_like(rows), np.zeros_like(rows), 0

    def update(self, at, slope, rate):
        """Step down the slope of the rows at the given places."""
        self.step += 1
        self.first[at] = 0.9 * self.first[at] + 0.1 * slope
        self.second[at] = 0.999 * self.second[at] + 0.001 * slope * slope
        first = self.first[at] / (1 - 0.9 ** self.step)
        second = self.second[at] / (1 - 0.999 ** self.step)
        self.rows[at] -= rate * first / (np.sqrt(second) + 1e-8)


class Texts:
    """Texts of a step, as sums of rows."""

    def __init__(self, counts, tokens, rows):
        self.counts = scipy.sparse.csr_matrix(
            (counts.data, np.searchsorted(tokens, counts.indices), counts.indptr), (counts.shape[0], len(tokens)))
        sums = self.counts @ rows
        self.length = np.linalg.norm(sums, axis=1, keepdims=True) + 1e-6
        self.unit = sums / self.length

    def back(self, slope):
        """The slope of the rows, by that of the unit vectors."""
        along = (slope * self.unit).sum(1, keepdims=True)
        return self.counts.T @ ((slope - along * self.unit) / self.length)


class Lesson:
    """What is learned from, as counts of tokens: sentences and the vectors that
    they should have, questions and their topics, and the answers of each topic."""

    def __init__(self, tokens, sentences, wanted, questions, answers):
        """sentences are counts, and wanted(chosen) returns the vectors of some, of
        length 1; questions and answers are what read_pairs returns."""
        upto = np.cumsum([0] + [len(texts) for texts in answers])
        self.sentences, self.wanted = sentences, wanted
        self.questions = tokens.counts([text for text, _ in questions])
        self.topics = np.array([topic for _, topic in questions])
        self.answers = tokens.counts([text for texts in answers for text in texts])
        self.of_topic = [range(a, b) for a, b in zip(upto, upto[1:])]

    def draw(self, random):
        """Return questions, one answer to each topic, and where that of each
        question is."""
        asked = random.choice(len(self.topics), min(QUESTIONS, len(self.topics)), replace=False)
        said = np.array([its[random.integers(len(its))] for its in self.of_topic])
        return self.questions[asked], self.answers[said], self.topics[asked]


def dropped(counts, random):
    """Return counts without a share of the tokens."""
    counts = counts.copy()
    counts.data = counts.data * (random.random(counts.nnz) > DROPPED)
    return counts


def choice(asked, said, own):
    """Return how the loss of choosing among the answers slopes with questions and
    with answers, both Texts, and the share that was chosen right. own is where the
    answer of each question is."""
    odds = asked.unit @ said.unit.T / SHARP
    odds = np.exp(odds - odds.max(1, keepdims=True))
    odds /= odds.sum(1, keepdims=True)
    right = (odds.argmax(1) == own).mean()
    odds[np.arange(len(own)), own] -= 1
    odds *= PAIRS_COUNT * BATCH / len(own)
    return asked.back(odds @ said.unit), said.back(odds.T @ asked.unit), right


def step(rows, lesson, chosen, with_pairs, random):
    """Return the tokens that a step touches and the slope of their rows, the mean
    cosine of the chosen sentences and their targets, and the share of questions
    with the right answer, in a list that is empty without pairs."""
    parts, own = [dropped(lesson.sentences[chosen], random)], None
    if with_pairs:
        asked, said, own = lesson.draw(random)
        parts += [dropped(asked, random), dropped(said, random)]
    tokens = np.unique(np.concatenate([p.indices for p in parts]))
    sentences, *pair = [Texts(p, tokens, rows[tokens]) for p in parts]
    wanted = lesson.wanted(chosen)
    like, slope = (sentences.unit * wanted).sum(1).mean(), sentences.back(-wanted)
    if not with_pairs:
        return tokens, slope, like, []
    by_question, by_answer, right = choice(*pair, own)
    return tokens, slope + by_question + by_answer, like, [right]


def learn(rows, lesson, seed):
    """Change rows, (tokens, DIMS), in place, and return them."""
    random = np.random.default_rng(seed)
    adam, began = Adam(rows), time.time()
    scale = np.linalg.norm(rows, axis=1).mean()
    count = lesson.sentences.shape[0]
    steps, done = EPOCHS * (count // BATCH), 0
    for epoch in range(EPOCHS):
        order, like, right = random.permutation(count), [], []
        for at in range(0, count - BATCH + 1, BATCH):
            done += 1
            tokens, slope, cosine, chosen_right = step(rows, lesson, order[at:at + BATCH], done % PAIRS_EVERY == 0, random)
            like.append(cosine)
            right += chosen_right
            adam.update(tokens, slope, RATE * scale * min(1, done / 50) * (1 - done / (steps + 1)))
        print(f"epoch {epoch + 1} of {EPOCHS}: cosine {np.mean(like):.4f}, right article {np.mean(right):.3f}, "
              f"{time.time() - began:.0f} s", flush=True)
    return rows


def write(path, tokens, rows):
    """Write the file that knowledge/semantic reads; see static.go for its form."""
    scale = np.abs(rows).max(1) / 127
    scale[scale == 0] = 1
    steps = np.round(rows / scale[:, None]).astype(np.int8)
    names = "".join(t + "\n" for t in tokens).encode()
    body = names + scale.astype("<f4").tobytes() + steps.tobytes()
    header = json.dumps({"name": NAME, "version": VERSION, "licence": LICENCE, "teacher": TEACHER,
                         "dims": rows.shape[1], "tokens": len(tokens), "sha256": hashlib.sha256(body).hexdigest()}).encode()
    path.write_bytes(MAGIC + struct.pack("<II", len(header), len(names)) + header + body)
    print(f"{path}: {path.stat().st_size} bytes, SHA-256 {hashlib.sha256(path.read_bytes()).hexdigest()}")


def turned(sentences):
    """Return the middle of the teacher's vectors, and the turn of its space that
    keeps the DIMS directions in which they differ most: (teacher.DIMS, DIMS)."""
    middle = sentences.mean(0)
    _, turn = np.linalg.eigh(np.cov((sentences - middle).T))
    return middle, turn[:, ::-1][:, :DIMS].astype(np.float32)


def first_rows(alone, turn, counts):
    """Return where tokens begin: alone are the teacher's vectors of each by itself,
    counts how often the texts have it."""
    share = np.asarray(counts.sum(0)).ravel() / counts.sum()
    rows = student.unit(alone - alone.mean(0)) @ turn * (RARE / (RARE + share))[:, None].astype(np.float32)
    return np.ascontiguousarray(rows, np.float32)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("corpus", type=pathlib.Path)
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("model", type=pathlib.Path)
    args = parser.parse_args()
    model = teacher.fetch(args.work)

    english, translated = read_corpus(args.corpus)
    names = student.vocabulary(model, args.corpus)
    tokens = student.Tokens(names)
    spoken = [n.removeprefix("##") or n for n in names]
    vectors = taught(list(dict.fromkeys(english + spoken)), model, args.work).astype(np.float32)
    sentences, alone = vectors[:len(english)], taught(spoken, model, args.work).astype(np.float32)

    middle, turn = turned(sentences)
    targets = student.unit((sentences - middle) @ turn)
    counts = tokens.counts(english + [text for text, _ in translated])
    rows = first_rows(alone, turn, counts)
    target_of = np.array(list(range(len(english))) + [i for _, i in translated])
    lesson = Lesson(tokens, counts, lambda chosen: targets[target_of[chosen]], *read_pairs())
    write(args.model, names, np.mean([learn(rows.copy(), lesson, seed) for seed in SEEDS], axis=0))


if __name__ == "__main__":
    main()
