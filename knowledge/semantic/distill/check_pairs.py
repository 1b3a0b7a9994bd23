#!/usr/bin/env python3
"""Tell what is wrong with pairs/*.jsonl, and with --fix drop repeated questions.

    python3 check_pairs.py [--fix]

A line is {"topic", "en", "pt", "es"}, the last two if they are there, each
{"title", "lines", "questions"}. A question that two topics claim teaches nothing:
the first keeps it. Titles may repeat, as help centres do.
"""

import argparse
import json
import re
import sys

import distill
import student

LANGUAGES = ("en", "pt", "es")
# Words of each language that the others lack: two of another's, and more of them
# than of one's own, give a text in the wrong language away.
OWN = {
    "en": set("the and is you your are this with my what where was have when does from it".split()),
    "pt": set("não você meu minha são uma da dos das ao já eu está com os foi nas nos".split()),
    "es": set("el la los las una del y es mi está fue ya con al yo lo le en pero cómo dónde".split()),
}


def said(article):
    """Return the texts of an article."""
    return [article["title"], *article["lines"], *article["questions"]]


def strange(text, language):
    """Return another language that text seems to be in, or None."""
    words = set(re.findall(r"\w+", text.lower()))
    for other in LANGUAGES:
        found = words & OWN[other] - OWN[language]
        if other != language and len(found) > 1 and len(found) > len(words & OWN[language]):
            return other
    return None


def odd(topic):
    """Yield what is wrong with a topic by itself."""
    if not isinstance(topic.get("topic"), str) or "en" not in topic or set(topic) - {"topic", *LANGUAGES}:
        yield f"fields {sorted(topic)}"
        return
    for language in LANGUAGES:
        article = topic.get(language)
        if article is None:
            continue
        if set(article) != {"title", "lines", "questions"} or not article["lines"]:
            yield f"{language}: fields {sorted(article)}"
            continue
        for text in said(article):
            if text != " ".join(text.split()) or not text:
                yield f"{language}: blanks in {text!r}"
            if other := strange(text, language):
                yield f"{language}: {text!r} seems to be {other}"


def fold(question):
    """Return what makes a question the same as another."""
    return " ".join(re.findall(r"\w+", student.folded(question)))


def repeated(topics):
    """Return the questions of topics that an earlier one has in that language, as
    (number of the topic, language, question)."""
    seen, found = set(), []
    for number, topic in enumerate(topics):
        for language in LANGUAGES:
            for question in topic.get(language, {}).get("questions", []):
                key = language, fold(question)
                if key in seen:
                    found.append((number, language, question))
                seen.add(key)
    return found


def read():
    """Return the places and the topics of all pairs, in order."""
    places, topics = [], []
    for path in sorted((distill.HERE / "pairs").glob("*.jsonl")):
        for number, line in enumerate(distill.lines(path), 1):
            places.append((path, number))
            topics.append(json.loads(line))
    return places, topics


def problems():
    """Return what is wrong, a line each."""
    places, topics = read()
    found = [(number, what) for number, topic in enumerate(topics) for what in odd(topic)]
    found += [(number, f"{language}: {question!r} repeats") for number, language, question in repeated(topics)]
    return [f"pairs/{places[number][0].name}:{places[number][1]}: {what}" for number, what in found]


def drop(places, topics, questions):
    """Write the pairs without questions, (number of the topic, language, question)
    each; of one that repeats in its own topic, the last goes."""
    for number, language, question in questions:
        mine = topics[number][language]["questions"]
        del mine[len(mine) - 1 - mine[::-1].index(question)]
    for path in sorted({path for path, _ in places}):
        mine = (topic for (place, _), topic in zip(places, topics) if place == path)
        path.write_text("".join(json.dumps(topic, ensure_ascii=False) + "\n" for topic in mine), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--fix", action="store_true")
    if parser.parse_args().fix:
        places, topics = read()
        drop(places, topics, repeated(topics))
    found = problems()
    print("\n".join(found + [f"{len(found)} problems"]))
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
