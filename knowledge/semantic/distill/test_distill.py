"""Run with: python3 -m unittest (in this folder; it takes seconds)."""

import unittest

import numpy as np

import check_overlap
import check_pairs
import cleaning
import student


class Cleaning(unittest.TestCase):
    def test_message(self):
        cases = [
            ("<b>Hi</b> {{ user_name }}, welcome &amp; enjoy", "en", "Hi Maria, welcome & enjoy"),
            ("Olá %(first_name)s", "pt", "Olá Maria"),
            ("{count, plural, one {# file} other {# files}} left", "en", "3 files left"),
            ("See [the manual](https://example.com/manual)", "en", "See the manual"),
            ("%d of %d", "en", "3 of 3"),
            ("Save {frobnicator}", "en", None),  # nobody knows what stands there
            ("Costs $1", "en", None),
        ]
        for text, language, want in cases:
            with self.subTest(text):
                self.assertEqual(cleaning.message(text, language), want)

    def test_tidy(self):
        self.assertEqual(cleaning.tidy("  “Save”\u00ad \n now … "), '"Save" now ...')

    def test_sentences(self):
        cases = [
            ("One. Two! Three?", ["One.", "Two!", "Three?"]),
            ("See e.g. Settings. Then save.", ["See e.g. Settings.", "Then save."]),
            ("¿Olvidó la clave? ¡Pulse aquí!", ["¿Olvidó la clave?", "¡Pulse aquí!"]),
            ("version 1.2 is out", ["version 1.2 is out"]),
        ]
        for text, want in cases:
            with self.subTest(text):
                self.assertEqual(cleaning.sentences(text), want)

    def test_good(self):
        cases = [
            ("Your order was sent to the address below.", "en", True),
            ("O pedido foi enviado para o seu endereço.", "pt", True),
            ("Your order was sent to the address below.", "es", False),
            ("see https://example.com for all of it", "en", False),
            ("if (a == b) { return c; }", "en", False),
            ("OK", "en", False),
            ("THIS IS ALL IN CAPITALS AGAIN", "en", False),
        ]
        for text, language, want in cases:
            with self.subTest(text):
                self.assertEqual(cleaning.good(text, language), want)


class Student(unittest.TestCase):
    def test_folded(self):
        self.assertEqual(student.folded("Não É İ"), "nao e i")

    def test_counts(self):
        tokens = student.Tokens(["[UNK]", "pay", "##ing", "!"])
        counts = tokens.counts(["Paying, pay!", "nothing known", ""]).toarray()
        np.testing.assert_array_equal(counts, [[0, 2, 1, 1], [0, 0, 0, 0], [0, 0, 0, 0]])

    def test_counts_reads_no_more_than_it_should(self):
        self.assertEqual(student.Tokens(["[UNK]", "a"]).counts(["a " * 100], most=64).sum(), 64)

    def test_unit(self):
        np.testing.assert_allclose(student.unit(np.array([[3.0, 4.0], [0.0, 0.0]])), [[0.6, 0.8], [0, 0]], atol=1e-8)


class Pairs(unittest.TestCase):
    def test_nothing_is_wrong(self):
        self.assertEqual(check_pairs.problems(), [])

    def test_odd(self):
        def topic(**changed):
            return {"topic": "t", "en": {"title": "Refunds", "lines": ["We pay back."], "questions": ["how?"]}} | changed

        def article(line):
            return {"title": "Reembolso", "lines": [line], "questions": []}

        cases = [
            (topic(), 0),
            (topic(de={}), 1),
            (topic(pt={"title": "Reembolso"}), 1),
            (topic(pt=article(" duas  vezes")), 1),
            (topic(pt=article("Pide la devolución y el pago con los datos")), 1),
        ]
        for case, want in cases:
            with self.subTest(case):
                self.assertEqual(len(list(check_pairs.odd(case))), want)

    def test_repeated(self):
        def topic(*questions):
            return {"en": {"questions": list(questions)}}

        topics = [topic("Why me?", "And now?"), topic("why me", "WHY ME!", "what else")]
        self.assertEqual(check_pairs.repeated(topics), [(1, "en", "why me"), (1, "en", "WHY ME!")])


class Overlap(unittest.TestCase):
    def test_kind(self):
        known = check_overlap.Known([])
        known.add(check_overlap.words("Onde está o meu pedido de ontem à noite?"), "q")
        known.add(check_overlap.words("lost card"), "q")
        cases = [
            ("ONDE ESTA o meu pedido, de ontem a noite", "exact"),
            ("alô, onde está o meu pedido de hoje", None),
            ("alô, onde está o meu pedido de ontem à noite, gente", "near"),
            ("Lost card?", "short"),
            ("a lost card", None),
        ]
        for text, want in cases:
            with self.subTest(text):
                found = known.kind(text)
                self.assertEqual(found and found[0], want)


if __name__ == "__main__":
    unittest.main()
