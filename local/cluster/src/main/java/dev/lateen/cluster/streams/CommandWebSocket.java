package dev.lateen.cluster.streams;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.ContinuationWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketCloseStatus;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A command's streams as channels of one WebSocket: subprotocols {@code v5.channel.k8s.io} and
 * {@code v4.channel.k8s.io}. The first byte of a message is the channel: 0 stdin, 1 stdout, 2 stderr, 3 the end as a
 * Status, 4 terminal size; in version 5 255 closes the channel that the next byte names.
 */
final class CommandWebSocket extends SimpleChannelInboundHandler<WebSocketFrame> implements RemoteCommand.Client {
    private static final Logger LOG = LoggerFactory.getLogger(CommandWebSocket.class);

    private static final int STDIN = 0;
    private static final int STDOUT = 1;
    private static final int STDERR = 2;
    private static final int ERROR = 3;
    private static final int RESIZE = 4;
    private static final int CLOSE = 255;
    private static final int IGNORED = -1;

    private final Channel channel;
    private final boolean closeSignal;
    private final StreamInput stdin;
    private final RemoteCommand command;
    private final ByteBuf size = Unpooled.buffer(64, 4096);
    private int current = IGNORED;

    /** @param closeSignal whether the subprotocol has the close signal (version 5) */
    CommandWebSocket(Channel channel, boolean closeSignal, RemoteCommand command) {
        this.channel = channel;
        this.closeSignal = closeSignal;
        this.stdin = new StreamInput(new ReadGate(channel));
        this.command = command;
    }

    /** Joins the command, after the upgrade. */
    void start(RemoteCommand.Wanted wanted) {
        // Clients that wait for a first message as the sign that all is well get an empty one.
        int first = wanted.stdout() ? STDOUT : wanted.stderr() ? STDERR : ERROR;
        var _ = channel.writeAndFlush(
                new BinaryWebSocketFrame(channel.alloc().buffer(1).writeByte(first)));
        command.start(wanted, stdin, this);
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, WebSocketFrame frame) {
        switch (frame) {
            case PingWebSocketFrame ping -> {
                var _ = ctx.writeAndFlush(new PongWebSocketFrame(ping.content().retain()));
            }
            case PongWebSocketFrame pong -> LOG.trace("{}", pong);
            case CloseWebSocketFrame close -> {
                var _ = ctx.writeAndFlush(new CloseWebSocketFrame(
                                close.isFinalFragment(), 0, WebSocketCloseStatus.NORMAL_CLOSURE.code(), ""))
                        .addListener(ChannelFutureListener.CLOSE);
            }
            case ContinuationWebSocketFrame more -> received(more.content(), more.isFinalFragment());
            default -> {
                ByteBuf content = frame.content();
                current = content.isReadable() ? content.readUnsignedByte() : IGNORED;
                received(content, frame.isFinalFragment());
            }
        }
    }

    private void received(ByteBuf content, boolean last) {
        switch (current) {
            case STDIN -> stdin.offer(content);
            case RESIZE -> resize(content, last);
            case CLOSE -> {
                if (closeSignal && content.isReadable() && content.readUnsignedByte() == STDIN) {
                    stdin.end();
                }
            }
            default -> LOG.trace("{} bytes for channel {} ignored", content.readableBytes(), current);
        }
        if (last) {
            current = IGNORED;
        }
    }

    private void resize(ByteBuf content, boolean last) {
        size.writeBytes(content, Math.min(content.readableBytes(), size.maxWritableBytes()));
        if (last) {
            TerminalSize.parse(size.toString(StandardCharsets.UTF_8))
                    .ifPresent(to -> command.resize(to.width(), to.height()));
            size.clear();
        }
    }

    @Override
    public void stdout(byte[] bytes, int count) throws IOException {
        send(STDOUT, bytes, count);
    }

    @Override
    public void stderr(byte[] bytes, int count) throws IOException {
        send(STDERR, bytes, count);
    }

    @Override
    public void exited(int exitCode) throws IOException {
        byte[] status = StreamStatus.exited(exitCode).getBytes(StandardCharsets.UTF_8);
        send(ERROR, status, status.length);
        ClientWrites.write(channel, new CloseWebSocketFrame(WebSocketCloseStatus.NORMAL_CLOSURE, ""));
        ClientWrites.closeSoon(channel);
    }

    private void send(int to, byte[] bytes, int count) throws IOException {
        ByteBuf message = channel.alloc().buffer(1 + count);
        message.writeByte(to).writeBytes(bytes, 0, count);
        ClientWrites.write(channel, new BinaryWebSocketFrame(message));
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        stdin.discard();
        // Ending a command may wait for the node.
        Thread.ofVirtual().name("abandoned command").start(command::abandon);
        ctx.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        LOG.debug("WebSocket of a command from {} broke", channel.remoteAddress(), cause);
        var _ = ctx.close();
    }
}
