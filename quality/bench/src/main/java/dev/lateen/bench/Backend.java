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
import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.function.Function;

/**
 * An app that costs as little as can be: answers every request, once it has come whole, with 200 and so many bytes;
 * HTTP/1.1 on one port, HTTP/2 in the clear on the next. Calls of gRPC get a message of so many bytes.
 */
public final class Backend implements ServerStreams, AutoCloseable {
    private final Sockets sockets = Sockets.plain();
    private final EventLoopGroup loops = sockets.transport().newGroup(1, "backend");
    private final Worker worker = new Worker(0, loops.next(), Timer.of(loops.next()));
    private final ByteBuf body;
    private final ByteBuf message;

    /** One that answers with so many bytes, and does not listen yet. */
    Backend(int size) {
        body = kept("x".repeat(size).getBytes(StandardCharsets.US_ASCII));
        message = kept(GrpcMessage.of(size));
    }

    private static ByteBuf kept(byte[] bytes) {
        return Unpooled.unreleasableBuffer(Unpooled.directBuffer(bytes.length).writeBytes(bytes));
    }

    /** Arguments: the first port, and the number of bytes. */
    public static void main(String[] arguments) throws InterruptedException {
        try (Backend backend = new Backend(Integer.parseInt(arguments[1]))) {
            int port = Integer.parseInt(arguments[0]);
            backend.listenHttp1(port);
            backend.listenHttp2(port + 1);
            System.out.println("ready");
            backend.loops.terminationFuture().sync();
        }
    }

    /** Listens for HTTP/1.1 at a port of the loopback address, 0 for a free one, and tells where. */
    InetSocketAddress listenHttp1(int port) throws InterruptedException {
        return listen(port, _ -> new Http1Server(worker, Http1Settings.DEFAULT, this, ServerLimits.NONE));
    }

    /** The same for HTTP/2 in the clear. */
    InetSocketAddress listenHttp2(int port) throws InterruptedException {
        return listen(port, _ -> Http2Server.of(worker, Http2Limits.DEFAULT, this, ServerLimits.NONE));
    }

    @Override
    public void close() {
        Transport.shutdown(loops);
    }

    private InetSocketAddress listen(int port, Function<Channel, ChannelHandler> codec) throws InterruptedException {
        Channel listening = sockets.listen(
                        loops,
                        loops,
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
                        new ChannelInitializer<Channel>() {
                            @Override
                            protected void initChannel(Channel channel) {
                                channel.pipeline().addLast(codec.apply(channel));
                            }
                        })
                .sync()
                .channel();
        return (InetSocketAddress) listening.localAddress();
    }

    @Override
    public RequestEvents begin(ServerStream stream, RequestHead head, boolean end) {
        String type = head.fields().get(FieldName.CONTENT_TYPE);
        boolean grpc = type != null && type.startsWith("application/grpc");
        Answer answer = new Answer(stream, head.method().equals("HEAD"), grpc);
        if (end) {
            answer.send();
        }
        return answer;
    }

    @Override
    public void malformed(String protocol, int status, String details, String what) {
        // The codec has answered.
    }

    private final class Answer implements RequestEvents {
        private final ServerStream stream;
        private final boolean toHead;
        private final boolean grpc;

        Answer(ServerStream stream, boolean toHead, boolean grpc) {
            this.stream = stream;
            this.toHead = toHead;
            this.grpc = grpc;
        }

        void send() {
            if (grpc) {
                stream.head(new ResponseHead(200).with("content-type", "application/grpc"), false);
                stream.data(message.duplicate(), false);
                Fields trailers = new Fields(32, 1);
                trailers.add(FieldName.GRPC_STATUS, "0");
                stream.trailers(trailers);
                return;
            }
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
