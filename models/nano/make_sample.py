"""Renders assets/sample.mp4, the clip that ships with the program: seven seconds of the little world.

A green circle crosses to the right, a red star turns blue half way, a yellow ring stays where it is.

    python models/nano/make_sample.py assets/sample.mp4
"""

import subprocess
import sys

import numpy as np

from world.render import render
from world.scene import CHANGING, COLOURS, RIGHT, SHAPES, STILL, Scenes

WIDTH, HEIGHT, FPS, SECONDS = 640, 480, 25, 7


def sample_scene():
    """The one scene of the sample clip. Its facts are asked about in the tests: change both or neither."""
    things = [
        # shape, colour, colour after, motion, radius, start, end
        ("circle", "green", "green", RIGHT, 0.130, (0.15, 0.755), (0.72, 0.735)),
        ("star", "red", "blue", STILL, 0.158, (0.275, 0.285), (0.275, 0.285)),
        ("ring", "yellow", "yellow", STILL, 0.125, (0.755, 0.300), (0.755, 0.300)),
    ]
    start, end = np.array([[t[5] for t in things]]), np.array([[t[6] for t in things]])
    return Scenes(
        count=np.array([len(things)]),
        event=np.array([CHANGING]),
        actor=np.array([1]),
        shape=np.array([[SHAPES.index(t[0]) for t in things]]),
        colour=np.array([[COLOURS.index(t[1]) for t in things]]),
        colour_after=np.array([[COLOURS.index(t[2]) for t in things]]),
        change_at=np.array([[2.0, 0.5, 2.0]]),
        seen_from=np.zeros((1, 3)),
        seen_until=np.full((1, 3), 2.0),
        motion=np.array([[t[3] for t in things]]),
        way=np.abs(end - start).max(-1) * (np.array([[t[3] for t in things]]) != STILL),
        radius=np.array([[t[4] for t in things]]),
        start=start,
        end=end,
        aspect=np.array([WIDTH / HEIGHT]),
    )


def dusk(height, width):
    """A deep blue evening that warms towards the lower right, [1, height, width, 3]."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = x / width, y / height
    top, bottom, glow = (np.array(c, np.float32) for c in ([34, 40, 62], [66, 60, 82], [118, 92, 92]))
    base = top + (bottom - top) * (y**1.2)[..., None]
    warmth = np.exp(-(((x - 0.86) / 0.55) ** 2 + ((y - 1.02) / 0.45) ** 2))[..., None]
    dim = 1 - 0.22 * np.clip(np.hypot(x - 0.5, y - 0.5) * 1.4 - 0.25, 0, 1)[..., None]
    return ((base + (glow - base) * 0.75 * warmth) * dim)[None]


def write_h264(path, frames, fps, quality=20, effort="slow"):
    """Encodes [F, height, width, 3] u8 frames as H.264 in MP4 with the `ffmpeg` program; `effort` is x264's preset."""
    height, width = frames.shape[1:3]
    command = ["ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}"]
    command += ["-r", str(fps), "-i", "-", "-vf", "scale=out_color_matrix=bt601:out_range=tv", "-c:v", "libx264"]
    command += ["-preset", effort, "-crf", str(quality), "-pix_fmt", "yuv420p", "-colorspace", "smpte170m"]
    command += ["-color_primaries", "smpte170m", "-color_trc", "smpte170m", "-color_range", "tv"]
    command += ["-threads", "1", "-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact"]
    command += ["-movflags", "+faststart", str(path)]
    subprocess.run(command, input=np.ascontiguousarray(frames).tobytes(), check=True)


def main(path):
    rng = np.random.default_rng(7)
    n = FPS * SECONDS
    times = (np.arange(n) / (n - 1))[None]
    scene, background, frames = sample_scene(), dusk(HEIGHT, WIDTH), []
    for part in np.array_split(times, 7, axis=1):
        # The same seed for each part keeps the light the same all through the clip.
        frames.append(render(scene, part, HEIGHT, WIDTH, np.random.default_rng(3), grain=0, background=background)[0][0])
    frames = np.concatenate(frames)
    # A little noise keeps the gradient from showing bands after quantisation.
    tile = rng.normal(0, 0.9, (HEIGHT, WIDTH, 1))
    frames = np.clip(np.round(frames + tile), 0, 255).astype(np.uint8)
    write_h264(path, frames, FPS)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
