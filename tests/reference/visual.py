"""Golden values for `visual`: what Pillow, torch and transformers make of the same input.

    python tests/reference/visual.py tests/golden/visual

Made with numpy 2.4.6, pillow 13.0.0, torch 2.15.0, torchvision 0.29.2, transformers 5.23.0 (CPU).
Pictures are made by `picture` below, which tests/it/visual/golden.rs repeats in integers, so that no input is stored.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from transformers import CLIPImageProcessorPil

MEAN = [0.48145466, 0.4578275, 0.40821073]
STD = [0.26862954, 0.26130258, 0.27577711]


def picture(width, height, seed):
    """Waves, hard edges and a little noise, in integers."""
    y, x = np.mgrid[0:height, 0:width].astype(np.int64)
    channels = []
    for c in range(3):
        wave = (x * (3 + c) * 1024 // width + y * (2 + seed) * 1024 // height) % 512
        wave = np.where(wave > 255, 511 - wave, wave)
        edge = np.where(((x * 5 // width) + (y * 4 // height) + c) % 2 == 0, 60, 0)
        noise = (x * 7919 + y * 104729 + c * 1299709 + seed * 15485863) % 31
        channels.append(np.clip(wave + edge - noise, 0, 255))
    return Image.fromarray(np.stack(channels, axis=-1).astype(np.uint8))


def square(image):
    """LLaVA's expand2square with the processor's mean colour."""
    side = max(image.size)
    result = Image.new("RGB", (side, side), tuple(int(m * 255) for m in MEAN))
    result.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
    return result


def fitted(image, fit, side):
    if fit == "squash":
        return image.resize((side, side))
    processor = CLIPImageProcessorPil(
        size={"shortest_edge": side}, crop_size={"height": side, "width": side}, do_normalize=False, do_rescale=False
    )
    image = square(image) if fit == "pad" else image
    pixels = processor(image, return_tensors="np")["pixel_values"][0]
    return Image.fromarray(np.transpose(pixels, (1, 2, 0)).astype(np.uint8))


def normalised(image):
    processor = CLIPImageProcessorPil(do_resize=False, do_center_crop=False)
    return processor(image, return_tensors="pt")["pixel_values"][0]


def thumbnail(images, rows, cols):
    """TS-LLaVA's create_image_grid; cells that do not divide the side share it as evenly as pixels allow."""
    side = images.shape[-1]
    edges = lambda n: [i * side // n for i in range(n + 1)]
    top, left = edges(rows), edges(cols)
    bands = []
    for r in range(rows):
        cells = [
            F.interpolate(images[r * cols + c][None], size=(top[r + 1] - top[r], left[c + 1] - left[c]), mode="area")
            for c in range(cols)
        ]
        bands.append(torch.cat(cells, dim=3))
    return torch.cat(bands, dim=2)[0]


def bicubic(x):
    x = abs(x)
    if x < 1:
        return (1.5 * x - 2.5) * x * x + 1
    return (((x - 5) * x + 8) * x - 4) * -0.5 if x < 2 else 0.0


def weights(n_in, n_out):
    """Pillow's fixed-point coefficients as a matrix (n_out, n_in)."""
    scale = n_in / n_out
    wide = max(scale, 1.0)
    result = np.zeros((n_out, n_in), np.int64)
    for out in range(n_out):
        centre = (out + 0.5) * scale
        first, end = max(int(centre - 2 * wide + 0.5), 0), min(int(centre + 2 * wide + 0.5), n_in)
        taps = np.array([bicubic((at - centre + 0.5) / wide) for at in range(first, end)])
        taps *= (1 << 22) / taps.sum()
        result[out, first:end] = np.trunc(taps + np.copysign(0.5, taps))
    return result


def check_pass_order(n_sizes=200):
    """The rule of `vertical_first` in src/visual/bicubic.rs, against Pillow at random sizes."""
    rng = np.random.default_rng(0)
    level = lambda sums: np.clip((sums + (1 << 21)) >> 22, 0, 255)
    across = lambda pixels, w: level(np.einsum("ox,yxc->yoc", w, pixels))
    down = lambda pixels, w: level(np.einsum("oy,yxc->oxc", w, pixels))
    for _ in range(n_sizes):
        (w, h), (to_w, to_h) = rng.integers(16, 200, 2), rng.integers(16, 120, 2)
        pixels = rng.integers(0, 256, (h, w, 3))
        horizontal, vertical = weights(w, to_w), weights(h, to_h)
        if h > to_h and h - to_h > 2 * (w - to_w):
            ours = across(down(pixels, vertical), horizontal)
        else:
            ours = down(across(pixels, horizontal), vertical)
        pillow = Image.fromarray(pixels.astype(np.uint8)).resize((int(to_w), int(to_h)))
        assert (ours == np.asarray(pillow)).all(), (w, h, to_w, to_h)
    print(f"order of passes: {n_sizes} random sizes equal")


def midpoints(total, n):
    n = min(total, n)
    seg = (total - 1) / n
    return [int(np.round(seg * i) + np.round(seg * (i + 1))) // 2 for i in range(n)]


def main(out):
    check_pass_order()
    out.mkdir(parents=True, exist_ok=True)
    for width, height, side in [(640, 360, 96), (20, 25, 24), (360, 640, 96), (97, 61, 96), (31, 17, 84), (1, 1, 28), (1920, 1080, 336),
                                (96, 96, 96), (1000, 3, 56), (853, 479, 84)]:
        for fit in ["squash", "pad", "crop"]:
            if side == 336 and fit != "squash":
                continue
            fitted(picture(width, height, 1), fit, side).save(out / f"{fit}-{width}x{height}-{side}.png", optimize=True)

    normalised(picture(24, 24, 2)).numpy().astype("<f4").tofile(out / "normalised-24.f32")
    for side, rows, cols in [(48, 2, 2), (48, 3, 2), (48, 4, 2), (48, 5, 1), (50, 3, 2)]:
        images = torch.stack([normalised(picture(side, side, seed)) for seed in range(rows * cols)])
        thumbnail(images, rows, cols).numpy().astype("<f4").tofile(out / f"thumbnail-{side}-{rows}x{cols}.f32")

    even = [(50 * 576, 2880), (50 * 576, 1728), (50 * 576, 2304), (16 * 576, 1728), (50 * 144, 720), (7 * 729, 3645),
            (33, 18), (50, 12), (5, 8)]
    indices = {
        "even": [
            {"total": t, "picks": m, "indices": torch.round(torch.linspace(0, t - 1, m)).long().clamp(0, t - 1).tolist()}
            for t, m in even
        ],
        "starts": [
            {"total": t, "parts": n, "indices": torch.linspace(0, t, n + 1).to(torch.int32).tolist()[:-1]}
            for t in [1, 7, 10, 23, 49, 50, 99, 101] for n in [1, 3, 10]
        ],
        "midpoints": [
            {"total": t, "frames": n, "indices": midpoints(t, n)}
            for t in [1, 2, 5, 49, 50, 51, 100, 299, 300, 1800, 107892] for n in [1, 6, 16, 50]
        ],
    }
    (out / "indices.json").write_text(json.dumps(indices, separators=(",", ":")) + "\n")


main(Path(sys.argv[1]))
