package dev.lateen.cli;

import dev.lateen.cluster.ClusterException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code lateen down}: the local cluster ends, with all that ran in it. */
@Command(name = "down", description = "Stop a local cluster and remove what it stored.")
final class DownCommand implements Callable<Integer> {
    @Mixin
    ClusterName named = new ClusterName();

    @Option(names = "--keep-data", description = "keep what is stored for the next up")
    boolean keepData;

    @Override
    public Integer call() throws ClusterException {
        named.cluster().down(keepData);
        System.err.println("cluster " + named.name + " is down" + (keepData ? "; its objects are kept" : ""));
        return 0;
    }
}
