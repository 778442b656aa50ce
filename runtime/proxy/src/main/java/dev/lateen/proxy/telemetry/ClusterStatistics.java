package dev.lateen.proxy.telemetry;

import dev.lateen.proxycore.balance.LiveCluster;
import dev.lateen.proxycore.cluster.ClusterTotals;
import dev.lateen.proxycore.cluster.Host;
import java.lang.management.ManagementFactory;
import java.util.Collection;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;

/**
 * Envoy's statistics of clusters and of the process, under Envoy's names, with label {@code cluster_name} as the
 * bootstrap of Istio's proxies has it.
 */
final class ClusterStatistics {
    private ClusterStatistics() {}

    private record Line(String name, String type, ToLongFunction<LiveCluster> value) {}

    private static final Line CONNECTIONS = total("upstream_cx_active", "gauge", ClusterTotals::activeConnections);

    private static final Line[] LINES = {
        CONNECTIONS,
        total("upstream_cx_total", "counter", ClusterTotals::connections),
        total("upstream_cx_rx_bytes_total", "counter", ClusterTotals::receivedBytes),
        total("upstream_cx_tx_bytes_total", "counter", ClusterTotals::sentBytes),
        total("upstream_cx_connect_fail", "counter", ClusterTotals::connectFailures),
        total("upstream_cx_overflow", "counter", ClusterTotals::connectionOverflows),
        total("upstream_rq_active", "gauge", ClusterTotals::activeRequests),
        total("upstream_rq_total", "counter", ClusterTotals::requests),
        total("upstream_rq_timeout", "counter", ClusterTotals::timeouts),
        total("upstream_rq_pending_overflow", "counter", ClusterTotals::requestOverflows),
        total("upstream_rq_retry", "counter", ClusterTotals::retries),
        total("upstream_rq_retry_success", "counter", ClusterTotals::retrySuccesses),
        total("upstream_rq_retry_limit_exceeded", "counter", ClusterTotals::retryLimits),
        total("upstream_rq_retry_overflow", "counter", ClusterTotals::retryOverflows),
        new Line("membership_total", "gauge", c -> c.hosts().current().all().size()),
        new Line("membership_healthy", "gauge", c -> hosts(c, h -> h.availability() == Host.Availability.HEALTHY)),
        new Line("outlier_detection_ejections_active", "gauge", c -> hosts(c, Host::ejected)),
    };

    private static Line total(String name, String type, ToLongFunction<ClusterTotals> value) {
        return new Line(name, type, cluster -> value.applyAsLong(cluster.totals()));
    }

    /** @param connected whether the control plane's stream works, the one connection of what Istio calls {@code xds-grpc} */
    static void write(StringBuilder text, Collection<LiveCluster> clusters, boolean connected) {
        for (Line line : LINES) {
            String name = "envoy_cluster_" + line.name();
            TrafficPage.type(text, name, line.type());
            for (LiveCluster cluster : clusters) {
                text.append(name).append("{cluster_name=\"");
                TrafficLabels.escape(text, cluster.config().statName());
                text.append("\"} ").append(line.value().applyAsLong(cluster)).append('\n');
            }
            if (line.equals(CONNECTIONS)) {
                text.append(name)
                        .append("{cluster_name=\"xds-grpc\"} ")
                        .append(connected ? 1 : 0)
                        .append('\n');
            }
        }
        answers(text, clusters);
        server(text);
    }

    /** The same under the names of Envoy's page {@code /stats}. */
    static void list(List<Statistic> all, Collection<LiveCluster> clusters) {
        for (LiveCluster cluster : clusters) {
            String prefix = "cluster." + cluster.config().statName() + ".";
            for (Line line : LINES) {
                all.add(new Statistic(prefix + line.name(), line.value().applyAsLong(cluster)));
            }
            long completed = 0;
            for (int hundreds = 1; hundreds <= 5; hundreds++) {
                long answers = cluster.totals().answers(hundreds);
                completed += answers;
                all.add(new Statistic(prefix + "upstream_rq_" + hundreds + "xx", answers));
            }
            all.add(new Statistic(prefix + "upstream_rq_completed", completed));
        }
        Runtime runtime = Runtime.getRuntime();
        all.add(new Statistic("server.live", 1));
        all.add(new Statistic("server.uptime", upSeconds()));
        all.add(new Statistic("server.memory_allocated", runtime.totalMemory() - runtime.freeMemory()));
        all.add(new Statistic("server.memory_heap_size", runtime.totalMemory()));
    }

    private static long upSeconds() {
        return ManagementFactory.getRuntimeMXBean().getUptime() / 1000;
    }

    /** Envoy's {@code upstream_rq_2xx} and its like: Istio's bootstrap makes a label of the end of their names. */
    private static void answers(StringBuilder text, Collection<LiveCluster> clusters) {
        TrafficPage.type(text, "envoy_cluster_upstream_rq", "counter");
        for (LiveCluster cluster : clusters) {
            for (int hundreds = 1; hundreds <= 5; hundreds++) {
                long answers = cluster.totals().answers(hundreds);
                if (answers > 0) {
                    text.append("envoy_cluster_upstream_rq{cluster_name=\"");
                    TrafficLabels.escape(text, cluster.config().statName());
                    text.append("\",response_code_class=\"")
                            .append(hundreds)
                            .append("xx\"} ")
                            .append(answers)
                            .append('\n');
                }
            }
        }
    }

    private static void server(StringBuilder text) {
        Runtime runtime = Runtime.getRuntime();
        gauge(text, "envoy_server_live", 1);
        gauge(text, "envoy_server_uptime", upSeconds());
        gauge(text, "envoy_server_memory_allocated", runtime.totalMemory() - runtime.freeMemory());
        gauge(text, "envoy_server_memory_heap_size", runtime.totalMemory());
        String version = ClusterStatistics.class.getPackage().getImplementationVersion();
        gauge(text, "istio_build{component=\"proxy\",tag=\"" + (version == null ? "unknown" : version) + "\"}", 1);
    }

    /**
     * Whose proxy it is, and whether it is a gateway ({@code router}) or stands beside an app ({@code sidecar}): what
     * metrics of traffic do not say of their {@code source_workload}.
     */
    static void who(StringBuilder text, String nodeId, Workload own) {
        StringBuilder name = new StringBuilder("lateen_proxy_info{type=\"");
        TrafficLabels.escape(name, nodeId.substring(0, Math.max(0, nodeId.indexOf('~'))));
        name.append("\",workload=\"");
        TrafficLabels.escape(name, own.name());
        name.append("\",workload_namespace=\"");
        TrafficLabels.escape(name, own.namespace());
        gauge(text, name.append("\"}").toString(), 1);
    }

    private static void gauge(StringBuilder text, String name, long value) {
        int brace = name.indexOf('{');
        TrafficPage.type(text, brace < 0 ? name : name.substring(0, brace), "gauge");
        text.append(name).append(' ').append(value).append('\n');
    }

    private static long hosts(LiveCluster cluster, Predicate<Host> which) {
        return cluster.hosts().current().all().stream().filter(which).count();
    }
}
