"""TS-LLaVA on a real clip, from the file to the rows that the language model reads.

    python tests/reference/real_clip.py        # writes tests/golden/llava/real-clip.safetensors

Frames are decoded by the `ffmpeg` program, chosen as decord's loader of TS-LLaVA does, resized by Pillow, and go through
transformers' modules with the weights of `tower-clip-f32.gguf` (see llava.py, which this takes them from). Needs what
llava.py needs, and Pillow.
"""

import json
import subprocess
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import save_file
from transformers import CLIPVisionConfig, CLIPVisionModel
from transformers.models.llava.modeling_llava import LlavaMultiModalProjector

from llava import OUT, PATCH, SIDE, Projected, randomize

CLIP = Path(__file__).resolve().parents[2] / "assets" / "sample.mp4"
N_FRAMES, N_CELLS, IMAGES_WORTH = 50, (3, 2), 5  # the paper's setting


def decoded(path):
    """Every frame, (n, height, width, 3)."""
    probe = ["ffprobe", "-v", "error", "-select_streams", "V:0", "-show_entries", "stream=width,height", "-of", "json", path]
    stream = json.loads(subprocess.check_output(probe))["streams"][0]
    command = ["ffmpeg", "-v", "error", "-nostdin", "-i", path, "-map", "0:V:0", "-vsync", "passthrough",
               "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    frames = np.frombuffer(subprocess.check_output(command), np.uint8)
    return frames.reshape(-1, stream["height"], stream["width"], 3)


def main():
    frames = decoded(CLIP)
    # video_utils.py of TS-LLaVA: the middles of equal segments.
    length = (len(frames) - 1) / N_FRAMES
    chosen = [int((int(np.round(length * i)) + int(np.round(length * (i + 1)))) // 2) for i in range(N_FRAMES)]
    squares = [np.asarray(Image.fromarray(frames[i]).resize((SIDE, SIDE), Image.BICUBIC)) for i in chosen]

    size = dict(hidden_size=32, intermediate_size=64, num_hidden_layers=4, num_attention_heads=2, image_size=SIDE,
                patch_size=PATCH, attn_implementation="eager")
    vision = randomize(CLIPVisionModel(CLIPVisionConfig(**size)), 11)
    projector = randomize(LlavaMultiModalProjector(Projected(vision, 64)), 12)
    mean, std = torch.tensor([0.48145466, 0.4578275, 0.40821073]), torch.tensor([0.26862954, 0.26130258, 0.27577711])
    pixels = ((torch.from_numpy(np.stack(squares)).float() / 255 - mean) / std).permute(0, 3, 1, 2)

    rows, cols = N_CELLS
    shown = torch.linspace(0, N_FRAMES - 1, rows * cols).round().long()
    cells = F.interpolate(pixels[shown], (SIDE // rows, SIDE // cols), mode="area")
    thumbnail = cells.reshape(rows, cols, 3, SIDE // rows, SIDE // cols).permute(2, 0, 3, 1, 4).reshape(1, 3, SIDE, SIDE)
    with torch.no_grad():
        features = vision(torch.cat([pixels, thumbnail]), output_hidden_states=True).hidden_states[-2][:, 1:]
        n_patches = features.shape[1]
        sampled = torch.linspace(0, N_FRAMES * n_patches - 1, IMAGES_WORTH * n_patches).round().long()
        picked = torch.cat([sampled, torch.arange(N_FRAMES * n_patches, (N_FRAMES + 1) * n_patches)])
        projected = projector(features.reshape(-1, features.shape[-1])[picked])
    golden = {"chosen": torch.tensor(chosen).to(torch.uint32), "picked": picked.to(torch.uint32), "projected": projected}
    save_file({name: tensor.contiguous() for name, tensor in golden.items()}, OUT / "real-clip.safetensors")
    print(chosen[:6], "…", chosen[-1], f"{len(picked)} rows of +-{projected.abs().max():.1f}")


if __name__ == "__main__":
    main()
