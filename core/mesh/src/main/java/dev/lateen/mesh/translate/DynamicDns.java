package dev.lateen.mesh.translate;

import static dev.lateen.mesh.translate.Messages.any;

import dev.lateen.mesh.registry.MeshPort;
import dev.lateen.mesh.registry.MeshService;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.CustomClusterType;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.DnsLookupFamily;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.LbPolicy;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.route.v3.HeaderMatcher;
import io.envoyproxy.envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig;
import io.envoyproxy.envoy.extensions.common.dynamic_forward_proxy.v3.DnsCacheConfig;
import io.envoyproxy.envoy.extensions.filters.http.dynamic_forward_proxy.v3.FilterConfig;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;
import org.jspecify.annotations.Nullable;

/**
 * Hosts that proxies look up for each request (ServiceEntry with resolution DYNAMIC_DNS), by Envoy's dynamic forward
 * proxy. That one looks up whatever it is asked for, so every route and chain that leads there takes only what its
 * wildcard covers, at its port.
 */
final class DynamicDns {
    private static final int HTTP = 80;

    /** One for all: proxies take no two settings of one name. */
    private static final DnsCacheConfig CACHE = DnsCacheConfig.newBuilder()
            .setName("dynamic_dns")
            .setDnsLookupFamily(DnsLookupFamily.V4_PREFERRED)
            .build();

    /**
     * A wildcard that names are looked up for.
     *
     * @param host as {@code *.example.com} or {@code *-x.example.com}
     */
    record Wildcard(String host, int port) {
        private static final String LABEL = "[a-z0-9_-]+";

        /** Of a service's port; null where names are not looked up. */
        static @Nullable Wildcard of(MeshService service, MeshPort port) {
            return service.resolution() == MeshService.Resolution.BY_REQUEST
                    ? new Wildcard(service.host(), port.number())
                    : null;
        }

        /** Requests for hosts that it covers, at its port. */
        HeaderMatcher authority() {
            String port = port() == HTTP ? "(:" + HTTP + ")?" : ":" + port();
            String rest = host.substring(1);
            // What the wildcard stands for may be whole labels, too, where the rest does not say how it goes on.
            String gap = rest.startsWith(".") || rest.startsWith("-") ? "" : "\\.?";
            String names = "(?i)" + LABEL + "(\\." + LABEL + ")*" + gap + rest.replace(".", "\\.") + "\\.?";
            return HeaderMatcher.newBuilder()
                    .setName(":authority")
                    .setStringMatch(StringMatcher.newBuilder().setSafeRegex(RouteMatches.regex(names + port)))
                    .build();
        }
    }

    private DynamicDns() {}

    static void cluster(Cluster.Builder cluster) {
        cluster.setLbPolicy(LbPolicy.CLUSTER_PROVIDED)
                .setClusterType(CustomClusterType.newBuilder()
                        .setName("envoy.clusters.dynamic_forward_proxy")
                        .setTypedConfig(any(ClusterConfig.newBuilder()
                                .setDnsCacheConfig(CACHE)
                                // Where TLS begins here, the certificate must be of the wildcard's domain.
                                .setAllowInsecureClusterOptions(true)
                                .build())));
    }

    /** Looks up what requests ask for. */
    static HttpFilter requests() {
        return HttpFilter.newBuilder()
                .setName("envoy.filters.http.dynamic_forward_proxy")
                .setTypedConfig(
                        any(FilterConfig.newBuilder().setDnsCacheConfig(CACHE).build()))
                .build();
    }

    /** Looks up what connections of TLS ask for. */
    static Filter connections(int port) {
        return Filter.newBuilder()
                .setName("envoy.filters.network.sni_dynamic_forward_proxy")
                .setTypedConfig(
                        any(io.envoyproxy.envoy.extensions.filters.network.sni_dynamic_forward_proxy.v3.FilterConfig
                                .newBuilder()
                                .setDnsCacheConfig(CACHE)
                                .setPortValue(port)
                                .build()))
                .build();
    }
}
