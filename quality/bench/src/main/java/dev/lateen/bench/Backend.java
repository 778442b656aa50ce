package dev.lateen.bench;

import dev.lateen.proxy.codec.Http1Server;
import dev.lateen.proxy.codec.Http1Settings;
import dev.lateen.proxy.codec.Http2Limits;
import dev.lateen.proxy.codec.Http2Server;
import dev.lateen.proxy.codec.ServerLimits;
import dev.lateen.proxy.net.Sockets;
import dev.lateen.proxy.net.Timer;
import dev.lateen.proxy.net.Transport;
import dev.lateen.proxy.net.Worker;
import dev.lateen.proxy.stream.RequestEvents;
import dev.lateen.proxy.stream.Reset;
import dev.lateen.proxy.stream.ServerStream;
import dev.lateen.proxy.stream.ServerStreams;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/**
 * An app that costs as little as can be: answers every request, once it has come whole, with 200 and so many bytes;
 * HTTP/1.1 on one port, HTTP/2 in the clear on the next.
 */
public final class Backend implements ServerStreams {
    private final ByteBuf body;

    private Backend(int size) {
        body = Unpooled.unreleasableBuffer(Unpooled.directBuffer(size)
                .writeBytes("x".repeat(size).getBytes(java.nio.charset.StandardCharsets.US_ASCII)));
    }

    /** Arguments: the first port, and the number of bytes. */
    public static void main(String[] arguments) throws InterruptedException {
        int port = Integer.parseInt(arguments[0]);
        Backend backend = new Backend(Integer.parseInt(arguments[1]));
        Sockets sockets = Sockets.plain();
        EventLoopGroup loops = sockets.transport().newGroup(1, "backend");
        Worker worker = new Worker(0, loops.next(), Timer.of(loops.next()));
        listen(
                sockets,
                loops,
                port,
                channel -> new Http1Server(worker, Http1Settings.DEFAULT, backend, ServerLimits.NONE));
        listen(
                sockets,
                loops,
                port + 1,
                channel -> Http2Server.of(worker, Http2Limits.DEFAULT, backend, ServerLimits.NONE));
        System.out.println("ready");
        loops.terminationFuture().sync();
        Transport.shutdown(loops);
    }

    private static void listen(
            Sockets sockets,
            EventLoopGroup loops,
            int port,
            java.util.function.Function<Channel, io.netty.channel.ChannelHandler> codec)
            throws InterruptedException {
        sockets.listen(
                        loops,
                        loops,
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
                        new ChannelInitializer<Channel>() {
                            @Override
                            protected void initChannel(Channel channel) {
                                channel.pipeline().addLast(codec.apply(channel));
                            }
                        })
                .sync();
    }

    @Override
    public RequestEvents begin(ServerStream stream, RequestHead head, boolean end) {
        Answer answer = new Answer(stream, head.method().equals("HEAD"));
        if (end) {
            answer.send();
        }
        return answer;
    }

    @Override
    public void malformed(int status, String detail) {
        // The codec has answered.
    }

    private final class Answer implements RequestEvents {
        private final ServerStream stream;
        private final boolean toHead;

        Answer(ServerStream stream, boolean toHead) {
            this.stream = stream;
            this.toHead = toHead;
        }

        void send() {
            ResponseHead head = new ResponseHead(200).with("content-length", Integer.toString(body.readableBytes()));
            stream.head(head, toHead || !body.isReadable());
            if (!toHead && body.isReadable()) {
                stream.data(body.duplicate(), true);
            }
        }

        @Override
        public void data(ByteBuf data, boolean end) {
            int bytes = data.readableBytes();
            data.release();
            stream.consumed(bytes);
            if (end) {
                send();
            }
        }

        @Override
        public void trailers(Fields trailers) {
            send();
        }

        @Override
        public void reset(Reset reason, String detail) {
            // Nothing is kept for it.
        }

        @Override
        public void writable() {
            // All was written at once.
        }
    }
}
