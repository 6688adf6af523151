"""How good the judge's eyes are: known scenes, painted and after a tokenizer's round trip, seen and judged.

    python -m unirl_pretrain.score_detector --model ../public/models/judge-tiny --data DIR --tokenizer DIR --scenes 2048 --out DIR

Writes of both kinds the detections (<out>/painted.jsonl, reconstructed.jsonl, the form `unirl judge` reads), has
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


def describe_confusions(cfg: DetectorConfig, counts: dict[str, Counts]) -> list[str]:
    """The card's lines about classes seen where another stands, and where nothing does."""
    kinds = list(counts)
    pairs = confusions(sum(counts[kind].said for kind in kinds))
    elsewhere = lambda said: int(said[:-1].sum() - np.trace(said[:-1]))  # noqa: E731
    cells = lambda of: " | ".join(f"{of(counts[kind].said):,}" for kind in kinds) + " |"  # noqa: E731
    text = f"the {MOST_CONFUSIONS} most frequent of {len(pairs)} pairs" if len(pairs) > MOST_CONFUSIONS else f"{len(pairs)} pairs" if pairs else "no pair"
    return [
        f"Classes seen above 0.3 where another stands, or nothing does ({text}; an object may be seen as its own class as well):", "",
        "| detections | " + " | ".join(kinds) + " |", "|---|" + "---:|" * len(kinds),
        "| of the class that stands there | " + cells(np.trace),
        "| of another class, on an object | " + cells(elsewhere),
        "| on nothing, or on an object of that class once more | " + cells(lambda said: said[-1].sum()),
        *(f"| {cfg.classes[true]}, seen as {cfg.classes[other]} | " + cells(lambda said: said[true, other]) for true, other in pairs[:MOST_CONFUSIONS]),
    ]  # fmt: skip


def describe(cfg: DetectorConfig, counts: dict[str, Counts], scores: dict[str, dict], commands: str) -> str:
    """The card's section."""
    kinds = list(counts)
    share = lambda part, whole: f"{part / whole:.3f}" if whole else "none"  # noqa: E731
    overall = {kind: summarise(counts[kind]) for kind in kinds}
    tasks = list(scores[kinds[0]]["tasks"])
    lines = [
        HEADING, "",
        f"{counts[kinds[0]].pictures:,} held-out scenes (their compositions training has seen), painted and after a round trip through an image",
        "tokenizer. The painted ones are the ceiling: the most that any model can score with this judge. What a model draws freely can",
        "be worse than any round trip; of that these numbers say nothing.", "", "```", commands, "```", "",
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
        *describe_confusions(cfg, counts), "",
        f"Colours of found objects, {kinds[-1]} (rows: true; columns: said):", "",
        "| | " + " | ".join(cfg.colours) + " |", "|---|" + "---:|" * len(cfg.colours),
        *(f"| {name} | " + " | ".join(str(n) for n in row) + " |" for name, row in zip(cfg.colours, counts[kinds[-1]].colours.tolist())),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--model", required=True, help="folder of export_detector")
    p.add_argument("--data", required=True)
    p.add_argument("--tokenizer", required=True)
    p.add_argument("--scenes", type=int, default=2048, help="the last of the folder, which training must have held out")
    p.add_argument("--out", required=True)
    p.add_argument("--threads", type=int, default=0)
    args = p.parse_args()
    checkpoint.choose_device("cpu", args.threads)
    os.makedirs(args.out, exist_ok=True)
    model, stored = checkpoint.load_detector(args.model), Scenes(args.data)
    cfg = model.cfg
    scenes = [stored[i] for i in range(max(0, len(stored) - args.scenes), len(stored))]
    painted = torch.from_numpy(to_model(Painter(args.data).paint(scenes)))
    tokenizer, _ = checkpoint.load_tokenizer(args.tokenizer)
    # through bytes, as the app hands pictures on
    as_bytes = lambda images: torch.round((images + 1) * 127.5) / 127.5 - 1  # noqa: E731
    pictures = {"painted": painted, "reconstructed": as_bytes(torch.cat([reconstruct(tokenizer, part) for part in painted.split(64)]))}

    counts, scores = {}, {}
    for kind, images in pictures.items():
        found = detect(model, images)
        counts[kind] = count_matches(cfg, found, [scene.objects for scene in scenes])
        path = os.path.join(args.out, f"{kind}.jsonl")
        with open(path, "w", encoding="utf-8") as file:
            for scene, one in zip(scenes, found):
                file.write(json.dumps({"metadata": metadata_of(cfg, scene), "detections": as_detections(cfg, one)}) + "\n")
        scores[kind] = judge(path)
        print(kind, json.dumps({**summarise(counts[kind]), **scores[kind]["tasks"], "overall": scores[kind]["overall"]}, indent=1))
    numbers = {kind: {"geneval": scores[kind], **{k: np.asarray(v).tolist() for k, v in counts[kind]._asdict().items()}} for kind in pictures}
    checkpoint.write_json(os.path.join(args.out, "scores.json"), numbers)

    name = lambda folder: shlex.quote(os.path.basename(os.path.normpath(folder)))  # noqa: E731
    commands = (
        f"python -m unirl_pretrain.score_detector --model ../public/models/{name(args.model)} --data ../data/{name(args.data)} "
        f"--tokenizer ../public/models/{name(args.tokenizer)} --scenes {len(scenes)} --out ../runs/judged\n"
        "npx unirl judge --detections runs/judged/painted.jsonl\n"
        "npx unirl judge --detections runs/judged/reconstructed.jsonl"
    )
    card = os.path.join(args.model, "README.md")
    with open(card, encoding="utf-8") as file:
        text = file.read().split(HEADING)[0].rstrip()
    with open(card, "w", encoding="utf-8") as file:
        file.write(f"{text}\n\n{describe(cfg, counts, scores, commands)}")


if __name__ == "__main__":
    main()
