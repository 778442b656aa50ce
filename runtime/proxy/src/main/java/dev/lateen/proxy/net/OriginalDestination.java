package dev.lateen.proxy.net;

import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelOption;
import io.netty.channel.unix.RawUnixChannelOption;
import io.netty.channel.unix.UnixChannel;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Where a connection wanted to go before a nat rule redirected it: {@code SO_ORIGINAL_DST} of netfilter (option 80 of
 * {@code SOL_IP}, and of {@code SOL_IPV6} for IPv6).
 */
public final class OriginalDestination {
    private static final int SOL_IP = 0;
    private static final int SOL_IPV6 = 41;
    private static final int SO_ORIGINAL_DST = 80;
    private static final int SOCKADDR_IN = 16;
    private static final int SOCKADDR_IN6 = 28;
    private static final ChannelOption<ByteBuffer> V4 =
            new RawUnixChannelOption("SO_ORIGINAL_DST", SOL_IP, SO_ORIGINAL_DST, SOCKADDR_IN);
    private static final ChannelOption<ByteBuffer> V6 =
            new RawUnixChannelOption("IP6T_SO_ORIGINAL_DST", SOL_IPV6, SO_ORIGINAL_DST, SOCKADDR_IN6);

    private OriginalDestination() {}

    /** The original destination, or null when the connection was not redirected or the transport cannot tell. */
    public static @Nullable InetSocketAddress of(Channel channel) {
        if (!(channel instanceof UnixChannel)) {
            return null;
        }
        boolean v6 =
                channel.localAddress() instanceof InetSocketAddress local && local.getAddress() instanceof Inet6Address;
        try {
            ByteBuffer address = channel.config().getOption(v6 ? V6 : V4);
            return address == null ? null : parse(address);
        } catch (ChannelException e) {
            return null; // ENOENT: netfilter knows no translation of this connection
        }
    }

    /** Reads a {@code sockaddr_in} or {@code sockaddr_in6}: family in host order, port and address in network order. */
    static @Nullable InetSocketAddress parse(ByteBuffer raw) {
        byte[] bytes = new byte[raw.remaining()];
        raw.get(bytes);
        int length = bytes.length == SOCKADDR_IN6 ? 16 : 4;
        int at = bytes.length == SOCKADDR_IN6 ? 8 : 4;
        int port = (bytes[2] & 0xFF) << 8 | bytes[3] & 0xFF;
        byte[] ip = new byte[length];
        System.arraycopy(bytes, at, ip, 0, length);
        try {
            return port == 0 ? null : new InetSocketAddress(InetAddress.getByAddress(ip), port);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("an address of " + length + " bytes", e);
        }
    }
}
