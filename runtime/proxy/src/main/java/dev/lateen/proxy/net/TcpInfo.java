package dev.lateen.proxy.net;

import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelOption;
import io.netty.channel.unix.RawUnixChannelOption;
import io.netty.channel.unix.UnixChannel;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * What the kernel knows of a connection's bytes: {@code TCP_INFO} of Linux ({@code struct tcp_info} of linux/tcp.h, since
 * 4.19).
 *
 * @param acknowledged bytes that the peer's kernel has taken, the first handshake's one included
 * @param sent bytes of content sent, repetitions included
 * @param repeated bytes of content sent again
 * @param unsent bytes that wait to be sent
 */
public record TcpInfo(long acknowledged, long sent, long repeated, long unsent) {
    private static final int IPPROTO_TCP = 6;
    private static final int TCP_INFO = 11;
    private static final int BYTES_ACKED = 120;
    private static final int NOTSENT_BYTES = 144;
    private static final int BYTES_SENT = 200;
    private static final int BYTES_RETRANS = 208;
    private static final int LENGTH = 216;
    private static final ChannelOption<ByteBuffer> OPTION =
            new RawUnixChannelOption("TCP_INFO", IPPROTO_TCP, TCP_INFO, LENGTH);

    /** What the kernel knows, or null where it does not tell. */
    public static @Nullable TcpInfo of(Channel channel) {
        if (!(channel instanceof UnixChannel)) {
            return null;
        }
        try {
            ByteBuffer info = channel.config().getOption(OPTION);
            if (info == null) {
                return null;
            }
            info.order(ByteOrder.nativeOrder());
            long sent = info.getLong(BYTES_SENT);
            return sent == 0 // an older kernel does not count them
                    ? null
                    : new TcpInfo(
                            info.getLong(BYTES_ACKED),
                            sent,
                            info.getLong(BYTES_RETRANS),
                            Integer.toUnsignedLong(info.getInt(NOTSENT_BYTES)));
        } catch (ChannelException e) {
            return null; // the socket is closed
        }
    }

    /**
     * Whether the peer's kernel has taken none of the last so many bytes. One byte in doubt, as some kernels count the
     * handshake, makes no difference: no message is that short.
     */
    public boolean noneTaken(long bytes) {
        return sent - repeated + unsent - acknowledged + 1 >= bytes;
    }
}
