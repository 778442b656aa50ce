package dev.lateen.proxy.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.proxycore.cluster.CompiledCluster.Keepalive;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.socket.ServerSocketChannelConfig;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.uring.IoUringChannelOption;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.List;
import jdk.net.ExtendedSocketOptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What configurations say about sockets is asked back from the kernel, on every kind of channel. */
class SocketTuningTest {
    private static final InetSocketAddress ANY_PORT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    @ParameterizedTest
    @EnumSource(Transport.class)
    void keepalive(Transport transport) throws Exception {
        EventLoopGroup loops = transport.newGroup(1, "test");
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Channel asked = connect(transport, loops, server, new SocketTuning(0, new Keepalive(4, 50, 7)));
            assertThat(asked.config().getOption(ChannelOption.SO_KEEPALIVE)).isTrue();
            List<ChannelOption<Integer>> options =
                    switch (transport) {
                        case EPOLL ->
                            List.of(
                                    EpollChannelOption.TCP_KEEPCNT,
                                    EpollChannelOption.TCP_KEEPIDLE,
                                    EpollChannelOption.TCP_KEEPINTVL);
                        case IO_URING ->
                            List.of(
                                    IoUringChannelOption.TCP_KEEPCNT,
                                    IoUringChannelOption.TCP_KEEPIDLE,
                                    IoUringChannelOption.TCP_KEEPINTVL);
                        case NIO ->
                            List.of(
                                    NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPCOUNT),
                                    NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPIDLE),
                                    NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPINTERVAL));
                    };
            assertThat(options).map(asked.config()::getOption).containsExactly(4, 50, 7);

            Channel untouched = connect(transport, loops, server, SocketTuning.NONE);
            assertThat(untouched.config().getOption(ChannelOption.SO_KEEPALIVE)).isFalse();
        } finally {
            Transport.shutdown(loops);
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void bufferLimit(Transport transport) throws Exception {
        EventLoopGroup loops = transport.newGroup(1, "test");
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Channel limited = connect(transport, loops, server, new SocketTuning(10_000, null));
            assertThat(limited.config().getWriteBufferHighWaterMark()).isEqualTo(10_000);
            assertThat(limited.config().getWriteBufferLowWaterMark()).isEqualTo(5_000);

            Channel untouched = connect(transport, loops, server, SocketTuning.NONE);
            int before = untouched.config().getWriteBufferHighWaterMark();
            SocketTuning.limitWrites(untouched, 0);
            assertThat(untouched.config().getWriteBufferHighWaterMark()).isEqualTo(before);
            SocketTuning.limitWrites(untouched, 1);
            assertThat(untouched.config().getWriteBufferHighWaterMark()).isEqualTo(1);
        } finally {
            Transport.shutdown(loops);
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void backlog(Transport transport) {
        EventLoopGroup loops = transport.newGroup(1, "test");
        try {
            Sockets sockets = new Sockets(transport, transport, 0);
            for (int backlog : new int[] {7, 0}) {
                Channel server = sockets.listen(loops, loops, ANY_PORT, backlog, new ChannelInboundHandlerAdapter())
                        .syncUninterruptibly()
                        .channel();
                assertThat(((ServerSocketChannelConfig) server.config()).getBacklog())
                        .isEqualTo(backlog == 0 ? 65_535 : backlog);
                server.close().syncUninterruptibly();
            }
        } finally {
            Transport.shutdown(loops);
        }
    }

    private static Channel connect(
            Transport transport, EventLoopGroup loops, ServerSocket server, SocketTuning tuning) {
        return new Sockets(transport, transport, 0)
                .connect(
                        loops.next(),
                        server.getLocalSocketAddress(),
                        null,
                        tuning,
                        10_000,
                        new ChannelInboundHandlerAdapter())
                .syncUninterruptibly()
                .channel();
    }
}
