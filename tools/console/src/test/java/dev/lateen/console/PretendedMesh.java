package dev.lateen.console;

import dev.lateen.telemetry.MeshTraffic;
import dev.lateen.telemetry.PrometheusText;
import java.time.Instant;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/** Metrics of a mesh that is not there: so many edges between services of some namespaces, over some minutes. */
final class PretendedMesh {
    /** The caller of one of the edges, of which nothing but its proxy says that it is a gateway. */
    static final String GATEWAY = "team-a/edge-istio";

    private static final int NAMESPACES = 6;

    private final RandomGenerator random =
            RandomGeneratorFactory.of("L64X128MixRandom").create(7);
    private final int edges;
    private final int services;

    PretendedMesh(int edges) {
        this.edges = edges;
        this.services = Math.max(9, edges / 4);
    }

    /** Readings every two seconds of the five minutes before {@code now}. */
    void fill(MeshTraffic traffic, Instant now) {
        int[] rates = random.ints(edges, 0, 40).toArray();
        int[][] ends = new int[edges][];
        for (int i = 0; i < edges; i++) {
            int from = random.nextInt(services - 1);
            ends[i] = new int[] {from, from + 1 + random.nextInt(Math.min(12, services - 1 - from))};
        }
        rates[edges - 1] = 20;
        ends[edges - 1] = new int[] {-1, 0}; // from the gateway
        for (int second = 0; second <= 300; second += 2) {
            StringBuilder page = new StringBuilder();
            for (int i = 0; i < edges; i++) {
                write(page, ends[i][0], ends[i][1], rates[i] * second, i % 9 == 0 ? second / 2 : 0);
            }
            traffic.add(now.minusSeconds(300 - second), Map.of("all", PrometheusText.read(page.toString())));
        }
    }

    private void write(StringBuilder page, int from, int to, int requests, int failed) {
        String labels =
                "source_workload=\"%s\",source_workload_namespace=\"%s\",destination_workload=\"service-%d\",destination_workload_namespace=\"%s\",destination_service=\"service-%d.%s.svc.cluster.local\",destination_version=\"v1\",request_protocol=\"http\""
                        .formatted(
                                from < 0 ? "edge-istio" : "service-" + from,
                                namespace(Math.max(0, from)),
                                to,
                                namespace(to),
                                to,
                                namespace(to));
        page.append(
                "istio_requests_total{reporter=\"source\",response_code=\"200\",%s} %d\n".formatted(labels, requests));
        page.append(
                "istio_requests_total{reporter=\"source\",response_code=\"503\",%s} %d\n".formatted(labels, failed));
        page.append(
                "istio_requests_total{reporter=\"destination\",connection_security_policy=\"%s\",response_code=\"200\",%s} %d\n"
                        .formatted(to % 5 == 0 ? "none" : "mutual_tls", labels, requests));
        for (String bound : new String[] {"5", "10", "25", "50", "+Inf"}) {
            double share = bound.equals("+Inf") ? 1 : Math.min(1, Integer.parseInt(bound) / 40.0);
            page.append("istio_request_duration_milliseconds_bucket{reporter=\"source\",le=\"%s\",%s} %d\n"
                    .formatted(bound, labels, Math.round((requests + failed) * share)));
        }
        size(page, "request", "250", "500", labels, requests + failed);
        size(page, "response", "1000", "2500", labels, requests + failed);
    }

    /** All of them within one bucket. */
    private static void size(StringBuilder page, String of, String below, String most, String labels, int count) {
        for (String bound : new String[] {below, most, "+Inf"}) {
            page.append("istio_%s_bytes_bucket{reporter=\"source\",le=\"%s\",%s} %d\n"
                    .formatted(of, bound, labels, bound.equals(below) ? 0 : count));
        }
    }

    /** A control plane that makes two pushes a second and needs a quarter of a core. */
    static ControlHistory control() {
        ControlHistory history = new ControlHistory();
        Instant now = Instant.now();
        for (int second = 0; second <= 300; second += 2) {
            history.add(now.minusSeconds(300 - second), Map.of("istiod", PrometheusText.read("""
                    pilot_xds_pushes{type="eds"} %1$d
                    process_cpu_seconds_total %2$s
                    process_resident_memory_bytes 2.0E8
                    pilot_proxy_convergence_time_bucket{le="0.1"} %1$d
                    pilot_proxy_convergence_time_bucket{le="+Inf"} %1$d
                    """.formatted(
                            2 * second, second / 4.0))));
        }
        return history;
    }

    private String namespace(int service) {
        return "team-" + (char) ('a' + service * NAMESPACES / services);
    }
}
