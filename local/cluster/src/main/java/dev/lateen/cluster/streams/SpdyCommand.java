package dev.lateen.cluster.streams;

import io.netty.channel.Channel;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A command's streams as streams of a SPDY session, one each, told apart by the field {@code streamType}. The client
 * opens them; the command is joined when all are there.
 */
final class SpdyCommand implements SpdySession.User, RemoteCommand.Client {
    private static final Logger LOG = LoggerFactory.getLogger(SpdyCommand.class);

    /** Versions of the protocol, the best first, as in the field {@code X-Stream-Protocol-Version}. */
    static final List<String> VERSIONS =
            List.of("v4.channel.k8s.io", "v3.channel.k8s.io", "v2.channel.k8s.io", "channel.k8s.io");

    /** A client has so long to open its streams. */
    private static final int CREATION_SECONDS = 30;

    private static final Set<String> TYPES = Set.of("error", "stdin", "stdout", "stderr", "resize");
    private static final int MAX_SIZE_TEXT = 4096;

    private final Channel channel;
    private final String version;
    private final RemoteCommand.Wanted wanted;
    private final RemoteCommand command;
    private final ReadGate gate;
    private final SpdySession session;
    private final Map<String, SpdyStream> streams = new ConcurrentHashMap<>();
    private final int expected;
    private boolean started;

    SpdyCommand(Channel channel, String version, RemoteCommand.Wanted wanted, RemoteCommand command) {
        this.channel = channel;
        this.version = version;
        this.wanted = wanted;
        this.command = command;
        this.gate = new ReadGate(channel);
        this.session = new SpdySession(channel, gate, this);
        boolean resizes = wanted.tty() && VERSIONS.indexOf(version) <= 1;
        this.expected = 1 + count(wanted.stdin()) + count(wanted.stdout()) + count(wanted.stderr()) + count(resizes);
    }

    SpdySession session() {
        return session;
    }

    /** Gives the client its time to open the streams; on the event loop. */
    void awaitStreams() {
        var timeout = channel.eventLoop()
                .schedule(
                        () -> {
                            if (!started) {
                                LOG.debug(
                                        "{} opened {} of {} streams",
                                        channel.remoteAddress(),
                                        streams.size(),
                                        expected);
                                var _ = channel.close();
                            }
                        },
                        CREATION_SECONDS,
                        TimeUnit.SECONDS);
        var _ = channel.closeFuture().addListener(closed -> timeout.cancel(false));
    }

    @Override
    public void opened(SpdyStream stream) throws StreamException {
        String type = stream.header("streamtype");
        if (!TYPES.contains(type) || streams.putIfAbsent(type, stream) != null) {
            throw new StreamException(400, "unexpected stream type: \"" + type + "\"");
        }
        if (type.equals("resize")) {
            Thread.ofVirtual().name("terminal size").start(() -> readSizes(stream.input()));
        }
        if (streams.size() == expected && !started) {
            started = true;
            SpdyStream stdin = streams.get("stdin");
            command.start(wanted, stdin == null ? new StreamInput(gate) : stdin.input(), this);
        }
    }

    /** The client's sizes follow one another without a separator that counts. */
    private void readSizes(StreamInput input) {
        var text = new StringBuilder();
        try {
            for (byte[] next = input.take(); next != null; next = input.take()) {
                text.append(new String(next, StandardCharsets.UTF_8));
                for (int end = text.indexOf("}"); end >= 0; end = text.indexOf("}")) {
                    TerminalSize.parse(text.substring(0, end + 1))
                            .ifPresent(size -> command.resize(size.width(), size.height()));
                    text.delete(0, end + 1);
                }
                if (text.length() > MAX_SIZE_TEXT) {
                    text.setLength(0);
                }
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void stdout(byte[] bytes, int count) throws IOException {
        send("stdout", bytes, count);
    }

    @Override
    public void stderr(byte[] bytes, int count) throws IOException {
        send("stderr", bytes, count);
    }

    @Override
    public void exited(int exitCode) throws IOException {
        if (version.equals(VERSIONS.getFirst())) {
            sendText(StreamStatus.exited(exitCode));
        } else if (exitCode != 0) {
            sendText(StreamStatus.exitMessage(exitCode));
        }
        for (SpdyStream stream : List.copyOf(streams.values())) {
            ClientWrites.await(stream.end());
        }
        ClientWrites.closeSoon(channel);
    }

    private void sendText(String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        send("error", bytes, bytes.length);
    }

    private void send(String type, byte[] bytes, int count) throws IOException {
        SpdyStream stream = streams.get(type);
        if (stream != null) {
            stream.send(bytes, count);
        }
    }

    @Override
    public void reset(SpdyStream stream) {
        LOG.trace("stream {} of a command was reset", stream.id());
    }

    @Override
    public void gone() {
        // Ending a command may wait for the node.
        Thread.ofVirtual().name("abandoned command").start(command::abandon);
    }

    private static int count(boolean present) {
        return present ? 1 : 0;
    }
}
