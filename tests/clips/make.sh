#!/bin/bash
# Makes the test clips beside this script with the FFmpeg program (written against 5.1 with x264, x265, xvid, vpx,
# aom, lame). README.md says what each clip is for. Run it again only to add a clip: the clips are committed, and an
# encoder of another version makes other bytes.
#
#   tests/clips/make.sh [NAME...]        all clips, or only those named (without directory)
#
# Every clip shows the same film: a moving test card under a pattern of blocks that is new in every frame, above a bar
# of twelve black or white fields that spell the frame's number, least significant bit first. So neighbours differ
# clearly, and a test can read from the picture which frame it was given.
set -euo pipefail
cd "$(dirname "$0")"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
wanted=("$@")

ff() { ffmpeg -hide_banner -loglevel error -nostdin -y -fflags +bitexact "$@"; }

# enc OUTPUT ARGUMENT...: reads with the arguments, writes without anything that differs from run to run.
enc() {
    local output=$1
    shift
    ff "$@" -map_metadata -1 -flags:v +bitexact -flags:a +bitexact -threads 1 "$output"
}

# want NAME: whether this clip is to be made in this run.
want() {
    [ ${#wanted[@]} -eq 0 ] && return 0
    local name
    for name in "${wanted[@]}"; do [ "$name" = "$1" ] && return 0; done
    return 1
}

barcode="geq=lum='if(gte(Y,84),16+219*mod(floor(N/pow(2,floor(X*12/128))),2),clip(lum(X,Y)*0.8+\
48*mod(abs(sin(12.9898*floor(X/16)+78.233*floor(Y/12)+37.719*N)*43758.5453),1),16,235))'\
:cb='if(gte(Y,42),128,cb(X,Y))':cr='if(gte(Y,42),128,cr(X,Y))'"
ff -f lavfi -i "testsrc2=size=128x96:rate=25,format=yuv420p,$barcode" -frames:v 60 -c:v ffv1 "$work/film.mkv"
ff -f lavfi -i "sine=frequency=440:sample_rate=16000" -t 2.4 "$work/tone.wav"
ff -f lavfi -i "testsrc=size=64x64" -frames:v 1 -pix_fmt yuvj420p "$work/cover.jpg"
printf '1\n00:00:00,200 --> 00:00:01,500\nA line of text\n' >"$work/text.srt"

film=(-i "$work/film.mkv")
x264=(-c:v libx264 -preset medium -crf 26 -g 20 -pix_fmt yuv420p)
x265=(-c:v libx265 -preset medium -crf 30 -pix_fmt yuv420p)
x265_params="pools=none:frame-threads=1:info=0:log-level=error:keyint=20"

# two_pass OUTPUT ENCODER ARGUMENT...: frames that are decoded but not shown come only from the second pass.
two_pass() {
    local output=$1 encoder=$2 pass
    shift 2
    for pass in 1 2; do
        enc "$output" "${film[@]}" -c:v "$encoder" -b:v 150k -g 30 -auto-alt-ref 1 -lag-in-frames 16 "$@" \
            -pass $pass -passlogfile "$work/passes-$encoder"
    done
}

# --- Codecs and reference structures ---------------------------------------------------------------------------------
want h264.mp4 && enc h264.mp4 "${film[@]}" "${x264[@]}" -bf 0
want h264_bframes.mp4 && enc h264_bframes.mp4 "${film[@]}" "${x264[@]}" -bf 3 -x264-params "b-pyramid=normal:b-adapt=0:open-gop=0"
want h264_open_gop.mp4 && enc h264_open_gop.mp4 "${film[@]}" "${x264[@]}" -bf 3 -x264-params "open-gop=1:b-adapt=0:scenecut=0:keyint=20:min-keyint=20"
want h264_open_gop.ts && enc h264_open_gop.ts "${film[@]}" "${x264[@]}" -bf 3 -x264-params "open-gop=1:b-adapt=0:scenecut=0:keyint=20:min-keyint=20"
want h264_one_gop.mkv && enc h264_one_gop.mkv "${film[@]}" "${x264[@]}" -g 1000 -bf 2
want h264_intra_refresh.mkv && enc h264_intra_refresh.mkv "${film[@]}" "${x264[@]}" -bf 0 -x264-params "intra-refresh=1:keyint=15"
want h264_slices.mp4 && enc h264_slices.mp4 "${film[@]}" "${x264[@]}" -bf 2 -x264-params "slices=4"
want h264_10bit.mp4 && enc h264_10bit.mp4 "${film[@]}" "${x264[@]}" -bf 2 -pix_fmt yuv420p10le
want h264_444.mkv && enc h264_444.mkv "${film[@]}" "${x264[@]}" -bf 2 -pix_fmt yuv444p
want h264_interlaced.mp4 && enc h264_interlaced.mp4 "${film[@]}" "${x264[@]}" -bf 2 -flags +ildct+ilme -x264-params "tff=1"
want hevc.mp4 && enc hevc.mp4 "${film[@]}" "${x265[@]}" -tag:v hvc1 -x265-params "$x265_params:open-gop=0:bframes=3"
want hevc_open_gop.mkv && enc hevc_open_gop.mkv "${film[@]}" "${x265[@]}" -x265-params "$x265_params:open-gop=1:bframes=4:b-adapt=0"
want hevc_10bit.mp4 && enc hevc_10bit.mp4 "${film[@]}" "${x265[@]}" -tag:v hvc1 -pix_fmt yuv420p10le -x265-params "$x265_params:bframes=2"
want vp8_altref.webm && two_pass vp8_altref.webm libvpx -arnr-maxframes 5
want vp9_altref.webm && two_pass vp9_altref.webm libvpx-vp9 -row-mt 0
want av1.mp4 && enc av1.mp4 "${film[@]}" -c:v libaom-av1 -crf 40 -b:v 0 -cpu-used 6 -g 25 -lag-in-frames 19
want av1.webm && enc av1.webm "${film[@]}" -c:v libaom-av1 -crf 40 -b:v 0 -cpu-used 6 -g 25 -lag-in-frames 19
want mpeg4.mp4 && enc mpeg4.mp4 "${film[@]}" -c:v mpeg4 -q:v 6 -g 20 -bf 2
want mpeg4.avi && enc mpeg4.avi "${film[@]}" -c:v mpeg4 -q:v 6 -g 20 -bf 0 -tag:v XVID
# Without the blocks: xvid makes B-frames only of calm pictures.
want mpeg4_packed.avi && enc mpeg4_packed.avi -f lavfi -i "testsrc2=size=128x96:rate=25,format=yuv420p,${barcode//48\*/0*}" -frames:v 60 -c:v libxvid -q:v 6 -g 20 -bf 2
want mpeg2.ts && enc mpeg2.ts "${film[@]}" -c:v mpeg2video -q:v 6 -g 12 -bf 2
want mpeg2.mpg && enc mpeg2.mpg "${film[@]}" -c:v mpeg2video -q:v 6 -g 12 -bf 2 -f vob
want wmv.asf && enc wmv.asf "${film[@]}" -c:v wmv2 -q:v 6 -g 20
want flv1.flv && enc flv1.flv "${film[@]}" -c:v flv1 -q:v 6 -g 20
want theora.ogv && enc theora.ogv "${film[@]}" -c:v libtheora -q:v 4 -g 20
want prores.mov && enc prores.mov "${film[@]}" -frames:v 12 -c:v prores_ks -profile:v 0 -pix_fmt yuv422p10le
want mjpeg.avi && enc mjpeg.avi "${film[@]}" -frames:v 20 -c:v mjpeg -q:v 8 -pix_fmt yuvj420p
want mjpeg.mov && enc mjpeg.mov "${film[@]}" -frames:v 20 -c:v mjpeg -q:v 8 -pix_fmt yuvj420p
want anim.gif && enc anim.gif "${film[@]}" -frames:v 15 -vf "scale=64:48:flags=neighbor,split[a][b];[a]palettegen=max_colors=32[p];[b][p]paletteuse=dither=none"
want rawvideo.avi && enc rawvideo.avi "${film[@]}" -frames:v 6 -vf "scale=48:36:flags=neighbor,vflip" -c:v rawvideo -pix_fmt bgr24

# --- Containers and time --------------------------------------------------------------------------------------------
want h264.ts && enc h264.ts "${film[@]}" "${x264[@]}" -bf 2
want h264.avi && enc h264.avi "${film[@]}" "${x264[@]}" -bf 0
want h264_bframes.avi && enc h264_bframes.avi "${film[@]}" "${x264[@]}" -bf 2
want h264.flv && enc h264.flv "${film[@]}" "${x264[@]}" -bf 2
want h264_fragmented.mp4 && enc h264_fragmented.mp4 "${film[@]}" "${x264[@]}" -bf 2 -movflags +frag_keyframe+empty_moov
want vfr.mp4 && enc vfr.mp4 "${film[@]}" "${x264[@]}" -bf 2 -frames:v 40 -vf "setpts='(N+floor(N/5)*3+if(gt(mod(N,7),3),0.5,0))/25/TB'" -vsync passthrough -enc_time_base 1/1000
want vfr.mkv && enc vfr.mkv "${film[@]}" "${x264[@]}" -bf 2 -frames:v 40 -vf "select='not(between(mod(n,10),3,6))'" -vsync passthrough
want edit_list.mp4 && {
    ff "${film[@]}" "${x264[@]}" -bf 3 -threads 1 "$work/whole.mp4"
    enc edit_list.mp4 -ss 0.5 -i "$work/whole.mp4" -c copy
}
want edit_list_delay.mp4 && {
    ff "${film[@]}" "${x264[@]}" -bf 2 -threads 1 "$work/late.mp4"
    enc edit_list_delay.mp4 -itsoffset 0.8 -i "$work/late.mp4" -i "$work/tone.wav" -map 0:v -map 1:a -c:v copy -c:a aac -b:a 24k
}
want missing_times.mkv && enc missing_times.mkv -itsoffset -0.5 "${film[@]}" "${x264[@]}" -bf 2 -vsync passthrough -avoid_negative_ts disabled -copyts
want late_start.mkv && enc late_start.mkv "${film[@]}" "${x264[@]}" -bf 2 -output_ts_offset 3600
want wrap.ts && enc wrap.ts "${film[@]}" "${x264[@]}" -bf 2 -output_ts_offset 95441.0
want broken_start.ts && {
    ff "${film[@]}" "${x264[@]}" -bf 2 -threads 1 "$work/start.ts"
    tail -c +9001 "$work/start.ts" >broken_start.ts
}
want damaged.ts && {
    ff "${film[@]}" "${x264[@]}" -bf 2 -threads 1 "$work/damaged.ts"
    perl -0777 -pe 'substr($_, 188 * 60 + 7, 150) = "\x55" x 150' "$work/damaged.ts" >damaged.ts
}
want resize.ts && {
    ff "${film[@]}" -frames:v 25 "${x264[@]}" -bf 2 -threads 1 "$work/small.ts"
    ff "${film[@]}" -frames:v 25 -vf scale=160:120 "${x264[@]}" -bf 2 -threads 1 -output_ts_offset 1 "$work/large.ts"
    cat "$work/small.ts" "$work/large.ts" >resize.ts
}
want resize.webm && {
    ff "${film[@]}" -frames:v 25 -c:v libvpx-vp9 -b:v 120k -g 25 -threads 1 "$work/small.webm"
    ff "${film[@]}" -frames:v 25 -vf scale=96:72 -c:v libvpx-vp9 -b:v 120k -g 25 -threads 1 "$work/large.webm"
    printf "file small.webm\nfile large.webm\n" >"$work/list.txt"
    enc resize.webm -f concat -i "$work/list.txt" -c copy
}

# --- Display: rotation, pixel aspect, colour ------------------------------------------------------------------------
for degrees in 90 180 270; do
    want rotated_$degrees.mp4 && {
        ff "${film[@]}" "${x264[@]}" -bf 2 -frames:v 30 -threads 1 "$work/upright.mp4"
        enc rotated_$degrees.mp4 -i "$work/upright.mp4" -c copy -metadata:s:v rotate=$degrees
    }
done
want wide_pixels.mp4 && enc wide_pixels.mp4 "${film[@]}" -frames:v 30 -vf setsar=4/3 "${x264[@]}"
card="scale=128:96"
tag() { echo "-color_primaries $1 -color_trc $2 -colorspace $3"; }
# shellcheck disable=SC2046
{
    want bt601.mp4 && enc bt601.mp4 "${film[@]}" -frames:v 20 -vf $card "${x264[@]}" $(tag smpte170m smpte170m smpte170m)
    want bt709.mp4 && enc bt709.mp4 "${film[@]}" -frames:v 20 -vf $card "${x264[@]}" $(tag bt709 bt709 bt709)
    want bt709_full.mp4 && enc bt709_full.mp4 "${film[@]}" -frames:v 20 -vf "scale=out_range=full,format=yuvj420p" "${x264[@]}" -pix_fmt yuvj420p -color_range pc $(tag bt709 bt709 bt709)
    want untagged_full.mp4 && enc untagged_full.mp4 "${film[@]}" -frames:v 20 -vf "scale=out_range=full,format=yuvj420p" "${x264[@]}" -pix_fmt yuvj420p -color_range pc
    want untagged_hd.mp4 && enc untagged_hd.mp4 "${film[@]}" -frames:v 5 -vf "scale=1280:720:flags=neighbor,setsar=1" "${x264[@]}" -crf 38
    want bt2020.mp4 && enc bt2020.mp4 "${film[@]}" -frames:v 20 -vf $card "${x265[@]}" -tag:v hvc1 -pix_fmt yuv420p10le $(tag bt2020 bt2020-10 bt2020nc) -x265-params "$x265_params"
    want hdr_pq.mp4 && enc hdr_pq.mp4 "${film[@]}" -frames:v 20 -vf $card "${x265[@]}" -tag:v hvc1 -pix_fmt yuv420p10le $(tag bt2020 smpte2084 bt2020nc) -x265-params "$x265_params"
    want hdr_hlg.mp4 && enc hdr_hlg.mp4 "${film[@]}" -frames:v 20 -vf $card "${x265[@]}" -tag:v hvc1 -pix_fmt yuv420p10le $(tag bt2020 arib-std-b67 bt2020nc) -x265-params "$x265_params"
}

# --- Sizes ----------------------------------------------------------------------------------------------------------
want odd_size.webm && enc odd_size.webm "${film[@]}" -frames:v 30 -vf scale=63:47,setsar=1 -c:v libvpx-vp9 -b:v 100k -g 15
want odd_size.mkv && enc odd_size.mkv "${film[@]}" -frames:v 30 -vf "scale=63:47,setsar=1,format=yuv444p" "${x264[@]}" -pix_fmt yuv444p
want one_frame.mp4 && enc one_frame.mp4 "${film[@]}" -frames:v 1 "${x264[@]}"
want two_frames.mp4 && enc two_frames.mp4 "${film[@]}" -frames:v 2 "${x264[@]}" -bf 0
want one_pixel.gif && enc one_pixel.gif "${film[@]}" -frames:v 4 -vf "crop=2:2:0:84,scale=1:1,setsar=1,format=rgb8"
want one_pixel.webm && enc one_pixel.webm "${film[@]}" -frames:v 8 -vf "crop=2:2:0:84,scale=1:1,setsar=1" -c:v libvpx-vp9 -b:v 20k
want uhd.mp4 && enc uhd.mp4 "${film[@]}" -frames:v 4 -vf "scale=3840:2160:flags=neighbor,setsar=1" "${x264[@]}" -preset veryfast -crf 40

# --- Tracks ---------------------------------------------------------------------------------------------------------
want audio_video.mp4 && enc audio_video.mp4 "${film[@]}" -i "$work/tone.wav" "${x264[@]}" -bf 2 -c:a aac -b:a 24k
want subtitles.mkv && enc subtitles.mkv "${film[@]}" -i "$work/tone.wav" -i "$work/text.srt" -map 0 -map 1 -map 1 -map 2 "${x264[@]}" -bf 2 -c:a libmp3lame -b:a 16k -c:s srt -metadata:s:a:0 language=eng -metadata:s:a:1 language=lat -metadata:s:s:0 language=eng
want audio_first.mp4 && enc audio_first.mp4 "${film[@]}" -i "$work/tone.wav" -map 1:a -map 0:v "${x264[@]}" -bf 2 -c:a aac -b:a 24k
want two_videos.mkv && enc two_videos.mkv "${film[@]}" -frames:v 25 -filter_complex "[0:v]split[a][b];[b]scale=64:48[c]" -map "[c]" -map "[a]" "${x264[@]}" -bf 2
want video_and_cover.mp4 && enc video_and_cover.mp4 "${film[@]}" -i "$work/cover.jpg" -map 1 -map 0 -c:v:0 copy -c:v:1 libx264 -crf:v:1 26 -g:v:1 20 -pix_fmt:v:1 yuv420p -disposition:v:0 attached_pic
want only_audio.m4a && enc only_audio.m4a -i "$work/tone.wav" -c:a aac -b:a 24k
want only_audio.mp3 && enc only_audio.mp3 -i "$work/tone.wav" -c:a libmp3lame -b:a 16k
want cover_only.mp3 && enc cover_only.mp3 -i "$work/tone.wav" -i "$work/cover.jpg" -map 0 -map 1 -c:a libmp3lame -b:a 16k -c:v copy -disposition:v attached_pic -id3v2_version 3
want cover_only.m4a && enc cover_only.m4a -i "$work/tone.wav" -i "$work/cover.jpg" -map 0 -map 1 -c:a aac -b:a 24k -c:v copy -disposition:v attached_pic
want only_subtitles.mkv && enc only_subtitles.mkv -i "$work/text.srt" -c:s srt

# --- Broken ---------------------------------------------------------------------------------------------------------
want truncated.mp4 && {
    ff "${film[@]}" "${x264[@]}" -bf 2 -threads 1 -movflags +faststart "$work/front.mp4"
    head -c $(($(stat -c %s "$work/front.mp4") * 6 / 10)) "$work/front.mp4" >truncated.mp4
}
want truncated.mkv && {
    ff "${film[@]}" "${x264[@]}" -bf 2 -threads 1 "$work/cut.mkv"
    head -c $(($(stat -c %s "$work/cut.mkv") * 6 / 10)) "$work/cut.mkv" >truncated.mkv
}
want no_moov.mp4 && {
    ff "${film[@]}" "${x264[@]}" -bf 2 -threads 1 "$work/back.mp4"
    head -c $(($(stat -c %s "$work/back.mp4") * 8 / 10)) "$work/back.mp4" >no_moov.mp4
}
want header_only.mp4 && {
    ff "${film[@]}" "${x264[@]}" -bf 2 -threads 1 -movflags +faststart "$work/header.mp4"
    head -c 2600 "$work/header.mp4" >header_only.mp4
}
want empty.mp4 && : >empty.mp4
want zeros.mp4 && head -c 20000 /dev/zero >zeros.mp4
want garbage.mp4 && perl -e 'my $s = 1; for (1 .. 20000) { $s = ($s * 1103515245 + 12345) % 2147483648; print chr(($s >> 16) & 255) }' >garbage.mp4
want text.mp4 && perl -e 'print "This is a text, not a video.\n" x 200' >text.mp4
want huge_header.gif && {
    ff "${film[@]}" -frames:v 2 -vf "scale=32:24" "$work/small.gif"
    { head -c 6 "$work/small.gif"; printf '\xff\xff\xff\xff'; tail -c +11 "$work/small.gif"; } >huge_header.gif
}
want huge_header.avi && {
    # 65500 x 65500 in the container's header and in the picture's.
    ff "${film[@]}" -frames:v 2 -c:v mjpeg -q:v 8 -pix_fmt yuvj420p "$work/small.avi"
    perl -0777 -pe 's/(strf.{8}).{8}/$1 . pack("V2", 65500, 65500)/se; s/(\xff\xc0..\x08).{4}/$1 . pack("n2", 65500, 65500)/sge' "$work/small.avi" >huge_header.avi
}
want playlist.m3u8 && printf '#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:3\n#EXTINF:2.4,\nh264.ts\n#EXT-X-ENDLIST\n' >playlist.m3u8
want playlist.mp4 && printf '#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:3\n#EXTINF:2.4,\nh264.ts\n#EXT-X-ENDLIST\n' >playlist.mp4
want concat.txt && printf 'ffconcat version 1.0\nfile h264.mp4\n' >concat.txt
want session.sdp && printf 'v=0\no=- 0 0 IN IP4 127.0.0.1\ns=-\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n' >session.sdp
want picture.jpg && cp "$work/cover.jpg" picture.jpg
exit 0
