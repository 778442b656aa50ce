package dev.lateen.cli;

import dev.lateen.ops.Top;
import dev.lateen.telemetry.MetricsScraper;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.LocalPortForward;
import java.io.Console;
import java.io.IOException;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code lateen top}: the services of a mesh by what they carry. */
@Command(name = "top", description = "Show the mesh's services: requests per second, errors, durations.")
final class TopCommand implements Callable<Integer> {
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final Duration WINDOW = Duration.ofMinutes(1);

    @Option(names = "--interval", description = "seconds between two readings (${DEFAULT-VALUE})")
    int seconds = 2;

    @Option(names = "--count", description = "end after so many tables; the first needs two readings")
    int count;

    @Mixin
    ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() throws IOException, InterruptedException, CommandException {
        if (seconds < 1) {
            throw new CommandException("--interval " + seconds + ": at least 1");
        }
        Map<String, LocalPortForward> forwards = new HashMap<>();
        try (KubernetesClient client = cluster.client();
                MetricsScraper scraper = new MetricsScraper(PATIENCE)) {
            Top top = new Top(scraper, Clock.systemUTC());
            System.err.println("reading the proxies; ends with Ctrl-C");
            top.read(addresses(client, forwards));
            for (int shown = 0; count <= 0 || shown < count; shown++) {
                Thread.sleep(Duration.ofSeconds(seconds));
                List<String> problems = top.read(addresses(client, forwards));
                if (Optional.ofNullable(System.console())
                        .filter(Console::isTerminal)
                        .isPresent()) {
                    System.out.print("\u001b[H\u001b[2J");
                }
                top.print(WINDOW, System.out);
                problems.forEach(System.out::println);
            }
        } catch (KubernetesClientException e) {
            throw new CommandException("the cluster does not answer: " + e.getMessage());
        } finally {
            for (LocalPortForward forward : forwards.values()) {
                forward.close();
            }
        }
        return 0;
    }

    /** A way to each proxy's metrics; ways to pods that are gone are closed. */
    private static List<URI> addresses(KubernetesClient client, Map<String, LocalPortForward> forwards)
            throws IOException {
        List<URI> addresses = new ArrayList<>();
        List<String> there = new ArrayList<>();
        for (Pod pod : MeshPods.all(client)) {
            String namespace = pod.getMetadata().getNamespace();
            String name = pod.getMetadata().getName();
            LocalPortForward forward = forwards.computeIfAbsent(
                    namespace + "/" + name,
                    _ -> client.pods().inNamespace(namespace).withName(name).portForward(ProxyMetrics.PORT));
            there.add(namespace + "/" + name);
            addresses.add(URI.create("http://127.0.0.1:" + forward.getLocalPort() + ProxyMetrics.PAGE));
        }
        for (String gone :
                forwards.keySet().stream().filter(pod -> !there.contains(pod)).toList()) {
            LocalPortForward forward = forwards.remove(gone);
            if (forward != null) {
                forward.close();
            }
        }
        return addresses;
    }
}
