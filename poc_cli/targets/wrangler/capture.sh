#!/bin/sh
# Stands where wrangler looks for workerd: keeps the configuration that it is given, says that it listens, and waits.
# Never runs anything: poc starts the runtime itself, on this configuration.
set -eu
kept="$POC_CAPTURE/$$"
printf '%s\n' "$@" > "$kept.words"
cat > "$kept.part"
mv "$kept.part" "$kept.config"
for word in "$@"; do
  case $word in
    --socket-addr=*) name=${word#--socket-addr=} ;;
    *) continue ;;
  esac
  # 9 is the port of the discard protocol (RFC 863): nobody is to connect to it
  printf '{"event":"listen","socket":"%s","port":9}\n' "${name%%=*}" >&3
done
# until wrangler closes its end or dies, however that happens
exec cat <&3 >/dev/null
