package dev.lateen.proxy.dns;

import dev.lateen.proxy.net.Sockets;
import dev.lateen.xds.client.ResourceUpdate;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.DatagramPacket;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import io.netty.handler.timeout.ReadTimeoutHandler;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The DNS server of a workload (Istio's documentation, DNS Proxying): UDP and TCP on the loopback, where the pod's nat
 * rules bring its questions. Addresses of the mesh's names come from the control plane, in random order as a cluster's
 * DNS gives them; every other question goes to the resolvers of {@code /etc/resolv.conf} as it is.
 */
public final class NameServer implements AutoCloseable {
    /** The type of resource that it lives on. */
    public static final String TYPE = "type.googleapis.com/istio.networking.nds.v1.NameTable";

    /** Istio's port. */
    private static final int PORT = 15053;

    private static final Path RESOLVERS = Path.of("/etc/resolv.conf");

    private static final Logger LOG = LoggerFactory.getLogger(NameServer.class);
    private static final int LONGEST = 0xFFFF;
    private static final int IDLE_SECONDS = 30;

    private final String domain;
    private final ResolverFile file;
    private final Random random;
    private final Resolvers resolvers;
    private final List<Channel> channels = new ArrayList<>();
    private final Map<String, Map<String, NameTable.NameInfo>> resources = new HashMap<>();
    private volatile NameTable table;
    private volatile boolean told;

    private NameServer(String domain, ResolverFile file, Random random, Resolvers resolvers) {
        this.domain = domain;
        this.file = file;
        this.random = random;
        this.resolvers = resolvers;
        this.table = table();
    }

    /**
     * Listens on Istio's port, with the resolvers of this pod.
     *
     * @param group whose loops do the work, one of them most of it
     * @param nodeId of the workload's proxy, whose last part is the domain of its namespace
     * @throws IOException when the port is taken, or the file cannot be read
     */
    public static NameServer start(Sockets sockets, EventLoopGroup group, String nodeId) throws IOException {
        String domain = nodeId.substring(nodeId.lastIndexOf('~') + 1);
        ResolverFile file = ResolverFile.of(Files.readAllLines(RESOLVERS));
        return start(sockets, group, PORT, domain, file, new Random());
    }

    /**
     * Knows no names, and asks the resolvers of this pod alone, on a free port: for a proxy whose own questions the nat
     * rules cannot tell from the workload's.
     *
     * @throws IOException when the file of resolvers cannot be read
     */
    public static NameServer forwarding(Sockets sockets, EventLoopGroup group) throws IOException {
        return start(sockets, group, 0, "", ResolverFile.of(Files.readAllLines(RESOLVERS)), new Random());
    }

    /** @param port on 127.0.0.1; 0 takes a free one */
    static NameServer start(
            Sockets sockets, EventLoopGroup group, int port, String domain, ResolverFile file, Random random)
            throws IOException {
        EventLoop loop = group.next();
        NameServer server = new NameServer(domain, file, random, new Resolvers(sockets, loop, file.servers()));
        try {
            server.listen(sockets, group, loop, port);
        } catch (IOException e) {
            server.close();
            throw e;
        }
        LOG.info("answers DNS on port {}; other names are asked of {}", server.port(), file.servers());
        return server;
    }

    private void listen(Sockets sockets, EventLoopGroup group, EventLoop loop, int port) throws IOException {
        InetAddress loopback = InetAddress.ofLiteral("127.0.0.1");
        Channel tcp = opened(
                sockets.listen(group, group, new InetSocketAddress(loopback, port), new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline()
                                .addLast(new ReadTimeoutHandler(IDLE_SECONDS))
                                .addLast(new LengthFieldBasedFrameDecoder(LONGEST + 2, 0, 2, 0, 2))
                                .addLast(new OverTcp(loop));
                    }
                }),
                "TCP port " + port);
        InetSocketAddress same = new InetSocketAddress(loopback, ((InetSocketAddress) tcp.localAddress()).getPort());
        opened(sockets.bindDatagram(loop, same, new OverUdp()), "UDP port " + same.getPort());
    }

    private Channel opened(ChannelFuture opening, String what) throws IOException {
        opening.awaitUninterruptibly();
        if (!opening.isSuccess()) {
            throw new IOException("cannot answer DNS on " + what + ": " + opening.cause(), opening.cause());
        }
        channels.add(opening.channel());
        return opening.channel();
    }

    /** The port in use. */
    public int port() {
        return ((InetSocketAddress) channels.getFirst().localAddress()).getPort();
    }

    /** Takes the control plane's names; a damaged table is refused and the former one stays. */
    public synchronized Optional<String> onUpdate(ResourceUpdate update) {
        Map<String, Map<String, NameTable.NameInfo>> read = new HashMap<>();
        for (ResourceUpdate.Resource resource : update.changed()) {
            try {
                read.put(
                        resource.name(),
                        NameTable.read(resource.name(), resource.body().getValue()));
            } catch (IOException e) {
                return Optional.of("name table " + resource.name() + " is damaged: " + e.getMessage());
            }
        }
        resources.putAll(read);
        update.removed().forEach(resources::remove);
        table = table();
        told = true;
        return Optional.empty();
    }

    /** Whether the control plane has sent names. */
    public boolean knowsNames() {
        return told;
    }

    private NameTable table() {
        Map<String, NameTable.NameInfo> hosts = new HashMap<>();
        resources.values().forEach(hosts::putAll);
        return new NameTable(
                hosts, domain, file.search().isEmpty() ? "" : file.search().getFirst());
    }

    private void answer(byte[] query, boolean tcp, Consumer<byte[]> reply) {
        Question question = Question.of(query);
        if (question == null) {
            forward(query, Question.HEADER, tcp, reply);
            return;
        }
        boolean address = question.type() == Question.A || question.type() == Question.AAAA;
        Optional<NameTable.Found> found = address ? table.find(question.name()) : Optional.empty();
        if (found.isEmpty()) {
            forward(query, question.end(), tcp, reply);
            return;
        }
        List<byte[]> addresses = new ArrayList<>(found.get().ofLength(question.type() == Question.A ? 4 : 16));
        Collections.shuffle(addresses, random);
        reply.accept(Answer.of(query, question, found.get().alias(), addresses, tcp ? LONGEST : question.udpSize()));
    }

    /** @param end of the question in the query, to repeat it in a failure */
    private void forward(byte[] query, int end, boolean tcp, Consumer<byte[]> reply) {
        resolvers.ask(query, tcp, bytes -> {
            if (bytes != null) {
                reply.accept(bytes);
            } else if (query.length >= end) {
                reply.accept(Answer.failure(query, end));
            }
        });
    }

    @Override
    public void close() {
        channels.forEach(channel -> channel.close().awaitUninterruptibly());
    }

    @Sharable
    private final class OverUdp extends SimpleChannelInboundHandler<DatagramPacket> {
        @Override
        protected void channelRead0(ChannelHandlerContext context, DatagramPacket packet) {
            InetSocketAddress from = packet.sender();
            answer(ByteBufUtil.getBytes(packet.content()), false, bytes -> {
                var _ = context.writeAndFlush(new DatagramPacket(Unpooled.wrappedBuffer(bytes), from));
            });
        }
    }

    private final class OverTcp extends SimpleChannelInboundHandler<ByteBuf> {
        private final EventLoop loop;

        OverTcp(EventLoop loop) {
            this.loop = loop;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, ByteBuf message) {
            byte[] query = ByteBufUtil.getBytes(message);
            loop.execute(() -> answer(query, true, bytes -> {
                var _ = context.writeAndFlush(
                        Unpooled.wrappedBuffer(new byte[] {(byte) (bytes.length >> 8), (byte) bytes.length}, bytes));
            }));
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            var _ = context.close();
        }
    }
}
