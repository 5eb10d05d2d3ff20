"""Golden values for pooled rows and for the frame loaders of video models: what torch, numpy and transformers make of them.

    python tests/reference/pooling.py tests/golden/visual

Made with numpy 2.4.6, torch 2.15.0, transformers 5.23.0 (CPU). The input is a formula that tests/it/visual/pooled.rs
repeats, so that none is stored.
"""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
import torch.nn.functional as F
from transformers.models.internvl.video_processing_internvl import InternVLVideoProcessor
from transformers.models.smolvlm.video_processing_smolvlm import SmolVLMVideoProcessor
from transformers.video_utils import VideoMetadata


def grid(side):
    """One value for each patch, in float32 without any rounding."""
    patches = torch.arange(side * side)
    return (((patches * 7919) % 1024).float() / 512 - 1).reshape(1, 1, side, side)


def pooled():
    bilinear = lambda x, side: F.interpolate(x, size=(side, side), mode="bilinear", align_corners=False, antialias=False)
    cases = []
    add = lambda op, how, number, side, rows: cases.append(
        {"op": op, how: number, "patches": side, "rows": [round(v, 7) for v in rows.flatten().tolist()]})
    for side, to in [(24, 12), (24, 16), (24, 20), (27, 14)]:
        add("bilinear", "side", to, side, bilinear(grid(side), to))
        add("mean", "side", to, side, F.adaptive_avg_pool2d(grid(side), to))
    for side in (24, 27):
        add("bilinear", "stride", 2, side, bilinear(grid(side), -(-side // 2)))
        add("mean", "stride", 2, side, F.avg_pool2d(grid(side), 2))
        add("max", "stride", 2, side, F.max_pool2d(grid(side), 2))
    # M3's nested pools: kernels of 24, 8, 4, 2, 1.
    for n_rows in (1, 9, 36, 144, 576):
        kernel = int((576 / n_rows) ** 0.5)
        add("mean", "stride", kernel, 24, F.avg_pool2d(grid(24), kernel))
    # Dynamic-VLM's rule over frames.
    for n_tokens, n_frames in ((3200, 16), (3200, 50), (576, 1), (200, 100)):
        to = int(min(n_tokens // n_frames, 576) ** 0.5)
        cases.append({"op": "mean", "budget": n_tokens, "frames": n_frames, "patches": 24,
                      "rows": [round(v, 7) for v in F.adaptive_avg_pool2d(grid(24), to).flatten().tolist()]})
    return cases


def load_video(total, fps, n):
    """LLaVA-NeXT's loader: a frame a second, else spread over the clip."""
    picks = list(range(0, total, round(fps)))
    return picks if len(picks) <= n else np.linspace(0, total - 1, n, dtype=int).tolist()


def samplers():
    smol, intern = (SimpleNamespace(num_frames=n, fps=None) for n in (64, 8))
    smol.fps = 1
    clips = [(1, 30.0), (2, 25.0), (7, 30.0), (31, 30.0), (90, 30.0), (240, 24.0), (300, 30.0), (301, 25.0), (899, 29.97),
             (1999, 29.97), (2000, 29.97), (2100, 30.0), (9000, 30.0), (107892, 23.976)]
    result = {"linspace": [], "every-second": [], "seconds-inside": [], "middles": []}
    for total, fps in clips:
        meta = VideoMetadata(total_num_frames=total, fps=fps, duration=total / fps)
        for n in (8, 32, 64):
            put = lambda name, picks: result[name].append({"total": total, "fps": fps, "frames": n, "indices": [int(i) for i in picks]})
            put("linspace", np.linspace(0, total - 1, n, dtype=int))
            put("every-second", load_video(total, fps, n))
            put("seconds-inside", SmolVLMVideoProcessor.sample_frames(smol, meta, num_frames=n, fps=1, skip_secs=1.0))
            if n <= total:
                put("middles", InternVLVideoProcessor.sample_frames(intern, meta, num_frames=n, fps=None, initial_shift=True))
    return result


def main(out):
    (out / "pooled.json").write_text(json.dumps(pooled(), separators=(",", ":")) + "\n")
    (out / "video-samplers.json").write_text(json.dumps(samplers(), separators=(",", ":")) + "\n")


main(Path(sys.argv[1]))
