package dev.lateen.xds.ca;

import dev.lateen.xds.server.PeerIdentity;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.ServerCalls;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * {@code istio.v1.auth.IstioCertificateService}. Its two messages are small enough to be written by hand, which saves
 * the build a compiler of protobuf.
 */
public final class CertificateService {
    /** Name of the service on the wire. */
    public static final String NAME = "istio.v1.auth.IstioCertificateService";

    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
    private static final Metadata.Key<String> CLUSTER = Metadata.Key.of("clusterid", Metadata.ASCII_STRING_MARSHALLER);
    private static final MethodDescriptor<CertificateRequest, CertificateChain> CREATE =
            MethodDescriptor.<CertificateRequest, CertificateChain>newBuilder()
                    .setType(MethodType.UNARY)
                    .setFullMethodName(MethodDescriptor.generateFullMethodName(NAME, "CreateCertificate"))
                    .setRequestMarshaller(marshaller(CertificateRequest::encode, CertificateRequest::decode))
                    .setResponseMarshaller(marshaller(CertificateChain::encode, CertificateChain::decode))
                    .build();

    private CertificateService() {}

    /** Who signs. */
    @FunctionalInterface
    public interface Authority {
        /**
         * Signs a certificate for whoever the connection was authenticated as.
         *
         * @throws IllegalArgumentException with the reason when the request is not good; told to the client
         */
        CertificateChain create(CertificateRequest request, PeerIdentity peer);
    }

    /** The server's side, for a server that authenticates its clients. */
    public static ServerServiceDefinition served(Authority authority) {
        return ServerServiceDefinition.builder(NAME)
                .addMethod(CREATE, ServerCalls.asyncUnaryCall((request, responses) -> {
                    try {
                        PeerIdentity peer = PeerIdentity.current();
                        if (peer == null) {
                            throw Status.UNAUTHENTICATED
                                    .withDescription("certificates are for authenticated clients only")
                                    .asRuntimeException();
                        }
                        responses.onNext(authority.create(request, peer));
                        responses.onCompleted();
                    } catch (RuntimeException e) {
                        responses.onError(dev.lateen.xds.XdsError.toStatus(e).asRuntimeException());
                    }
                }))
                .build();
    }

    /**
     * Asks for a certificate and waits for it.
     *
     * @param token a service account's token with audience {@code istio-ca}; empty when the channel shows a certificate
     * @param cluster name of the cluster that the token is of
     * @throws io.grpc.StatusRuntimeException when it is refused or does not come in time
     */
    public static CertificateChain create(
            Channel channel, CertificateRequest request, String token, String cluster, Duration timeout) {
        Metadata headers = new Metadata();
        if (!token.isEmpty()) {
            headers.put(AUTHORIZATION, "Bearer " + token);
        }
        headers.put(CLUSTER, cluster);
        return ClientCalls.blockingUnaryCall(
                io.grpc.ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(headers)),
                CREATE,
                CallOptions.DEFAULT.withDeadlineAfter(timeout.toMillis(), TimeUnit.MILLISECONDS),
                request);
    }

    private interface Decoder<T> {
        T decode(InputStream bytes) throws IOException;
    }

    private static <T> MethodDescriptor.Marshaller<T> marshaller(Function<T, byte[]> encoder, Decoder<T> decoder) {
        return new MethodDescriptor.Marshaller<>() {
            @Override
            public InputStream stream(T value) {
                return new ByteArrayInputStream(encoder.apply(value));
            }

            @Override
            public T parse(InputStream bytes) {
                try {
                    return decoder.decode(bytes);
                } catch (IOException e) {
                    throw Status.INVALID_ARGUMENT
                            .withDescription("not a message of " + NAME + ": " + e.getMessage())
                            .withCause(e)
                            .asRuntimeException();
                }
            }
        };
    }
}
