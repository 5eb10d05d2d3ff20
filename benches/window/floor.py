#!/usr/bin/env python3
"""What libavcodec alone needs from the key frame to each of some frames: nothing skipped, nothing converted.

    floor.py CLIP 17,471,..      {"access_ms": [..]}
"""

import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "media"))
from bench import decode_from_key, open_av  # noqa: E402


def main():
    clip, indices = sys.argv[1], [int(word) for word in sys.argv[2].split(",")]
    container, stream, ticks = open_av(clip)
    decode_from_key(container, stream, 0)
    times = []
    for index in indices:
        start = time.perf_counter()
        decode_from_key(container, stream, index * ticks)
        times.append((time.perf_counter() - start) * 1000)
    print(json.dumps({"access_ms": times}))


main()
