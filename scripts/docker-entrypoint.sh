#!/bin/sh
# What a container of the image runs, in the ways that the images `redis` and `valkey` are used:
#   docker run synap                                     the server
#   docker run synap --maxmemory 100mb                   the server with these flags
#   docker run synap synap-server /etc/synap.conf        the same by name; `redis-server` and
#                                                        `valkey-server` are names too
#   docker run synap COMMAND …                           any other program, such as redis-cli
# Started as root, it gives the data directory to the user `synap` and goes on as that user.
set -eu

# Whether the last word of the command line reads settings from standard input.
reads_stdin() {
  for word; do :; done
  [ "$word" = - ]
}

# Whether a configuration file decides about protected mode, by itself or by what it includes.
decides_protection() {
  [ -f "$1" ] && grep -Eqi '^[^#]*(protected-mode|include)' "$1"
}

case "${1:-}" in
  -* | *.conf | *.yaml | *.yml) set -- synap-server "$@" ;;
esac
case "${1:-}" in
  synap-server | redis-server | valkey-server) shift ;;
  *) exec "$@" ;;
esac

# A container is reached through the ports that are published, so protected mode is off, unless the
# configuration says otherwise. Flags win over files: this one stands before those that were given,
# and is left out where a file or standard input may have its own word.
case "${1:-}" in
  - | -h | --help | -v | --version | --check-system | --test-memory) ;;
  '' | -*)
    reads_stdin '' "$@" || set -- --protected-mode no "$@"
    ;;
  *)
    if ! decides_protection "$1" && ! reads_stdin "$@"; then
      file=$1
      shift
      set -- "$file" --protected-mode no "$@"
    fi
    ;;
esac

# The image's Node can ignore SIGUSR1, which would open its inspector, from its first moment on.
scripts=$(dirname "$(readlink -f "$0")")
set -- node --disable-sigusr1 "$(dirname "$scripts")/dist/main.js" "$@"

# What is saved is the server's alone, unless the container was given another umask.
[ "$(umask)" != 0022 ] || umask 0077

if [ "$(id -u)" = 0 ]; then
  find /data \! -user synap -exec chown synap:synap '{}' +
  exec setpriv --reuid=synap --regid=synap --clear-groups -- "$@"
fi
exec "$@"
