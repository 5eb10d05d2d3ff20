"""Renders an evaluation set as files: H.264 clips and the questions about them.

    python models/nano/make_eval.py --seed 5 --per-task 200 --blind 3 --out DIR
    videre eval DIR/QUESTIONS.json --videos DIR --preset fast

Up to six questions share a clip. DIR gets two files of questions, in the form that `src/eval/formats.rs` describes:

- QUESTIONS.json: every task, about whole clips;
- FRAMES.json: the single-frame tasks, each about the one frame shown at `at_secs`.

With `--look NAME` the clips have one of the looks of level 2 (WORLD.md), and there are only questions about whole clips.

With `--blind N` every question is also asked about N other clips, as task `colour, blind`: only guesses can be right there.
They stand in the same files, because a further question about a clip that was read costs next to nothing.

An answer is right where it is the same as `answer` but for case, space and a full stop. `n_answers` is the number of
equally frequent answers: a blind guess is right once in `n_answers` (`what` has lists, far more than it says).
"""

import argparse
import json
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from evalset import collect
from make_sample import write_h264
from world.looks import LOOKS, tasks_of
from world.questions import N_ANSWERS
from world.render import render

HEIGHT = 240
FPS = 12


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--per-task", type=int, default=200)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--blind", type=int, default=0, help="how many other clips each question is asked about too")
    parser.add_argument("--look", choices=LOOKS)
    parser.add_argument("--quality", type=int, default=23, help="x264's constant rate factor")
    parser.add_argument("--effort", default="veryfast", help="x264's preset: slower ones make smaller files")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    whole = questions_about(args, "clip", about_one_frame=False)
    write_questions(args, "QUESTIONS.json", whole + blind(whole, args.blind))
    frames = [] if args.look else questions_about(args, "frame", about_one_frame=True)
    if frames:
        write_questions(args, "FRAMES.json", frames + blind(frames, args.blind))
    size = sum(f.stat().st_size for f in args.out.glob("*.mp4"))
    print(f"{len(whole)} questions about clips, {len(frames)} about frames, {size / 1e6:.1f} MB of clips in {args.out}")


def questions_about(args, kind, about_one_frame):
    """Renders the clips of one file of questions, and returns the questions. Clips that are there are kept."""
    questions, clips = [], []
    chosen = collect(args.per_task, args.seed, about_one_frame, tasks=tasks_of(args.look))
    for i in range(len(chosen.scenes)):
        name = f"{kind}-{i:05}.mp4"
        rng = np.random.default_rng([args.seed, about_one_frame, i])
        n_frames = int(rng.integers(5 * FPS, 8 * FPS))
        clips.append((args, args.out / name, chosen.scenes.take([i]), n_frames, rng))
        about = {"video": name}
        if about_one_frame:
            about["at_secs"] = round(round(chosen.moments[i] * (n_frames - 1)) / FPS, 4)
        for q in chosen.questions[i]:
            entry = {"id": len(questions)} | about | {"task": q.task, "n_answers": N_ANSWERS[q.task]}
            questions.append(entry | {"question": q.text, "answer": q.answer})
    with ProcessPoolExecutor() as pool:
        for done in [pool.submit(write_clip, *clip) for clip in clips if not clip[1].exists()]:
            done.result()
    return questions


def blind(questions, n_others):
    """The same questions about other clips, far away in the set: neighbours were chosen for the same rare answers."""
    about = {q["video"]: {key: q[key] for key in ("video", "at_secs") if key in q} for q in questions}
    clips, found = list(about), []
    for n in range(n_others):
        shift = (n + 1) * len(clips) // (n_others + 1)
        other = {clip: about[clips[(i + shift) % len(clips)]] for i, clip in enumerate(clips)}
        for q in questions:
            number = {"id": len(questions) + len(found), "task": f"{q['task']}, blind"}
            found.append(q | other[q["video"]] | number)
    return found


def write_questions(args, name, questions):
    """One question a line, so that differences can be read."""
    head = f'{{"format": "videre-questions", "version": 1, "seed": {args.seed}, "questions": [\n '
    lines = ",\n ".join(json.dumps(q) for q in questions)
    (args.out / name).write_text(head + lines + "\n]}\n")


def write_clip(args, path, scene, n_frames, rng):
    """One clip; its width follows the scene's aspect ratio, rounded to even."""
    width = 2 * round(HEIGHT * float(scene.aspect[0]) / 2)
    times = (np.arange(n_frames) / (n_frames - 1))[None]
    frames, _ = render(scene, times, HEIGHT, width, rng, grain=1.0, look=args.look)
    part = path.with_suffix(".part.mp4")
    write_h264(part, frames[0], FPS, args.quality, args.effort)
    os.replace(part, path)


if __name__ == "__main__":
    main()
