package dev.lateen.proxy.net;

import dev.lateen.proxycore.cluster.CompiledCluster.Keepalive;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.unix.IntegerUnixChannelOption;
import java.net.SocketOption;
import jdk.net.ExtendedSocketOptions;
import org.jspecify.annotations.Nullable;

/**
 * What a configuration says about the socket of a connection.
 *
 * @param bufferLimit bytes that may wait to be sent before its writer is asked to pause; 0 means the default
 * @param keepalive when a silent peer is asked whether it is there, or null for never
 */
public record SocketTuning(int bufferLimit, @Nullable Keepalive keepalive) {
    private static final int IPPROTO_TCP = 6;
    private static final ChannelOption<Integer> TIME = new IntegerUnixChannelOption("TCP_KEEPIDLE", IPPROTO_TCP, 4);
    private static final ChannelOption<Integer> INTERVAL =
            new IntegerUnixChannelOption("TCP_KEEPINTVL", IPPROTO_TCP, 5);
    private static final ChannelOption<Integer> PROBES = new IntegerUnixChannelOption("TCP_KEEPCNT", IPPROTO_TCP, 6);

    /** Nothing special. */
    public static final SocketTuning NONE = new SocketTuning(0, null);

    /** Has an accepted connection pause its writers at this limit; 0 leaves the default. */
    public static void limitWrites(Channel channel, int bufferLimit) {
        if (bufferLimit > 0) {
            channel.config().setWriteBufferWaterMark(watermark(bufferLimit));
        }
    }

    private static WriteBufferWaterMark watermark(int limit) {
        return new WriteBufferWaterMark(limit / 2, limit);
    }

    void apply(Bootstrap bootstrap, Transport transport) {
        if (bufferLimit > 0) {
            bootstrap.option(ChannelOption.WRITE_BUFFER_WATER_MARK, watermark(bufferLimit));
        }
        if (keepalive != null) {
            bootstrap.option(ChannelOption.SO_KEEPALIVE, true);
            set(bootstrap, transport, PROBES, ExtendedSocketOptions.TCP_KEEPCOUNT, keepalive.probes());
            set(bootstrap, transport, TIME, ExtendedSocketOptions.TCP_KEEPIDLE, keepalive.time());
            set(bootstrap, transport, INTERVAL, ExtendedSocketOptions.TCP_KEEPINTERVAL, keepalive.interval());
        }
    }

    /** Sets one number, which the JDK calls by a name of its own; 0 leaves the system's. */
    private static void set(
            Bootstrap bootstrap,
            Transport transport,
            ChannelOption<Integer> ofLinux,
            SocketOption<Integer> ofNio,
            int value) {
        if (value > 0) {
            bootstrap.option(transport.isLinux() ? ofLinux : NioChannelOption.of(ofNio), value);
        }
    }
}
