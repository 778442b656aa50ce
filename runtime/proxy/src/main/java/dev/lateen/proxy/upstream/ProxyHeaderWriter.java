package dev.lateen.proxy.upstream;

import dev.lateen.proxycore.listener.TransportSocket;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Begins a connection with a header that says for whom it is made ("The PROXY protocol", versions 1 and 2, HAProxy), before
 * any other byte, a handshake's too. One that is made for nobody, such as a health check, says so in version 2 (LOCAL), and
 * tells its own addresses in version 1, as Envoy does.
 */
final class ProxyHeaderWriter extends ChannelOutboundHandlerAdapter {
    private static final byte[] V2 = {0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A};
    private static final int LOCAL = 0x20;
    private static final int PROXY = 0x21;
    private static final int TCP4 = 0x11;
    private static final int TCP6 = 0x21;

    private final TransportSocket.ProxyProtocol.Version version;
    private final @Nullable Downstream downstream;

    ProxyHeaderWriter(TransportSocket.ProxyProtocol.Version version, @Nullable Downstream downstream) {
        this.version = version;
        this.downstream = downstream;
    }

    /** Before whoever waits for the connection hears of it, and writes. */
    @Override
    public void connect(
            ChannelHandlerContext ctx, SocketAddress remote, @Nullable SocketAddress local, ChannelPromise promise) {
        ctx.connect(remote, local, ctx.newPromise()).addListener(connected -> {
            if (connected.isSuccess()) {
                var _ = ctx.writeAndFlush(header(ctx));
                promise.trySuccess();
            } else {
                promise.tryFailure(connected.cause());
            }
        });
    }

    private ByteBuf header(ChannelHandlerContext ctx) {
        Downstream told = downstream;
        ByteBuf header = ctx.alloc().buffer(128);
        switch (version) {
            case V1 -> {
                InetSocketAddress source =
                        told == null ? (InetSocketAddress) ctx.channel().localAddress() : told.source();
                InetSocketAddress destination =
                        told == null ? (InetSocketAddress) ctx.channel().remoteAddress() : told.destination();
                header.writeCharSequence(version1(source, destination), StandardCharsets.US_ASCII);
            }
            case V2 -> version2(header, told);
        }
        return header;
    }

    /** A line of text (section 2.1). */
    static String version1(InetSocketAddress source, InetSocketAddress destination) {
        int size = source.getAddress().getAddress().length;
        if (size != destination.getAddress().getAddress().length) {
            return "PROXY UNKNOWN\r\n"; // no line can tell two families
        }
        return "PROXY " + (size == 4 ? "TCP4 " : "TCP6 ") + source.getAddress().getHostAddress() + " "
                + destination.getAddress().getHostAddress() + " " + source.getPort() + " " + destination.getPort()
                + "\r\n";
    }

    /** Bytes (section 2.2). */
    static void version2(ByteBuf header, @Nullable Downstream told) {
        header.writeBytes(V2);
        byte[] source = told == null ? new byte[0] : bytes(told.source().getAddress());
        byte[] destination = told == null ? source : bytes(told.destination().getAddress());
        if (told == null || source.length != destination.length) {
            header.writeByte(LOCAL).writeByte(0).writeShort(0);
            return;
        }
        header.writeByte(PROXY)
                .writeByte(source.length == 4 ? TCP4 : TCP6)
                .writeShort(2 * source.length + 4)
                .writeBytes(source)
                .writeBytes(destination)
                .writeShort(told.source().getPort())
                .writeShort(told.destination().getPort());
    }

    private static byte[] bytes(InetAddress address) {
        return address.getAddress();
    }
}
