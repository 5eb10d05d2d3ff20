"""Whether the program with a GGUF pair answers as transformers does with the Hugging Face checkpoint.

    python models/nano/agree.py --hf OUT/hf --clips DIR --questions QUESTIONS.json --preset balanced --results F16.jsonl
    python models/nano/agree.py --against F16.jsonl --results Q8_0.jsonl

The first form takes the answers that `videre eval --out F16.jsonl` wrote, decodes the same clips with the `ffmpeg` program,
prepares frames with Pillow and the reference's formulas (plans.py), and asks transformers' own modules whether greedy
decoding says that very answer: each of its tokens, and the end, must be the likeliest after those before it. With
`--generate N` the first N questions are also put to `LlavaForConditionalGeneration.generate`, one by one (presets of one
image only). Exits with 1 where fewer than 99 % of the answers are the same.

The second form compares two files of results: answers that differ, accuracy lost in points. Exits with 1 where more than one
point is lost.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import numpy as np

SAME, LOSS = 0.99, 1.0
FPS = 12


def answers(results):
    """{question's place in its file: line} of what was answered."""
    lines = map(json.loads, Path(results).read_text().splitlines()[1:])
    return {line["n"]: line for line in lines if "answer" in line}


def against(one, other):
    """What `other` loses of the accuracy of `one`, and how many answers are the same."""
    both = [(one[n], other[n]) for n in one if n in other and not one[n]["task"].endswith("blind")]
    same = sum(a["answer"] == b["answer"] for a, b in both)
    right = [100 * sum(pair[k]["verdict"] == "right" for pair in both) / len(both) for k in (0, 1)]
    print(f"{len(both)} questions: {100 * same / len(both):.2f} % the same answers; right {right[0]:.2f} % and {right[1]:.2f} %")
    return right[0] - right[1] <= LOSS


def decode(path):
    """All frames [F, height, width, 3] of a clip."""
    probe = ["ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", "stream=width,height", "-of", "csv=p=0"]
    width, height = map(int, subprocess.run([*probe, path], capture_output=True, check=True).stdout.split(b","))
    command = ["ffmpeg", "-v", "error", "-i", path, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    raw = subprocess.run(command, capture_output=True, check=True).stdout
    return np.frombuffer(raw, np.uint8).reshape(-1, height, width, 3)


def pictures(plans, preset, frames, at_secs, side):
    """What enters the tower, [N, 3, side, side], and the rows of it that are read."""
    from PIL import Image

    chosen = plans.PRESETS[preset]
    indices = [round(at_secs * FPS)] if at_secs is not None else plans.frame_indices(len(frames), chosen.n_frames)
    square = [np.asarray(Image.fromarray(frames[i]).resize((side, side), Image.Resampling.BICUBIC)) for i in indices]
    return plans.normalise(plans.images(chosen, np.stack(square))), len(indices)


def with_transformers(args):
    import torch
    from transformers import AutoTokenizer, LlavaForConditionalGeneration

    import data
    import model as nano
    import plans
    import tokens
    from world.questions import Question

    torch.set_grad_enabled(False)
    model = LlavaForConditionalGeneration.from_pretrained(args.hf).eval()
    tokenizer = tokens.Tokenizer.from_file(str(args.hf / "tokenizer.json"))
    whole, side = AutoTokenizer.from_pretrained(args.hf), model.config.vision_config.image_size
    questions, said = json.loads(args.questions.read_text())["questions"], answers(args.results)
    by_clip = {}
    for n in said:
        if not questions[n]["task"].endswith("blind"):
            by_clip.setdefault((questions[n]["video"], questions[n].get("at_secs")), []).append(n)
    n_same = n_asked = n_generated = 0
    for (video, at_secs), numbers in by_clip.items():
        shown, n_frames = pictures(plans, args.preset, decode(args.clips / video), at_secs, side)
        shown = torch.from_numpy(shown)
        rows = plans.rows(plans.PRESETS[args.preset], n_frames, (side // model.config.vision_config.patch_size) ** 2)
        asked = [Question("what", questions[n]["question"], said[n]["answer"], "") for n in numbers]
        batch = data.pack(tokenizer, [asked], rows) | {"pictures": shown}
        found = [ok for _, ok in nano.right_answers(nano.logits(model, batch, train_tower=False), batch)]
        for n, ok in zip(numbers, found, strict=True):
            if n_generated < args.generate and len(shown) == 1:
                n_generated += 1
                text = f"USER: {tokens.IMAGE * len(rows)}\n{questions[n]['question']} ASSISTANT:"
                out = model.generate(**whole(text, return_tensors="pt"), pixel_values=shown, max_new_tokens=64, do_sample=False)
                generated = whole.decode(out[0], skip_special_tokens=True).split("ASSISTANT: ")[1]
                assert (generated == said[n]["answer"]) == ok, (generated, said[n]["answer"], ok)
            if not ok:
                print(f"differs: {video} {questions[n]['question']!r}: the program says {said[n]['answer']!r}")
        n_same, n_asked = n_same + sum(found), n_asked + len(found)
    print(f"{args.preset}: {n_same} of {n_asked} answers are transformers' own, {100 * n_same / n_asked:.2f} %", end="")
    print(f"; {n_generated} of them by `generate`" if n_generated else "")
    return n_same >= SAME * n_asked


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, required=True)
    parser.add_argument("--against", type=Path)
    parser.add_argument("--hf", type=Path)
    parser.add_argument("--clips", type=Path)
    parser.add_argument("--questions", type=Path)
    parser.add_argument("--preset")
    parser.add_argument("--generate", type=int, default=0)
    args = parser.parse_args()
    if args.against:
        return 0 if against(answers(args.against), answers(args.results)) else 1
    return 0 if with_transformers(args) else 1


if __name__ == "__main__":
    sys.exit(main())
