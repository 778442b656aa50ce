package dev.lateen.acceptance.faults;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The captured app as a gRPC client: calls share one connection, and nothing is retried by the client itself. */
final class GrpcCaller implements AutoCloseable {
    /** Nothing may take longer: what does is counted as hung. */
    private static final int PATIENCE_SECONDS = 20;

    private static final MethodDescriptor<byte[], byte[]> METHOD = MethodDescriptor.<byte[], byte[]>newBuilder()
            .setType(MethodDescriptor.MethodType.SERVER_STREAMING)
            .setFullMethodName("faults.Calls/Call")
            .setRequestMarshaller(new Bytes())
            .setResponseMarshaller(new Bytes())
            .build();

    private final ManagedChannel channel;

    /**
     * What came of a call.
     *
     * @param messages that came before the end
     */
    record Reply(Status.Code code, int messages, long millis) {}

    GrpcCaller(String address, String authority) {
        channel = NettyChannelBuilder.forAddress(new InetSocketAddress(address, 80))
                .overrideAuthority(authority)
                .usePlaintext()
                .localSocketPicker(new NettyChannelBuilder.LocalSocketPicker() {
                    @Override
                    public java.net.SocketAddress createSocketAddress(
                            java.net.SocketAddress remote, io.grpc.Attributes attributes) {
                        return new InetSocketAddress(Network.CALLER, 0);
                    }
                })
                .disableRetry()
                .build();
    }

    /** Begins a call; fields by pairs of name and value. */
    CompletableFuture<Reply> begin(String... fields) {
        Metadata head = new Metadata();
        for (int i = 0; i < fields.length; i += 2) {
            head.put(Metadata.Key.of(fields[i], Metadata.ASCII_STRING_MARSHALLER), fields[i + 1]);
        }
        CompletableFuture<Reply> reply = new CompletableFuture<>();
        long start = System.nanoTime();
        ClientCall<byte[], byte[]> call = channel.newCall(METHOD, CallOptions.DEFAULT);
        call.start(
                new ClientCall.Listener<>() {
                    private int messages;

                    @Override
                    public void onMessage(byte[] message) {
                        messages++;
                        call.request(1);
                    }

                    @Override
                    public void onClose(Status status, Metadata trailers) {
                        reply.complete(new Reply(status.getCode(), messages, (System.nanoTime() - start) / 1_000_000));
                    }
                },
                head);
        call.request(1);
        call.sendMessage(new byte[0]);
        call.halfClose();
        return reply;
    }

    /** What came of these calls. */
    static List<Reply> all(List<CompletableFuture<Reply>> begun) throws InterruptedException {
        List<Reply> replies = new ArrayList<>();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        for (CompletableFuture<Reply> each : begun) {
            try {
                replies.add(each.get(end - System.nanoTime(), TimeUnit.NANOSECONDS));
            } catch (TimeoutException | ExecutionException e) {
                replies.add(new Reply(Status.Code.UNKNOWN, 0, PATIENCE_SECONDS * 1000L));
            }
        }
        return replies;
    }

    @Override
    public void close() {
        channel.shutdownNow();
    }

    private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
        @Override
        public InputStream stream(byte[] value) {
            return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
            try {
                return stream.readAllBytes();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
