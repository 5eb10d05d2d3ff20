#!/usr/bin/env bash
# Runs a command on a display, with a window manager and a session bus, that are there for it alone:
#
#   scripts/display.sh target/debug/videre-window assets/sample.mp4
#
# SCREEN is its size (1440x900). Nothing of it listens on a network, and all of it ends with the command.
set -euo pipefail

if [ "${VIDERE_DISPLAY_INNER:-}" != 1 ]; then
  # Reading from a pipe waits for the number of the display until there is one.
  exec 3< <(exec Xvfb -displayfd 1 -screen 0 "${SCREEN:-1440x900}x24" -nolisten tcp -noreset 2>/dev/null)
  server=$!
  trap 'kill "$server" 2>/dev/null || true' EXIT
  read -r -t 30 number <&3 || { echo "no virtual display came up" >&2 && exit 1; }
  export DISPLAY=":$number" VIDERE_DISPLAY_INNER=1
  # The web view paints without a graphics card here, and nobody reads the screen aloud.
  export WEBKIT_DISABLE_DMABUF_RENDERER=1 LIBGL_ALWAYS_SOFTWARE=1 NO_AT_BRIDGE=1 GDK_BACKEND=x11
  unset WAYLAND_DISPLAY
  status=0
  dbus-run-session -- "$0" "$@" || status=$?
  exit "$status"
fi

unset VIDERE_DISPLAY_INNER
openbox --sm-disable >/dev/null 2>&1 &
manager=$!
trap 'kill "$manager" 2>/dev/null || true' EXIT
# A window that is mapped before there is a manager gets no frame and no focus.
for _ in $(seq 100); do
  xprop -root _NET_SUPPORTING_WM_CHECK 2>/dev/null | grep -q 0x && break
  sleep 0.05
done
status=0
"$@" || status=$?
exit "$status"
