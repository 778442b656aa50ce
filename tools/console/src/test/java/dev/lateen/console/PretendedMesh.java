package dev.lateen.console;

import dev.lateen.telemetry.MeshTraffic;
import dev.lateen.telemetry.PrometheusText;
import java.time.Instant;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/** Metrics of a mesh that is not there: so many edges between services of some namespaces, over some minutes. */
final class PretendedMesh {
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
                "source_workload=\"service-%d\",source_workload_namespace=\"%s\",destination_workload=\"service-%d\",destination_workload_namespace=\"%s\",destination_service=\"service-%d.%s.svc.cluster.local\",destination_version=\"v1\",request_protocol=\"http\""
                        .formatted(from, namespace(from), to, namespace(to), to, namespace(to));
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
    }

    private String namespace(int service) {
        return "team-" + (char) ('a' + service * NAMESPACES / services);
    }
}
