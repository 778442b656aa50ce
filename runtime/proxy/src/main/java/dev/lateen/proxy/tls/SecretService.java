package dev.lateen.proxy.tls;

import com.google.protobuf.Any;
import dev.lateen.proxycore.tls.Material;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CertificateValidationContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.TlsCertificate;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryRequest;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import io.envoyproxy.envoy.service.secret.v3.SecretDiscoveryServiceGrpc.SecretDiscoveryServiceImplBase;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The workload's own key and certificates for an Envoy beside this process ({@code
 * envoy.service.secret.v3.SecretDiscoveryService}, state of the world): what a stream asks for is sent once it is there,
 * and again when it changes. Thread-safe.
 */
final class SecretService extends SecretDiscoveryServiceImplBase {
    private static final Logger log = LoggerFactory.getLogger(SecretService.class);
    private static final String TYPE = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret";

    private final SecretStore secrets;
    private final Set<Stream> streams = ConcurrentHashMap.newKeySet();

    SecretService(SecretStore secrets) {
        this.secrets = secrets;
        secrets.listen(() -> streams.forEach(Stream::send));
    }

    @Override
    public StreamObserver<DiscoveryRequest> streamSecrets(StreamObserver<DiscoveryResponse> responses) {
        Stream stream = new Stream(responses);
        streams.add(stream);
        return stream;
    }

    private @Nullable Secret secret(String name) {
        Material material = secrets.get(new Material.Named(name, false));
        return switch (material) {
            case Material.Certificate certificate ->
                Secret.newBuilder()
                        .setName(name)
                        .setTlsCertificate(TlsCertificate.newBuilder()
                                .setCertificateChain(inline(certificate.chain()))
                                .setPrivateKey(inline(certificate.key())))
                        .build();
            case Material.Trust trust ->
                Secret.newBuilder()
                        .setName(name)
                        .setValidationContext(trust(trust))
                        .build();
            case null, default -> null;
        };
    }

    private static CertificateValidationContext trust(Material.Trust trust) {
        CertificateValidationContext.Builder context =
                CertificateValidationContext.newBuilder().setTrustedCa(inline(trust.roots()));
        if (!trust.revoked().isEmpty()) {
            context.setCrl(inline(trust.revoked()));
        }
        return context.build();
    }

    private static DataSource inline(String text) {
        return DataSource.newBuilder().setInlineString(text).build();
    }

    private final class Stream implements StreamObserver<DiscoveryRequest> {
        private final StreamObserver<DiscoveryResponse> responses;
        private List<String> names = List.of();
        private List<Secret> sent = List.of();
        private long version;

        Stream(StreamObserver<DiscoveryResponse> responses) {
            this.responses = responses;
        }

        @Override
        public synchronized void onNext(DiscoveryRequest request) {
            if (request.hasErrorDetail()) {
                log.warn(
                        "Envoy refuses its secrets {}: {}",
                        request.getResourceNamesList(),
                        request.getErrorDetail().getMessage());
            }
            if (!names.equals(request.getResourceNamesList())) {
                names = List.copyOf(request.getResourceNamesList());
                sent = List.of();
            }
            send();
        }

        synchronized void send() {
            List<Secret> now = new ArrayList<>();
            for (String name : names) {
                Secret secret = secret(name);
                if (secret != null) {
                    now.add(secret);
                }
            }
            if (now.isEmpty() || now.equals(sent)) {
                return;
            }
            sent = now;
            version++;
            DiscoveryResponse.Builder response = DiscoveryResponse.newBuilder()
                    .setTypeUrl(TYPE)
                    .setVersionInfo(Long.toString(version))
                    .setNonce(Long.toString(version));
            now.forEach(secret -> response.addResources(Any.pack(secret)));
            responses.onNext(response.build());
        }

        @Override
        public void onError(Throwable failure) {
            streams.remove(this);
        }

        @Override
        public void onCompleted() {
            streams.remove(this);
            responses.onCompleted();
        }
    }
}
