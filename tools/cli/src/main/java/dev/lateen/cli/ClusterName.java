package dev.lateen.cli;

import dev.lateen.cluster.ClusterException;
import dev.lateen.cluster.LocalCluster;
import picocli.CommandLine.Option;

/** Which local cluster a verb is about. */
final class ClusterName {
    @Option(names = "--name", description = "name of the local cluster (${DEFAULT-VALUE})")
    String name = "default";

    LocalCluster cluster() throws ClusterException {
        return LocalCluster.named(name);
    }
}
