package dev.lateen.cluster.streams;

import java.io.IOException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One forwarded connection: from a client's stream to a port of a pod, and back. */
final class PortForward {
    private static final Logger LOG = LoggerFactory.getLogger(PortForward.class);
    private static final int BUFFER = 32 * 1024;

    /** The client's side of the connection; blocks to slow the pod down, fails when the client has gone. */
    interface Client {
        /** Bytes from the pod. */
        void send(byte[] bytes, int count) throws IOException;

        /** The connection could not be made, or broke. */
        void error(String message) throws IOException;

        /** Nothing more comes from the pod, neither bytes nor errors. */
        void end() throws IOException;
    }

    /** Where the connection goes. */
    record Target(NodeStreams node, String namespace, String pod, int port) {
        @Override
        public String toString() {
            return namespace + "/" + pod + ":" + port;
        }
    }

    private final Target target;
    private final StreamInput input;
    private final Client client;
    private @Nullable SocketChannel socket;
    private boolean abandoned;

    PortForward(Target target, StreamInput input, Client client) {
        this.target = target;
        this.input = input;
        this.client = client;
    }

    /** Connects and joins, on virtual threads; returns at once. */
    void start() {
        Thread.ofVirtual().name("port-forward " + target).start(this::run);
    }

    /** The client takes no more: both directions end. */
    void abandon() {
        SocketChannel open;
        synchronized (this) {
            abandoned = true;
            open = socket;
        }
        input.discard();
        if (open != null) {
            close(open);
        }
    }

    private void run() {
        try {
            forward();
        } catch (StreamException | IOException failed) {
            tell("error forwarding port " + target.port() + " to pod " + target.pod() + ": " + failed.getMessage());
        } finally {
            input.discard();
            try {
                client.end();
            } catch (IOException gone) {
                LOG.trace("the client of {} has gone", target, gone);
            }
        }
    }

    private void forward() throws StreamException, IOException {
        try (SocketChannel connected = target.node().dial(target.namespace(), target.pod(), target.port())) {
            synchronized (this) {
                socket = connected;
                if (abandoned) {
                    return;
                }
            }
            Thread.ofVirtual().name("port-forward to " + target).start(() -> feed(connected));
            drain(connected);
        }
    }

    /** Client to pod; the client's end of file is passed on as one. */
    private void feed(SocketChannel to) {
        try {
            for (byte[] next = input.take(); next != null; next = input.take()) {
                var bytes = ByteBuffer.wrap(next);
                while (bytes.hasRemaining()) {
                    to.write(bytes);
                }
            }
            to.shutdownOutput();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        } catch (IOException ended) {
            // The pod reads no more; what it still has to say comes on the other way.
            LOG.trace("{} reads no more", target, ended);
        } finally {
            input.discard();
        }
    }

    /** Pod to client. A pod that resets its connection ends this one, not the client's whole session. */
    private void drain(SocketChannel from) throws IOException {
        var buffer = ByteBuffer.allocate(BUFFER);
        while (true) {
            int count;
            try {
                count = from.read(buffer.clear());
            } catch (SocketException | ClosedChannelException reset) {
                LOG.debug("{} was cut off", target, reset);
                return;
            }
            if (count < 0) {
                return;
            }
            client.send(buffer.array(), count);
        }
    }

    private void tell(String message) {
        synchronized (this) {
            if (abandoned) {
                return;
            }
        }
        try {
            client.error(message);
        } catch (IOException gone) {
            LOG.trace("the client of {} has gone before it heard: {}", target, message, gone);
        }
    }

    private void close(SocketChannel open) {
        try {
            open.close();
        } catch (IOException failed) {
            LOG.debug("closing the connection to {}", target, failed);
        }
    }
}
