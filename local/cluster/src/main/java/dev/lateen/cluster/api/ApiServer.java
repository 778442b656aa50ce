package dev.lateen.cluster.api;

import dev.lateen.cluster.store.ObjectStore;
import dev.lateen.cluster.store.StoreException;
import dev.lateen.cluster.streams.NodeStreams;
import dev.lateen.cluster.streams.PodStreams;
import dev.lateen.cluster.streams.PodTarget;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * A server of the Kubernetes API over TLS: resources in a store of one file, discovery, watches, tables, streams to
 * pods. Sockets are given to it, already bound, so that it can be reached from several network namespaces at once.
 * Thread-safe.
 */
public final class ApiServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ApiServer.class);
    private static final int MAX_BODY = 3 * 1024 * 1024;
    private static final int EVENTS_KEPT = 10_000;

    private final ObjectStore store;
    private final ServerIdentity identity;
    private final ResourceRegistry registry = new ResourceRegistry();
    private final Resources resources;
    private final EventLoopGroup loops = new MultiThreadIoEventLoopGroup(2, NioIoHandler.newFactory());
    private final List<Channel> listeners = new ArrayList<>();
    private final ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE, true);
    private final ExecutorService requests = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("api ", 0).factory());
    private final SslContext tls;
    private final Definitions definitions;
    private final PodStreams streams;

    /**
     * Opens the store in {@code directory}; streams to pods go to {@code node}, calls of webhooks in pods through {@code
     * sockets}.
     *
     * @throws IOException when the directory cannot be used or holds what cannot be read
     */
    public ApiServer(Path directory, NodeStreams node, PodSockets sockets) throws IOException {
        Files.createDirectories(directory);
        try {
            store = new ObjectStore(directory.resolve("objects.mv"), EVENTS_KEPT);
        } catch (StoreException e) {
            throw new IOException(e.getMessage(), e);
        }
        identity = ServerIdentity.load(directory);
        Webhooks webhooks = new Webhooks(store, registry, new WebhookClient(store, sockets, loops));
        resources = new Resources(store, new Admission(store, registry), registry, webhooks);
        definitions = new Definitions(store, registry, resources);
        // The programs run on the first compiler only, where the JDK's AES takes most of the time of a long list.
        tls = SslContextBuilder.forServer(identity.key(), identity.chain())
                .sslProvider(OpenSsl.isAvailable() ? SslProvider.OPENSSL : SslProvider.JDK)
                .build();
        streams = new PodStreams(node, this::pod);
        try {
            prepare();
        } catch (ApiException e) {
            throw new IOException("cannot make the cluster's first objects: " + e.getMessage(), e);
        }
        definitions.start();
    }

    /** The objects that every cluster has. */
    private void prepare() throws ApiException {
        for (String namespace : List.of("default", "kube-system", "kube-public", "kube-node-lease")) {
            ensure("", "namespaces", "", JsonNodeFactory.instance.objectNode(), namespace);
        }
        ObjectNode service = JsonNodeFactory.instance.objectNode();
        ObjectNode labels = service.putObject("metadata").putObject("labels");
        labels.put("component", "apiserver").put("provider", "kubernetes");
        ObjectNode spec = service.putObject("spec").put("clusterIP", "10.96.0.1");
        spec.putArray("ports")
                .addObject()
                .put("name", "https")
                .put("port", 443)
                .put("targetPort", 6443)
                .put("protocol", "TCP");
        ensure("", "services", "default", service, "kubernetes");
    }

    private void ensure(String group, String plural, String namespace, ObjectNode object, String name)
            throws ApiException {
        ResourceType type = registry.find(group, "v1", plural).orElseThrow(ApiException::noSuchPath);
        if (store.get(Resources.key(type, namespace, name)).isEmpty()) {
            object.put("apiVersion", type.apiVersion()).put("kind", type.kind());
            Defaults.object(object, "metadata").put("name", name);
            resources.create(type, namespace, object, Caller.SERVER, Resources.self(type));
        }
    }

    private @Nullable PodTarget pod(String namespace, String name) {
        ObjectStore.Item item =
                store.get(new ObjectStore.Key("/pods", namespace, name)).orElse(null);
        if (item == null) {
            return null;
        }
        JsonNode spec = Json.readStored(item.value()).path("spec");
        return new PodTarget(
                name,
                !spec.path("nodeName").asString("").isEmpty(),
                names(spec.path("containers")),
                names(spec.path("initContainers")),
                names(spec.path("ephemeralContainers")));
    }

    private static List<String> names(JsonNode containers) {
        return containers
                .valueStream()
                .map(container -> container.path("name").asString(""))
                .toList();
    }

    /** Serves on a bound socket, which is closed with the server. */
    public synchronized void listen(ServerSocketChannel socket) throws IOException {
        socket.configureBlocking(false);
        ResourceEndpoint endpoint = new ResourceEndpoint(resources, registry, new Tokens(identity.tokenKey()));
        Reviews reviews = new Reviews(new Tokens(identity.tokenKey()), identity.adminToken());
        Channel channel = new ServerBootstrap()
                .group(loops)
                .channelFactory(() -> new NioServerSocketChannel(socket))
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel connection) {
                        connections.add(connection);
                        connection
                                .pipeline()
                                .addLast("tls", tls.newHandler(connection.alloc()))
                                .addLast("http", new HttpServerCodec(16 * 1024, 64 * 1024, 64 * 1024))
                                .addLast("aggregator", new HttpObjectAggregator(MAX_BODY))
                                .addLast(
                                        "api",
                                        new ApiHandler(
                                                store,
                                                registry,
                                                endpoint,
                                                new Discovery(registry),
                                                new OpenApi(registry),
                                                reviews,
                                                streams,
                                                requests));
                    }
                })
                .register()
                .syncUninterruptibly()
                .channel();
        listeners.add(channel);
    }

    /** The bearer token of the administrator. */
    public String adminToken() {
        return identity.adminToken();
    }

    /** The certificate authority of the server, as PEM. */
    public String certificateAuthority() throws IOException {
        return identity.authorityPem();
    }

    /** A kubeconfig of the administrator for this address of the server. */
    public String kubeconfig(String server, String name) throws IOException {
        String authority =
                Base64.getEncoder().encodeToString(identity.authorityPem().getBytes(StandardCharsets.UTF_8));
        return """
                apiVersion: v1
                kind: Config
                clusters:
                - name: %1$s
                  cluster:
                    server: %2$s
                    certificate-authority-data: %3$s
                users:
                - name: %1$s
                  user:
                    token: %4$s
                contexts:
                - name: %1$s
                  context:
                    cluster: %1$s
                    user: %1$s
                current-context: %1$s
                """.formatted(name, server, authority, identity.adminToken());
    }

    @Override
    public void close() {
        listeners.forEach(listener -> listener.close().syncUninterruptibly());
        connections.close().syncUninterruptibly();
        requests.shutdown();
        definitions.close();
        awaitRequests();
        store.close();
        loops.shutdownGracefully(0, 2, TimeUnit.SECONDS).syncUninterruptibly();
    }

    /** What was begun is stored before the store closes; nobody hears of it any more. */
    private void awaitRequests() {
        try {
            if (!requests.awaitTermination(5, TimeUnit.SECONDS)) {
                LOG.warn("Requests are still being served; what they write from now on is lost");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
