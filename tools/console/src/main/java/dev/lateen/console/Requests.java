package dev.lateen.console;

import dev.lateen.telemetry.RequestLine;
import dev.lateen.telemetry.RequestStream;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.LocalPortForward;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Requests as they end, of the pod that somebody looks at: read from its proxy for as long as the page asks for them.
 * Thread-safe; close it to end.
 */
public final class Requests implements AutoCloseable {
    private static final int KEPT = 500;
    private static final int MOST_PODS = 10;
    private static final Duration UNWATCHED = Duration.ofSeconds(15);

    private final KubernetesClient client;
    private final InstantSource clock;
    private final Map<String, Tap> taps = new HashMap<>();

    private static final class Tap {
        private final Deque<RequestLine> lines = new ArrayDeque<>();
        private long last;
        private String problem = "";
        private Instant asked = Instant.EPOCH;
        private Thread thread = Thread.currentThread();

        synchronized void add(RequestLine line) {
            lines.addLast(line);
            last++;
            if (lines.size() > KEPT) {
                lines.removeFirst();
            }
        }

        synchronized void failed(String why) {
            problem = why;
        }

        /** Those after number {@code since}. */
        synchronized void write(ObjectNode json, long since) {
            json.put("last", last).put("problem", problem);
            ArrayNode array = json.putArray("requests");
            long number = last - lines.size();
            for (RequestLine line : lines) {
                number++;
                if (number > since) {
                    ObjectNode one = array.addObject().put("number", number);
                    line.fields().forEach(one::put);
                }
            }
        }
    }

    public Requests(KubernetesClient client, InstantSource clock) {
        this.client = client;
        this.clock = clock;
    }

    /** {@code {"pods":[…],"last":7,"requests":[…],"problem":""}} of {@code pod=NAMESPACE/NAME}, after number {@code since}. */
    String json(Map<String, String> query) {
        ObjectNode json = JsonMapper.shared().createObjectNode();
        Map<String, Pod> pods = new TreeMap<>();
        try {
            pods.putAll(ProxyPods.running(client));
        } catch (KubernetesClientException e) {
            json.put("problem", "the cluster does not say which pods there are: " + e.getMessage());
            return json.toString();
        }
        ArrayNode names = json.putArray("pods");
        pods.keySet().forEach(names::add);
        Pod pod = pods.get(query.getOrDefault("pod", ""));
        if (pod != null) {
            tap(query.getOrDefault("pod", ""), pod).write(json, Query.number(query, "since", 0, Long.MAX_VALUE, 0));
        }
        return json.toString();
    }

    private synchronized Tap tap(String name, Pod pod) {
        Instant now = clock.instant();
        taps.values().removeIf(tap -> {
            boolean over = tap.asked.isBefore(now.minus(UNWATCHED));
            if (over) {
                tap.thread.interrupt();
            }
            return over;
        });
        Tap tap = taps.get(name);
        if (tap == null) {
            tap = new Tap();
            if (taps.size() >= MOST_PODS) {
                tap.failed("requests of " + MOST_PODS + " pods are looked at already");
                return tap;
            }
            taps.put(name, tap);
            Tap opened = tap;
            tap.thread = Thread.ofVirtual().name("requests of " + name).start(() -> read(pod, opened));
        }
        tap.asked = now;
        return tap;
    }

    private void read(Pod pod, Tap tap) {
        try (LocalPortForward forward = ProxyPods.forward(client, pod)) {
            RequestStream.read(ProxyPods.page(forward, "/tap"), tap::add);
            tap.failed("the proxy has ended");
        } catch (IOException | KubernetesClientException e) {
            tap.failed("its requests cannot be read: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // nobody asks any more
        }
    }

    @Override
    public synchronized void close() {
        taps.values().forEach(tap -> tap.thread.interrupt());
        taps.clear();
    }
}
