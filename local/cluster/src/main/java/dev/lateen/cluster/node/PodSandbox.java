package dev.lateen.cluster.node;

import dev.lateen.cluster.network.Hub;
import dev.lateen.cluster.network.PodNetwork;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** What the containers of a pod share: network, host name, inter-process memory, and the files that go with them. */
final class PodSandbox implements AutoCloseable {
    private static final String HOLD =
            "hostname \"$1\" 2>/dev/null || :; echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start 2>/dev/null || :;"
                    + " echo ready; exec sleep infinity";

    private final Hub hub;
    private final Process holder;
    private final PodNetwork network;
    private final Path directory;

    private PodSandbox(Hub hub, Process holder, PodNetwork network, Path directory) {
        this.hub = hub;
        this.holder = holder;
        this.network = network;
        this.directory = directory;
    }

    /**
     * Makes the namespaces and lays the wire.
     *
     * @param directory the pod's own directory; {@code etc} in it is copied into each container
     * @param etc the files of {@code /etc} by name; <code>@ADDRESS@</code> in them becomes the pod's address
     */
    static PodSandbox open(Hub hub, String hostname, String address, Path directory, Map<String, String> etc)
            throws IOException {
        Process holder = new ProcessBuilder("unshare", "--net", "--ipc", "--uts", "sh", "-c", HOLD, "pod", hostname)
                .redirectErrorStream(true)
                .start();
        try {
            Hub.awaitReady(holder, "the pod's namespaces");
            PodNetwork network = hub.connect(holder.pid(), address);
            Path files = Files.createDirectories(directory.resolve("etc"));
            for (Map.Entry<String, String> each : etc.entrySet()) {
                Files.writeString(files.resolve(each.getKey()), each.getValue().replace("@ADDRESS@", address));
            }
            return new PodSandbox(hub, holder, network, directory);
        } catch (IOException e) {
            holder.destroyForcibly();
            throw e;
        }
    }

    PodNetwork network() {
        return network;
    }

    Hub hub() {
        return hub;
    }

    Path directory() {
        return directory;
    }

    /** The words that run what follows in the pod's namespaces. */
    List<String> enter() {
        String ns = "/proc/" + holder.pid() + "/ns/";
        return List.of("nsenter", "--net=" + ns + "net", "--ipc=" + ns + "ipc", "--uts=" + ns + "uts");
    }

    @Override
    public void close() throws IOException {
        holder.destroyForcibly();
        hub.disconnect(network);
    }
}
