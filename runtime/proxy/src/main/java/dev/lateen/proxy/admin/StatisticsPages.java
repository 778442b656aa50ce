package dev.lateen.proxy.admin;

import dev.lateen.proxy.ProxyOptions;
import dev.lateen.proxy.admin.AdminServers.Page;
import dev.lateen.proxy.config.XdsConfiguration;
import dev.lateen.proxy.http.RequestStatistics;
import dev.lateen.proxycore.Priority;
import dev.lateen.proxycore.balance.LiveCluster;
import dev.lateen.proxycore.cluster.CircuitBreaker;
import java.util.Map;

/** What the proxy counts. */
final class StatisticsPages {
    private final XdsConfiguration configuration;
    private final RequestStatistics statistics;
    private final ProxyOptions options;

    StatisticsPages(XdsConfiguration configuration, RequestStatistics statistics, ProxyOptions options) {
        this.configuration = configuration;
        this.statistics = statistics;
        this.options = options;
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
        return Page.text(text.toString());
    }

    /** The host of a cluster's name in Istio's form, {@code outbound|80|v1|host}. */
    private static String service(String cluster) {
        String[] parts = cluster.split("\\|", -1);
        return parts.length == 4 && !parts[3].isEmpty() ? parts[3] : "unknown";
    }
}
