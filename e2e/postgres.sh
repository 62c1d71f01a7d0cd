#!/usr/bin/env bash
# Usage: e2e/postgres.sh COMMAND [ARGUMENT…]
#
# Runs COMMAND with CLIENTELE_TEST_POSTGRES set to a throwaway PostgreSQL server and exits with its status. The server
# listens on loopback and on a socket in a temporary folder, trusts everyone, is as fast as it is forgetful, and is gone
# when COMMAND ends, however it ends.
set -euo pipefail
[ $# -gt 0 ] || { echo "usage: e2e/postgres.sh COMMAND [ARGUMENT…]" >&2; exit 2; }

bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort --version-sort | tail -n 1)
[ -x "$bin/initdb" ] || { echo "postgres.sh: no PostgreSQL in /usr/lib/postgresql; e2e/setup.sh installs it" >&2; exit 1; }

# unprivileged becomes the command it is given, under the postgres user when root calls, since PostgreSQL refuses root.
# Call it in a subshell.
user=()
[ "$(id -u)" -ne 0 ] || user=(--reuid=postgres --regid=postgres --init-groups)
unprivileged() { cd "$dir" && exec setpriv "${user[@]}" "$@"; }

dir=$(mktemp --directory --tmpdir clientele-postgres.XXXXXX)
server=
clean_up() {
  if [ -n "$server" ]; then
    kill -INT "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
[ "$(id -u)" -ne 0 ] || chown postgres: "$dir"

# A linguistic collation, as production databases have one: what relies on the order of bytes must say so.
(unprivileged "$bin/initdb" --pgdata="$dir/data" --username=postgres --auth=trust --no-sync --encoding=UTF8 \
  --locale=C.UTF-8 --locale-provider=icu --icu-locale=en) >"$dir/initdb.log" 2>&1 || { cat "$dir/initdb.log" >&2; exit 1; }

# Below the ports that the kernel hands out, so that no outgoing connection takes it in between.
port=$((RANDOM % 12000 + 20000))
while (: </dev/tcp/127.0.0.1/$port) 2>/dev/null; do port=$((port + 1)); done

unprivileged --pdeathsig=INT "$bin/postgres" -D "$dir/data" -p "$port" -k "$dir" -c listen_addresses=127.0.0.1 \
  -c max_connections=200 -c fsync=off -c synchronous_commit=off -c full_page_writes=off >"$dir/server.log" 2>&1 &
server=$!
until "$bin/pg_isready" --quiet --host="$dir" --port="$port"; do
  kill -0 "$server" 2>/dev/null || { cat "$dir/server.log" >&2; exit 1; }
  sleep 0.1
done

CLIENTELE_TEST_POSTGRES="postgres://postgres@127.0.0.1:$port/postgres?sslmode=disable" "$@"
