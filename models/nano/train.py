"""Trains nano from nothing, on a CPU or a GPU, in four stages; run again to go on where it stopped.

    python models/nano/train.py --run DIR                         # two CPU cores, size small
    python models/nano/train.py --run DIR --size large --device cuda --workers 14 --batch 192

Stages: `dense` teaches tower and projector what stands on each patch, `text` the language model, `video` all presets, `settle` the
same at a lower rate.
DIR gets checkpoint.pt (every two minutes), curve.jsonl and tokenizer.json.
"""

import argparse
import json
import os
import signal
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

import data
import model as nano
import start
import tokens
from world.questions import TASKS

# Share of the batches of each stage, and how large a batch is beside --batch.
MIXTURE = {
    "dense": {"dense": (1.0, 1.0)},
    "text": {"frame": (0.3, 0.4), "fast": (0.55, 0.4), "lite": (0.15, 0.25)},
    # The tower is left alone: the words that its labels share have moved with the language model by then, and going on
    # with them at full rate took the tower and all that stands on it apart.
    "video": {"frame": (0.3, 0.4), "fast": (0.45, 0.4), "balanced": (0.15, 0.15), "paper": (0.1, 0.08)},
}
MIXTURE["settle"] = MIXTURE["video"]
ALL_ROWS = ("video", "settle")
STAGES = ["dense", "text", *ALL_ROWS]
STEPS = {"dense": 1000, "text": 1200, "video": 200, "settle": 200}
# Of Muon and of AdamW. `settle` at a fifth of it: README.md says what it brings.
RATE = dict.fromkeys(STAGES, (2e-3, 1e-3)) | {"settle": (4e-4, 2e-4)}
VOCABULARY = 544
CHECK_SEED = 1_000_003
asked_to_stop = False


def stop_soon(*_):
    """A polite end (SIGTERM, SIGINT) saves first."""
    global asked_to_stop
    asked_to_stop = True


class Batches(torch.utils.data.IterableDataset):
    """An endless stream of batches of one stage; each worker draws from its own seed."""

    def __init__(self, stage, size, tokenizer, batch, seed):
        self.stage, self.shape, self.tokenizer = stage, nano.SIZES[size]["shape"], tokenizer
        self.batch, self.seed = batch, seed

    def __iter__(self):
        worker = torch.utils.data.get_worker_info()
        rng = np.random.default_rng([self.seed, worker.id if worker else 0])
        if worker:
            signal.signal(signal.SIGTERM, signal.SIG_DFL), signal.signal(signal.SIGINT, signal.SIG_IGN)
            torch.set_num_threads(1)
        while True:
            names, parts = zip(*MIXTURE[self.stage].items(), strict=True)
            preset = names[rng.choice(len(names), p=[p[0] for p in parts])]
            n = max(1, round(self.batch * MIXTURE[self.stage][preset][1]))
            if preset == "dense":
                yield preset, data.dense_batch(self.shape, n, rng)
                continue
            chat = self.stage in ALL_ROWS and rng.random() < 0.12
            keep = 1.0 if self.stage in ALL_ROWS and rng.random() < 0.5 else rng.uniform(0.25, 0.5)
            yield preset, data.question_batch(self.shape, self.tokenizer, preset, n, rng, chat=chat, keep=keep)


def optimizers(model, heads):
    """Muon for the matrices inside the blocks, AdamW for all else."""
    matrices, others = [], list(heads.parameters())
    for name, p in model.named_parameters():
        inside = p.ndim == 2 and ("layers." in name or "multi_modal_projector" in name)
        (matrices if inside else others).append(p)
    muon = torch.optim.Muon(matrices, lr=1.0, weight_decay=0.01, momentum=0.95, adjust_lr_fn="match_rms_adamw")
    return muon, torch.optim.AdamW(others, lr=1.0, weight_decay=0.0, betas=(0.9, 0.98))


def rate_factor(step, steps):
    """A short climb, a plateau, and a straight way down over the last third."""
    return min(1.0, (step + 1) / 30, max(0.02, (steps - step) / (0.35 * steps)))


def to(batch, device):
    return {k: v.to(device) if torch.is_tensor(v) else v for k, v in batch.items()}


@torch.no_grad()
def figures(stage, size, tokenizer, model, heads, device, n):
    """What the stage has taught, on clips that are never trained on."""
    rng, shape, found = np.random.default_rng(CHECK_SEED), nano.SIZES[size]["shape"], {}
    if "dense" in MIXTURE[stage]:
        batch = to(data.dense_batch(shape, n, rng), device)
        rows = torch.cat([nano.dense_rows(model, part) for part in batch["pictures"].split(32)])
        right = nano.dense_figures(heads(rows, model.model.language_model.embed_tokens.weight), batch)
        found["dense"] = {k: round(v, 3) for k, v in right.items()}
    for preset in (p for p in ("frame", "fast") if p in MIXTURE[stage]):
        right, total = Counter(), Counter()
        for _ in range(2):
            batch = to(data.question_batch(shape, tokenizer, preset, n, rng), device)
            for task, ok in nano.right_answers(nano.logits(model, batch, train_tower=False), batch):
                right[task] += ok
                total[task] += 1
        found[preset] = {TASKS[t]: round(right[t] / total[t], 2) for t in sorted(total)}
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--size", choices=nano.SIZES, default="small")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--steps", nargs="+", default=[f"{k}={n}" for k, n in STEPS.items()], metavar="STAGE=N")
    parser.add_argument("--check-every", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    steps = STEPS | {k: int(v) for k, v in (s.split("=") for s in args.steps)}

    signal.signal(signal.SIGTERM, stop_soon), signal.signal(signal.SIGINT, stop_soon)
    args.run.mkdir(parents=True, exist_ok=True)
    vocabulary = args.run / "tokenizer.json"
    if not vocabulary.exists():
        tokens.train_tokenizer(VOCABULARY).save(str(vocabulary))
    tokenizer = Tokenizer.from_file(str(vocabulary))
    names = {"bos": tokens.BOS, "eos": tokens.EOS, "pad": tokens.PAD, "image": tokens.IMAGE}
    torch.manual_seed(args.seed)
    model = nano.build(args.size, tokenizer.get_vocab_size(), {k: tokenizer.token_to_id(v) for k, v in names.items()})
    heads = nano.DenseHeads(nano.SIZES[args.size]["width"], nano.word_ids(tokenizer))
    model.set_attn_implementation({"vision_config": "lean", "text_config": "lean"})
    model.to(args.device), heads.to(args.device)
    pair = optimizers(model, heads)

    saved, checkpoint = {"stage": "dense", "step": 0, "seconds": 0.0}, args.run / "checkpoint.pt"
    if checkpoint.exists():
        saved = torch.load(checkpoint, map_location=args.device)
        model.load_state_dict(saved["model"]), heads.load_state_dict(saved["heads"])
        for one, state in zip(pair, saved["optimizers"], strict=True):
            one.load_state_dict(state)
        print(f"going on at stage {saved['stage']}, step {saved['step']}", flush=True)

    seconds = saved["seconds"]
    for stage in STAGES[STAGES.index(saved["stage"]) :]:
        begin = saved["step"] if stage == saved["stage"] else 0
        seconds = run_stage(stage, begin, steps[stage], seconds, args, tokenizer, model, heads, pair)


def run_stage(stage, begin, steps, seconds, args, tokenizer, model, heads, pair):
    """Trains one stage to its end. Returns the seconds of training so far, all stages together, interrupted or not."""

    def save(stage, step):
        state = {"stage": stage, "step": step, "seconds": seconds, "size": args.size}
        state |= {"model": model.state_dict(), "heads": heads.state_dict(), "optimizers": [o.state_dict() for o in pair]}
        part = args.run / "checkpoint.part"
        torch.save(state, part)
        os.replace(part, args.run / "checkpoint.pt")

    def note(**what):
        line = json.dumps({"stage": stage, "seconds": round(seconds), **what})
        print(line, flush=True)
        with (args.run / "curve.jsonl").open("a") as curve:
            curve.write(line + "\n")

    if stage == "text" and begin == 0:
        pictures = data.dense_batch(nano.SIZES[args.size]["shape"], 32, np.random.default_rng(CHECK_SEED))["pictures"]
        with torch.no_grad():
            rows = nano.dense_rows(model, pictures.to(args.device)).flatten(0, 1)
        start.prepare_language_model(model, heads, rows)
    stream = Batches(stage, args.size, tokenizer, args.batch, seed=args.seed * 1000 + begin)
    loader = torch.utils.data.DataLoader(stream, batch_size=None, num_workers=args.workers)
    losses, since, last_save = {}, time.monotonic(), time.monotonic()
    for step, (kind, batch) in zip(range(begin, steps), loader, strict=False):
        batch = to(batch, args.device)
        for one, rate in zip(pair, RATE[stage], strict=True):
            for group in one.param_groups:
                group["lr"] = rate * rate_factor(step, steps)
        with torch.autocast(args.device, torch.bfloat16):
            if kind == "dense":
                rows = nano.dense_rows(model, batch["pictures"])
            else:
                out = nano.logits(model, batch, train_tower=False)
        if kind == "dense":
            loss = nano.dense_loss(heads(rows.float(), model.model.language_model.embed_tokens.weight), batch)
        else:
            loss = nano.answer_loss(out.float(), batch["targets"])
        loss.backward()
        torch.nn.utils.clip_grad_norm_([p for o in pair for g in o.param_groups for p in g["params"]], 1.0)
        for one in pair:
            one.step()
            one.zero_grad(set_to_none=True)
        losses[kind] = 0.95 * losses.get(kind, loss.item()) + 0.05 * loss.item()

        now = time.monotonic()
        # A pause from outside is no training time.
        seconds += min(now - since, 60.0)
        since = now
        if (step + 1) % 25 == 0:
            note(step=step + 1, loss={k: round(v, 3) for k, v in losses.items()})
        if (step + 1) % args.check_every == 0:
            note(step=step + 1, figures=figures(stage, args.size, tokenizer, model, heads, args.device, 48))
        if now - last_save > 120 or asked_to_stop:
            save(stage, step + 1)
            last_save = time.monotonic()
        if asked_to_stop:
            sys.exit(f"stopped at stage {stage}, step {step + 1}; the same command goes on from there")
    note(step=steps, figures=figures(stage, args.size, tokenizer, model, heads, args.device, 128))
    following = STAGES.index(stage) + 1
    save(*((STAGES[following], 0) if following < len(STAGES) else (stage, steps)))
    return seconds


if __name__ == "__main__":
    main()
