package dev.lateen.xds.server;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Map;

/**
 * How many connections a port holds: stands in the pipeline of the channel that listens, and closes those beyond as they
 * are accepted, before they cost anything. One caller cannot have all of them, by its address; those of the loopback
 * can, since all who forward a port share it. For one channel; safe for the threads of its connections.
 */
public final class ConnectionLimit extends ChannelInboundHandlerAdapter {
    private static final InetAddress UNKNOWN = new InetSocketAddress(0).getAddress();

    private final int most;
    private final int mostOfOne;
    private final Runnable refused;
    private final Map<InetAddress, Integer> open = new HashMap<>();
    private int all;

    /**
     * A limit for one port.
     *
     * @param most connections at a time
     * @param mostOfOne of them from one address but the loopback
     * @param refused runs for each that is closed
     */
    public ConnectionLimit(int most, int mostOfOne, Runnable refused) {
        this.most = most;
        this.mostOfOne = mostOfOne;
        this.refused = refused;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        Channel accepted = (Channel) message;
        InetAddress from = from(accepted);
        if (!take(from)) {
            refused.run();
            accepted.unsafe().closeForcibly();
            return;
        }
        var _ = accepted.closeFuture().addListener(_ -> release(from));
        ctx.fireChannelRead(message);
    }

    private static InetAddress from(Channel accepted) {
        return accepted.remoteAddress() instanceof InetSocketAddress socket ? socket.getAddress() : UNKNOWN;
    }

    private synchronized boolean take(InetAddress from) {
        int held = open.getOrDefault(from, 0);
        if (all >= most || (held >= mostOfOne && !from.isLoopbackAddress())) {
            return false;
        }
        open.put(from, held + 1);
        all++;
        return true;
    }

    private synchronized void release(InetAddress from) {
        all--;
        int left = open.getOrDefault(from, 1) - 1;
        if (left == 0) {
            open.remove(from);
        } else {
            open.put(from, left);
        }
    }
}
