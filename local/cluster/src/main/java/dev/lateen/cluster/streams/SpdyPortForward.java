package dev.lateen.cluster.streams;

import io.netty.channel.Channel;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Port-forwarding over a SPDY session, protocol {@code portforward.k8s.io}: each connection is a stream of type
 * {@code error} and one of type {@code data}, joined by the field {@code requestID}, with the port in the field
 * {@code port}.
 */
final class SpdyPortForward implements SpdySession.User {
    /** The protocol's name in {@code X-Stream-Protocol-Version}. */
    static final String PROTOCOL = "portforward.k8s.io";

    private final NodeStreams node;
    private final String namespace;
    private final String pod;
    private final SpdySession session;

    /** Half pairs by request; only on the event loop. */
    private final Map<String, SpdyStream> waiting = new HashMap<>();

    private final Set<Connection> connections = ConcurrentHashMap.newKeySet();

    SpdyPortForward(Channel channel, NodeStreams node, String namespace, String pod) {
        this.node = node;
        this.namespace = namespace;
        this.pod = pod;
        this.session = new SpdySession(channel, new ReadGate(channel), this);
    }

    SpdySession session() {
        return session;
    }

    @Override
    public void opened(SpdyStream stream) throws StreamException {
        int port = StreamQuery.port(stream.header("port"));
        boolean isData = isData(stream);
        String request = requestId(stream, isData);
        SpdyStream other = waiting.remove(request);
        if (other == null) {
            waiting.put(request, stream);
            return;
        }
        if (isData(other) == isData) {
            waiting.put(request, other);
            throw new StreamException(400, "a second stream of its type for request " + request);
        }
        var connection = new Connection(isData ? stream : other, isData ? other : stream, port);
        connections.add(connection);
        connection.forward.start();
    }

    @Override
    public void reset(SpdyStream stream) {
        waiting.values().remove(stream);
        connections.stream().filter(connection -> connection.data == stream).forEach(Connection::abandon);
    }

    @Override
    public void gone() {
        waiting.clear();
        connections.forEach(Connection::abandon);
    }

    private static boolean isData(SpdyStream stream) throws StreamException {
        String type = stream.header("streamtype");
        return switch (type) {
            case "data" -> true;
            case "error" -> false;
            default -> throw new StreamException(400, "invalid stream type \"" + type + "\"");
        };
    }

    /** Clients from before the field existed open the error stream first, and the data stream right after it. */
    private static String requestId(SpdyStream stream, boolean isData) {
        String id = stream.header("requestid");
        return id.isEmpty() ? "stream " + (isData ? stream.id() - 2 : stream.id()) : id;
    }

    /** A pair of streams. */
    private final class Connection implements PortForward.Client {
        private final SpdyStream data;
        private final SpdyStream error;
        private final PortForward forward;

        Connection(SpdyStream data, SpdyStream error, int port) {
            this.data = data;
            this.error = error;
            this.forward = new PortForward(new PortForward.Target(node, namespace, pod, port), data.input(), this);
        }

        void abandon() {
            // Closing a socket is quick, and this may be the event loop.
            forward.abandon();
        }

        @Override
        public void send(byte[] bytes, int count) throws IOException {
            data.send(bytes, count);
        }

        @Override
        public void error(String message) throws IOException {
            byte[] text = message.getBytes(StandardCharsets.UTF_8);
            error.send(text, text.length);
        }

        @Override
        public void end() throws IOException {
            connections.remove(this);
            try {
                ClientWrites.await(data.end());
                ClientWrites.await(error.end());
            } finally {
                session.forget(data);
                session.forget(error);
            }
        }
    }
}
