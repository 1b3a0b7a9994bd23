"""Readers for the files in which packages keep their words.

A catalogue reader takes the text of one file and returns its messages by key,
so that two languages can be laid side by side. A prose reader yields
paragraphs. None of them keeps state, and none touches the disk.
"""

import ast
import html
import json
import re
import struct


def po(text):
    """Return {English source: translation} of a gettext .po file.

    Fuzzy entries are left out: they are a machine's guess. Of a plural, the
    first and the last form are read.
    """
    messages, entry, field, fuzzy = {}, {}, None, False

    def close():
        source = entry.get("msgid", "")
        if source and not fuzzy:
            context = entry.get("msgctxt", "")
            forms = [v for k, v in entry.items() if k.startswith("msgstr")]
            if forms and forms[0]:
                messages[(context, source)] = forms[0]
            plural = entry.get("msgid_plural")
            if plural and forms and forms[-1]:
                messages[(context, plural)] = forms[-1]

    for line in text.splitlines():
        line = line.strip()
        if not line or line.startswith("#"):
            if entry:
                close()
                entry, field, fuzzy = {}, None, False
            if line.startswith("#,") and "fuzzy" in line:
                fuzzy = True
            if line.startswith("#~"):
                entry, field = {}, None
            continue
        if line.startswith("msgid ") and "msgid" in entry or line.startswith("msgctxt ") and "msgid" in entry:
            close()
            entry, fuzzy = {}, False
        match = re.match(r'(msgctxt|msgid_plural|msgid|msgstr(?:\[\d\])?)\s+(".*")$', line)
        if match:
            field = match[1]
            entry[field] = _unquote(match[2])
        elif line.startswith('"') and field:
            entry[field] += _unquote(line)
    if entry:
        close()
    return messages


def mo(data):
    """Return {English source: translation} of a compiled gettext file (bytes)."""
    order = "<" if data[:4] == b"\xde\x12\x04\x95" else ">"
    count, sources, targets = struct.unpack(order + "3I", data[8:20])
    messages = {}
    for i in range(count):
        pair = []
        for table in (sources, targets):
            size, start = struct.unpack_from(order + "2I", data, table + 8 * i)
            pair.append(data[start : start + size].decode("utf-8", "replace"))
        context, _, source = pair[0].rpartition("\x04")
        if source:
            ids, forms = source.split("\0"), pair[1].split("\0")
            messages[(context, ids[0])] = forms[0]
            if len(ids) > 1:
                messages[(context, ids[-1])] = forms[-1]
    return messages


def json_tree(text):
    """Return {path: string} of a JSON file, however deep."""
    messages = {}

    def walk(node, path):
        if isinstance(node, dict):
            for key, value in node.items():
                walk(value, path + (str(key),))
        elif isinstance(node, list):
            for i, value in enumerate(node):
                walk(value, path + (i,))
        elif isinstance(node, str):
            messages[path] = node

    walk(json.loads(text), ())
    return messages


_JS_TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)"""
    r"""|(?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)"""
    r"""|(?P<word>[A-Za-z_$][\w$.]*)|(?P<mark>[{}\[\]:,=+])""",
    re.S,
)


def js_tree(text):
    """Return {path: string} of the object literals in a JavaScript module.

    It reads tokens, not the grammar: a string after `key:` or `name = ` is a
    message, and braces nest the keys. Strings joined with + are joined.
    """
    messages, path, key, last, joining = {}, [], None, None, None
    named = False  # whether key is a variable, whose name differs by language
    for token in _JS_TOKEN.finditer(text):
        kind, value = token.lastgroup, token.group()
        if kind == "comment":
            continue
        if kind == "mark":
            if value in ":=":
                key, named = last, value == "="
            elif value == "{" or value == "[":
                path.append("" if named else key or "")
                named = False
                key = None
            elif value in "}]":
                if path:
                    path.pop()
                key = None
            elif value == ",":
                key = None
            if value != "+":
                joining = None
            continue
        if kind == "string":
            said = _unescape(value[1:-1])
            if joining:
                messages[joining] += said
            elif key is not None:
                joining = tuple(path) + (key,)
                messages[joining] = said
                key = None
            last = said
        else:
            last, joining = value, None
    return messages


def properties(text):
    """Return {key: message} of a Java .properties file."""
    messages = {}
    text = re.sub(r"\\\r?\n[ \t]*", "", text)
    for line in text.splitlines():
        match = re.match(r"\s*([^#!\s=:][^=:\s]*)\s*[=:]\s*(.*)", line)
        if match:
            messages[match[1]] = _unescape(match[2]).replace("''", "'")
    return messages


def pak(data):
    """Return {resource: message} of Chromium's packed strings (bytes), version 5."""
    version, encoding, count, aliases = struct.unpack_from("<IBxxxHH", data)
    if version != 5 or encoding != 1:
        raise ValueError(f"pak version {version}, encoding {encoding}")
    table = [struct.unpack_from("<HI", data, 12 + 6 * i) for i in range(count + 1)]
    return {
        number: data[start:end].decode("utf-8", "replace")
        for (number, start), (_, end) in zip(table, table[1:])
        if b"<div" not in data[start:end]
    }


def html_paragraphs(text):
    """Yield the paragraphs and list items of a page."""
    for block in re.findall(r"(?is)<(?:p|li|dd)\b[^>]*>(.*?)(?=</(?:p|li|dd)>|<(?:p|li|ul|ol|pre|table|dd|div)\b)", text):
        yield html.unescape(_plain(block))


def html_tree(text):
    """Return {place: paragraph} of a page whose translations keep its shape."""
    return dict(enumerate(html_paragraphs(text)))


def yaml_talks(text):
    """Yield the sentences of ChatterBot's lists of talks."""
    for line in text.splitlines():
        match = re.match(r"\s*-\s+(?:-\s+)?(.+)", line)
        if match:
            yield match[1].strip().strip("'\"")


def dialogues(text):
    """Yield what a voice assistant says or hears, where nothing is left open."""
    return (line for line in text.splitlines() if not re.search(r"[{}()|<>\[\]#]", line))


# What no help desk is asked: people by their dates, and plants and animals.
_LEXICON = re.compile(r"\b\d{3,4}\)|\(born|\b(genus|genera|species|family|subfamily|suborder|phylum|order|type genus)\b.* of |\bB\.?C\b", re.I)


def wordnet(text):
    """Yield the glosses and the example sentences of a WordNet data file.

    Dates of people and kinds of plants and animals are left out.
    """
    for line in text.splitlines():
        if line.startswith("  ") or "|" not in line:
            continue
        gloss = line.split("|", 1)[1].strip()
        yield from (e.strip() for e in re.findall(r'"([^"]{12,})"', gloss))
        meaning = re.sub(r'[;,]?\s*"[^"]*"', "", gloss).strip(" ;")
        if meaning and not _LEXICON.search(meaning):
            yield meaning


def annotations(text):
    """Yield "name: keyword, keyword" for each sign in CLDR's annotations."""
    tree = json.loads(text)
    for part in ("annotations", "annotationsDerived"):
        for sign in tree.get(part, {}).get("annotations", {}).values():
            words = sign.get("default", [])
            name = (sign.get("tts") or [""])[0]
            if name and len(words) > 1:
                yield name + ": " + ", ".join(w for w in words if w != name)


def markdown(text):
    """Yield the paragraphs and list items of Markdown or reStructuredText."""
    text = re.sub(r"(?ms)^(```|~~~).*?^\1\s*$", "\n", text)
    text = re.sub(r"(?s)<!--.*?-->", " ", text)
    text = re.sub(r"(?m)^\.\. .*(\n([ \t]+.*)?)*", "\n", text)
    for block in re.split(r"\n\s*\n|\n(?=\s*(?:[-*+]|\d+\.)\s)", text):
        first = block.lstrip("\n")
        if first.startswith(("    ", "\t", "|", "+--", "#", ">>>", "$", "<")) or "::" in first:
            continue
        block = re.sub(r"^\s*(?:[-*+>]|\d+\.)\s+", "", first)
        if re.search(r"(?m)^(=|-|~|\^|\*){3,}\s*$", block) or "|" in block:
            continue
        yield _plain(block)


def docstrings(text):
    """Yield the paragraphs of the docstrings in a Python module."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            for block in re.split(r"\n\s*\n", node.value.value):
                yield _plain(block)


def documentation(text):
    """Yield the paragraphs of every "documentation" in a JSON description."""
    for path, said in json_tree(text).items():
        if path[-1] in ("documentation", "description"):
            yield from (_plain(p) for p in re.split(r"</p>|</li>|<p>|\n\s*\n", said))


def doc_comments(text):
    """Yield the paragraphs of the /** comments */ in TypeScript."""
    for comment in re.findall(r"(?s)/\*\*(.*?)\*/", text):
        comment = re.sub(r"(?m)^\s*\* ?", "", comment)
        comment = re.sub(r"@description\s*", "", comment)
        comment = re.sub(r"(?m)^\s*@\w+.*$", "\n", comment)
        yield from (_plain(p) for p in re.split(r"\n\s*\n|\n?\s+[*-]\s", comment))


def _plain(block):
    """Take the marks of Markdown, reStructuredText and HTML out of block."""
    block = re.sub(r"!\[[^\]]*\]\([^)]*\)", "", block)
    block = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", block)
    block = re.sub(r"\[([^\]]+)\]\[[^\]]*\]", r"\1", block)
    block = re.sub(r":[\w:-]+:`([^`<]+?)(?:\s*<[^>]*>)?`", r"\1", block)
    block = re.sub(r"`([^`<]+?)\s*<[^>]*>`__?", r"\1", block)
    block = re.sub(r"</?[A-Za-z][^>]*>", "", block)
    block = re.sub(r"(\*\*|__|``|`)(.+?)\1", r"\2", block)
    block = re.sub(r"(?<!\w)[*_](\S[^*_]*\S)[*_](?!\w)", r"\1", block)
    return re.sub(r"\s+", " ", block).strip()


def _unquote(line):
    return _unescape(line.strip()[1:-1])


def _unescape(said):
    """Undo the backslashes that .po, JavaScript and .properties share."""
    if "\\" not in said:
        return said
    simple = {"n": "\n", "t": "\t", "r": "", "b": "", "f": ""}

    def one(match):
        code = match[1]
        if code[0] == "u" and len(code) > 1:
            return chr(int(code.strip("u{}"), 16))
        if code[0] == "x" and len(code) > 1:
            return chr(int(code[1:], 16))
        return simple.get(code, "" if code == "\n" else code)

    said = re.sub(r"\\(u\{[0-9a-fA-F]+\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", one, said, flags=re.S)
    return said.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
