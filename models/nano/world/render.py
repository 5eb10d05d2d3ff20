"""Pixels of the little world: shaded, anti-aliased shapes with a soft shadow over a quiet background.

Each object is drawn in a small window around it, all windows of a batch and of one shape in one numpy expression.
"""

import numpy as np

from . import looks
from .scene import MAX_OBJECTS, SHAPES

PALETTE = np.array(
    [
        [222, 44, 46],  # red
        [244, 138, 30],  # orange
        [247, 222, 62],  # yellow
        [52, 170, 74],  # green
        [62, 214, 224],  # cyan
        [44, 88, 226],  # blue
        [158, 66, 198],  # purple
        [246, 246, 244],  # white
    ],
    np.float32,
)
WINDOW = 1.45  # half size of a drawing window in radii: the shape and its shadow
SHADOW_SHIFT, SHADOW_SOFTNESS, SHADOW_DEPTH = 0.13, 0.34, 0.42


def backgrounds(n_clips, height, width, rng):
    """Plain, graded or noisy muted backgrounds, [B, height, width, 3] float32 from 0 to 255."""
    hue = rng.random((n_clips, 2))
    value = rng.uniform(38, 118, (n_clips, 2))
    tint = rng.uniform(0.0, 0.22, (n_clips, 2, 1))
    phase = 2 * np.pi * (hue[..., None] + np.array([0, 1 / 3, 2 / 3]))
    colour = (value[..., None] * (1 + tint * np.cos(phase))).astype(np.float32)  # [B, 2, 3]

    kind = rng.integers(0, 3, n_clips)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = x / width - 0.5, y / height - 0.5
    angle = rng.uniform(0, 2 * np.pi, n_clips)
    out = np.empty((n_clips, height, width, 3), np.float32)
    for i in range(n_clips):
        if kind[i] == 0:
            out[i] = colour[i, 0]
            continue
        mix = np.clip(0.5 + 0.75 * (np.cos(angle[i]) * x + np.sin(angle[i]) * y), 0, 1)
        if kind[i] == 1 and angle[i] > np.pi:
            mix = np.clip(1.5 * np.hypot(x, y), 0, 1)
        if kind[i] == 2:
            mix = 0.6 * mix + 0.4 * _smooth_noise(height, width, rng)
        out[i] = colour[i, 0] + mix[..., None] * (colour[i, 1] - colour[i, 0])
        if kind[i] == 2:
            out[i] += rng.normal(0, rng.uniform(2, 7), (height, width, 1)).astype(np.float32)
    return out


def _smooth_noise(height, width, rng):
    """Noise of a few soft blobs, [height, width], 0 to 1."""
    n = 6
    coarse = rng.random((n, n)).astype(np.float32)
    rows, cols = np.linspace(0, n - 1.001, height), np.linspace(0, n - 1.001, width)
    r0, c0 = rows.astype(int), cols.astype(int)
    fr, fc = (rows - r0)[:, None].astype(np.float32), (cols - c0)[None].astype(np.float32)
    fr, fc = fr * fr * (3 - 2 * fr), fc * fc * (3 - 2 * fc)
    top = coarse[r0][:, c0] * (1 - fc) + coarse[r0][:, c0 + 1] * fc
    bottom = coarse[r0 + 1][:, c0] * (1 - fc) + coarse[r0 + 1][:, c0 + 1] * fc
    return top * (1 - fr) + bottom * fr


def signed_distance(shape, u, v):
    """Distance to the outline of `shape` in radii, negative inside; `u` to the right, `v` down from its centre."""
    match SHAPES[shape]:
        case "circle":
            return np.sqrt(u * u + v * v) - 0.95
        case "square":
            return np.maximum(abs(u), abs(v)) - 0.84
        case "triangle":
            return np.maximum(v - 0.72, 0.875 * abs(u) - 0.483 * (v + 1.0))
        case "star":
            angle = np.arctan2(u, -v) * (5 / (2 * np.pi))
            angle = abs(angle - np.round(angle)) * (2 * np.pi / 5)
            reach = np.sqrt(u * u + v * v)
            x, y = reach * np.cos(angle), reach * np.sin(angle)
            inner = 0.44
            ix, iy = inner * np.cos(np.pi / 5), inner * np.sin(np.pi / 5)
            length = np.hypot(1 - ix, iy)
            return ((x - 1.02) * iy + y * (1.02 - ix)) / length
        case "heart":
            lobes = np.sqrt((abs(u) - 0.42) ** 2 + (v + 0.35) ** 2) - 0.5
            point = np.maximum(0.77 * abs(u) + 0.64 * v - 0.608, -(v + 0.12))
            return np.minimum(lobes, point)
        case "diamond":
            return (abs(u) / 0.72 + abs(v) - 1.0) * 0.58
        case "cross":
            upright = np.maximum(abs(u) - 0.3, abs(v) - 0.92)
            level = np.maximum(abs(u) - 0.92, abs(v) - 0.3)
            return np.minimum(upright, level)
        case "ring":
            return abs(np.sqrt(u * u + v * v) - 0.7) - 0.25
    raise ValueError(f"no shape number {shape}")


def render(scenes, times, height, width, rng, grain=2.0, background=None, look=None):
    """Frames [B, F, height, width, 3] u8 of `scenes` at `times` [B, F], and which object (1..3, 0 for none) covers
    each pixel, [B, F, height, width] u8. `grain` is the most camera noise a clip may have, in levels; `background`
    [B, height, width, 3] replaces the random one; `look` is one of `looks.LOOKS`."""
    b, f = times.shape
    if background is None:
        background = backgrounds(b, height, width, rng)
    ground, seen = np.clip(background, 0, 255).astype(np.uint8)[:, None], None
    if look:
        seen = looks.look(look, times, rng)
        ground = looks.grounds(background, backgrounds(b, height, width, rng), seen)
    opacity = scenes.opacity(times) * (seen.shown[..., None] if look else 1)
    centres = scenes.centres(times)
    changed = scenes.changed(times)[..., None]
    colour = PALETTE[scenes.colour][:, None] * (1 - changed) + PALETTE[scenes.colour_after][:, None] * changed
    colour = np.clip(colour * rng.uniform(0.92, 1.05, (b, 1, MAX_OBJECTS, 1)), 0, 255).astype(np.float32)

    radius_px = np.stack([scenes.radius / scenes.aspect[:, None] * width, scenes.radius * height], -1)  # [B, 3, 2]
    half = int(np.ceil(radius_px.max() * WINDOW * (seen.scale.max() if look else 1))) + 1
    shift = max(1, round(SHADOW_SHIFT * float(scenes.radius.mean()) * height))
    pad = half + shift
    # A margin around the picture, never shown, lets every window be drawn whole.
    canvas = np.zeros((b, f, height + 2 * pad, width + 2 * pad, 3), np.uint8)
    canvas[:, :, pad : pad + height, pad : pad + width] = ground
    owner_canvas = np.zeros((b, f, height + 2 * pad, width + 2 * pad), np.uint8)
    soft_edge = rng.uniform(0.9, 1.5, b).astype(np.float32)

    for slot in range(MAX_OBJECTS):
        for shape in np.unique(scenes.shape[:, slot]):
            who = np.nonzero((scenes.shape[:, slot] == shape)[:, None] & (opacity[:, :, slot] > 0))
            if len(who[0]) == 0:
                continue
            clip, frame = who
            scale = seen.scale[clip, frame, None] if look else 1
            rx, ry = (radius_px[clip, slot] * scale).astype(np.float32).T
            cx, cy = (centres[clip, frame, slot] * [width, height]).astype(np.float32).T - 0.5
            ix, iy = np.round(cx).astype(int), np.round(cy).astype(int)
            half_x, half_y = (int(np.ceil(r.max() * WINDOW)) + 1 for r in (rx, ry))
            reach_x = np.arange(-half_x, half_x + 1, dtype=np.float32)
            reach_y = np.arange(-half_y, half_y + 1, dtype=np.float32)
            u = ((reach_x[None] - (cx - ix)[:, None]) / rx[:, None])[:, None, :]
            v = ((reach_y[None] - (cy - iy)[:, None]) / ry[:, None])[:, :, None]
            across, down = u, v
            if look:
                turn = seen.turn[clip, frame].astype(np.float32)[:, None, None]
                across, down = np.cos(turn) * u - np.sin(turn) * v, np.sin(turn) * u + np.cos(turn) * v
            d = signed_distance(shape, across, down)
            cover = np.clip(0.5 - d * (np.sqrt(rx * ry) / soft_edge[clip])[:, None, None], 0, 1)
            shadow = np.clip(1 - (np.roll(d, (shift, shift), (1, 2)) + 0.08) / SHADOW_SOFTNESS, 0, 1) ** 2 * SHADOW_DEPTH
            shadow[:, :shift], shadow[:, :, :shift] = 0, 0
            shadow[:, :2], shadow[:, -2:], shadow[:, :, :2], shadow[:, :, -2:] = 0, 0, 0, 0
            # The highlight is a product of two one-dimensional bells, so that the exponentials cost nothing.
            highlight = 0.2 * np.exp(-2.2 * (u + 0.38) ** 2) * np.exp(-2.2 * (v + 0.42) ** 2)
            light = (1.02 - 0.13 * u) - 0.13 * v + highlight
            if look and seen.is_textured:
                light = light * looks.stripes(across, down)
            show = opacity[clip, frame, slot].astype(np.float32)[:, None, None]
            cover, shadow = cover * show, shadow * show
            paint = np.minimum(colour[clip, frame, slot][:, None, None] * light[..., None], 255)
            solid = cover > 0.5
            size_y, size_x = 2 * half_y + 1, 2 * half_x + 1
            for n in range(len(clip)):
                y, x = iy[n] + pad - half_y, ix[n] + pad - half_x
                spot = canvas[clip[n], frame[n], y : y + size_y, x : x + size_x]
                under = spot * (1 - shadow[n])[..., None]
                spot[:] = under + (paint[n] - under) * cover[n][..., None]
                own = owner_canvas[clip[n], frame[n], y : y + size_y, x : x + size_x]
                own[solid[n]] = slot + 1
    frames = canvas[:, :, pad : pad + height, pad : pad + width]
    owner = owner_canvas[:, :, pad : pad + height, pad : pad + width]
    if grain > 0:
        frames = np.ascontiguousarray(frames)
        for clip in range(b):
            level = rng.random() * grain * 1.7
            if level < 0.5:
                continue
            # One tile of noise, wrapped at a random place for each frame: new noise for each would cost more than
            # all the rest.
            tile = np.round(rng.uniform(-level, level, (height, width, 1))).astype(np.int16)
            for frame in range(f):
                noise = np.roll(tile, tuple(rng.integers(0, (height, width))), (0, 1))
                frames[clip, frame] = np.clip(frames[clip, frame] + noise, 0, 255)
    return frames, owner
