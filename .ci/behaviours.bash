# Sourced by the parts that run behaviours: `begin PEER OPTION...` starts a run, `count` waits for those that have begun and
# adds them up. Runs mostly wait, so they go beside each other, each in a network namespace of its own.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

for home in "${JAVA_HOME:-}" /usr/lib/jvm/*; do
  if [ -f "$home/release" ] && grep -q '^JAVA_VERSION="25' "$home/release"; then export JAVA_HOME=$home; break; fi
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  packages=()
  for pair in mvn:maven ip:iproute2 unshare:util-linux iptables:iptables; do
    command -v "${pair%%:*}" >/dev/null || packages+=("${pair##*:}")
  done
  if [ ${#packages[@]} -gt 0 ]; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
  fi
fi

classpath=$(mktemp)
logs=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$classpath" "$logs"' EXIT
mvn -B -ntp -q -pl quality/acceptance -am -DincludeScope=test -Dmdep.outputFile="$classpath" test-compile dependency:build-classpath >/dev/null

namespace=(setpriv --pdeathsig KILL unshare --net --mount --pid --fork --kill-child --mount-proc)
[ "$(id -u)" = 0 ] || namespace+=(--user --map-root-user)
passed=0
failed=0
begun=()

begin() {
  local log=$logs/${#begun[@]}
  begun+=("$*")
  (
    status=0
    cd quality/acceptance
    PATH=$PATH:/usr/sbin:/sbin "${namespace[@]}" "$JAVA_HOME/bin/java" -XX:+UseSerialGC -Xmx512m \
      -Dio.netty.machineId=02:00:00:00:00:00:00:01 --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow \
      -cp "target/test-classes:$(cat "$classpath")" dev.lateen.acceptance.behaviour.Behaviours "$@" >"$log" 2>&1 ||
      status=$?
    echo $status >"$log.status"
  ) &
}

count() {
  local number log last
  wait
  for number in "${!begun[@]}"; do
    log=$logs/$number
    echo "== ${begun[number]}"
    grep -A 8 '^FAILED' "$log" || true
    last=$(tail -n 1 "$log")
    if [[ $last =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
      echo "$last"
      passed=$((passed + BASH_REMATCH[1]))
      failed=$((failed + BASH_REMATCH[2]))
      [ "$(cat "$log.status")" = 0 ] || [ $failed -gt 0 ] || failed=1
    else
      tail -n 40 "$log"
      failed=$((failed + 1))
    fi
  done
  begun=()
}
