"""Prose that nobody wrote: a Markov chain over the texts that come with Python.

Each word follows from the one before it, so that idioms are as common as in real prose, which
words drawn by themselves would not have.
"""

from __future__ import annotations

import pydoc_data.topics
import random
from collections import defaultdict
from itertools import pairwise

READ_ON = 0.7  # share of words that follow from the one before


class Prose:
    """Sentences by a seeded generator."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self._after: dict[str, list[str]] = defaultdict(list)
        self._openings: list[str] = []
        self._words: list[str] = []
        text = " ".join(pydoc_data.topics.topics[key] for key in sorted(pydoc_data.topics.topics))
        for sentence in text.replace("\n", " ").split(". "):
            words = [w for w in (w.strip("*`\"'()[]{}|,:;.=-") for w in sentence.split()) if w]
            words = [w for w in words if w.replace("-", "").replace("'", "").isalpha()]
            if len(words) < 5:
                continue
            self._openings.append(words[0])
            self._words += words
            for one, two in pairwise(words):
                self._after[one].append(two)

    def words(self, least: int, most: int) -> list[str]:
        """A run of words that reads on."""
        wanted, found = self.random.randint(least, most), [self.random.choice(self._openings)]
        while len(found) < wanted:
            read_on = self.random.random() < READ_ON and self._after.get(found[-1])
            found.append(self.random.choice(read_on or self._words))
        return found

    def phrase(self, least: int = 2, most: int = 5) -> str:
        """Some words without an end."""
        return " ".join(self.words(least, most)).lower()

    def sentence(self, least: int = 6, most: int = 16) -> str:
        """A sentence with a capital letter and its stop."""
        text = " ".join(self.words(least, most))
        return text[0].upper() + text[1:] + self.random.choice("....?!")

    def passage(self, least: int = 1, most: int = 6) -> str:
        """Some sentences."""
        return " ".join(self.sentence() for _ in range(self.random.randint(least, most)))
