"""Writes tests/it/kernels/dequantized.bin: random blocks of each quantized format with their values.

The values are those of the gguf Python package (`pip install gguf`), the reference for `kernels::dequantize_row`.
File: for each format u32 ggml id, u32 n_bytes, the blocks, u32 n_values, the values as f32; all little-endian.

    python tests/reference/dequantized.py
"""

import struct
from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType as Type
from gguf.quants import dequantize

# Format: (bytes of a block, where its f16 scales lie).
FORMATS = {
    Type.F16: (2, [0]),
    Type.BF16: (2, []),
    Type.Q4_0: (18, [0]),
    Type.Q4_1: (20, [0, 2]),
    Type.Q5_0: (22, [0]),
    Type.Q5_1: (24, [0, 2]),
    Type.Q8_0: (34, [0]),
    Type.Q2_K: (84, [80, 82]),
    Type.Q3_K: (110, [108]),
    Type.Q4_K: (144, [0, 2]),
    Type.Q5_K: (176, [0, 2]),
    Type.Q6_K: (210, [208]),
}
VALUES = 512


def main() -> None:
    rng = np.random.default_rng(3)
    out = bytearray()
    for format_, (n_bytes, scales) in FORMATS.items():
        block_len = {2: 1}.get(n_bytes, 256 if n_bytes > 34 else 32)
        blocks = rng.integers(0, 256, (VALUES // block_len, n_bytes), dtype=np.uint8)
        if format_ == Type.BF16:
            blocks = (rng.standard_normal(VALUES).astype(np.float32).view(np.uint32) >> 16).astype(np.uint16)
            blocks = blocks.view(np.uint8).reshape(-1, 2)
        for at in scales:
            scale = rng.normal(0, 0.02, len(blocks)).astype(np.float16)
            blocks[:, at : at + 2] = scale.view(np.uint8).reshape(-1, 2)
        values = dequantize(blocks, format_).astype("<f4").ravel()
        assert len(values) == VALUES and np.isfinite(values).all()
        out += struct.pack("<II", format_, blocks.size) + blocks.tobytes()
        out += struct.pack("<I", VALUES) + values.tobytes()
    Path(__file__).parent.parent.joinpath("it/kernels/dequantized.bin").write_bytes(out)


main()
