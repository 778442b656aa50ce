package dev.lateen.demo;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** What can stay of a cluster: lines, each naming one thing. */
record Traces(Set<String> lines) {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    /** Mounts, interfaces and packet rules; counters and handles of rules change by themselves. */
    private static final String HOST = """
            export PATH=$PATH:/usr/sbin:/sbin
            sed 's/^/mount /' /proc/self/mounts | cut -d' ' -f1-4
            ip -o link show | sed 's/^[0-9]*: \\([^:@]*\\).*/interface \\1/'
            if [ "$(id -u)" = 0 ]; then
              { command -v nft >/dev/null && nft -s list ruleset || iptables-save; } 2>/dev/null |
                grep -v '^#' | sed 's/\\[[0-9]*:[0-9]*\\]//; s/^/rule /'
            fi
            true""";
    /** The processes below the outer one of {@code $cluster}, with the time of their start, and the namespaces that they are in. */
    private static final String CLUSTER = """
            outer=$(cut -d' ' -f1 "$(dirname "$(lateen kubeconfig --name "$cluster")")/pid") || exit
            below() { echo $1; for child in $(cat /proc/$1/task/*/children 2>/dev/null); do below $child; done; }
            for pid in $(below $outer); do
              stat=$(cat /proc/$pid/stat 2>/dev/null) && echo "process $pid $(echo "${stat##*) }" | cut -d' ' -f20)"
              for kind in net mnt pid user; do
                ns=$(readlink /proc/$pid/ns/$kind 2>/dev/null) || continue
                [ "$ns" = "$(readlink /proc/self/ns/$kind)" ] || echo "namespace $ns"
              done
            done
            true""";

    /** What has ended and only waits for its parent to ask for the exit code (state Z or X) is not living. */
    private static final String LIVING = """
            for pid in /proc/[0-9]*; do
              stat=$(cat $pid/stat 2>/dev/null) && stat="${stat##*) }" && [[ $stat != [ZX]* ]] &&
                echo "process ${pid#/proc/} $(echo "$stat" | cut -d' ' -f20)"
              for kind in net mnt pid user; do
                ns=$(readlink $pid/ns/$kind 2>/dev/null) && echo "namespace $ns"
              done
            done
            true""";

    Traces {
        lines = Set.copyOf(lines);
    }

    static Traces none() {
        return new Traces(Set.of());
    }

    static Traces ofHost(Shell shell) throws IOException, InterruptedException {
        return of(shell, HOST);
    }

    static Traces ofCluster(Shell shell, String name) throws IOException, InterruptedException {
        return of(shell, "cluster=" + name + "\n" + CLUSTER);
    }

    private static Traces of(Shell shell, String script) throws IOException, InterruptedException {
        return new Traces(new TreeSet<>(shell.run(script, PATIENCE).lines()));
    }

    boolean isEmpty() {
        return lines.isEmpty();
    }

    /** Those processes and namespaces that are still there. */
    List<String> stillThere(Shell shell) throws IOException, InterruptedException {
        Set<String> living = of(shell, LIVING).lines();
        return lines.stream().filter(living::contains).sorted().toList();
    }

    /** What is here and was not there. */
    List<String> besides(Traces earlier) {
        List<String> more = new ArrayList<>(lines);
        more.removeAll(earlier.lines());
        return more.stream().sorted().toList();
    }
}
