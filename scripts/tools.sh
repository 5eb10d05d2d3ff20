# Sourced by the other scripts: where the pinned tools are, and how they get there.

CARGO_DENY=cargo-deny@0.20.2
TYPOS=typos-cli@1.52.0

VIDERE_TOOLS=${VIDERE_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/videre-tools}

say() { printf '%s\n' "$*"; }

# Whether a window can be opened here.
has_display() { [ "$(uname -s)" = Darwin ] || [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; }

# The folder of programs of one tool, such as cargo-deny@0.20.2.
tool_bin() { printf '%s/%s/bin' "$VIDERE_TOOLS" "$1"; }

# Builds a tool from source once per version. It checks a small tree, so it is compiled for speed of compiling: this
# halves the minutes that a cold `make test` spends here.
install_tool() {
  local spec=$1
  [ -e "$VIDERE_TOOLS/$spec/.crates.toml" ] && return 0
  say "Building $spec into $VIDERE_TOOLS (once)"
  mkdir -p "$VIDERE_TOOLS"
  env -u CARGO_TARGET_DIR -u CARGO_BUILD_TARGET_DIR -u RUSTFLAGS \
    CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
    CARGO_PROFILE_RELEASE_DEBUG=0 CARGO_PROFILE_RELEASE_STRIP=symbols \
    cargo install --quiet --locked --root "$VIDERE_TOOLS/$spec" "$spec"
}
