package dev.lateen.proxy.capture;

import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import com.sun.net.httpserver.HttpServer;
import dev.lateen.proxy.Proxy;
import dev.lateen.proxy.ProxyOptions;
import dev.lateen.proxy.config.XdsConfiguration;
import dev.lateen.proxy.net.Sockets;
import dev.lateen.proxy.net.Transport;
import dev.lateen.xds.server.PeerIdentity;
import dev.lateen.xds.server.ResourceEncoder;
import dev.lateen.xds.server.ResourceProvider;
import dev.lateen.xds.server.ResourceSet;
import dev.lateen.xds.server.XdsMetrics;
import dev.lateen.xds.server.XdsServer;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.extensions.filters.http.router.v3.Router;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.DatagramPacket;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What runs in the two namespaces of {@link CaptureTest}: in the pod an app, and a proxy with its own xDS server; in the
 * peer an app. Says "ready", and ends with its standard input.
 */
final class PodPrograms {
    private static final int MARK = 1337;

    private PodPrograms() {}

    /** The argument is the address of the pod; without one it is the peer. */
    public static void main(String[] args) throws Exception {
        if (args.length > 0) {
            app("pod", 8080);
            app("pod", 8081);
            datagrams("proxy", new InetSocketAddress(InetAddress.getLoopbackAddress(), 15053), MARK);
            Proxy proxy = proxy(args[0]);
            while (!proxy.ready()) {
                Thread.onSpinWait();
            }
        } else {
            app("peer", 80);
            app("peer", 9000);
            datagrams("peer", new InetSocketAddress(53), 0);
        }
        System.out.println("ready");
        var _ = System.in.readAllBytes();
        System.exit(0);
    }

    /** Answers who it is, where it was reached and from where. */
    private static void app(String name, int port) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(port), 0);
        server.createContext("/", exchange -> {
            String text = name + " " + exchange.getLocalAddress().getAddress().getHostAddress() + ":" + port + " from "
                    + exchange.getRemoteAddress().getAddress().getHostAddress();
            byte[] body = text.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
    }

    private static void datagrams(String name, InetSocketAddress address, int mark) throws InterruptedException {
        var sockets = new Sockets(Transport.EPOLL, Transport.EPOLL, mark);
        var handler = new SimpleChannelInboundHandler<DatagramPacket>() {
            @Override
            protected void channelRead0(ChannelHandlerContext ctx, DatagramPacket packet) {
                var answer = Unpooled.copiedBuffer("from " + name + "\n", StandardCharsets.UTF_8);
                var _ = ctx.writeAndFlush(new DatagramPacket(answer, packet.sender()));
            }
        };
        var loop = Transport.EPOLL.newGroup(1, "datagrams").next();
        var _ = sockets.bindDatagram(loop, address, (ChannelHandler) handler).sync();
    }

    private static Proxy proxy(String address) throws IOException {
        XdsServer xds = XdsServer.start(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                new Fixed(new ResourceEncoder().encode(resources(address), 1)),
                XdsMetrics.NONE,
                Clock.systemUTC());
        return Proxy.start(ProxyOptions.fromEnvironment(
                ProxyOptions.Role.SIDECAR,
                "127.0.0.1:" + xds.port(),
                Map.of("app", "pod"),
                Map.of("INSTANCE_IP", address, "LATEEN_SOCKET_MARK", String.valueOf(MARK))));
    }

    /** Outbound connections go where they wanted to, those for "self" to the pod itself; inbound ones to the app. */
    private static Map<String, Map<String, Message>> resources(String address) throws IOException {
        Map<String, Message> clusters = new LinkedHashMap<>();
        for (String json : new String[] {
            "{name: out, type: ORIGINAL_DST, lb_policy: CLUSTER_PROVIDED, connect_timeout: \"5s\"}",
            "{name: in, type: ORIGINAL_DST, lb_policy: CLUSTER_PROVIDED, connect_timeout: \"5s\","
                    + " upstream_bind_config: {source_address: {address: \"127.0.0.6\", port_value: 0}}}",
            "{name: self, type: STATIC, connect_timeout: \"5s\", load_assignment: {cluster_name: self, endpoints: [{"
                    + "lb_endpoints: [{endpoint: {address: {socket_address: {address: \"" + address
                    + "\", port_value: 8080}}}}]}]}}"
        }) {
            Cluster.Builder cluster = Cluster.newBuilder();
            merge(json, cluster);
            clusters.put(cluster.getName(), cluster.build());
        }
        Map<String, Message> listeners = new LinkedHashMap<>();
        listeners.put("virtualOutbound", listener("virtualOutbound", 15001, "OUTBOUND", """
                {name: "self", domains: ["self"], routes: [{match: {prefix: "/"}, route: {cluster: "self"}}]},
                {name: "any", domains: ["*"], routes: [{match: {prefix: "/"}, route: {cluster: "out"}}]}"""));
        listeners.put("virtualInbound", listener("virtualInbound", 15006, "INBOUND", """
                {name: "any", domains: ["*"], routes: [{match: {prefix: "/"}, route: {cluster: "in"}}]}"""));
        return Map.of(XdsConfiguration.CLUSTERS, clusters, XdsConfiguration.LISTENERS, listeners);
    }

    /** A listener that adds its name to each answer. */
    private static Listener listener(String name, int port, String direction, String hosts) throws IOException {
        Listener.Builder listener = Listener.newBuilder();
        merge("""
                {name: "%s", address: {socket_address: {address: "0.0.0.0", port_value: %d}},
                 use_original_dst: true, traffic_direction: %s,
                 filter_chains: [{filters: [{name: "http", typed_config: {
                   "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
                   stat_prefix: "%1$s",
                   route_config: {name: "%1$s", virtual_hosts: [%s],
                     response_headers_to_add: [{header: {key: "x-through", value: "%1$s"}}]},
                   http_filters: [{name: "router", typed_config: {
                     "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}}]}}]}]}
                """.formatted(name, port, direction, hosts), listener);
        return listener.build();
    }

    private static void merge(String json, Message.Builder builder) throws IOException {
        JsonFormat.parser()
                .usingTypeRegistry(JsonFormat.TypeRegistry.newBuilder()
                        .add(HttpConnectionManager.getDescriptor())
                        .add(Router.getDescriptor())
                        .build())
                .merge(json, builder);
    }

    /** The same resources for every client, for ever. */
    private record Fixed(ResourceSet current) implements ResourceProvider, ResourceProvider.Client {
        @Override
        public Client connect(Node node, @Nullable PeerIdentity peer, Runnable changed) {
            return this;
        }

        @Override
        public void close() {}
    }
}
