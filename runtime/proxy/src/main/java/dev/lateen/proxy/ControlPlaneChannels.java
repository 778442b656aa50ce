package dev.lateen.proxy;

import dev.lateen.proxy.net.Sockets;
import dev.lateen.proxy.net.Transport;
import dev.lateen.proxy.tls.ControlPlaneTrust;
import dev.lateen.proxy.tls.IdentityOptions;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** Channels to the control plane, on this proxy's own event loops and sockets. */
final class ControlPlaneChannels {
    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    private final Transport transport;
    private final EventLoopGroup loops;
    private final Sockets sockets;
    private final @Nullable IdentityOptions identity;

    ControlPlaneChannels(
            Transport transport, EventLoopGroup loops, Sockets sockets, @Nullable IdentityOptions identity) {
        this.transport = transport;
        this.loops = loops;
        this.sockets = sockets;
        this.identity = identity;
    }

    /** For xDS: with TLS and the workload's token where the control plane authenticates its clients. */
    ManagedChannel discovery(String target) {
        IdentityOptions known = identity;
        if (known == null || !IdentityOptions.isSecure(target)) {
            return builder(target).usePlaintext().build();
        }
        return secured(target, known).intercept(new Bearer(known.token())).build();
    }

    /** For the certificate service, whose caller shows the token itself. */
    ManagedChannel authority(IdentityOptions known) {
        return secured(known.authority(), known).build();
    }

    private NettyChannelBuilder secured(String target, IdentityOptions known) {
        try {
            return builder(target)
                    .sslContext(GrpcSslContexts.forClient()
                            .trustManager(new ControlPlaneTrust(known.roots()))
                            .build());
        } catch (SSLException e) {
            throw new IllegalStateException("TLS cannot be set up: " + e.getMessage(), e);
        }
    }

    private NettyChannelBuilder builder(String target) {
        NettyChannelBuilder builder = NettyChannelBuilder.forTarget(target)
                .keepAliveTime(30, TimeUnit.SECONDS)
                .eventLoopGroup(loops)
                .channelFactory(transport::client);
        ChannelOption<Integer> mark = sockets.markOption();
        if (mark != null) {
            builder.withOption(mark, sockets.mark());
        }
        return builder;
    }

    /** Shows the token as it stands in its file when a call begins: the node renews it. */
    private record Bearer(Path file) implements ClientInterceptor {
        @Override
        public <Q, R> ClientCall<Q, R> interceptCall(MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
            return new SimpleForwardingClientCall<>(next.newCall(method, options)) {
                @Override
                public void start(Listener<R> listener, Metadata headers) {
                    try {
                        headers.put(
                                AUTHORIZATION,
                                "Bearer " + Files.readString(file).strip());
                    } catch (IOException e) {
                        throw new UncheckedIOException("token " + file + " cannot be read", e);
                    }
                    super.start(listener, headers);
                }
            };
        }
    }
}
