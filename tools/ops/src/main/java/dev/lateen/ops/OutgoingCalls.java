package dev.lateen.ops;

import dev.lateen.analysis.Outgoing;
import dev.lateen.telemetry.Sample;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Gathers calls to what the mesh does not know: requests by name from metrics, connections from access logs and from
 * proxies that are watched. One thread.
 */
public final class OutgoingCalls {
    private static final int LAST_LINES = 100_000;

    private final List<Outgoing> requests = new ArrayList<>();
    private final List<Outgoing> connections = new ArrayList<>();
    private long countedConnections;

    /**
     * Adds the requests that a proxy's metrics count.
     *
     * @param namespace of that proxy
     */
    public void addMetrics(String namespace, List<Sample> page) {
        page.stream().filter(OutgoingCalls::isOutside).forEach(sample -> {
            long count = Math.round(sample.value());
            switch (sample.name()) {
                case "istio_requests_total" ->
                    requests.add(Outgoing.http(
                            namespace,
                            sample.label("source_workload"),
                            sample.label("destination_service"),
                            sample.label("destination_service_name"),
                            count));
                case "istio_tcp_connections_opened_total" -> countedConnections += count;
                default -> {
                    // bytes, durations, connections that ended
                }
            }
        });
    }

    /**
     * Adds the connections of a proxy's access log; other lines are passed over.
     *
     * @param namespace of the workload that called
     * @param source that workload
     */
    public void addLog(String namespace, String source, Stream<String> lines) {
        lines.forEach(line -> {
            Outgoing connection = Outgoing.connection(namespace, source, line);
            if (connection != null) {
                connections.add(connection);
            }
        });
    }

    /** Adds the connections of the last 100,000 lines of what a pod's proxy logged. */
    public void addLog(KubernetesClient client, Pod pod) {
        String log = client.pods()
                .inNamespace(pod.getMetadata().getNamespace())
                .withName(pod.getMetadata().getName())
                .inContainer(MeshPods.PROXY_CONTAINER)
                .tailingLines(LAST_LINES)
                .getLog();
        addLog(pod.getMetadata().getNamespace(), pod.getMetadata().getName(), log.lines());
    }

    /** Adds this where it is a connection. */
    public void add(ProxyRequests.Request request) {
        addLog(
                request.pod().getMetadata().getNamespace(),
                request.pod().getMetadata().getName(),
                Stream.of(request.line().json()));
    }

    /** All that were added, requests first. */
    public List<Outgoing> all() {
        return Stream.concat(requests.stream(), connections.stream()).toList();
    }

    /** How many connections the metrics count, when nothing that was added says where any of them went; else 0. */
    public long unnamedConnections() {
        return connections.isEmpty() ? countedConnections : 0;
    }

    private static boolean isOutside(Sample sample) {
        String service = sample.label("destination_service_name");
        return sample.label("reporter").equals("source")
                && (service.equals(Outgoing.REFUSED) || service.equals(Outgoing.LET_OUT));
    }
}
