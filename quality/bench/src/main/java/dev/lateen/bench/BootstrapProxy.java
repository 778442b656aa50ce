package dev.lateen.bench;

import com.github.udpa.udpa.type.v1.TypedStruct;
import com.google.protobuf.Message;
import com.google.protobuf.TypeRegistry;
import com.google.protobuf.util.JsonFormat;
import dev.lateen.proxy.Proxy;
import dev.lateen.proxy.ProxyOptions;
import dev.lateen.xds.server.PeerIdentity;
import dev.lateen.xds.server.ResourceEncoder;
import dev.lateen.xds.server.ResourceProvider;
import dev.lateen.xds.server.ResourceSet;
import dev.lateen.xds.server.XdsMetrics;
import dev.lateen.xds.server.XdsServer;
import io.envoyproxy.envoy.config.bootstrap.v3.Bootstrap;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.trace.v3.ZipkinConfig;
import io.envoyproxy.envoy.extensions.access_loggers.file.v3.FileAccessLog;
import io.envoyproxy.envoy.extensions.filters.http.cors.v3.Cors;
import io.envoyproxy.envoy.extensions.filters.http.fault.v3.HTTPFault;
import io.envoyproxy.envoy.extensions.filters.http.router.v3.Router;
import io.envoyproxy.envoy.extensions.filters.listener.http_inspector.v3.HttpInspector;
import io.envoyproxy.envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext;
import io.envoyproxy.envoy.extensions.upstreams.http.v3.HttpProtocolOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Runs a proxy on the static resources of an Envoy bootstrap file (JSON), so that one file configures Envoy and ours
 * alike: its clusters and listeners are served to the proxy over ADS inside the process.
 */
public final class BootstrapProxy {
    private static final String TYPES = "type.googleapis.com/envoy.config.";

    private BootstrapProxy() {}

    /** Arguments: the file, and the number of event loops (1). Prints {@code ready} when the listeners are open. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        Bootstrap bootstrap = read(Path.of(arguments[0]));
        Map<String, Message> clusters = new LinkedHashMap<>();
        for (Cluster cluster : bootstrap.getStaticResources().getClustersList()) {
            clusters.put(cluster.getName(), cluster);
        }
        Map<String, Message> listeners = new LinkedHashMap<>();
        for (Listener listener : bootstrap.getStaticResources().getListenersList()) {
            listeners.put(listener.getName(), listener);
        }
        ResourceSet resources = new ResourceEncoder()
                .encode(
                        Map.of(
                                TYPES + "cluster.v3.Cluster", clusters,
                                TYPES + "listener.v3.Listener", listeners),
                        1);
        try (XdsServer server = XdsServer.start(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                        new Fixed(resources),
                        XdsMetrics.NONE,
                        Clock.systemUTC());
                Proxy proxy = Proxy.start(ProxyOptions.fromEnvironment(
                                ProxyOptions.Role.ROUTER,
                                "127.0.0.1:" + server.port(),
                                Map.of("app", "bench"),
                                Map.of())
                        .withFreePorts()
                        .withConcurrency(arguments.length > 1 ? Integer.parseInt(arguments[1]) : 1))) {
            while (!proxy.ready()) {
                Thread.sleep(20);
            }
            System.out.println("ready admin=" + proxy.adminPort());
            Runtime.getRuntime().addShutdownHook(new Thread(proxy::close, "close"));
            proxy.awaitTermination();
        }
    }

    private static Bootstrap read(Path file) throws IOException {
        Bootstrap.Builder bootstrap = Bootstrap.newBuilder();
        JsonFormat.parser()
                .usingTypeRegistry(TypeRegistry.newBuilder()
                        .add(HttpConnectionManager.getDescriptor())
                        .add(Router.getDescriptor())
                        .add(HTTPFault.getDescriptor())
                        .add(Cors.getDescriptor())
                        .add(TcpProxy.getDescriptor())
                        .add(FileAccessLog.getDescriptor())
                        .add(TlsInspector.getDescriptor())
                        .add(HttpInspector.getDescriptor())
                        .add(HttpProtocolOptions.getDescriptor())
                        .add(DownstreamTlsContext.getDescriptor())
                        .add(UpstreamTlsContext.getDescriptor())
                        .add(ZipkinConfig.getDescriptor())
                        .add(TypedStruct.getDescriptor())
                        .build())
                .merge(Files.readString(file), bootstrap);
        return bootstrap.build();
    }

    /** The same resources for every client, for ever. */
    private record Fixed(ResourceSet resources) implements ResourceProvider {
        @Override
        public Client connect(Node node, @Nullable PeerIdentity peer, Runnable changed) {
            return new Client() {
                @Override
                public ResourceSet current() {
                    return resources;
                }

                @Override
                public void close() {
                    // There is nothing to let go of.
                }
            };
        }
    }
}
