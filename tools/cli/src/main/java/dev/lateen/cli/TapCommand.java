package dev.lateen.cli;

import dev.lateen.telemetry.RequestLine;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lateen tap}: requests and connections as they end, seen by the proxies of a pod or a service. */
@Command(
        name = "tap",
        description = "Show requests of a pod or a service as they end, and connections that are only passed on.")
final class TapCommand implements Callable<Integer> {
    @Parameters(index = "0", description = "POD or SERVICE, also NAME.NAMESPACE")
    String name = "";

    @Option(
            names = {"-n", "--namespace"},
            description = "namespace (${DEFAULT-VALUE})")
    String namespace = "default";

    @Option(
            names = "--match",
            description = "FIELD=VALUE that a request must have; * stands for any text. Fields are those of -o json;"
                    + " status, flags, host, route, cluster, trace and details are short for longer ones")
    List<String> matches = new ArrayList<>();

    @Option(names = "--count", description = "end after so many")
    int count;

    @Option(
            names = {"-o", "--output"},
            description = "text or json (${DEFAULT-VALUE})")
    String output = "text";

    @Mixin
    ClusterOptions cluster = new ClusterOptions();

    private sealed interface Seen {}

    private record Request(String pod, RequestLine line) implements Seen {}

    private record Ended(String pod, String why) implements Seen {}

    @Override
    public Integer call() throws CommandException, InterruptedException {
        List<RequestLine.Match> wanted = new ArrayList<>();
        try {
            matches.forEach(match -> wanted.add(RequestLine.Match.parse(match)));
        } catch (IllegalArgumentException e) {
            throw new CommandException(String.valueOf(e.getMessage()));
        }
        try (KubernetesClient client = cluster.client()) {
            List<Pod> pods = MeshPods.named(client, name, namespace);
            System.err.println(
                    "requests of " + pods.size() + (pods.size() == 1 ? " pod" : " pods") + "; ends with Ctrl-C");
            BlockingQueue<Seen> seen = new LinkedBlockingQueue<>(1000);
            List<Thread> threads = pods.stream()
                    .map(pod -> Thread.ofVirtual().start(() -> watch(client, pod, seen)))
                    .toList();
            print(seen, wanted, pods.size());
            threads.forEach(Thread::interrupt);
        } catch (KubernetesClientException e) {
            throw new CommandException("the cluster does not answer: " + e.getMessage());
        }
        return 0;
    }

    /** Prints what is wanted until enough was printed, or no pod is left. */
    private void print(BlockingQueue<Seen> seen, List<RequestLine.Match> wanted, int pods) throws InterruptedException {
        int printed = 0;
        for (int left = pods; left > 0 && (count <= 0 || printed < count); ) {
            switch (seen.take()) {
                case Ended(String pod, String why) -> {
                    System.err.println(pod + ": " + why);
                    left--;
                }
                case Request(String pod, RequestLine line) -> {
                    if (line.matches(wanted)) {
                        System.out.println(output.equals("json") ? line.json() : pod + " " + line);
                        printed++;
                    }
                }
            }
        }
    }

    /** Whose proxy it is, for those who read the lines later. */
    private static Map<String, String> whose(Pod pod) {
        Map<String, String> labels = new TreeMap<>(pod.getMetadata().getLabels());
        boolean router = pod.getSpec().getContainers().stream()
                .anyMatch(container -> container.getName().equals("istio-proxy")
                        && container.getArgs().contains("router"));
        return Map.of(
                "pod", pod.getMetadata().getName(),
                "namespace", pod.getMetadata().getNamespace(),
                "labels",
                        labels.entrySet().stream()
                                .map(label -> label.getKey() + "=" + label.getValue())
                                .collect(Collectors.joining(",")),
                "proxy_type", router ? "router" : "sidecar");
    }

    private static void watch(KubernetesClient client, Pod pod, BlockingQueue<Seen> seen) {
        String name = pod.getMetadata().getName();
        Map<String, String> whose = whose(pod);
        String why = "ended";
        try {
            ProxyRequests.read(client, pod, line -> {
                try {
                    seen.put(new Request(name, line.with(whose)));
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
        } catch (IOException | KubernetesClientException e) {
            why = String.valueOf(e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
        }
        var _ = seen.offer(new Ended(name, why));
    }
}
