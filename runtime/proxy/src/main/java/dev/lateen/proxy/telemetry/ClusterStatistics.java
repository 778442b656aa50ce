package dev.lateen.proxy.telemetry;

import dev.lateen.proxycore.Priority;
import dev.lateen.proxycore.balance.LiveCluster;
import dev.lateen.proxycore.cluster.Host;
import java.lang.management.ManagementFactory;
import java.util.Collection;
import java.util.function.ToLongFunction;

/**
 * Envoy's statistics of clusters and of the process, under Envoy's names, with label {@code cluster_name} as the
 * bootstrap of Istio's proxies has it.
 */
final class ClusterStatistics {
    private ClusterStatistics() {}

    private record Line(String name, String type, ToLongFunction<LiveCluster> value) {}

    private static final Line[] LINES = {
        new Line("upstream_cx_active", "gauge", c -> hosts(c, Host::activeConnections)),
        new Line(
                "upstream_cx_total",
                "counter",
                c -> hosts(c, host -> host.totals().connections())),
        new Line(
                "upstream_cx_connect_fail",
                "counter",
                c -> hosts(c, host -> host.totals().connectFailures())),
        new Line("upstream_cx_overflow", "counter", c -> c.breaker(Priority.DEFAULT)
                .connections()
                .refused()),
        new Line("upstream_rq_active", "gauge", c -> hosts(c, Host::activeRequests)),
        new Line(
                "upstream_rq_total",
                "counter",
                c -> hosts(c, host -> host.totals().requests())),
        new Line(
                "upstream_rq_timeout",
                "counter",
                c -> hosts(c, host -> host.totals().timeouts())),
        new Line("upstream_rq_pending_overflow", "counter", c -> c.breaker(Priority.DEFAULT)
                .pendingRequests()
                .refused()),
        new Line("upstream_rq_retry_overflow", "counter", c -> c.breaker(Priority.DEFAULT)
                .retries()
                .refused()),
        new Line("membership_total", "gauge", c -> c.hosts().current().all().size()),
        new Line(
                "membership_healthy",
                "gauge",
                c -> hosts(c, host -> host.availability() == Host.Availability.HEALTHY ? 1 : 0)),
        new Line("outlier_detection_ejections_active", "gauge", c -> hosts(c, host -> host.ejected() ? 1 : 0)),
    };

    static void write(StringBuilder text, Collection<LiveCluster> clusters) {
        for (Line line : LINES) {
            String name = "envoy_cluster_" + line.name();
            TrafficPage.type(text, name, line.type());
            for (LiveCluster cluster : clusters) {
                text.append(name).append("{cluster_name=\"");
                TrafficLabels.escape(text, cluster.config().statName());
                text.append("\"} ").append(line.value().applyAsLong(cluster)).append('\n');
            }
        }
        server(text);
    }

    private static void server(StringBuilder text) {
        Runtime runtime = Runtime.getRuntime();
        gauge(text, "envoy_server_live", 1);
        gauge(text, "envoy_server_uptime", ManagementFactory.getRuntimeMXBean().getUptime() / 1000);
        gauge(text, "envoy_server_memory_allocated", runtime.totalMemory() - runtime.freeMemory());
        gauge(text, "envoy_server_memory_heap_size", runtime.totalMemory());
        String version = ClusterStatistics.class.getPackage().getImplementationVersion();
        gauge(text, "istio_build{component=\"proxy\",tag=\"" + (version == null ? "unknown" : version) + "\"}", 1);
    }

    private static void gauge(StringBuilder text, String name, long value) {
        int brace = name.indexOf('{');
        TrafficPage.type(text, brace < 0 ? name : name.substring(0, brace), "gauge");
        text.append(name).append(' ').append(value).append('\n');
    }

    private static long hosts(LiveCluster cluster, ToLongFunction<Host> value) {
        long sum = 0;
        for (Host host : cluster.hosts().current().all()) {
            sum += value.applyAsLong(host);
        }
        return sum;
    }
}
