"""How good the judge's eyes are: known scenes, painted and after a tokenizer's round trip, seen and judged.

    python -m unirl_pretrain.score_detector --model ../public/models/judge-tiny --data DIR --tokenizer DIR --scenes 2048 --heldout DIR --out DIR

Writes of each kind the detections (<out>/painted.jsonl, reconstructed.jsonl, the form `unirl judge` reads), has
`unirl judge` score them by GenEval's rules, and puts all numbers into <out>/scores.json and at the end of the model card.
The share of painted scenes it finds right is the highest score that any model can get from this judge.
"""

import argparse
import json
import os
import shlex
import subprocess

import numpy as np
import torch

from . import checkpoint
from .detector import Detector, DetectorConfig, Found, find_objects
from .detector_images import reconstruct
from .detector_scores import Counts, confusions, count_matches, summarise
from .magvit2 import MagvitV2
from .world import Painter, Scene, Scenes, to_model

MIN_SCORE = 0.05
UNIRL = os.path.join(os.path.dirname(__file__), "..", "..", "bin", "unirl.mjs")
RELATIONS = ("left of", "right of", "above", "below")
HEADING = "## What it sees"
MOST_CONFUSIONS = 12  # lines of the card; scores.json has all


def metadata_of(cfg: DetectorConfig, scene: Scene) -> dict:
    """What GenEval would ask of the scene's prompt."""
    include: list[dict] = [{"class": cfg.classes[kind], "count": 1} for kind, *_ in scene.objects]
    if scene.tag == "counting":
        count, name = len(include), include[0]["class"]
        return {
            "tag": scene.tag, "include": [{"class": name, "count": count}],
            "exclude": [{"class": name, "count": count + 1}], "prompt": scene.prompt,
        }  # fmt: skip
    if scene.tag in ("colors", "color_attr"):
        for clause, (_, colour, *_) in zip(include, scene.objects):
            clause["color"] = cfg.colours[colour - 1]
    if scene.tag == "position":  # the reference is painted first
        include[1]["position"] = [next(r for r in RELATIONS if f" {r} " in scene.prompt), 0]
    return {"tag": scene.tag, "include": include, "prompt": scene.prompt}


def as_detections(cfg: DetectorConfig, found: list[Found]) -> dict[str, list[dict]]:
    classes: dict[str, list[dict]] = {}
    for one in found:
        item = {"box": [round(edge, 3) for edge in one.box], "score": one.score, "color": cfg.colours[one.colour]}
        classes.setdefault(cfg.classes[one.kind], []).append(item)
    return classes


def judge(detections: str) -> dict:
    """GenEval's scores of a detection file, by the command line of the app."""
    command = ["node", UNIRL, "judge", "--detections", detections, "--json"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return next(row for row in map(json.loads, lines) if row.get("suite") == "geneval")


@torch.no_grad()
def detect(model: Detector, images: torch.Tensor) -> list[list[Found]]:
    return [found for part in images.split(64) for found in find_objects(model.cfg, model(part), MIN_SCORE)]


@torch.no_grad()
def pictures_of(tokenizer: MagvitV2, folder: str, scenes: list[Scene]) -> dict[str, torch.Tensor]:
    """The scenes as they are painted and as the tokenizer gives them back, through bytes, as the app hands pictures on."""
    painted = torch.from_numpy(to_model(Painter(folder).paint(scenes)))
    reconstructed = torch.cat([reconstruct(tokenizer, part) for part in painted.split(64)])
    return {"painted": painted, "reconstructed": torch.round((reconstructed + 1) * 127.5) / 127.5 - 1}


def describe_colours(cfg: DetectorConfig, counts: Counts, kind: str) -> list[str]:
    return [
        f"Colours of found objects, {kind} (rows: true; columns: said):", "",
        "| | " + " | ".join(cfg.colours) + " |", "|---|" + "---:|" * len(cfg.colours),
        *(f"| {name} | " + " | ".join(str(n) for n in row) + " |" for name, row in zip(cfg.colours, counts.colours.tolist())),
    ]  # fmt: skip


def describe_confusions(cfg: DetectorConfig, counts: dict[str, Counts]) -> list[str]:
    """The card's lines about classes seen where another stands, and where nothing does."""
    kinds = list(counts)
    pairs = confusions(sum(counts[kind].said for kind in kinds))
    elsewhere = lambda said: int(said[:-1].sum() - np.trace(said[:-1]))  # noqa: E731
    cells = lambda of: " | ".join(f"{of(counts[kind].said):,}" for kind in kinds) + " |"  # noqa: E731
    told = pairs[:MOST_CONFUSIONS]
    text = f"{len(pairs)} pairs" if pairs else "no pair"
    text = f"the {MOST_CONFUSIONS} most frequent of {text}" if len(told) < len(pairs) else text
    return [
        f"Classes seen above 0.3 where another stands, or nothing does ({text}; an object may be seen as its own class as well):", "",
        "| detections | " + " | ".join(kinds) + " |", "|---|" + "---:|" * len(kinds),
        "| of the class that stands there | " + cells(np.trace),
        "| of another class, on an object | " + cells(elsewhere),
        "| on nothing, or on an object of that class once more | " + cells(lambda said: said[-1].sum()),
        *(f"| {cfg.classes[true]}, seen as {cfg.classes[other]} | " + cells(lambda said: said[true, other]) for true, other in told),
    ]  # fmt: skip


def describe(cfg: DetectorConfig, counts: dict[str, Counts], scores: dict[str, dict], commands: str) -> str:
    """The card's section."""
    kinds = list(counts)
    share = lambda part, whole: f"{part / whole:.3f}" if whole else "none"  # noqa: E731
    overall = {kind: summarise(counts[kind]) for kind in kinds}
    tasks = list(scores[kinds[0]]["tasks"])
    heldout = [
        "",
        f"Heldout: {counts[kind].pictures:,} scenes of `unirl world --split heldout` (`pretrain/README.md` has the command): single objects, and prompts that",
        "no scenes for training have, because a pair, number or colour of their classes is kept from it, or a test lists them. What the",
        "tokenizer gets wrong counts as the judge's error here; the judge was trained on classes in every colour, the tokenizer was not.",
    ] if (kind := "heldout painted") in counts else []  # fmt: skip
    lines = [
        HEADING, "",
        f"{counts[kinds[0]].pictures:,} scenes that the judge's training left out (their compositions it has seen), painted and after a round trip through an",
        "image tokenizer. The painted ones are the ceiling: the most that any model can score with this judge. What a model draws freely can",
        "be worse than any round trip; of that these numbers say nothing.", *heldout, "", "```", commands, "```", "",
        "| GenEval score (`unirl judge`) | " + " | ".join(kinds) + " |", "|---|" + "---|" * len(kinds),
        *(f"| {task} | " + " | ".join(f"{scores[kind]['tasks'][task]:.3f}" for kind in kinds) + " |" for task in tasks),
        "| overall | " + " | ".join(f"{scores[kind]['overall']:.3f}" for kind in kinds) + " |", "",
        "An object is found when the score is above 0.3 and the boxes share half of their union; it counts when the score is above 0.9.", "",
        "| all classes | " + " | ".join(kinds) + " |", "|---|" + "---|" * len(kinds),
        *(f"| {text} | " + " | ".join(f"{overall[kind][name]:.4f}" for kind in kinds) + " |" for name, text in (
            ("precision", "precision at 0.3"), ("recall", "recall at 0.3"), ("sure", "found above 0.9"),
            ("exact", "pictures where just what is there is above 0.9"), ("colour", "colour right"),
        )), "",
        "| class | " + " | ".join(f"precision, recall: {kind}" for kind in kinds) + " |", "|---|" + "---|" * len(kinds),
        *(f"| {name} | " + " | ".join(
            f"{share(counts[kind].hits[i], counts[kind].seen[i])}, {share(counts[kind].hits[i], counts[kind].there[i])}" for kind in kinds
        ) + " |" for i, name in enumerate(cfg.classes)), "",
        *describe_confusions(cfg, counts),
        *(line for kind in kinds if kind.endswith("reconstructed") for line in ["", *describe_colours(cfg, counts[kind], kind)]),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--model", required=True, help="folder of export_detector")
    p.add_argument("--data", required=True)
    p.add_argument("--tokenizer", required=True)
    p.add_argument("--scenes", type=int, default=2048, help="the last of the folder, which training must have held out")
    p.add_argument("--heldout", help="folder of `unirl world --split heldout`: scored apart")
    p.add_argument("--out", required=True)
    p.add_argument("--threads", type=int, default=0)
    args = p.parse_args()
    checkpoint.choose_device("cpu", args.threads)
    os.makedirs(args.out, exist_ok=True)
    model, stored = checkpoint.load_detector(args.model), Scenes(args.data)
    tokenizer, _ = checkpoint.load_tokenizer(args.tokenizer)
    first = max(0, len(stored) - args.scenes)
    sources = {"": (args.data, [stored[i] for i in range(first, len(stored))])}
    if args.heldout:
        apart = Scenes(args.heldout)
        sources["heldout "] = (args.heldout, [apart[i] for i in range(len(apart))])

    counts, scores = {}, {}
    for prefix, (folder, scenes) in sources.items():
        for way, images in pictures_of(tokenizer, folder, scenes).items():
            kind = prefix + way
            found = detect(model, images)
            counts[kind] = count_matches(model.cfg, found, [scene.objects for scene in scenes])
            path = os.path.join(args.out, f"{kind.replace(' ', '-')}.jsonl")
            with open(path, "w", encoding="utf-8") as file:
                for scene, one in zip(scenes, found):
                    file.write(json.dumps({"metadata": metadata_of(model.cfg, scene), "detections": as_detections(model.cfg, one)}) + "\n")
            scores[kind] = judge(path)
            print(kind, json.dumps({**summarise(counts[kind]), **scores[kind]["tasks"], "overall": scores[kind]["overall"]}, indent=1))
    numbers = {kind: {"geneval": scores[kind], **{k: np.asarray(v).tolist() for k, v in counts[kind]._asdict().items()}} for kind in counts}
    checkpoint.write_json(os.path.join(args.out, "scores.json"), numbers)

    name = lambda folder: shlex.quote(os.path.basename(os.path.normpath(folder)))  # noqa: E731
    commands = (
        f"python -m unirl_pretrain.score_detector --model ../public/models/{name(args.model)} --data ../data/{name(args.data)} "
        f"--tokenizer ../public/models/{name(args.tokenizer)} --scenes {len(stored) - first}"
        + (f" --heldout ../data/{name(args.heldout)}" if args.heldout else "")
        + " --out ../runs/judged\n"
        + "\n".join(f"npx unirl judge --detections runs/judged/{kind.replace(' ', '-')}.jsonl" for kind in counts)
    )
    card = os.path.join(args.model, "README.md")
    with open(card, encoding="utf-8") as file:
        text = file.read().split(HEADING)[0].rstrip()
    with open(card, "w", encoding="utf-8") as file:
        file.write(f"{text}\n\n{describe(model.cfg, counts, scores, commands)}")


if __name__ == "__main__":
    main()
