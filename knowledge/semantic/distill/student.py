"""What the static model is, in Python: a vocabulary, and a row for each token."""

import json
import pathlib
import re
import unicodedata

import numpy as np
import scipy.sparse
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

import teacher

UNKNOWN = "[UNK]"
LEAST = {"pt": 3, "es": 3}  # how often a word must be met to have a token of its own
MAX_WORDS = 11_000  # of each of these languages


def folded(word):
    """A word as the tokenizer makes it: lower case, without accents."""
    return "".join(c for c in unicodedata.normalize("NFD", word.lower()) if unicodedata.category(c) != "Mn")


def vocabulary(model_folder, corpus):
    """The teacher's tokens that are Latin letters, digits or marks, and after them
    the commonest words of Portuguese and Spanish that it cuts to pieces."""
    taught = json.loads((pathlib.Path(model_folder) / teacher.TOKENIZER).read_text())["model"]["vocab"]

    def wanted(token):
        """Tell whether a token of the teacher's is kept."""
        letters = token.removeprefix("##") or token
        return not token.startswith("[unused") and all(ord(c) < 0x80 or c in "¿¡€£ßæøœ“”‘’–—…·•°ºª" for c in letters)

    tokens = [t for t in taught if wanted(t)]
    extra = set()
    for language, least in LEAST.items():
        met = {}
        for line in (pathlib.Path(corpus) / f"{language}.txt").open():
            for word in re.findall(r"[^\W\d_]+", line):
                word = folded(word)
                if word.isascii() and len(word) > 1 and word not in taught:
                    met[word] = met.get(word, 0) + 1
        common = sorted((w for w, n in met.items() if n >= least), key=lambda w: (-met[w], w))
        extra.update(common[:MAX_WORDS])
    return tokens + sorted(extra)


class Tokens:
    """Cuts texts as WordPiece does with the vocabulary."""

    def __init__(self, tokens):
        self.tokens = tokens
        self.id = {t: i for i, t in enumerate(tokens)}
        self.tokenizer = Tokenizer(models.WordPiece(self.id, unk_token=UNKNOWN, max_input_chars_per_word=100))
        self.tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
        self.tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()

    def counts(self, texts, most=64):
        """How often each text has each token: a sparse matrix (texts, tokens)."""
        unknown, ids, upto = self.id[UNKNOWN], [], [0]
        for at in range(0, len(texts), 20_000):
            for e in self.tokenizer.encode_batch(texts[at:at + 20_000], add_special_tokens=False):
                ids.extend(i for i in e.ids[:most] if i != unknown)
                upto.append(len(ids))
        ones = np.ones(len(ids), np.float32)
        return scipy.sparse.csr_matrix((ones, np.array(ids, np.int32), np.array(upto, np.int64)), (len(texts), len(self.tokens)))


def unit(rows):
    """Rows made of length 1."""
    return rows / (np.linalg.norm(rows, axis=1, keepdims=True) + 1e-9)
