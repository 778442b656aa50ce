package dev.lateen.ops;

import dev.lateen.telemetry.RequestLine;
import dev.lateen.telemetry.RequestStream;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.LocalPortForward;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Requests and connections as they end, told by the proxies of some pods. Thread-safe. */
public final class ProxyRequests {
    /** Of one proxy, where they are kept. */
    private static final int MOST = 10_000;
    /** Not yet taken, of all proxies; after that these wait. */
    private static final int WAITING = 1000;

    private final Source source;

    /** Where the requests of one pod's proxy come from. */
    @FunctionalInterface
    interface Source {
        /** Gives each to {@code sink} until the proxy ends, or the thread is interrupted. */
        void read(Pod pod, Consumer<RequestLine> sink) throws IOException, InterruptedException;
    }

    /**
     * A request, or a connection that is only passed on.
     *
     * @param pod whose proxy saw it
     * @param line with the fields {@code pod}, {@code namespace}, {@code labels} and {@code proxy_type} of that pod too
     */
    public record Request(Pod pod, RequestLine line) {}

    private sealed interface Seen {}

    private record Told(Request request) implements Seen {}

    private record Ended(Pod pod, String why) implements Seen {}

    /** How the next thing that was seen is waited for. */
    @FunctionalInterface
    private interface Wait {
        /** Null when it was waited for long enough. */
        @Nullable
        Seen next(BlockingQueue<Seen> seen) throws InterruptedException;
    }

    public ProxyRequests(KubernetesClient client) {
        this((pod, sink) -> read(client, pod, sink));
    }

    ProxyRequests(Source source) {
        this.source = source;
    }

    /**
     * Gives requests to {@code sink} as they end, until there were enough, or no proxy is left.
     *
     * @param wanted what all of them must have
     * @param count how many are enough; 0 for all
     * @param sink called by this thread
     * @param ended told of a proxy that shows no more, and why; the reason is empty when it ended in order
     */
    public void follow(
            List<Pod> pods,
            List<RequestLine.Match> wanted,
            int count,
            Consumer<Request> sink,
            BiConsumer<Pod, String> ended)
            throws InterruptedException {
        int[] given = {0};
        follow(
                pods,
                BlockingQueue::take,
                request -> {
                    if (request.line().matches(wanted)) {
                        sink.accept(request);
                        given[0]++;
                    }
                    return count <= 0 || given[0] < count;
                },
                ended);
    }

    /**
     * The requests that end within this time, or until no proxy is left; of one proxy 10,000 at most.
     *
     * @param failed told, in a sentence, which proxy shows none, and why
     */
    public List<Request> within(Duration time, List<Pod> pods, Consumer<String> failed) throws InterruptedException {
        long end = System.nanoTime() + time.toNanos();
        List<Request> kept = new ArrayList<>();
        Map<String, Integer> counts = new HashMap<>();
        follow(
                pods,
                seen -> seen.poll(end - System.nanoTime(), TimeUnit.NANOSECONDS),
                request -> {
                    if (counts.merge(MeshPods.name(request.pod()), 1, Integer::sum) <= MOST) {
                        kept.add(request);
                    }
                    return true;
                },
                (pod, why) -> {
                    if (!why.isEmpty()) {
                        failed.accept("no requests from " + MeshPods.name(pod) + ": " + why);
                    }
                });
        return kept;
    }

    private void follow(List<Pod> pods, Wait wait, Predicate<Request> goesOn, BiConsumer<Pod, String> ended)
            throws InterruptedException {
        BlockingQueue<Seen> queue = new LinkedBlockingQueue<>(WAITING);
        List<Thread> readers = pods.stream()
                .map(pod -> Thread.ofVirtual().start(() -> read(pod, queue)))
                .toList();
        try {
            for (int left = pods.size(); left > 0; ) {
                switch (wait.next(queue)) {
                    case null -> {
                        return;
                    }
                    case Ended(Pod pod, String why) -> {
                        ended.accept(pod, why);
                        left--;
                    }
                    case Told(Request request) -> {
                        if (!goesOn.test(request)) {
                            return;
                        }
                    }
                }
            }
        } finally {
            readers.forEach(Thread::interrupt);
        }
    }

    private void read(Pod pod, BlockingQueue<Seen> queue) {
        Map<String, String> whose = whose(pod);
        String why = "";
        try {
            try {
                source.read(pod, line -> {
                    try {
                        queue.put(new Told(new Request(pod, line.with(whose))));
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt(); // the source sees it
                    }
                });
            } catch (IOException | KubernetesClientException | IllegalArgumentException e) {
                why = String.valueOf(e.getMessage());
            }
            queue.put(new Ended(pod, why));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // nobody waits for more
        }
    }

    /** Whose proxy it is, for those who read the lines later. */
    private static Map<String, String> whose(Pod pod) {
        Map<String, String> labels = new TreeMap<>(pod.getMetadata().getLabels());
        boolean router = pod.getSpec().getContainers().stream()
                .anyMatch(container -> container.getName().equals(MeshPods.PROXY_CONTAINER)
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

    private static void read(KubernetesClient client, Pod pod, Consumer<RequestLine> sink)
            throws IOException, InterruptedException {
        try (LocalPortForward forward = client.pods()
                .inNamespace(pod.getMetadata().getNamespace())
                .withName(pod.getMetadata().getName())
                .portForward(PodPages.PROXY_ADMIN_PORT)) {
            RequestStream.read(URI.create("http://127.0.0.1:" + forward.getLocalPort() + "/tap"), sink);
        }
    }
}
