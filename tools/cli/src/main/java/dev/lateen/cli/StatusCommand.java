package dev.lateen.cli;

import dev.lateen.cluster.ClusterException;
import dev.lateen.cluster.LocalCluster;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code lateen status}: which local clusters there are and how they are. */
@Command(name = "status", description = "Say how the local clusters are.")
final class StatusCommand implements Callable<Integer> {
    @Option(names = "--name", description = "only this cluster; the exit code is 1 unless it is ready")
    String name = "";

    @Override
    public Integer call() throws ClusterException {
        List<String> names = name.isEmpty() ? LocalCluster.names() : List.of(name);
        if (names.isEmpty()) {
            System.out.println("no cluster; start one with: lateen up");
            return 0;
        }
        boolean ready = true;
        for (String each : names) {
            LocalCluster.Status status = LocalCluster.named(each).status();
            ready &= status.ready();
            System.out.println(line(status));
        }
        return name.isEmpty() || ready ? 0 : 1;
    }

    private static String line(LocalCluster.Status status) {
        if (status.ready()) {
            return status.name() + "  ready at " + status.server() + "  process " + status.pid() + "  kubeconfig "
                    + status.kubeconfig();
        }
        return status.name() + (status.running() ? "  starting  process " + status.pid() : "  not running");
    }
}
