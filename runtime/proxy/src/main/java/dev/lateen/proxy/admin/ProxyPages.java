package dev.lateen.proxy.admin;

import dev.lateen.proxy.ProxyOptions;
import dev.lateen.proxy.admin.AdminServers.Page;
import dev.lateen.proxy.config.XdsConfiguration;
import dev.lateen.proxy.http.RequestStatistics;
import dev.lateen.proxycore.Priority;
import dev.lateen.proxycore.balance.LiveCluster;
import dev.lateen.proxycore.cluster.CircuitBreaker;
import dev.lateen.proxycore.cluster.Host;
import java.util.Map;

/** The proxy's state as text. */
final class ProxyPages {
    private final XdsConfiguration configuration;
    private final RequestStatistics statistics;
    private final ProxyOptions options;

    ProxyPages(XdsConfiguration configuration, RequestStatistics statistics, ProxyOptions options) {
        this.configuration = configuration;
        this.statistics = statistics;
        this.options = options;
    }

    Page ready() {
        return configuration.complete()
                ? new Page(200, "LIVE\n")
                : new Page(503, "waiting for configuration from " + options.controlPlane() + "\n");
    }

    Page info() {
        return new Page(
                200,
                "{\"state\":\"" + (configuration.complete() ? "LIVE" : "INITIALIZING") + "\",\"node\":{\"id\":\""
                        + options.nodeId() + "\"}}\n");
    }

    Page listeners() {
        StringBuilder text = new StringBuilder();
        configuration.current().listeners().forEach((name, listener) -> text.append(name)
                .append("::")
                .append(listener.address())
                .append(listener.bind() ? "" : " (by original destination)")
                .append('\n'));
        return new Page(200, text.toString());
    }

    Page clusters() {
        StringBuilder text = new StringBuilder();
        for (LiveCluster cluster : configuration.current().clusters().values()) {
            String name = cluster.config().name();
            CircuitBreaker breaker = cluster.breaker(Priority.DEFAULT);
            text.append(name)
                    .append("::default_priority::max_connections::")
                    .append(breaker.connections().max())
                    .append('\n');
            text.append(name)
                    .append("::default_priority::max_pending_requests::")
                    .append(breaker.pendingRequests().max())
                    .append('\n');
            for (Host host : cluster.hosts().current().all()) {
                String at = name + "::" + host + "::";
                text.append(at)
                        .append("cx_active::")
                        .append(host.activeConnections())
                        .append('\n');
                text.append(at)
                        .append("rq_active::")
                        .append(host.activeRequests())
                        .append('\n');
                text.append(at)
                        .append("health_flags::")
                        .append(host.ejected() ? "/failed_outlier_check" : "healthy")
                        .append('\n');
            }
        }
        return new Page(200, text.toString());
    }

    /** The resources in force in protobuf's text form. */
    Page configuration() {
        StringBuilder text = new StringBuilder();
        configuration
                .resources()
                .forEach((type, named) -> named.forEach((name, resource) -> text.append("# ")
                        .append(type)
                        .append(' ')
                        .append(name)
                        .append('\n')
                        .append(resource)
                        .append('\n')));
        return new Page(200, text.toString());
    }

    Page metrics() {
        StringBuilder text = new StringBuilder("# TYPE istio_requests_total counter\n");
        String workload = options.metadata().getOrDefault("WORKLOAD_NAME", "unknown");
        for (Map.Entry<RequestStatistics.Key, Long> entry :
                statistics.snapshot().entrySet()) {
            RequestStatistics.Key key = entry.getKey();
            String service = service(key.cluster());
            text.append("istio_requests_total{reporter=\"")
                    .append(key.inbound() ? "destination" : "source")
                    .append("\",source_workload=\"")
                    .append(key.inbound() ? "unknown" : workload)
                    .append("\",destination_workload=\"")
                    .append(key.inbound() ? workload : "unknown")
                    .append("\",destination_service=\"")
                    .append(service)
                    .append("\",response_code=\"")
                    .append(key.status())
                    .append("\",response_flags=\"")
                    .append(key.flags())
                    .append("\"} ")
                    .append(entry.getValue())
                    .append('\n');
        }
        for (LiveCluster cluster : configuration.current().clusters().values()) {
            CircuitBreaker breaker = cluster.breaker(Priority.DEFAULT);
            String labels = "{envoy_cluster_name=\"" + cluster.config().name() + "\"} ";
            text.append("envoy_cluster_upstream_cx_active")
                    .append(labels)
                    .append(breaker.connections().used())
                    .append('\n');
            text.append("envoy_cluster_upstream_rq_pending_overflow")
                    .append(labels)
                    .append(breaker.pendingRequests().refused())
                    .append('\n');
        }
        return new Page(200, text.toString());
    }

    /** The host of a cluster's name in Istio's form, {@code outbound|80|v1|host}. */
    private static String service(String cluster) {
        String[] parts = cluster.split("\\|", -1);
        return parts.length == 4 && !parts[3].isEmpty() ? parts[3] : "unknown";
    }
}
