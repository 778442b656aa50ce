package dev.lateen.proxy.envoy;

import com.google.protobuf.Any;
import com.google.protobuf.TypeRegistry;
import com.google.protobuf.util.Durations;
import com.google.protobuf.util.JsonFormat;
import dev.lateen.proxy.ProxyOptions;
import io.envoyproxy.envoy.config.bootstrap.v3.Admin;
import io.envoyproxy.envoy.config.bootstrap.v3.Bootstrap;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.Address;
import io.envoyproxy.envoy.config.core.v3.BindConfig;
import io.envoyproxy.envoy.config.core.v3.Http2ProtocolOptions;
import io.envoyproxy.envoy.config.core.v3.Pipe;
import io.envoyproxy.envoy.config.core.v3.SocketAddress;
import io.envoyproxy.envoy.config.core.v3.SocketOption;
import io.envoyproxy.envoy.config.core.v3.TypedExtensionConfig;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.endpoint.v3.Endpoint;
import io.envoyproxy.envoy.config.endpoint.v3.LbEndpoint;
import io.envoyproxy.envoy.config.endpoint.v3.LocalityLbEndpoints;
import io.envoyproxy.envoy.extensions.filters.http.router.v3.Router;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig;
import io.envoyproxy.envoy.extensions.upstreams.http.v3.HttpProtocolOptions;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * What an Envoy beside our agent is started with (Envoy's documentation, "Bootstrap configuration"): who it is, and
 * where the agent's socket is, over which everything else comes. Names of clusters are Istio's, which xDS refers to.
 */
final class EnvoyBootstrap {
    /** {@code SOL_SOCKET} and {@code SO_MARK} of Linux. */
    private static final int SOCKET_LEVEL = 1;

    private static final int MARK = 36;
    private static final int CONNECT_SECONDS = 1;

    private static final TypeRegistry TYPES = TypeRegistry.newBuilder()
            .add(HttpConnectionManager.getDescriptor())
            .add(Router.getDescriptor())
            .build();

    private EnvoyBootstrap() {}

    /**
     * @param socket where the agent serves xDS and the workload's certificates
     * @param resolver port of the loopback where it asks for addresses; 0: where the pod's programs do
     */
    static Bootstrap of(ProxyOptions options, Path socket, int resolver) {
        Bootstrap.Builder bootstrap = template();
        Address admin = address("127.0.0.1", options.adminPort());
        Address agent = Address.newBuilder()
                .setPipe(Pipe.newBuilder().setPath(socket.toString()))
                .build();
        bootstrap.setNode(options.node()).setAdmin(Admin.newBuilder().setAddress(admin));
        if (options.socketMark() != 0) {
            // Capture rules know the proxy's own connections by the mark; those to the app have an address instead.
            bootstrap
                    .getClusterManagerBuilder()
                    .setUpstreamBindConfig(BindConfig.newBuilder()
                            .addSocketOptions(SocketOption.newBuilder()
                                    .setDescription("mark of the proxy")
                                    .setLevel(SOCKET_LEVEL)
                                    .setName(MARK)
                                    .setIntValue(options.socketMark())
                                    .setState(SocketOption.SocketState.STATE_PREBIND)));
        }
        if (resolver != 0) {
            CaresDnsResolverConfig config = CaresDnsResolverConfig.newBuilder()
                    .addResolvers(address("127.0.0.1", resolver))
                    .build();
            bootstrap.setTypedDnsResolverConfig(TypedExtensionConfig.newBuilder()
                    .setName("envoy.network.dns_resolver.cares")
                    .setTypedConfig(Any.pack(config)));
        }
        bootstrap
                .getStaticResourcesBuilder()
                .addClusters(cluster("prometheus_stats", admin))
                .addClusters(grpc("xds-grpc", agent))
                .addClusters(grpc("sds-grpc", agent))
                .getListenersBuilder(0)
                .setAddress(address("0.0.0.0", options.metricsPort()));
        return bootstrap.build();
    }

    private static Bootstrap.Builder template() {
        try (InputStream in = EnvoyBootstrap.class.getResourceAsStream("bootstrap.json")) {
            if (in == null) {
                throw new IOException("bootstrap.json is missing from the jar of lateen-proxy");
            }
            Bootstrap.Builder bootstrap = Bootstrap.newBuilder();
            JsonFormat.parser()
                    .usingTypeRegistry(TYPES)
                    .merge(new InputStreamReader(in, StandardCharsets.UTF_8), bootstrap);
            return bootstrap;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Cluster.Builder grpc(String name, Address address) {
        HttpProtocolOptions http2 = HttpProtocolOptions.newBuilder()
                .setExplicitHttpConfig(HttpProtocolOptions.ExplicitHttpConfig.newBuilder()
                        .setHttp2ProtocolOptions(Http2ProtocolOptions.getDefaultInstance()))
                .build();
        return cluster(name, address)
                .putTypedExtensionProtocolOptions(
                        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions", Any.pack(http2));
    }

    private static Cluster.Builder cluster(String name, Address address) {
        LbEndpoint endpoint = LbEndpoint.newBuilder()
                .setEndpoint(Endpoint.newBuilder().setAddress(address))
                .build();
        return Cluster.newBuilder()
                .setName(name)
                .setType(Cluster.DiscoveryType.STATIC)
                .setConnectTimeout(Durations.fromSeconds(CONNECT_SECONDS))
                .setLoadAssignment(ClusterLoadAssignment.newBuilder()
                        .setClusterName(name)
                        .addEndpoints(LocalityLbEndpoints.newBuilder().addLbEndpoints(endpoint)));
    }

    private static Address address(String host, int port) {
        return Address.newBuilder()
                .setSocketAddress(SocketAddress.newBuilder().setAddress(host).setPortValue(port))
                .build();
    }
}
