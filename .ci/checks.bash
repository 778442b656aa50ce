# Sourced by the parts of .ci/full. A part makes checks, each a line; its last line is their count, its exit code says
# whether all held. Clusters have their state in a directory of the part's own and are gone when it ends.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

work=$(mktemp -d /tmp/lateen-ci.XXXXXX)
export XDG_STATE_HOME=$work/state KUBECONFIG=
passed=0 failed=0

check() { # WHAT COMMAND...: the command must succeed
  local what=$1
  shift
  if "$@" >"$work/said" 2>&1; then
    passed=$((passed + 1))
    echo "ok      $what"
  else
    failed=$((failed + 1))
    echo "FAILED  $what"
    sed 's/^/        /' "$work/said" | tail -n 30
    return 1
  fi
}

says() { # TEXT COMMAND...: the command must fail, and its output hold the text (a regular expression)
  local text=$1 said
  shift
  if said=$("$@" 2>&1); then
    echo "succeeded: $said"
    return 1
  fi
  echo "$said"
  grep -Eq -- "$text" <<<"$said"
}

prints() { # TEXT COMMAND...: the command must succeed, and its output hold the text
  local text=$1 said
  shift
  said=$("$@" 2>&1) || { echo "failed: $said"; return 1; }
  echo "$said"
  grep -Eq -- "$text" <<<"$said"
}

within() { # SECONDS COMMAND...: the command must succeed within that time, tried every half second
  local end=$((SECONDS + $1))
  shift
  until "$@" >"$work/tried" 2>&1; do
    [ "$SECONDS" -lt "$end" ] || { cat "$work/tried"; echo "not within the time: $*"; return 1; }
    sleep 0.5
  done
}

use() { # NAME: kubectl and istioctl are of that cluster
  KUBECONFIG=$XDG_STATE_HOME/lateen/$1/kubeconfig
  PATH=$XDG_STATE_HOME/lateen/$1/bin:${PATH#"$XDG_STATE_HOME"/lateen/*/bin:}
}

outer() { cut -d' ' -f1 "$XDG_STATE_HOME/lateen/$1/pid"; } # NAME: the cluster's process on the host

descendants() { # PID: it and all below it
  ps -eo pid=,ppid= | awk -v root="$1" '
    { parent[$1] = $2 }
    END { for (pid in parent) { p = pid; while (p in parent && p != root) p = parent[p]; if (p == root) print pid } }'
}

remember() { # NAME: what the cluster has on the host now
  local pid
  descendants "$(outer "$1")" >"$work/processes"
  while read -r pid; do
    readlink "/proc/$pid/ns/pid" "/proc/$pid/ns/mnt" "/proc/$pid/ns/net"
  done <"$work/processes" 2>/dev/null | sort -u >"$work/namespaces.all"
  readlink /proc/self/ns/pid /proc/self/ns/mnt /proc/self/ns/net | sort >"$work/namespaces.host"
  comm -23 "$work/namespaces.all" "$work/namespaces.host" >"$work/namespaces"
  [ "$(wc -l <"$work/processes")" -ge 3 ] && [ -s "$work/namespaces" ]
}

nothing_left() { # none of what was remembered is there, no process names the state directory, no mount is in it
  local pid
  for pid in $(cat "$work/processes"); do
    if grep -qs "$work" "/proc/$pid/cmdline" || [ -n "$(comm -12 <(readlink /proc/"$pid"/ns/* 2>/dev/null | sort) "$work/namespaces")" ]; then
      echo "process $pid is left: $(tr '\0' ' ' <"/proc/$pid/cmdline" | cut -c1-100)"
      return 1
    fi
  done
  if readlink /proc/[0-9]*/ns/{pid,mnt,net} 2>/dev/null | grep -qxFf "$work/namespaces"; then
    echo "a namespace is left"
    return 1
  fi
  if grep -q "$work" /proc/self/mountinfo; then echo "a mount is left: $(grep "$work" /proc/self/mountinfo)"; return 1; fi
}

finish() {
  local name
  for name in $(ls "$XDG_STATE_HOME/lateen" 2>/dev/null); do ./lateen down --name "$name" >/dev/null 2>&1; done
  rm -rf "$work"
  echo "$passed checks passed, $failed failed"
  [ $failed = 0 ] && [ $passed -gt 0 ] || exit 1
}
trap finish EXIT
