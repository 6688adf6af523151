"""Packing questions into one row changes no number; the shuffled order never repeats early; files round-trip."""

import os
import sys
import tempfile

import numpy as np
import torch

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from unirl_pretrain import safetensors_io  # noqa: E402
from unirl_pretrain.lfq import entropies  # noqa: E402
from unirl_pretrain.magvit2 import codes_to_signs, signs_to_codes  # noqa: E402
from unirl_pretrain.maskgit import to_device  # noqa: E402
from unirl_pretrain.objective import accepted, task_loss  # noqa: E402
from unirl_pretrain.rows import IGNORE, masked_images, mmu_block, mmu_rows, t2i_rows, t2i_text, veiled_codes  # noqa: E402
from unirl_pretrain.showo import Showo, ShowoConfig  # noqa: E402
from unirl_pretrain.unseen import UnseenPairs  # noqa: E402
from unirl_pretrain.words import END_OF_TEXT, UNKNOWN, WordTokenizer  # noqa: E402
from unirl_pretrain.world import Order, Scene  # noqa: E402

WORDS = WordTokenizer({word: i for i, word in enumerate([UNKNOWN, *"user : assistant what is it ? a red dog two cats".split(), END_OF_TEXT])})
CFG = ShowoConfig(text=len(WORDS.vocab), codes=32, image_tokens=16, layers=2, hidden=32, heads=2, mlp=64)
CPU = torch.device("cpu")


def make_model() -> Showo:
    torch.manual_seed(0)
    model = Showo(CFG)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return model


def logits(model: Showo, rows: object) -> torch.Tensor:
    return model(*to_device(rows, CPU))


def test_packed_questions_equal_separate_rows() -> None:
    model, rng = make_model(), np.random.default_rng(0)
    codes = rng.integers(0, 32, (2, 16))
    questions = [[("what is it ?", "a red dog"), ("what ?", "dog"), ("is it a dog ?", "two red cats")], [("what is it ?", "cats")]]
    blocks = [[mmu_block(CFG, WORDS, q, a) for q, a in row] for row in questions]
    packed = mmu_rows(CFG, codes, blocks)
    together = logits(model, packed)
    prefix, labels = 16 + 3, []
    for b, row in enumerate(blocks):
        at = prefix
        for block in row:
            single = mmu_rows(CFG, codes[b : b + 1], [[block]])
            alone = logits(model, single)[0]
            end = at + len(block[0])
            assert (together[b, :prefix] - alone[:prefix]).abs().max() < 1e-4
            assert (together[b, at:end] - alone[prefix:]).abs().max() < 1e-4
            labels += [t for t in block[1] if t != IGNORE]
            at = end
    assert sorted(packed.labels[packed.labels != IGNORE].tolist()) == sorted(labels)


def test_one_question_row_is_show_os_mask() -> None:
    """Allowed exactly when column <= row or column <= eoi; ids in the order of the specification."""
    block = mmu_block(CFG, WORDS, "what is it ?", "a dog")
    rows = mmu_rows(CFG, np.zeros((1, 16), np.int64), [[block]])
    row, column = np.ogrid[: rows.ids.shape[1], : rows.ids.shape[1]]
    assert (rows.may_attend[0] == ((column <= row) | (column <= 18))).all()
    assert rows.ids[0, [0, 1, 18, 19]].tolist() == [CFG.special("<|mmu|>"), CFG.special("<|soi|>"), CFG.special("<|eoi|>"), CFG.end]
    assert WORDS.decode(block[0][1:]) == "user : what is it ? assistant : a dog"
    assert block[1][-3:] == [*WORDS.encode("a dog"), CFG.end] and set(block[1][:-3]) == {IGNORE}


def test_left_pads_change_nothing() -> None:
    model, rng = make_model(), np.random.default_rng(1)
    texts = [t2i_text(CFG, WORDS.encode("a red dog")), t2i_text(CFG, [])]
    assert texts[1] == [CFG.special("<|t2i|>"), CFG.end, CFG.end]
    images, labels = masked_images(CFG, rng.integers(0, 32, (2, 16)), rng)
    together = logits(model, t2i_rows(CFG, texts, images, labels))
    alone = logits(model, t2i_rows(CFG, texts[1:], images[1:], labels[1:]))
    assert (together[1, -18:] - alone[0, -18:]).abs().max() < 1e-4


def test_loss_uses_the_labelled_rows_only() -> None:
    model, rng = make_model(), np.random.default_rng(2)
    images, labels = masked_images(CFG, rng.integers(0, 32, (3, 16)), rng)
    rows = t2i_rows(CFG, [t2i_text(CFG, WORDS.encode("a dog"))] * 3, images, labels)
    expected = torch.nn.functional.cross_entropy(logits(model, rows)[:, -17:-1].flatten(0, 1), torch.from_numpy(labels).flatten())
    assert abs(task_loss(model, rows).item() - expected.item()) < 1e-5
    assert ((images == CFG.mask_id) == (labels != IGNORE)).all() and (labels != IGNORE).any(1).all()


def test_order_visits_everything_and_resumes() -> None:
    order = Order(10, seed=3)
    seen = order.take(4) + order.take(6)
    assert sorted(seen) == list(range(10))
    later = order.take(5)
    assert Order(10, seed=3, position=10).take(5) == later


def test_codes_and_entropy() -> None:
    codes = torch.arange(16)[None]
    signs = codes_to_signs(codes, 4)
    assert signs[0, :, 8].tolist() == [1, -1, -1, -1]  # channel 0 is the most significant bit
    assert (signs_to_codes(signs.reshape(1, 4, 4, 4) > 0) == codes).all()
    z = torch.randn(64, 4)
    distance = ((z[:, None] - codes_to_signs(codes, 4)[0].T) ** 2).sum(-1)
    p = torch.softmax(-distance, -1)  # the definition, over all 16 codes
    per_cell, mean = entropies(z)
    assert abs(per_cell + (p * p.log()).sum(-1).mean()) < 1e-4
    assert abs(mean + (p.mean(0) * p.mean(0).log()).sum()) < 1e-4


def test_accepted_answers() -> None:
    assert accepted("There is a dog and an orange")[1] == "There is an orange and a dog"
    assert accepted("The dog is red and the cat is blue")[1] == "The cat is blue and the dog is red"
    assert accepted("The dog is left of the cat")[1] == "The cat is right of the dog"
    assert accepted("two cats") == ["two cats"]


def test_unseen_pairs_do_not_count_against_the_right_word() -> None:
    scene = lambda *objects: Scene(0, [[k, c, 24, 0, 0] for k, c in objects], "colors", "", [])  # noqa: E731
    words = WordTokenizer({word: i for i, word in enumerate([UNKNOWN, *"dog cat red blue green is".split(), END_OF_TEXT])})
    # a blue dog and a green cat never occur; colours count from 1, 0 is the icon's own
    pairs = UnseenPairs([scene((0, 1), (1, 2)), scene((0, 3), (1, 1)), scene((0, 0), (1, 0))], words, ["dog", "cat"], ["red", "blue", "green"])
    names = lambda s, word: {words.words[i] for i in pairs.excluded(s, words.vocab[word])}  # noqa: E731
    red_dog = scene((0, 1))
    assert names(red_dog, "red") == {"blue"} and names(red_dog, "dog") == set() and names(red_dog, "is") == set()
    assert names(scene((0, 3)), "dog") == {"cat"} and names(scene((0, 0)), "dog") == set()


def test_excluded_words_get_no_gradient() -> None:
    model, codes = make_model(), np.zeros((1, 16), np.int64)
    rows = mmu_rows(CFG, codes, [[mmu_block(CFG, WORDS, "what ?", "dog")]])
    excluded = np.zeros((*rows.labels.shape, CFG.text), bool)
    cats = WORDS.vocab["cats"]
    excluded[..., cats] = True
    for mask, is_pushed in ((None, True), (excluded, False)):
        rows.excluded = mask
        model.zero_grad()
        task_loss(model, rows).backward()
        assert bool(model.showo.lm_head.weight.grad[cats].abs().sum() > 0) is is_pushed


def test_veils_hide_up_to_the_share() -> None:
    codes = np.ones((200, 16), np.int64)
    veiled = veiled_codes(CFG, codes, 0.5, np.random.default_rng(0))
    hidden = (veiled == CFG.codes).mean()
    assert 0.2 < hidden < 0.3 and ((veiled == CFG.codes) | (veiled == 1)).all()
    assert CFG.codes + CFG.first_code == CFG.mask_id


def test_safetensors_round_trip() -> None:
    tensors = {"b": np.arange(6, dtype=np.float16).reshape(2, 3), "a": np.array([], np.uint16), "s": np.array(3.5, np.float32)}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "round-trip.safetensors")
        safetensors_io.save(path, tensors)
        back = safetensors_io.load(path)
    assert all((back[k] == v).all() and back[k].dtype == v.dtype and back[k].shape == v.shape for k, v in tensors.items())


if __name__ == "__main__":
    for name, test in list(globals().items()):
        if name.startswith("test_"):
            test()
            print("ok", name)
