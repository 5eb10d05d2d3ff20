"""Compares the packed forward pass that trains nano with transformers' own LLaVA, question by question.

    python tests/reference/nano_packing.py models/nano-export/hf

The argument is the `hf` folder that models/nano/export.py wrote. Exits with 1 where logits differ by more than 1e-4, or where
transformers' tokenizer and the training's disagree.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from transformers import AutoTokenizer, LlavaForConditionalGeneration

sys.path.insert(0, str(Path(__file__).parents[2] / "models" / "nano"))
import data  # noqa: E402
import model as nano  # noqa: E402
from tokenizers import Tokenizer  # noqa: E402


@torch.no_grad()
def main(folder):
    model = LlavaForConditionalGeneration.from_pretrained(folder).eval()
    tokenizer = Tokenizer.from_file(str(Path(folder) / "tokenizer.json"))
    vision = model.config.vision_config
    shape = data.Shape(vision.image_size, vision.image_size // vision.patch_size)
    batch = data.question_batch(shape, tokenizer, "fast", 3, np.random.default_rng(0))
    packed = nano.logits(model, batch, train_tower=False)
    offset, worst = batch["ids"].shape[1] - packed.shape[1], 0.0
    for row, spans in enumerate(batch["answers"]):
        for start, length, _ in spans:
            alone = batch["ids"][row, batch["mask"][row, 0, start + length - 1]]
            out = model(input_ids=alone[None], pixel_values=batch["pictures"][row : row + 1]).logits[0, -length - 1 : -1]
            worst = max(worst, (out - packed[row, start - 1 - offset : start - 1 - offset + length]).abs().max().item())
    text = "USER: \nWhat colour is the star? ASSISTANT: The star is red.</s>USER: don't 1234 \u00fcn\u00ef ASSISTANT:"
    same = AutoTokenizer.from_pretrained(folder)(text).input_ids == tokenizer.encode(text).ids
    print(f"largest difference of logits {worst:.2e}; tokenizers agree: {same}")
    return 0 if worst < 1e-4 and same else 1


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
