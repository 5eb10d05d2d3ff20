#!/bin/sh
# Makes the benchmark clip: ten minutes of 1080p30 H.264, GOP 250, B-frames, about 5 Mbit/s.
#
#   benches/media/make_clip.sh [DIRECTORY]      (default: ${XDG_CACHE_HOME:-~/.cache}/videre-bench)
#
# The picture is a fractal zoom that pans, under film-like noise, with a running frame counter: smooth areas, detail,
# motion and grain, as camera footage has them. Prints the path of the clip. Does nothing if the clip is there.
set -eu

directory=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/videre-bench}
seconds=${SECONDS_OF_CLIP:-600}
clip=$directory/bench-1080p30-${seconds}s.mp4
mkdir -p "$directory"
[ -s "$clip" ] && { echo "$clip"; exit 0; }

ff="ffmpeg -hide_banner -loglevel error -nostdin -y"

# Twenty seconds of the zoom at half size, once: computing the fractal is dearer than encoding it.
# Forward then backward, so that the loop has no cut.
zoom=$directory/zoom.mkv
$ff -f lavfi -i "mandelbrot=size=960x540:rate=30:end_pts=600:end_scale=0.02,trim=end_frame=300" \
    -vf "split[a][b];[b]reverse[r];[a][r]concat,format=yuv420p" \
    -c:v libx264 -preset ultrafast -qp 12 "$zoom"

$ff -stream_loop -1 -i "$zoom" \
    -f lavfi -i "testsrc2=size=480x270:rate=30" \
    -filter_complex "[0:v]scroll=horizontal=0.0007:vertical=0.0003,scale=1920:1080:flags=bilinear[zoom];
        [zoom][1:v]overlay=x='720+600*sin(t/7)':y='405+300*sin(t/5)':shortest=0,noise=alls=4:allf=t,format=yuv420p[out]" \
    -map "[out]" -t "$seconds" -c:v libx264 -preset veryfast -b:v 5M -maxrate 8M -bufsize 10M \
    -g 250 -keyint_min 25 -sc_threshold 0 -bf 3 -pix_fmt yuv420p -r 30 -movflags +faststart "$clip.part.mp4"
rm -f "$zoom"
mv "$clip.part.mp4" "$clip"
echo "$clip"
