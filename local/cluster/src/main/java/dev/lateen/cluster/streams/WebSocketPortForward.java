package dev.lateen.cluster.streams;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.ContinuationWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Port-forwarding over the channels of one WebSocket ({@code v4.channel.k8s.io}), as client libraries do it: one
 * connection for each port of the query, with channel 2n for the bytes of the n-th port and 2n + 1 for its errors. The
 * first message on each channel is the port, low byte first.
 */
final class WebSocketPortForward extends SimpleChannelInboundHandler<WebSocketFrame> {
    private static final Logger LOG = LoggerFactory.getLogger(WebSocketPortForward.class);
    private static final int NO_CHANNEL = -1;

    private final Channel channel;
    private final List<Connection> connections = new ArrayList<>();
    private final AtomicInteger open;
    private int current = NO_CHANNEL;

    WebSocketPortForward(Channel channel, NodeStreams node, String namespace, String pod, List<Integer> ports) {
        this.channel = channel;
        this.open = new AtomicInteger(ports.size());
        var gate = new ReadGate(channel);
        for (int port : ports) {
            connections.add(new Connection(
                    connections.size() * 2,
                    port,
                    new StreamInput(gate),
                    new PortForward.Target(node, namespace, pod, port)));
        }
    }

    /** Connects all ports, after the upgrade. */
    void start() {
        connections.forEach(Connection::open);
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, WebSocketFrame frame) {
        switch (frame) {
            case PingWebSocketFrame ping -> {
                var _ = ctx.writeAndFlush(new PongWebSocketFrame(ping.content().retain()));
            }
            case PongWebSocketFrame pong -> LOG.trace("{}", pong);
            case CloseWebSocketFrame close -> {
                var _ = ctx.close();
            }
            case ContinuationWebSocketFrame more -> received(more.content());
            default -> {
                ByteBuf content = frame.content();
                current = content.isReadable() ? content.readUnsignedByte() : NO_CHANNEL;
                received(content);
            }
        }
    }

    private void received(ByteBuf content) {
        if (current >= 0 && (current & 1) == 0 && current / 2 < connections.size()) {
            connections.get(current / 2).input.offer(content);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        connections.forEach(connection -> connection.forward.abandon());
        ctx.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        LOG.debug("WebSocket of a port-forward from {} broke", channel.remoteAddress(), cause);
        var _ = ctx.close();
    }

    private final class Connection implements PortForward.Client {
        private final int number;
        private final int port;
        private final StreamInput input;
        private final PortForward forward;

        Connection(int number, int port, StreamInput input, PortForward.Target target) {
            this.number = number;
            this.port = port;
            this.input = input;
            this.forward = new PortForward(target, input, this);
        }

        void open() {
            for (int to = number; to <= number + 1; to++) {
                var _ = channel.writeAndFlush(new BinaryWebSocketFrame(
                        channel.alloc().buffer(3).writeByte(to).writeShortLE(port)));
            }
            forward.start();
        }

        @Override
        public void send(byte[] bytes, int count) throws IOException {
            message(number, bytes, count);
        }

        @Override
        public void error(String message) throws IOException {
            byte[] text = message.getBytes(StandardCharsets.UTF_8);
            message(number + 1, text, text.length);
        }

        @Override
        public void end() throws IOException {
            // These channels have no end of their own: the last one to end closes the WebSocket.
            if (open.decrementAndGet() == 0) {
                ClientWrites.write(channel, new CloseWebSocketFrame(1000, ""));
                ClientWrites.closeSoon(channel);
            }
        }

        private void message(int to, byte[] bytes, int count) throws IOException {
            ByteBuf message = channel.alloc().buffer(1 + count);
            message.writeByte(to).writeBytes(bytes, 0, count);
            ClientWrites.write(channel, new BinaryWebSocketFrame(message));
        }
    }
}
