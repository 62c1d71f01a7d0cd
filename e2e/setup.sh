#!/usr/bin/env bash
# Installs what the tests need and this machine lacks: Debian's chromium-headless-shell, curl, python3 with Authlib, postgresql
# and Apache with mod_auth_openidc, and the npm packages of e2e. Of Apache it is the program alone, apache2-bin, so that
# no server starts: tests run one of their own.
# Says what it does, and nothing when there is nothing to do.
set -euo pipefail
cd "$(dirname "$0")"

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

if ! command -v npm >/dev/null || [ "$(node --print 'process.versions.node.split(".")[0]')" -lt 20 ]; then
  fail "the browser tests need Node.js 20 or newer with npm"
fi

missing=()
[ -x /usr/bin/chromium-headless-shell ] || missing+=(chromium-headless-shell)
command -v curl >/dev/null || missing+=(curl)
/usr/bin/python3 -c 'import authlib, requests' 2>/dev/null || missing+=(python3-authlib python3-requests)
[ -x /usr/sbin/apache2 ] || missing+=(apache2-bin)
[ -e /usr/lib/apache2/modules/mod_auth_openidc.so ] || missing+=(libapache2-mod-auth-openidc)
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)
if [ "${1-}" = with-c ] && ! command -v gcc >/dev/null; then missing+=(gcc libc6-dev); fi # Litestream's SQLite is in C

if [ ${#missing[@]} -gt 0 ]; then
  command -v apt-get >/dev/null || fail "install ${missing[*]} and try again; only Debian's apt-get is known here"
  root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "as root, run: apt-get install ${missing[*]}"
    root=(sudo)
  fi
  apt() { "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get --yes --quiet "$@"; }

  say "installing ${missing[*]} with apt-get"
  # An update that fails twice is not the end: the lists from before may do.
  apt update || { sleep 5; apt update; } || say "apt-get update failed; trying with the package lists at hand"
  apt install --no-install-recommends "${missing[@]}" || {
    say "apt-get could not install them; letting it repair the packages, then trying once more"
    apt --fix-broken install
    apt install --no-install-recommends "${missing[@]}"
  }
fi

if ! cmp -s package-lock.json node_modules/.installed-lock; then
  say "installing the npm packages of e2e"
  npm ci
  cp package-lock.json node_modules/.installed-lock
fi
