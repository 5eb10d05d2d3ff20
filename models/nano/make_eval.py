"""Renders an evaluation set as files: H.264 clips and QUESTIONS.json.

    python models/nano/make_eval.py --seed 5 --per-task 200 --out DIR

Half a dozen questions share a clip. The shape of QUESTIONS.json:

    {"format": "videre-questions", "version": 1, "seed": 5, "questions": [
      {"id": 0, "video": "clip-00000.mp4", "at_secs": null, "task": "colour", "n_answers": 8,
       "question": "What colour is the star?", "answer": "The star is red."}, ...]}

`at_secs` is null for a question about the whole clip; a number asks about the frame shown at that time (preset
`frame`). An answer is right where it is the same as `answer` after trimming and lower-casing. `n_answers` is the number of
equally frequent answers, so 1/n_answers is what a blind guess scores (`what` has lists: far more).
"""

import argparse
import json
from pathlib import Path

import numpy as np

from evalset import collect
from make_sample import write_h264
from world.questions import N_ANSWERS
from world.render import render

HEIGHT = 240
FPS = 12


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--per-task", type=int, default=200)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--quality", type=int, default=23, help="x264's constant rate factor")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    questions, clip = [], 0
    for about_one_frame in (False, True):
        chosen = collect(args.per_task, args.seed, about_one_frame)
        for i in range(len(chosen.scenes)):
            name = f"clip-{clip:05}.mp4"
            rng = np.random.default_rng([args.seed, about_one_frame, i])
            n_frames = int(rng.integers(5 * FPS, 8 * FPS))
            write_clip(args.out / name, chosen.scenes.take([i]), n_frames, rng, args.quality)
            clip += 1
            at = None
            if about_one_frame:
                at = round(round(chosen.moments[i] * (n_frames - 1)) / FPS, 4)
            for q in chosen.questions[i]:
                entry = {"id": len(questions), "video": name, "at_secs": at, "task": q.task, "n_answers": N_ANSWERS[q.task]}
                questions.append(entry | {"question": q.text, "answer": q.answer})
    whole = {"format": "videre-questions", "version": 1, "seed": args.seed, "questions": questions}
    (args.out / "QUESTIONS.json").write_text(json.dumps(whole, indent=1) + "\n")
    size = sum(f.stat().st_size for f in args.out.glob("*.mp4"))
    print(f"{len(questions)} questions about {clip} clips, {size / 1e6:.1f} MB, in {args.out}")


def write_clip(path, scene, n_frames, rng, quality):
    """One clip; its width follows the scene's aspect ratio, rounded to even."""
    width = 2 * round(HEIGHT * float(scene.aspect[0]) / 2)
    times = (np.arange(n_frames) / (n_frames - 1))[None]
    frames, _ = render(scene, times, HEIGHT, width, rng, grain=1.0)
    write_h264(path, frames[0], FPS, quality)


if __name__ == "__main__":
    main()
