"""Accuracy per task and preset on unseen clips, rendered on the fly (no video files: see make_eval.py for those).

    python models/nano/evaluate.py --run DIR --per-task 200 --seed 5        # a training run
    python models/nano/evaluate.py --run DIR --ask "What changes colour?"   # the sample clip, answer by answer

An answer counts where greedy decoding gives exactly the expected sentence. `blind` is the same questions asked with
another clip's picture rows; the interval is Wilson's at 95 %.
"""

import argparse
import json
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import torch

import data
import make_sample
import model as nano
import plans
import tokens
from evalset import collect
from export import load_run
from table import interval
from world.questions import N_ANSWERS, SINGLE_FRAME, TASKS, Question
from world.render import render

CHUNK = {"frame": 48, "fast": 48, "balanced": 12, "paper": 4, "sampled-16": 12, "sampled-50": 4}


@torch.no_grad()
def measure(model, tokenizer, preset, per_task, seed, device, blind=False):
    """{task: (right, asked)} of one preset."""
    size = model.config.vision_config
    shape = data.Shape(size.image_size, size.image_size // size.patch_size)
    chosen = collect(per_task, seed, about_one_frame=preset == "frame")
    rng, n_frames = np.random.default_rng([seed, 1]), plans.PRESETS[preset].n_frames
    right, asked = Counter(), Counter()
    for begin in range(0, len(chosen.scenes), CHUNK[preset]):
        part = np.arange(begin, min(begin + CHUNK[preset], len(chosen.scenes)))
        times = chosen.moments[part][:, None] if chosen.moments is not None else data.frame_times(len(part), n_frames, rng)
        frames, _ = render(chosen.scenes.take(part), times, shape.side, shape.side, rng)
        pictures = np.stack([plans.images(plans.PRESETS[preset], f) for f in frames])
        if blind:
            pictures = np.roll(pictures, 1, axis=0)
        rows = plans.rows(plans.PRESETS[preset], n_frames, shape.n_patches)
        batch = data.pack(tokenizer, [chosen.questions[i] for i in part], rows)
        batch["pictures"] = torch.from_numpy(plans.normalise(pictures.reshape(-1, *pictures.shape[2:])))
        batch = {k: v.to(device) if torch.is_tensor(v) else v for k, v in batch.items()}
        for task, ok in nano.right_answers(nano.logits(model, batch, train_tower=False), batch):
            right[TASKS[task]] += ok
            asked[TASKS[task]] += 1
    return {task: (right[task], asked[task]) for task in TASKS if asked[task]}


def table(results, blind):
    """Markdown: one line a task, one column a preset."""
    names = list(results)
    lines = ["| task | 1/k | " + " | ".join(names) + " | blind |", "|---|---|" + "---|" * (len(names) + 1)]
    for task in TASKS:
        cells = []
        for name in names:
            if task not in results[name]:
                cells.append("")
                continue
            r, n = results[name][task]
            low, high = interval(r, n)
            cells.append(f"{100 * r / n:.1f} ({100 * low:.0f}-{100 * high:.0f})")
        b = blind.get(task)
        cells.append(f"{100 * b[0] / b[1]:.1f}" if b else "")
        lines.append(f"| {task} | {100 / N_ANSWERS[task]:.1f} | " + " | ".join(cells) + " |")
    for title, wanted in (("single-frame tasks", SINGLE_FRAME), ("temporal tasks", [t for t in TASKS if t not in SINGLE_FRAME])):
        cells = []
        for name in names:
            shares = [r / n for t, (r, n) in results[name].items() if t in wanted]
            cells.append(f"{100 * np.mean(shares):.1f}" if shares else "")
        lines.append(f"| **{title}, mean** | | " + " | ".join(cells) + " | |")
    return "\n".join(lines)


@torch.no_grad()
def ask_sample(model, tokenizer, preset, questions, max_tokens=40):
    """Greedy answers about the sample clip, the pixels taken before any video coding."""
    size = model.config.vision_config
    side, grid = size.image_size, size.image_size // size.patch_size
    plan, n = plans.PRESETS[preset], make_sample.FPS * make_sample.SECONDS
    times = (plans.frame_indices(n, plan.n_frames) / (n - 1))[None]
    background = make_sample.dusk(side, side)
    frames, _ = render(make_sample.sample_scene(), times, side, side, np.random.default_rng(3), 0, background)
    rows = plans.rows(plan, plan.n_frames, grid * grid)
    pictures = torch.from_numpy(plans.normalise(plans.images(plan, frames[0])))
    answers = []
    for question in questions:
        said = ""
        for _ in range(max_tokens):
            # A whole pass a token: slow and plainly the model's own arithmetic.
            batch = data.pack(tokenizer, [[Question("what", question, said.strip() or "x", "")]], rows)
            keep = batch["ids"].shape[1] - batch["answers"][0][0][1] + len(tokens.encode(tokenizer, said))
            batch = {k: v[..., :keep] if k in ("ids", "positions") else v for k, v in batch.items()}
            batch["mask"], batch["pictures"] = batch["mask"][..., :keep, :keep], pictures
            token = int(nano.logits(model, batch, train_tower=False)[0, -1].argmax())
            if token == tokenizer.token_to_id(tokens.EOS):
                break
            said = tokenizer.decode(tokens.encode(tokenizer, said) + [token])
        answers.append(said.strip())
    return answers


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--presets", nargs="+", default=["frame", "fast", "balanced", "paper"], choices=plans.PRESETS)
    parser.add_argument("--per-task", type=int, default=200)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--ask", nargs="+")
    parser.add_argument("--out", type=Path, help="results as JSON")
    args = parser.parse_args()
    model, tokenizer, saved = load_run(args.run)
    model.to(args.device)
    if args.ask:
        for preset in args.presets:
            for question, answer in zip(args.ask, ask_sample(model, tokenizer, preset, args.ask), strict=True):
                print(f"{preset:9} {question}  {answer}")
        return
    results = defaultdict(dict)
    for preset in args.presets:
        results[preset] = measure(model, tokenizer, preset, args.per_task, args.seed, args.device)
    best = max((p for p in args.presets if p != "frame"), key=lambda p: sum(r for r, _ in results[p].values()), default=None)
    blind = measure(model, tokenizer, best or "frame", args.per_task, args.seed, args.device, blind=True)
    print(f"stage {saved['stage']}, step {saved['step']}; blind: preset {best or 'frame'} with another clip's rows\n")
    print(table(results, blind))
    if args.out:
        args.out.write_text(json.dumps({"results": results, "blind": blind, "seed": args.seed}, indent=1))


if __name__ == "__main__":
    main()
