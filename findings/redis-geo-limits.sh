#!/usr/bin/env bash
# redis-server 7.0.15 (Debian 12).
# Guess: longitude 180 and latitude 85.05112878, which GEOADD takes as the largest, are places like others: a search
# finds a member there, as it finds those on the other side of 180.
# Seen: no search from beside it finds it, near as it is by GEODIST; only one from its own longitude or latitude does,
# which in turn misses what is beyond 180. At the smallest ones, -180 and -85.05112878, members are found. (The
# largest ones are encoded as one cell behind the last, so their scores are beyond those of every cell searched.)
# Output:
#   on the 180th meridian: at180 and east are 1.1125 km apart
#   10 km around at180: at180 east
#   10 km around east: east at-180 west
#   10 km around west: west at-180 east
#   10 km around at-180: at-180 west east
#   at the northern limit: limit and south are 0.1256 km apart
#   10 km around limit: limit south
#   10 km around south: south
#   at the southern limit: limit and north are 0.1255 km apart
#   10 km around limit: limit north
#   10 km around north: north limit
set -euo pipefail
folder=$(mktemp -d)
cd "$folder"

redis-server --version | grep -q 'v=7\.0\.15 '
socket="$folder/redis.sock"
redis-server --port 0 --unixsocket "$socket" --save '' >/dev/null &
server=$!
trap 'kill "$server"; wait "$server" || true; rm -rf "$folder"' EXIT
for _ in $(seq 50); do
  redis-cli -s "$socket" PING >/dev/null 2>&1 && break
  sleep 0.1
done

ask() { redis-cli -s "$socket" "$@"; }

# The members within 10 km of a member, the nearest first.
around() { echo "10 km around $2: $(ask GEOSEARCH "$1" FROMMEMBER "$2" BYRADIUS 10 km ASC | paste -sd ' ')"; }

{
  ask GEOADD date 180 0 at180 -180 0 at-180 179.99 0 east -179.99 0 west >/dev/null
  echo "on the 180th meridian: at180 and east are $(ask GEODIST date at180 east km) km apart"
  for member in at180 east west at-180; do around date "$member"; done
  ask GEOADD north 10 85.05112878 limit 10 85.05 south >/dev/null
  echo "at the northern limit: limit and south are $(ask GEODIST north limit south km) km apart"
  for member in limit south; do around north "$member"; done
  ask GEOADD south 10 -85.05112878 limit 10 -85.05 north >/dev/null
  echo "at the southern limit: limit and north are $(ask GEODIST south limit north km) km apart"
  for member in limit north; do around south "$member"; done
} | tee output
diff output - <<'TEXT'
on the 180th meridian: at180 and east are 1.1125 km apart
10 km around at180: at180 east
10 km around east: east at-180 west
10 km around west: west at-180 east
10 km around at-180: at-180 west east
at the northern limit: limit and south are 0.1256 km apart
10 km around limit: limit south
10 km around south: south
at the southern limit: limit and north are 0.1255 km apart
10 km around limit: limit north
10 km around north: north limit
TEXT
