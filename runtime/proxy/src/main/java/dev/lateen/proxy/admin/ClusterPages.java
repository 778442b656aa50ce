package dev.lateen.proxy.admin;

import dev.lateen.proxy.config.XdsConfiguration;
import dev.lateen.proxycore.Priority;
import dev.lateen.proxycore.balance.LiveCluster;
import dev.lateen.proxycore.cluster.CircuitBreaker;
import dev.lateen.proxycore.cluster.Discovery;
import dev.lateen.proxycore.cluster.Endpoint;
import dev.lateen.proxycore.cluster.Host;
import dev.lateen.proxycore.cluster.HostSet;
import dev.lateen.proxycore.cluster.Limit;
import dev.lateen.xds.XdsJson;
import io.envoyproxy.envoy.admin.v3.ClusterStatus;
import io.envoyproxy.envoy.admin.v3.Clusters;
import io.envoyproxy.envoy.admin.v3.HostStatus;
import io.envoyproxy.envoy.admin.v3.SimpleMetric;
import io.envoyproxy.envoy.config.cluster.v3.CircuitBreakers.Thresholds;
import io.envoyproxy.envoy.config.core.v3.Address;
import io.envoyproxy.envoy.config.core.v3.HealthStatus;
import io.envoyproxy.envoy.config.core.v3.Locality;
import io.envoyproxy.envoy.config.core.v3.RoutingPriority;
import io.envoyproxy.envoy.config.core.v3.SocketAddress;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** Clusters with their limits and hosts, in the words of Envoy's {@code /clusters}. */
final class ClusterPages {
    private final XdsConfiguration configuration;

    ClusterPages(XdsConfiguration configuration) {
        this.configuration = configuration;
    }

    Page clusters(Question question) {
        return question.isJson() ? Page.json(json()) : Page.text(text());
    }

    private String json() {
        Clusters.Builder all = Clusters.newBuilder();
        for (LiveCluster cluster : configuration.current().clusters().values()) {
            all.addClusterStatuses(status(cluster));
        }
        return XdsJson.print(all.build());
    }

    private static ClusterStatus.Builder status(LiveCluster cluster) {
        ClusterStatus.Builder status = ClusterStatus.newBuilder()
                .setName(cluster.config().name())
                .setObservabilityName(cluster.config().name())
                .setAddedViaApi(true)
                .setEdsServiceName(service(cluster));
        for (Priority priority : Priority.values()) {
            CircuitBreaker breaker = cluster.breaker(priority);
            status.getCircuitBreakersBuilder()
                    .addThresholds(Thresholds.newBuilder()
                            .setPriority(priority == Priority.HIGH ? RoutingPriority.HIGH : RoutingPriority.DEFAULT)
                            .setMaxConnections(number(breaker.connections()))
                            .setMaxPendingRequests(number(breaker.pendingRequests()))
                            .setMaxRequests(number(breaker.requests()))
                            .setMaxRetries(number(breaker.retries())));
        }
        for (HostSet.Group group : cluster.hosts().current().groups()) {
            for (Host host : group.hosts()) {
                status.addHostStatuses(status(group, host));
            }
        }
        return status;
    }

    private static com.google.protobuf.UInt32Value number(Limit limit) {
        return com.google.protobuf.UInt32Value.of(limit.max());
    }

    private static String service(LiveCluster cluster) {
        return cluster.config().discovery() instanceof Discovery.Eds(var name, var _) ? name : "";
    }

    private static HostStatus.Builder status(HostSet.Group group, Host host) {
        Endpoint endpoint = host.endpoint();
        HostStatus.Builder status = HostStatus.newBuilder()
                .setAddress(Address.newBuilder()
                        .setSocketAddress(SocketAddress.newBuilder()
                                .setAddress(host.address().getAddress().getHostAddress())
                                .setPortValue(host.address().getPort())))
                .setHostname(endpoint.hostname())
                .setWeight(endpoint.weight())
                .setPriority(group.priority())
                .setLocality(Locality.newBuilder()
                        .setRegion(group.locality().region())
                        .setZone(group.locality().zone())
                        .setSubZone(group.locality().subZone()));
        counts(host)
                .forEach((name, value) -> status.addStats(SimpleMetric.newBuilder()
                        .setName(name)
                        .setValue(value)
                        .setType(name.endsWith("_active") ? SimpleMetric.Type.GAUGE : SimpleMetric.Type.COUNTER)));
        status.getHealthStatusBuilder()
                .setFailedOutlierCheck(host.ejected())
                .setFailedActiveHealthCheck(host.failedActiveCheck())
                .setEdsHealthStatus(
                        switch (endpoint.health()) {
                            case HEALTHY -> HealthStatus.HEALTHY;
                            case DEGRADED -> HealthStatus.DEGRADED;
                            case UNHEALTHY -> HealthStatus.UNHEALTHY;
                        });
        return status;
    }

    private static Map<String, Long> counts(Host host) {
        Host.Totals totals = host.totals();
        Map<String, Long> counts = new LinkedHashMap<>();
        counts.put("cx_active", (long) host.activeConnections());
        counts.put("cx_connect_fail", totals.connectFailures());
        counts.put("cx_total", totals.connections());
        counts.put("rq_active", (long) host.activeRequests());
        counts.put("rq_error", totals.errors());
        counts.put("rq_success", totals.successes());
        counts.put("rq_timeout", totals.timeouts());
        counts.put("rq_total", totals.requests());
        return counts;
    }

    private String text() {
        StringBuilder text = new StringBuilder();
        for (LiveCluster cluster : configuration.current().clusters().values()) {
            String name = cluster.config().name() + "::";
            line(text, name, "observability_name", cluster.config().name());
            for (Priority priority : Priority.values()) {
                CircuitBreaker breaker = cluster.breaker(priority);
                String at = name + priority.name().toLowerCase(Locale.ROOT) + "_priority::";
                line(text, at, "max_connections", breaker.connections().max());
                line(text, at, "max_pending_requests", breaker.pendingRequests().max());
                line(text, at, "max_requests", breaker.requests().max());
                line(text, at, "max_retries", breaker.retries().max());
            }
            line(text, name, "added_via_api", true);
            line(text, name, "eds_service_name", service(cluster));
            for (HostSet.Group group : cluster.hosts().current().groups()) {
                for (Host host : group.hosts()) {
                    hostLines(text, name + host + "::", group, host);
                }
            }
        }
        return text.toString();
    }

    private static void hostLines(StringBuilder text, String at, HostSet.Group group, Host host) {
        counts(host).forEach((count, value) -> line(text, at, count, value));
        String flags = (host.failedActiveCheck() ? "/failed_active_hc" : "")
                + (host.ejected() ? "/failed_outlier_check" : "")
                + switch (host.endpoint().health()) {
                    case HEALTHY -> "";
                    case DEGRADED -> "/degraded_eds_health";
                    case UNHEALTHY -> "/failed_eds_health";
                };
        line(text, at, "hostname", host.endpoint().hostname());
        line(text, at, "health_flags", flags.isEmpty() ? "healthy" : flags);
        line(text, at, "weight", host.endpoint().weight());
        line(text, at, "region", group.locality().region());
        line(text, at, "zone", group.locality().zone());
        line(text, at, "sub_zone", group.locality().subZone());
        line(text, at, "canary", false);
        line(text, at, "priority", group.priority());
    }

    private static void line(StringBuilder text, String at, String name, Object value) {
        text.append(at).append(name).append("::").append(value).append('\n');
    }
}
