package dev.lateen.proxy.health;

import com.google.protobuf.ByteString;
import dev.lateen.proxy.net.Worker;
import dev.lateen.proxy.upstream.UpstreamSockets;
import dev.lateen.proxycore.cluster.CompiledCluster;
import dev.lateen.proxycore.cluster.Host;
import dev.lateen.proxycore.health.HealthCheck.Question;
import dev.lateen.proxycore.health.HostHealth.Outcome;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** Asks by a connection, and by bytes where there are some to send or to find. */
final class TcpAsker implements HostChecker.Asker {
    /** What is looked for stands in the first bytes of an answer, or nowhere. */
    private static final int LONGEST = 64 * 1024;

    private final HostChecker checker;
    private final Worker worker;
    private final UpstreamSockets sockets;
    private final CompiledCluster cluster;
    private final Host host;
    private final InetSocketAddress address;
    private final Question.Tcp question;
    private @Nullable Channel open;

    TcpAsker(
            HostChecker checker,
            Worker worker,
            UpstreamSockets sockets,
            CompiledCluster cluster,
            Host host,
            InetSocketAddress address,
            Question.Tcp question) {
        this.checker = checker;
        this.worker = worker;
        this.sockets = sockets;
        this.cluster = cluster;
        this.host = host;
        this.address = address;
        this.question = question;
    }

    @Override
    public void ask(int number) {
        sockets.connect(worker.loop(), cluster, host, address, null, new Reader(number))
                .addListener((ChannelFutureListener) future -> {
                    if (!future.isSuccess()) {
                        checker.heard(
                                number,
                                Outcome.NO_ANSWER,
                                String.valueOf(future.cause().getMessage()));
                        return;
                    }
                    open = future.channel();
                    if (!question.send().isEmpty()) {
                        var _ = future.channel()
                                .writeAndFlush(
                                        Unpooled.wrappedBuffer(question.send().toByteArray()));
                    }
                    if (question.receive().isEmpty()) {
                        checker.heard(number, Outcome.WELL, "");
                        abandon();
                    }
                });
    }

    @Override
    public void abandon() {
        Channel channel = open;
        open = null;
        if (channel != null) {
            var _ = channel.close();
        }
    }

    private final class Reader extends ChannelInboundHandlerAdapter {
        private final int number;
        private ByteString seen = ByteString.EMPTY;

        Reader(int number) {
            this.number = number;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ByteBuf data = (ByteBuf) message;
            seen = seen.concat(ByteString.copyFrom(ByteBufUtil.getBytes(data)));
            data.release();
            if (question.holds(seen)) {
                checker.heard(number, Outcome.WELL, "");
                abandon();
            } else if (seen.size() > LONGEST) {
                checker.heard(number, Outcome.UNWELL, "what it sends does not hold what is looked for");
                abandon();
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            checker.heard(number, Outcome.NO_ANSWER, "it closed the connection");
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            checker.heard(number, Outcome.NO_ANSWER, String.valueOf(cause.getMessage()));
            var _ = ctx.close();
        }
    }
}
