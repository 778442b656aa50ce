package dev.lateen.proxy.config;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.Message;
import dev.lateen.proxy.net.ManualTimer;
import dev.lateen.proxy.tls.CredentialFiles;
import dev.lateen.proxy.tls.SecretStore;
import dev.lateen.xds.client.ResourceUpdate;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.Address;
import io.envoyproxy.envoy.config.core.v3.AggregatedConfigSource;
import io.envoyproxy.envoy.config.core.v3.ConfigSource;
import io.envoyproxy.envoy.config.core.v3.SocketAddress;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.endpoint.v3.Endpoint;
import io.envoyproxy.envoy.config.endpoint.v3.LbEndpoint;
import io.envoyproxy.envoy.config.endpoint.v3.LocalityLbEndpoints;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.RouteMatch;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** No request falls between routes and their clusters while both change: resources come one type after the other. */
class WarmingTest {
    private final SecretStore secrets = new SecretStore();
    private final ManualTimer timer = new ManualTimer();
    private final XdsConfiguration configuration = new XdsConfiguration(
            new Random(1),
            () -> Instant.EPOCH,
            timer,
            (type, subscription) -> {},
            new Credentials(secrets, new CredentialFiles(secrets)),
            changed -> {});

    @BeforeEach
    void oldRoutesAreInForce() {
        changed(XdsConfiguration.CLUSTERS, "old", cluster("old"));
        changed(XdsConfiguration.ENDPOINTS, "old", endpoints("old"));
        changed(XdsConfiguration.ROUTES, "r", routes("old"));
        assertThat(routed()).containsExactly("old");
    }

    @Test
    void newRoutesWaitForTheEndpointsOfTheirClusters() {
        changed(XdsConfiguration.CLUSTERS, "new", cluster("new"));
        changed(XdsConfiguration.ROUTES, "r", routes("new"));
        assertThat(routed()).containsExactly("old");

        changed(XdsConfiguration.ENDPOINTS, "new", endpoints("new"));
        assertThat(routed()).containsExactly("new");
    }

    @Test
    void butNotForEver() {
        changed(XdsConfiguration.CLUSTERS, "new", cluster("new"));
        changed(XdsConfiguration.ROUTES, "r", routes("new"));
        timer.advance(Duration.ofMillis(14_999));
        assertThat(routed()).containsExactly("old");

        timer.advance(Duration.ofMillis(1));
        assertThat(routed()).as("nothing else has changed").containsExactly("new");
        assertThat(timer.waiting()).isZero();
    }

    @Test
    void eachClusterIsWaitedForAsLongAsItsFetchTimeoutSays() {
        changed(XdsConfiguration.CLUSTERS, "new", cluster("new", 2));
        changed(XdsConfiguration.CLUSTERS, "newer", cluster("newer", 3));
        changed(XdsConfiguration.ROUTES, "r", routes("newer"));
        timer.advance(Duration.ofMillis(2_999));
        assertThat(routed()).containsExactly("old");
        timer.advance(Duration.ofMillis(1));
        assertThat(routed()).containsExactly("newer");
    }

    @Test
    void withoutAFetchTimeoutItIsWaitedForForEver() {
        changed(XdsConfiguration.CLUSTERS, "new", cluster("new", 0));
        changed(XdsConfiguration.ROUTES, "r", routes("new"));
        timer.advance(Duration.ofDays(1));
        assertThat(routed()).containsExactly("old");
        assertThat(timer.waiting()).isZero();
    }

    @Test
    void aListenerOfTcpWaitsForTheEndpointsOfItsClustersToo() {
        changed(XdsConfiguration.LISTENERS, "l", listener("old"));
        assertThat(passedTo()).isEqualTo("old");

        changed(XdsConfiguration.CLUSTERS, "new", cluster("new"));
        changed(XdsConfiguration.LISTENERS, "l", listener("new"));
        assertThat(passedTo()).isEqualTo("old");

        changed(XdsConfiguration.ENDPOINTS, "new", endpoints("new"));
        assertThat(passedTo()).isEqualTo("new");
    }

    @Test
    void aClusterStaysAsLongAsAListenerOfTcpNamesIt() {
        changed(XdsConfiguration.LISTENERS, "l", listener("old"));
        changed(XdsConfiguration.CLUSTERS, "new", cluster("new"), "old");
        changed(XdsConfiguration.LISTENERS, "l", listener("new"));
        changed(XdsConfiguration.ROUTES, "r", routes("unknown"));
        assertThat(passedTo()).isEqualTo("old");
        assertThat(hosts("old")).isEqualTo(1);

        changed(XdsConfiguration.ENDPOINTS, "new", endpoints("new"));
        assertThat(passedTo()).isEqualTo("new");
        assertThat(configuration.current().clusters()).containsOnlyKeys("new");
    }

    @Test
    void aClusterStaysForRoutesThatStillNameIt() {
        changed(XdsConfiguration.CLUSTERS, "new", cluster("new"), "old");
        assertThat(configuration.current().clusters()).containsOnlyKeys("old", "new");

        changed(XdsConfiguration.ENDPOINTS, "new", endpoints("new"));
        changed(XdsConfiguration.ROUTES, "r", routes("new"));
        assertThat(configuration.current().clusters()).containsOnlyKeys("new");
    }

    @Test
    void butNotForLongWhenTheyGoOnNamingIt() {
        changed(XdsConfiguration.LISTENERS, "l", listener("unknown"));
        changed(XdsConfiguration.CLUSTERS, "new", cluster("new"), "old");
        changed(XdsConfiguration.ENDPOINTS, "new", endpoints("new"));
        timer.advance(Duration.ofMillis(1_999));
        assertThat(configuration.current().clusters()).containsOnlyKeys("old", "new");
        assertThat(configuration.settled()).isFalse();

        timer.advance(Duration.ofMillis(1));
        assertThat(configuration.current().clusters()).containsOnlyKeys("new");
        assertThat(routed()).containsExactly("old");
        assertThat(configuration.settled()).isTrue();
        assertThat(timer.waiting()).isZero();
    }

    @Test
    void andAsLongAsTheRoutesInItsPlaceWait() {
        changed(XdsConfiguration.CLUSTERS, "new", cluster("new"), "old");
        changed(XdsConfiguration.ROUTES, "r", routes("new"));
        timer.advance(Duration.ofSeconds(10));
        assertThat(routed()).containsExactly("old");
        assertThat(configuration.current().clusters()).containsKey("old");
    }

    @Test
    void aClusterThatComesBackIsWaitedForAgain() {
        changed(XdsConfiguration.CLUSTERS, "new", cluster("new"), "old");
        changed(XdsConfiguration.ENDPOINTS, "new", endpoints("new"), "old");
        changed(XdsConfiguration.ROUTES, "r", routes("new"));
        assertThat(routed()).containsExactly("new");

        changed(XdsConfiguration.CLUSTERS, "old", cluster("old"));
        changed(XdsConfiguration.ROUTES, "r", routes("old"));
        assertThat(routed()).containsExactly("new");

        changed(XdsConfiguration.ENDPOINTS, "old", endpoints("old"));
        assertThat(routed()).containsExactly("old");
    }

    @Test
    void aClusterThatComesBackBeforeItsRoutesWentServesThemAsItWas() {
        changed(XdsConfiguration.CLUSTERS, "new", cluster("new"), "old");
        changed(XdsConfiguration.CLUSTERS, "old", cluster("old"));
        assertThat(routed()).containsExactly("old");
        assertThat(hosts("old")).isEqualTo(1);

        changed(XdsConfiguration.ENDPOINTS, "old", endpoints("old"));
        assertThat(hosts("old")).isEqualTo(1);
    }

    private int hosts(String cluster) {
        return Objects.requireNonNull(configuration.current().clusters().get(cluster))
                .hosts()
                .current()
                .all()
                .size();
    }

    @Test
    void routesToAClusterThatNobodyKnowsAreTakenAsTheyAre() {
        changed(XdsConfiguration.ROUTES, "r", routes("unknown"));
        assertThat(routed()).containsExactly("unknown");
    }

    private List<String> routed() {
        return Objects.requireNonNull(configuration.current().routes().get("r")).clusters();
    }

    private void changed(String type, String name, Message body, String... removed) {
        assertThat(configuration.onUpdate(new ResourceUpdate(
                        type, List.of(new ResourceUpdate.Resource(name, "1", Any.pack(body))), List.of(removed))))
                .isEmpty();
    }

    private static Cluster cluster(String name) {
        return Cluster.newBuilder()
                .setName(name)
                .setType(Cluster.DiscoveryType.EDS)
                .setEdsClusterConfig(Cluster.EdsClusterConfig.newBuilder()
                        .setEdsConfig(ConfigSource.newBuilder().setAds(AggregatedConfigSource.getDefaultInstance())))
                .build();
    }

    private static Cluster cluster(String name, int seconds) {
        Cluster.Builder cluster = cluster(name).toBuilder();
        cluster.getEdsClusterConfigBuilder()
                .getEdsConfigBuilder()
                .setInitialFetchTimeout(
                        com.google.protobuf.Duration.newBuilder().setSeconds(seconds));
        return cluster.build();
    }

    private static Listener listener(String cluster) {
        return Listener.newBuilder()
                .setName("l")
                .setAddress(Address.newBuilder()
                        .setSocketAddress(SocketAddress.newBuilder()
                                .setAddress("127.0.0.1")
                                .setPortValue(9000)))
                .addFilterChains(FilterChain.newBuilder()
                        .addFilters(Filter.newBuilder()
                                .setName("tcp")
                                .setTypedConfig(Any.pack(TcpProxy.newBuilder()
                                        .setStatPrefix("s")
                                        .setCluster(cluster)
                                        .build()))))
                .build();
    }

    private String passedTo() {
        var listener =
                Objects.requireNonNull(configuration.current().listeners().get("l"));
        var tcp = (dev.lateen.proxycore.listener.TcpProxy)
                listener.chains().getFirst().filter();
        return tcp.destinations().getFirst().cluster();
    }

    private static ClusterLoadAssignment endpoints(String name) {
        return ClusterLoadAssignment.newBuilder()
                .setClusterName(name)
                .addEndpoints(LocalityLbEndpoints.newBuilder()
                        .addLbEndpoints(LbEndpoint.newBuilder()
                                .setEndpoint(Endpoint.newBuilder()
                                        .setAddress(Address.newBuilder()
                                                .setSocketAddress(SocketAddress.newBuilder()
                                                        .setAddress("10.0.0.1")
                                                        .setPortValue(80))))))
                .build();
    }

    private static RouteConfiguration routes(String cluster) {
        return RouteConfiguration.newBuilder()
                .setName("r")
                .addVirtualHosts(VirtualHost.newBuilder()
                        .setName("all")
                        .addDomains("*")
                        .addRoutes(Route.newBuilder()
                                .setMatch(RouteMatch.newBuilder().setPrefix("/"))
                                .setRoute(RouteAction.newBuilder().setCluster(cluster))))
                .build();
    }
}
