"""What makes a message or a paragraph into lines worth learning from."""

import html
import re

# Words that stand in for a placeholder, by what its name tells of it. A line
# with a placeholder that none of these fits is dropped.
STAND_INS = [
    (r"e?-?mail|address$", {"en": "ana@example.com", "pt": "ana@example.com", "es": "ana@example.com"}),
    (r"(first|last|user|display|full|sender|inviter|member|author|owner)_?name|^(user|username|author|owner|member|person|sender)$",
     {"en": "Maria", "pt": "Maria", "es": "María"}),
    (r"url|link|domain|host|website", {"en": "example.com", "pt": "example.com", "es": "example.com"}),
    (r"date|expir", {"en": "3 May", "pt": "3 de maio", "es": "3 de mayo"}),
    (r"^time$|_time$", {"en": "10:30", "pt": "10:30", "es": "10:30"}),
    (r"price|amount|total_?price|money|currency_?amount", {"en": "$20", "pt": "R$ 20", "es": "20 €"}),
    (r"count|num|total|max|min|limit|length|size|days|hours|minutes|seconds|quantity|years|months|^n$|number|percent|index|position",
     {"en": "3", "pt": "3", "es": "3"}),
    (r"file_?name|^file$|^filename$", {"en": "photo.jpg", "pt": "foto.jpg", "es": "foto.jpg"}),
    (r"site_?name|^site$|app_?name|application|brand|product_?name|provider|realm|company|organi[sz]ation|team|workspace|^product$|^integration$|^device$|device_?name|room_?name|^room$",
     {"en": "Acme", "pt": "Acme", "es": "Acme"}),
    (r"language|locale", {"en": "English", "pt": "inglês", "es": "inglés"}),
    (r"country", {"en": "Brazil", "pt": "Brasil", "es": "Brasil"}),
    (r"error|reason|message", {"en": "unknown error", "pt": "erro desconhecido", "es": "error desconocido"}),
    (r"version", {"en": "2.1", "pt": "2.1", "es": "2.1"}),
    (r"code|phone", {"en": "123456", "pt": "123456", "es": "123456"}),
    (r"(^|[._ ])name$|^title$|label$", {"en": "Acme", "pt": "Acme", "es": "Acme"}),
]

_NAMED = re.compile(r"%\((\w+)\)[sdifr]|\$?\{\{-?\s*([\w.$ |,]*?)\s*\}\}|\$?\{\s*([\w.$-]*)\s*(?:,[^{}]*)?\}|<<(\w+)>>|%\{(\w+)\}|\[%([\w.:]+)%\]")
_TAGS = re.compile(r"</?[A-Za-z0-9][^<>]*>")


def _plural(text):
    """Take the last branch ("other") of each ICU plural or select."""
    start = re.search(r"\{\s*[\w.]+\s*,\s*(?:plural|select|selectordinal)\s*,", text)
    while start:
        depth, i, branch, other = 1, start.end(), start.end(), None
        while i < len(text) and depth:
            if text[i] == "{":
                depth += 1
                if depth == 2:
                    branch = i + 1
            elif text[i] == "}":
                depth -= 1
                if depth == 1:
                    other = text[branch:i]
            i += 1
        if depth or other is None:
            return None
        text = text[: start.start()] + other.replace("#", "3") + text[i:]
        start = re.search(r"\{\s*[\w.]+\s*,\s*(?:plural|select|selectordinal)\s*,", text)
    return text


def message(text, language):
    """Return text of a catalogue as a person would read it, or None.

    Markup goes, entities are undone, placeholders become plausible words.
    """
    if re.search(r"\$[1-9](?!\d)", text) or "|||" in text or "$t(" in text or "[%key" in text or "{%" in text or "%}" in text or "`<" in text:
        return None
    if "{" in text:
        text = _plural(text)
        if text is None:
            return None
    text = html.unescape(_TAGS.sub(" ", text)).replace("''", "'")
    text = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"(\*\*|__|``|`)(.+?)\1", r"\2", text)
    lost = False

    def fill(match):
        nonlocal lost
        name = next((g for g in match.groups() if g), "").split(",")[0].strip().lower()
        for pattern, words in STAND_INS:
            if re.search(pattern, name):
                return words[language]
        lost = True
        return ""

    text = _NAMED.sub(fill, text)
    text = re.sub(r"%(?:\d\$)?d|%i\b", "3", text)
    if lost or re.search(r"%(?:\d\$)?[sr@]|%\d|%[-.\d]*[fxs]\b|[{}<>\\]|\$\w+\b(?<!\d)|\[\[|\]\]", text):
        return None
    text = re.sub(r"(?<=\w)_(?=\w)(?=[a-z]\b)|(?<![\w&])&(?=\w)|(?<=\w)&(?=\w)", "", text)  # menu accelerators
    return tidy(text)


def tidy(text):
    """Return text on one line with plain spaces and quotes."""
    text = text.replace("\u00ad", "").replace("\u200b", "").replace("\ufeff", "")
    text = text.replace("“", '"').replace("”", '"').replace("’", "'").replace("‘", "'").replace("…", "...")
    text = re.sub(r"@\w+\b(?!\.)\s*", "", text) if text.startswith("@") else text
    text = re.sub(r"\s+", " ", text).strip(" \t-–—•*·|")
    return re.sub(r"\s+([,.;:!?])(?=\s|$)", r"\1", text)


_END = re.compile(r"(?<=[.!?])[\"')\]]?\s+(?=[\"'(¿¡]?[A-ZÀ-ÖØ-Þ¿¡0-9])")
_ABBREVIATION = re.compile(r"\b(?:e\.g|i\.e|etc|vs|Mr|Mrs|Dr|St|No|p\.ej|Sr|Sra|Ex|ej|ex|cf|al|approx|[A-Z])\.$")


def sentences(text):
    """Split a paragraph where a sentence plainly ends."""
    parts, held = [], ""
    for part in _END.split(text):
        held = f"{held} {part}".strip()
        if not _ABBREVIATION.search(held):
            parts.append(held)
            held = ""
    return parts + [held] if held else parts


_COMMON = {
    "en": set("the of and to a in is for you your are not this that with be on it or an as if can will from have has by was at do we all no when which use".split()),
    "pt": set("o a os as de da do das dos e é em no na nos nas um uma para por com não que se ao à seu sua você foi ser este esta ou mais como está são pode".split()),
    "es": set("el la los las de del y es en un una para por con no que se al su sus usted fue ser este esta o más como está son puede tu lo ha".split()),
}
_ONLY = {  # words that give another language away
    "en": set("el los las del para você não una é são pode nicht und der die les des está".split()),
    "pt": set("the and el los las del y una usted con está¡ you your is of und der les des".split()),
    "es": set("the and of is you your não você uma são é do da dos das em ao und der les des".split()),
}


def good(text, language, least=3, most=60):
    """Tell whether text is a line of language that is worth keeping."""
    words = text.split()
    if not least <= len(words) <= most or len(text) > 420:
        return False
    letters = sum(c.isalpha() for c in text)
    if letters < 0.7 * len(text.replace(" ", "")):
        return False
    if sum(c.isupper() for c in text) > 0.4 * letters:
        return False
    if re.search(r"https?:|www\.|[\\{}<>=|~^`_\[\]]|::|->|\(\)|/\w+/|\w\.\w+\.\w|#\w|--|;\w", text):
        return False
    if len(re.findall(r",\w", text)) > 1 or any(len(w) > 28 for w in words):
        return False
    if any(ord(c) > 0x24F and not 0x2000 <= ord(c) <= 0x20AC for c in text):
        return False
    if len(re.findall(r"\b\w*[a-z][A-Z]\w*\b", text)) > 2:
        return False
    bare = {w.strip(".,;:!?¿¡\"'()").lower() for w in words}
    if bare & _ONLY[language] and not bare & _COMMON[language]:
        return False
    if len(bare & _ONLY[language]) > 1:
        return False
    if len(words) >= 10 and not bare & _COMMON[language]:
        return False
    return True
