package dev.lateen.cli;

import dev.lateen.telemetry.RequestLine;
import dev.lateen.telemetry.RequestStream;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.LocalPortForward;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;

/** Requests of proxies, as they end. */
final class ProxyRequests {
    private static final int ADMIN_PORT = 15000;
    /** Of one proxy. */
    private static final int MOST = 10_000;

    private ProxyRequests() {}

    /** A request that the proxy of this pod saw, {@code NAMESPACE/POD}. */
    record Request(String pod, RequestLine line) {}

    /** All requests that end within this time; a proxy that cannot be watched is told on standard error. */
    static List<Request> watch(KubernetesClient client, List<Pod> pods, Duration time) throws InterruptedException {
        ConcurrentLinkedQueue<Request> seen = new ConcurrentLinkedQueue<>();
        ConcurrentLinkedQueue<String> failures = new ConcurrentLinkedQueue<>();
        List<Thread> threads = pods.stream()
                .map(pod -> Thread.ofVirtual().start(() -> watch(client, pod, seen, failures)))
                .toList();
        Thread.sleep(time);
        List.copyOf(failures).forEach(System.err::println); // those that come now are of the end
        threads.forEach(Thread::interrupt);
        return List.copyOf(seen);
    }

    private static void watch(KubernetesClient client, Pod pod, Queue<Request> seen, Queue<String> failures) {
        String name = MeshPods.name(pod);
        LongAdder count = new LongAdder();
        try {
            read(client, pod, line -> {
                count.increment();
                if (count.sum() <= MOST) {
                    seen.add(new Request(name, line));
                }
            });
        } catch (IOException | KubernetesClientException e) {
            failures.add("no requests from " + name + ": " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the time is over
        }
    }

    /** Gives the requests of a pod's proxy to {@code sink} until the proxy ends, or the thread is interrupted. */
    static void read(KubernetesClient client, Pod pod, Consumer<RequestLine> sink)
            throws IOException, InterruptedException {
        try (LocalPortForward forward = client.pods()
                .inNamespace(pod.getMetadata().getNamespace())
                .withName(pod.getMetadata().getName())
                .portForward(ADMIN_PORT)) {
            RequestStream.read(URI.create("http://127.0.0.1:" + forward.getLocalPort() + "/tap"), sink);
        }
    }
}
