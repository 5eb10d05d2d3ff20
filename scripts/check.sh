#!/usr/bin/env bash
# Everything that `make test` checks, cheapest first. `check.sh fmt clippy` runs only those.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/tools.sh

# Every step is a function named check_<step>; the list below is the order.
steps=(fetch fmt typos scripts deny advisories ui clippy docs bindings tests window)

# Crates of every platform: the checks of licences look at all of them, and after this only advisories are asked for.
check_fetch() { cargo fetch --locked; }
check_fmt() { cargo fmt --check; }
check_typos() { "$(tool_bin "$TYPOS")/typos"; }
check_scripts() {
  local script
  for script in .ci/run scripts/*.sh; do bash -n "$script"; done
}
check_deny() {
  "$(tool_bin "$CARGO_DENY")/cargo-deny" --workspace --offline --locked check --hide-inclusion-graph licenses bans sources
}
# What became known of the packages lately, as far as it can be had from here.
check_advisories() {
  local deny known=${CARGO_HOME:-$HOME/.cargo}/advisory-dbs
  deny="$(tool_bin "$CARGO_DENY")/cargo-deny"
  timeout 60 "$deny" fetch db >/dev/null 2>&1 || say "advisories: no newer ones can be had here"
  if compgen -G "$known/*/crates" >/dev/null; then
    "$deny" --workspace --offline --locked check --hide-inclusion-graph advisories
  else
    say "advisories of crates: skipped: no database"
  fi
  node ui/scripts/audit.mjs
}
check_clippy() {
  cargo clippy --locked --all-targets -- -D warnings
  cargo clippy --locked --lib --no-default-features -- -D warnings
  scripts/page.sh # which the window is compiled with
  cargo clippy --locked --package videre-window --all-targets -- -D warnings
}
check_docs() { RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps; }
# The page's types are those of the program.
check_bindings() { cargo test --locked --no-default-features --features bindings --test bindings; }
check_tests() { cargo test --locked; }
# The window's page: format, types, unit tests, and the page in a headless Chromium.
check_ui() {
  scripts/page.sh
  npm --prefix ui run --silent check
}
# The application itself, driven from outside on a display of its own.
check_window() {
  scripts/page.sh
  cargo test --locked --package videre-window
  cargo build --locked --bin videre
  cargo build --locked --package videre-window --bins --examples
  local program
  for program in Xvfb dbus-run-session openbox xprop; do
    if ! command -v "$program" >/dev/null; then
      say "skipped: the window cannot be opened here, $program is not installed"
      return 0
    fi
  done
  SCREEN=1600x1000 scripts/display.sh node --test tests/window/
}

scripts/cache.sh seed
[ $# -gt 0 ] && steps=("$@")
began=$SECONDS
timings=()
trap '[ $? = 0 ] || printf "\n== %s failed. To run it alone: scripts/check.sh %s\n" "$step" "$step"' EXIT
for step in "${steps[@]}"; do
  printf '\n== %s\n' "$step"
  step_began=$SECONDS
  "check_$step" # not inside an `if`: that would switch `set -e` off in the step
  timings+=("$(printf '%5d s  %s' $((SECONDS - step_began)) "$step")")
done
printf '\n== all passed in %d s\n' $((SECONDS - began))
printf '%s\n' "${timings[@]}"
trap - EXIT
scripts/cache.sh keep || say "The build cache was not updated."
