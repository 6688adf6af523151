"""Word-level tokenizer: lower case, words and punctuation marks, one id each (tokenizer.json of the world)."""

import json
import os
import re

UNKNOWN, END_OF_TEXT = "[UNK]", "<|endoftext|>"
_PIECES = re.compile(r"\w+|[^\w\s]+", re.ASCII)


class WordTokenizer:
    def __init__(self, vocab: dict[str, int]):
        self.vocab = vocab
        self.unknown = vocab[UNKNOWN]
        self.words = [word for word, _ in sorted(vocab.items(), key=lambda item: item[1])]

    def encode(self, text: str) -> list[int]:
        return [self.vocab.get(piece, self.unknown) for piece in _PIECES.findall(text.lower())]

    def decode(self, ids: list[int]) -> str:
        return " ".join(self.words[i] for i in ids if i < len(self.words))


def read_tokenizer_file(folder: str) -> dict:
    """tokenizer.json of a folder; if `unirl world` wrote none, the same file made of world.json's words."""
    path = os.path.join(folder, "tokenizer.json")
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    with open(os.path.join(folder, "world.json"), encoding="utf-8") as file:
        words = json.load(file)["words"]
    vocab = {word: i for i, word in enumerate([UNKNOWN, *words, END_OF_TEXT])}
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": vocab[word], "content": word, **flags} for word in (UNKNOWN, END_OF_TEXT)],
        "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": None,
        "decoder": None,
        "model": {"type": "WordLevel", "vocab": vocab, "unk_token": UNKNOWN},
    }


def load_tokenizer(folder: str) -> WordTokenizer:
    return WordTokenizer(read_tokenizer_file(folder)["model"]["vocab"])
