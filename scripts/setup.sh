#!/usr/bin/env bash
# Finds out what this machine lacks to build (`setup.sh run`) or to check (`setup.sh test`) Videre, and installs it.
#
# System packages are installed with the machine's own package manager: the exact command is printed first, run as it
# is by root, and with sudo by anybody else after a question. YES=1 or CI=true answers yes. Tools written in Rust go
# into a folder outside the clone (VIDERE_TOOLS), so that a fresh clone finds them again.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/tools.sh

purpose=${1:-test}

# One line per need: when it is needed, how to see that it is there, its Debian/Ubuntu package, its Homebrew formula.
# "-" means that the system brings it along. What the window needs is left out on a machine that has no display to run it on.
needs() {
  cat <<'TABLE'
run    command:cc               build-essential        -
run    command:pkg-config       pkg-config             pkgconf
run    library:libavutil        libavutil-dev          ffmpeg
run    library:libavcodec       libavcodec-dev         ffmpeg
run    library:libavformat      libavformat-dev        ffmpeg
run    library:libswscale       libswscale-dev         ffmpeg
run    libclang                 libclang-dev           llvm
window command:node             nodejs                 node
window command:npm              npm                    node
window library:webkit2gtk-4.1   libwebkit2gtk-4.1-dev  -
test   command:ffmpeg           ffmpeg                 ffmpeg
test   chromium                 chromium               -
test   command:WebKitWebDriver  webkit2gtk-driver      -
test   command:Xvfb             xvfb                   -
test   command:dbus-run-session dbus                   -
test   command:openbox          openbox                -
test   command:xdotool          xdotool                -
test   command:xprop            x11-utils              -
TABLE
}

# libclang reads FFmpeg's headers while the binding to FFmpeg is built. It has no pkg-config file of its own, and
# libclang-cpp, which machines with LLVM have, is another library.
has_libclang() {
  [ -n "${LIBCLANG_PATH:-}" ] && return 0
  local found
  for found in /usr/lib/*/libclang{.so,-[0-9]}* /usr/lib{,64}/libclang.so* /usr/lib/llvm-*/lib/libclang{.so,-[0-9]}* \
    /usr/lib64/llvm*/lib*/libclang.so* /Library/Developer/CommandLineTools/usr/lib/libclang.dylib \
    /Applications/Xcode.app/Contents/Developer/Toolchains/*/usr/lib/libclang.dylib; do
    [ -e "$found" ] && return 0
  done
  command -v brew >/dev/null && [ -e "$(brew --prefix llvm 2>/dev/null)/lib/libclang.dylib" ]
}

# Chromium runs the window's page in the checks; where there is none they say so and skip that part.
has_chromium() {
  [ -n "${CHROMIUM:-}" ] && return 0
  local found
  for found in chromium chromium-browser google-chrome google-chrome-stable; do
    command -v "$found" >/dev/null && return 0
  done
  return 1
}

is_there() {
  case "$1" in
    command:*) command -v "${1#command:}" >/dev/null ;;
    library:*) command -v pkg-config >/dev/null && pkg-config --exists "${1#library:}" ;;
    libclang) has_libclang ;;
    chromium) has_chromium ;;
  esac
}

# Prints the packages of column $1 (3: Debian, 4: Homebrew) that this machine lacks, one a line, each once.
missing_packages() {
  needs | while read -r when probe debian brew; do
    case "$when $purpose" in
      "test run") continue ;;
      "window run") has_display || continue ;;
    esac
    is_there "$probe" && continue
    case "$1" in 3) echo "$debian" ;; 4) echo "$brew" ;; esac
  done | grep -v '^-$' | sort -u || true
}

is_debian_like() {
  command -v apt-get >/dev/null && [ -r /etc/os-release ] &&
    (. /etc/os-release && case " ${ID:-} ${ID_LIKE:-} " in *" debian "* | *" ubuntu "*) true ;; *) false ;; esac)
}

may_install() { # asks, unless the answer was given beforehand
  [ "${YES:-}" = 1 ] || [ "${CI:-}" = true ] && return 0
  if [ ! -t 0 ]; then
    say "Nobody is here to ask. Run it yourself, or say YES=1."
    return 1
  fi
  local answer
  read -r -p "Run it now? [y/N] " answer
  case "$answer" in y | Y | yes) ;; *) return 1 ;; esac
}

install_with_apt() { # packages
  local root=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { say "Run as root: apt-get install $*" && exit 1; }
    root=(sudo)
  fi
  local update=("${root[@]+"${root[@]}"}" apt-get update)
  local install=("${root[@]+"${root[@]}"}" apt-get install --yes --no-install-recommends "$@")
  say "Missing system packages. The command:"
  say "  ${update[*]} && ${install[*]}"
  if [ "$(id -u)" != 0 ]; then may_install || exit 1; fi
  "${update[@]}" && DEBIAN_FRONTEND=noninteractive "${install[@]}"
}

install_with_brew() { # formulas
  say "Missing system packages. The command:"
  say "  brew install $*"
  may_install || exit 1
  brew install "$@"
}

install_system_packages() {
  local packages
  if is_debian_like; then
    packages=$(missing_packages 3)
    # shellcheck disable=SC2086 # one word a package is what is wanted
    [ -z "$packages" ] || install_with_apt $packages
  elif [ "$(uname -s)" = Darwin ] && command -v brew >/dev/null; then
    packages=$(missing_packages 4)
    # shellcheck disable=SC2086
    [ -z "$packages" ] || install_with_brew $packages
  else
    packages=$(missing_packages 3)
    if [ -n "$packages" ]; then
      say "Videre does not know how packages are installed on this system. It lacks, by their Debian names:"
      say "$packages"
      say "Install them (FFmpeg 5 or newer), then run this again."
      exit 1
    fi
  fi
}

check_rust() {
  if ! command -v cargo >/dev/null; then
    say "Rust is missing: install rustup from https://rustup.rs, then run this again."
    exit 1
  fi
  # rustup installs what rust-toolchain.toml pins on first use, unless it was told not to.
  if ! cargo --version >/dev/null 2>&1; then rustup toolchain install; fi
}

# Some systems' own package is older than what the window's page is built with.
check_node() {
  if ! node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)'; then
    say "Node.js $(node --version) is too old for the window's page: install 20.19 or newer from https://nodejs.org,"
    say "then run this again."
    exit 1
  fi
}

check_rust
install_system_packages
if [ "$purpose" = test ] || has_display; then check_node; fi
if [ "$purpose" = test ]; then
  install_tool "$CARGO_DENY"
  install_tool "$TYPOS"
fi
