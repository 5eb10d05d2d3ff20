"""Which frames are encoded and which rows the language model reads: the presets of the program, for towers of any grid.

The formulas are those of TS-LLaVA (github.com/tingyu215/TS-LLaVA, llava/model/llava_arch.py and the video loaders);
the program has the same ones in Rust. A picture here is [height, width, 3], a batch of them [N, height, width, 3].
"""

from dataclasses import dataclass

import numpy as np
import torch

MEAN = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)
STD = np.array([0.26862954, 0.26130258, 0.27577711], np.float32)
THUMBNAIL_ROWS, THUMBNAIL_COLS = 3, 2


@dataclass(frozen=True)
class Preset:
    n_frames: int
    thumbnail: bool
    sampled_images: int  # how many images' worth of rows are kept of the frames


PRESETS = {
    "frame": Preset(1, False, 1),
    "fast": Preset(6, True, 0),
    "balanced": Preset(16, True, 3),
    "paper": Preset(50, True, 5),
    # For training: what `balanced` and `paper` look like to the language model, at a third of the cost.
    "lite": Preset(6, True, 1),
    # The two halves of `balanced` and `paper`, each at a comparable number of rows, to measure what each contributes.
    "sampled-16": Preset(16, False, 4),
    "sampled-50": Preset(50, False, 6),
}


def frame_indices(n_total, n_frames):
    """Segment midpoints, as the reference's generic loader picks them; never the last frame."""
    n = min(n_total, n_frames)
    edges = np.round((n_total - 1) / n * np.arange(n + 1))
    return ((edges[:-1] + edges[1:]) // 2).astype(int)


def equidistant(n_total, n_picked):
    """`n_picked` of 0..n_total, the first and the last included, in float32 and rounded half to even."""
    last = n_total - 1
    return torch.linspace(0, last, n_picked).round().long().clamp(0, last).numpy()


def thumbnail(frames):
    """Tiles 6 of [N, side, side, 3] frames into one picture: exact means over pixel boxes, row by row."""
    side = frames.shape[1]
    h, w = side // THUMBNAIL_ROWS, side // THUMBNAIL_COLS
    chosen = frames[equidistant(len(frames), THUMBNAIL_ROWS * THUMBNAIL_COLS)]
    # Sums of strided views: numpy's mean over two inner axes is ten times slower.
    tall = sum(chosen[:, i::THUMBNAIL_ROWS].astype(np.uint16) for i in range(THUMBNAIL_ROWS))
    cells = sum(tall[:, :, j::THUMBNAIL_COLS] for j in range(THUMBNAIL_COLS))
    cells = cells.astype(np.float32) / np.float32(THUMBNAIL_ROWS * THUMBNAIL_COLS)
    cells = cells.reshape(THUMBNAIL_ROWS, THUMBNAIL_COLS, h, w, 3)
    return cells.transpose(0, 2, 1, 3, 4).reshape(side, side, 3)


def images(preset, frames):
    """The pictures to encode, in the order the rows of `rows` refer to: the frames if any are sampled, the thumbnail."""
    encoded = list(frames.astype(np.float32)) if preset.sampled_images else []
    return np.stack(encoded + ([thumbnail(frames)] if preset.thumbnail else []))


def rows(preset, n_frames, n_patches):
    """Indices of the rows that the language model reads among all patch rows of `images`: sampled first."""
    picked = []
    if preset.sampled_images:
        total = n_frames * n_patches
        picked.append(equidistant(total, min(preset.sampled_images * n_patches, total)))
    if preset.thumbnail:
        first = n_frames * n_patches if preset.sampled_images else 0
        picked.append(np.arange(first, first + n_patches))
    return np.concatenate(picked)


def normalise(pictures):
    """[N, side, side, 3] levels to the [N, 3, side, side] float32 that the tower takes."""
    return ((pictures / np.float32(255) - MEAN) / STD).transpose(0, 3, 1, 2).astype(np.float32)
