#!/usr/bin/env python3
"""Videre's frame access beside its peers, on one clip, in one session.

    benches/media/run.sh            makes the clip, builds Videre's side, runs this, writes RESULTS.md

Every measurement is a process of its own, so that its wall time, processor time and peak memory come from the kernel.
The subjects take turns, several rounds, and the table gives medians: on a machine that does other work too, wall
times drift, and ratios of processor time are what to trust.

Needs PyAV and decord (pip install av decord); a peer that is not installed is left out and named.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import time
from pathlib import Path

N_UNIFORM = 50
N_RANDOM = 40
N_FILMSTRIP = 60
SEED = 20241117


def uniform_indices(n_frames, count):
    """Midpoints of `count` equal segments, as the model's own sampling takes them."""
    return [int((slot + 0.5) * n_frames / count) for slot in range(count)]


def random_indices(n_frames, count):
    return [random.Random(SEED + i).randrange(n_frames) for i in range(count)]


# --- Peers: each runs in a process of its own, `bench.py --subject NAME CLIP`, and prints one JSON line. ---------------


def open_av(path):
    import av

    container = av.open(str(path))
    stream = container.streams.video[0]
    stream.thread_type = "AUTO"
    ticks_per_frame = round(1 / (stream.time_base * stream.average_rate))
    return container, stream, ticks_per_frame


def decode_from_key(container, stream, pts):
    """Seeks to the key frame at or before `pts` and decodes up to it: no conversion, nothing skipped."""
    container.seek(pts, stream=stream, backward=True)
    for frame in container.decode(stream):
        if frame.pts >= pts:
            assert frame.pts == pts, f"asked for {pts}, got {frame.pts}"
            return frame
    raise AssertionError("the clip ended before the frame")


def subject_pyav_uniform(path):
    container, stream, ticks = open_av(path)
    for index in uniform_indices(stream.frames, N_UNIFORM):
        decode_from_key(container, stream, index * ticks).to_ndarray(format="rgb24")


def subject_decord_uniform(path):
    import decord

    reader = decord.VideoReader(str(path))
    reader.get_batch(uniform_indices(len(reader), N_UNIFORM)).asnumpy()


def subject_libavcodec_random(path):
    container, stream, ticks = open_av(path)
    times = []
    for index in random_indices(stream.frames, N_RANDOM):
        start = time.perf_counter()
        decode_from_key(container, stream, index * ticks)
        times.append(time.perf_counter() - start)
    return {"access_secs": times}


def subject_ffmpeg_seek_uniform(path):
    n_frames, rate = probe(path)
    for index in uniform_indices(n_frames, N_UNIFORM):
        # Half a frame early: -ss takes the first frame at or after the time.
        ffmpeg("-ss", f"{max(0, index - 0.5) / rate:.6f}", "-i", str(path), "-frames:v", "1",
               "-pix_fmt", "rgb24", "-f", "rawvideo", "-y", "/dev/null")


def subject_ffmpeg_decode_all(path):
    ffmpeg("-i", str(path), "-map", "0:v:0", "-f", "null", "-")


def ffmpeg(*arguments):
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", *arguments], check=True)


def probe(path):
    out = subprocess.check_output(
        ["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "stream=nb_frames,r_frame_rate",
         "-of", "json", str(path)])
    stream = json.loads(out)["streams"][0]
    numerator, denominator = map(int, stream["r_frame_rate"].split("/"))
    return int(stream["nb_frames"]), numerator / denominator


# --- Measuring --------------------------------------------------------------------------------------------------------


def measure(command):
    """Runs a command; its wall seconds, processor seconds, peak MB, and the JSON line it printed last (or nothing).

    Processor time and memory are those of the process and of the children it waited for."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    printed = process.stdout.read().strip().splitlines()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{command} failed with {process.returncode}")
    detail = json.loads(printed[-1]) if printed else {}
    return {"wall": time.perf_counter() - start, "cpu": usage.ru_utime + usage.ru_stime,
            "peak_mb": usage.ru_maxrss / 1024, **detail}


def percentile(values, fraction):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(fraction * len(ordered)))]


def installed(module):
    return subprocess.run([sys.executable, "-c", f"import {module}"], capture_output=True).returncode == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", type=Path)
    parser.add_argument("--videre", type=Path, help="the built example bench_media")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, help="where to write the table (default: standard output)")
    parser.add_argument("--only", help="comma-separated subjects")
    parser.add_argument("--subject", help=argparse.SUPPRESS)
    arguments = parser.parse_args()

    if arguments.subject:
        detail = globals()[f"subject_{arguments.subject}"](arguments.clip)
        if detail:
            print(json.dumps(detail))
        return

    n_frames, rate = probe(arguments.clip)
    clip = str(arguments.clip)
    indices = {"uniform": uniform_indices(n_frames, N_UNIFORM), "random": random_indices(n_frames, N_RANDOM)}
    joined = {name: ",".join(map(str, values)) for name, values in indices.items()}

    def peer(subject):
        return [sys.executable, __file__, clip, "--subject", subject]

    subjects = {}
    if arguments.videre:
        videre = str(arguments.videre)
        subjects["videre uniform"] = [videre, "frames", clip, joined["uniform"]]
        subjects["videre random"] = [videre, "access", clip, joined["random"]]
        subjects["videre filmstrip"] = [videre, "filmstrip", clip, str(N_FILMSTRIP)]
        subjects["videre index"] = [videre, "index", clip]
    if installed("av"):
        subjects["pyav uniform"] = peer("pyav_uniform")
        subjects["libavcodec random"] = peer("libavcodec_random")
    if installed("decord"):
        subjects["decord uniform"] = peer("decord_uniform")
    subjects["ffmpeg seek uniform"] = peer("ffmpeg_seek_uniform")
    subjects["ffmpeg decode all"] = peer("ffmpeg_decode_all")
    if arguments.only:
        subjects = {name: subjects[name] for name in arguments.only.split(",")}

    runs = {name: [] for name in subjects}
    for round_number in range(arguments.rounds):
        order = list(subjects)
        if round_number % 2:
            order.reverse()
        for name in order:
            runs[name].append(measure(subjects[name]))
            print(f"round {round_number + 1}: {name}: {runs[name][-1]['wall']:.2f} s wall, "
                  f"{runs[name][-1]['cpu']:.2f} s processor, {runs[name][-1]['peak_mb']:.0f} MB",
                  file=sys.stderr, flush=True)
    table = report(arguments, runs, n_frames, rate)
    if arguments.out:
        arguments.out.write_text(table)
    print(table)


def report(arguments, runs, n_frames, rate):
    medians = {name: {key: statistics.median(run[key] for run in results) for key in ("wall", "cpu", "peak_mb")}
               for name, results in runs.items()}
    lines = [
        "# Frame access, measured", "",
        "Written by `benches/media/run.sh`; run it again to replace it.", "",
        f"- Clip: {arguments.clip.name}, {n_frames} frames at {rate:g}/s, "
        f"{arguments.clip.stat().st_size / 1e6:.0f} MB, made by `benches/media/make_clip.sh`",
        f"- Machine: {os.cpu_count()} cores, {processor()}; load average {os.getloadavg()[1]:.1f} at the end, "
        "so compare processor times before wall times",
        f"- {arguments.rounds} rounds, subjects in turn, medians; every run is a new process that opens and indexes anew",
        f"- Versions: {versions()}", "",
        "| subject | wall s | processor s | peak MB |", "|---|---|---|---|"]
    for name, value in medians.items():
        lines.append(f"| {name} | {value['wall']:.2f} | {value['cpu']:.2f} | {value['peak_mb']:.0f} |")
    peers = [name for name in medians if name.endswith("uniform") and not name.startswith("videre")]
    if "videre uniform" in medians and peers:
        own = medians["videre uniform"]
        best = {key: min(peers, key=lambda name: medians[name][key]) for key in ("cpu", "wall")}
        lines += ["", f"{N_UNIFORM} uniform frames: {own['cpu'] / medians[best['cpu']]['cpu']:.2f} of the processor time of "
                  f"the best peer by that measure ({best['cpu']}), {own['wall'] / medians[best['wall']]['wall']:.2f} of "
                  f"the wall time of the best by that ({best['wall']})."]
    if {"videre filmstrip", "ffmpeg decode all"} <= medians.keys():
        own, whole = medians["videre filmstrip"], medians["ffmpeg decode all"]
        lines += ["", f"Filmstrip of {N_FILMSTRIP}: 1/{whole['cpu'] / own['cpu']:.0f} of the processor time and "
                  f"1/{whole['wall'] / own['wall']:.0f} of the wall time of decoding everything."]
    accesses = [name for name in runs if name.endswith("random")]
    if accesses:
        lines += ["", f"Single-frame access, {N_RANDOM} random frames, the clip already open, milliseconds "
                  "(libavcodec: from the key frame to the frame, nothing skipped, not converted):", "",
                  "| subject | p50 | p95 |", "|---|---|---|"]
        for name in accesses:
            values = [statistics.median(run["access_secs"][i] for run in runs[name]) * 1000 for i in range(N_RANDOM)]
            lines.append(f"| {name} | {percentile(values, 0.5):.0f} | {percentile(values, 0.95):.0f} |")
    return "\n".join(lines) + "\n"


def processor():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "unknown processor"


def versions():
    found = [subprocess.check_output(["ffmpeg", "-version"], text=True).split()[2].join(["ffmpeg ", ""])]
    for module in ("av", "decord"):
        if installed(module):
            version = subprocess.check_output(
                [sys.executable, "-c", f"import {module}; print({module}.__version__)"], text=True).strip()
            found.append(f"{module} {version}")
        else:
            found.append(f"{module} not installed, left out")
    return ", ".join(found)


if __name__ == "__main__":
    main()
