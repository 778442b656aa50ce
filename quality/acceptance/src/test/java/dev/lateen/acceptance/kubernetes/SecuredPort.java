package dev.lateen.acceptance.kubernetes;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.lateen.xds.ResourceType;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.AggregatedDiscoveryServiceGrpc;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DeltaDiscoveryResponse;
import io.envoyproxy.envoy.service.discovery.v3.Resource;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import javax.net.ssl.SSLException;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;

/**
 * The control plane's port of those who prove who they are, as agents call it.
 *
 * @param roots to trust, in PEM
 */
record SecuredPort(int port, String roots) {
    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    /** What came first: the names of resources, or a refusal. */
    record Answer(Status.Code code, String text) {}

    /** The mesh's roots as a namespace is told them, in PEM; empty before it is. */
    static String roots(KubernetesClient client, String namespace) {
        ConfigMap map = client.configMaps()
                .inNamespace(namespace)
                .withName("istio-ca-root-cert")
                .get();
        return map == null ? "" : map.getData().getOrDefault("root-cert.pem", "");
    }

    /** A caller with a token, or without one if that is empty. */
    ManagedChannel channel(String token) throws SSLException {
        return channel(token, SslContextBuilder.forClient());
    }

    /** A caller with a certificate. */
    ManagedChannel channel(PrivateKey key, X509Certificate certificate) throws SSLException {
        return channel("", SslContextBuilder.forClient().keyManager(key, certificate));
    }

    private ManagedChannel channel(String token, SslContextBuilder tls) throws SSLException {
        NettyChannelBuilder builder = NettyChannelBuilder.forAddress("127.0.0.1", port)
                .overrideAuthority("istiod.istio-system.svc")
                .sslContext(GrpcSslContexts.configure(tls)
                        .trustManager(new ByteArrayInputStream(roots.getBytes(StandardCharsets.UTF_8)))
                        .build());
        if (token.isEmpty()) {
            return builder.build();
        }
        Metadata fields = new Metadata();
        fields.put(AUTHORIZATION, "Bearer " + token);
        return builder.intercept(MetadataUtils.newAttachHeadersInterceptor(fields))
                .build();
    }

    /** A node as a proxy tells it. */
    static Node node(String type, String namespace, String account, String key, Value value) {
        return Node.newBuilder()
                .setId(type + "~10.9.8.7~pod." + namespace + "~" + namespace + ".svc.cluster.local")
                .setMetadata(Struct.newBuilder()
                        .putFields("NAMESPACE", text(namespace))
                        .putFields("SERVICE_ACCOUNT", text(account))
                        .putFields(key, value))
                .build();
    }

    static Value text(String text) {
        return Value.newBuilder().setStringValue(text).build();
    }

    /** Asks for all clusters. */
    static Answer clusters(ManagedChannel channel, Node node) throws Exception {
        CompletableFuture<Answer> first = new CompletableFuture<>();
        StreamObserver<DeltaDiscoveryRequest> requests =
                AggregatedDiscoveryServiceGrpc.newStub(channel).deltaAggregatedResources(new First(first));
        requests.onNext(DeltaDiscoveryRequest.newBuilder()
                .setNode(node)
                .setTypeUrl(ResourceType.CLUSTER)
                .build());
        return first.get(60, TimeUnit.SECONDS);
    }

    private record First(CompletableFuture<Answer> answer) implements StreamObserver<DeltaDiscoveryResponse> {
        @Override
        public void onNext(DeltaDiscoveryResponse response) {
            answer.complete(new Answer(
                    Status.Code.OK,
                    response.getResourcesList().stream()
                            .map(Resource::getName)
                            .sorted()
                            .collect(Collectors.joining(" "))));
        }

        @Override
        public void onError(Throwable failure) {
            Status status = Status.fromThrowable(failure);
            answer.complete(new Answer(status.getCode(), String.valueOf(status.getDescription())));
        }

        @Override
        public void onCompleted() {
            answer.complete(new Answer(Status.Code.UNKNOWN, "ended"));
        }
    }

    static KeyPair key() throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(256);
        return generator.generateKeyPair();
    }

    /** A request for a certificate, in PEM. */
    static String request(KeyPair key) throws IOException, OperatorCreationException {
        StringWriter text = new StringWriter();
        try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
            writer.writeObject(new JcaPKCS10CertificationRequestBuilder(new X500Name("CN=anyone"), key.getPublic())
                    .build(new JcaContentSignerBuilder("SHA256withECDSA").build(key.getPrivate())));
        }
        return text.toString();
    }
}
