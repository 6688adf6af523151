"""Codes in two factors: folding changes nothing, cells get the right tints, repainting stays within what training shows.

python tests/test_factored.py
"""

import os
import sys
from dataclasses import replace

import numpy as np
import torch

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from unirl_pretrain.factored import TINT_BITS, Wardrobe, cell_tints, tint_signs  # noqa: E402
from unirl_pretrain.magvit2 import signs_to_codes  # noqa: E402
from unirl_pretrain.showo import Showo, ShowoConfig, fold_factors  # noqa: E402
from unirl_pretrain.world import Scene  # noqa: E402

CFG = ShowoConfig(text=20, codes=64, image_tokens=16, layers=2, hidden=32, heads=2, mlp=64, tint_bits=TINT_BITS)


def test_folded_weights_compute_the_same() -> None:
    torch.manual_seed(0)
    model, plain = Showo(CFG), Showo(replace(CFG, tint_bits=0))
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    plain.load_state_dict(fold_factors(CFG, model.state_dict()))
    ids = torch.randint(0, CFG.vocab, (2, 9))
    rows = (ids, torch.arange(9).repeat(2, 1), torch.ones(9, 9).tril().bool().repeat(2, 1, 1))
    assert (model(*rows) - plain(*rows)).abs().max() < 1e-4


def test_factors_reach_their_codes_only() -> None:
    table = Showo(CFG).read_factors.table()
    first = CFG.first_code
    assert (table[:first] == 0).all() and (table[CFG.mask_id :] == 0).all()
    tint, shape = 5, 2
    factors = Showo(CFG).write_factors
    code = tint * (CFG.codes // 2**TINT_BITS) + shape
    assert torch.equal(factors.table()[first + code], factors.tint[tint] + factors.shape[shape])


def test_tints_are_a_codes_first_bits() -> None:
    signs = torch.cat([tint_signs(torch.tensor([[[5]]])), -torch.ones(1, 2, 1, 1)], 1)
    assert signs_to_codes(signs > 0).item() == 5 * 4


def test_cells_take_the_tint_of_what_they_show() -> None:
    scene = Scene(3, [[0, 7, 16, 0, 8]], "colors", "", [])
    plain = np.ones((1, 4, 4), bool)
    plain[0, 1:3, 0:2] = False
    plain[0, 2, 1] = True  # a transparent corner of the icon
    expected = [[3, 3, 3, 3], [7, 7, 3, 3], [7, 3, 3, 3], [3, 3, 3, 3]]
    assert cell_tints([scene], plain, 8)[0].tolist() == expected


def test_repainting_shows_only_colours_that_training_shows() -> None:
    scenes = [Scene(0, [[0, colour, 16, 0, 0], [1, 4, 16, 32, 0]], "colors", "", []) for colour in (0, 2)]
    wardrobe, rng = Wardrobe(scenes), np.random.default_rng(0)
    dressed = [wardrobe.dress(scenes[0], 6, rng) for _ in range(50)]
    assert {scene.objects[0][1] for scene in dressed} == {0, 2}
    assert {scene.objects[1][1] for scene in dressed} == {4}
    assert {scene.background for scene in dressed} == set(range(6))
    assert all(scene.objects[0][2:] == [16, 0, 0] for scene in dressed)


if __name__ == "__main__":
    for name, test in list(globals().items()):
        if name.startswith("test_"):
            test()
            print("ok", name)
