package dev.lateen.cluster.dns;

import dev.lateen.cluster.dns.DnsMessage.Question;
import dev.lateen.cluster.network.Hub;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The cluster's DNS on the hub, over UDP and TCP. The cluster's names are answered here, all others by the host's
 * resolver.
 */
public final class DnsServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DnsServer.class);
    private static final int PORT = 53;
    private static final int STREAM_LIMIT = 65_535;
    private static final int IDLE_MILLIS = 10_000;

    private final Zone zone;
    private final Upstream upstream = new Upstream(Path.of("/etc/resolv.conf"));
    private final DatagramChannel packets;
    private final ServerSocketChannel streams;

    /** Starts to answer at the hub's DNS address. */
    public DnsServer(Hub hub, ClusterNames names) throws IOException {
        zone = new Zone(names, RandomGenerator.getDefault());
        var address = new InetSocketAddress(Hub.DNS_ADDRESS, PORT);
        packets = hub.inside(
                () -> DatagramChannel.open(StandardProtocolFamily.INET).bind(address));
        streams = hub.inside(
                () -> ServerSocketChannel.open(StandardProtocolFamily.INET).bind(address));
        Thread.ofVirtual().name("dns over udp").start(this::receive);
        Thread.ofVirtual().name("dns over tcp").start(this::accept);
    }

    private void receive() {
        while (packets.isOpen()) {
            ByteBuffer packet = ByteBuffer.allocate(4096);
            try {
                SocketAddress sender = packets.receive(packet);
                packet.flip();
                Thread.ofVirtual().start(() -> reply(packet, sender));
            } catch (ClosedChannelException e) {
                return; // closed: the cluster goes down
            } catch (IOException e) {
                LOG.debug("A DNS packet could not be received", e);
            }
        }
    }

    private void reply(ByteBuffer packet, SocketAddress sender) {
        try {
            byte[] answer = answer(packet, false);
            if (answer.length > 0) {
                packets.send(ByteBuffer.wrap(answer), sender);
            }
        } catch (IOException e) {
            LOG.debug("A DNS answer could not be sent to {}", sender, e);
        }
    }

    private void accept() {
        while (streams.isOpen()) {
            try {
                SocketChannel peer = streams.accept();
                Thread.ofVirtual().start(() -> serve(peer));
            } catch (ClosedChannelException e) {
                return; // closed: the cluster goes down
            } catch (IOException e) {
                LOG.debug("A DNS connection could not be accepted", e);
            }
        }
    }

    private void serve(SocketChannel peer) {
        try (peer) {
            var socket = peer.socket();
            socket.setSoTimeout(IDLE_MILLIS);
            var in = new DataInputStream(socket.getInputStream());
            while (true) {
                byte[] query = new byte[in.readUnsignedShort()];
                in.readFully(query);
                byte[] answer = answer(ByteBuffer.wrap(query), true);
                if (answer.length == 0) {
                    return;
                }
                peer.write(ByteBuffer.allocate(answer.length + 2)
                        .putShort((short) answer.length)
                        .put(answer)
                        .flip());
            }
        } catch (EOFException e) {
            LOG.trace("A DNS connection has ended");
        } catch (IOException e) {
            LOG.debug("A DNS connection broke", e);
        }
    }

    /** The answer to a packet; empty when it is none that can be answered. */
    private byte[] answer(ByteBuffer packet, boolean stream) {
        Optional<Question> asked = DnsMessage.question(packet);
        if (asked.isEmpty()) {
            return new byte[0];
        }
        Question question = asked.get();
        int limit = stream ? STREAM_LIMIT : question.payload();
        Optional<Zone.Reply> reply = zone.answer(question);
        if (reply.isPresent()) {
            int code = reply.get().exists() ? DnsMessage.NO_ERROR : DnsMessage.NO_NAME;
            return DnsMessage.answer(
                    question, code, reply.get().answers(), reply.get().authority(), limit);
        }
        byte[] query = new byte[packet.remaining()];
        packet.duplicate().get(query);
        try {
            return upstream.ask(query, stream);
        } catch (IOException e) {
            LOG.debug("The host's resolver does not answer for {}", question.name(), e);
            return DnsMessage.answer(question, DnsMessage.SERVER_FAILURE, List.of(), List.of(), limit);
        }
    }

    @Override
    public void close() throws IOException {
        packets.close();
        streams.close();
    }
}
