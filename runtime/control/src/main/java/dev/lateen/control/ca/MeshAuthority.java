package dev.lateen.control.ca;

import dev.lateen.xds.ca.CertificateService;
import dev.lateen.xds.server.Authenticator;
import dev.lateen.xds.server.XdsServer;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.grpc.netty.GrpcSslContexts;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import org.bouncycastle.asn1.x509.GeneralName;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The authority of one mesh at work: it has its root from the cluster's Secrets, tells it to every namespace, knows who
 * asks, and signs. Thread-safe.
 */
public final class MeshAuthority implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(MeshAuthority.class);

    private final Clock clock;
    private final SecureRandom random;
    private final Authenticator authenticator;
    private final Signing signing;
    private final List<String> serverNames;
    private final TrustBundle bundle;
    private final Authority authority;
    private ServerKey.Held held;

    private MeshAuthority(
            KubernetesClient client,
            String systemNamespace,
            Supplier<String> trustDomain,
            Supplier<List<String>> aliases,
            Clock clock,
            SecureRandom random) {
        this.clock = clock;
        this.random = random;
        this.authority = new AuthoritySecrets(client, systemNamespace, trustDomain.get(), random).load(clock.instant());
        this.authenticator = new TokenAuthenticator(
                client,
                domain -> domain.equals(trustDomain.get()) || aliases.get().contains(domain));
        this.signing = new Signing(() -> authority, trustDomain, clock, random);
        this.serverNames = serverNames(systemNamespace);
        this.bundle = new TrustBundle(client, this::rootCertificates);
        this.held = issue();
    }

    /**
     * Starts: reads or makes the root, and begins to tell it to namespaces.
     *
     * @param trustDomain of the identities that are signed, asked for each of them
     * @param aliases trust domains whose identities prove who a client is as well
     * @throws IllegalArgumentException when a Secret does not hold what it should
     */
    public static MeshAuthority start(
            KubernetesClient client,
            String systemNamespace,
            Supplier<String> trustDomain,
            Supplier<List<String>> aliases) {
        MeshAuthority authority =
                new MeshAuthority(client, systemNamespace, trustDomain, aliases, Clock.systemUTC(), new SecureRandom());
        authority.bundle.start();
        log.info("Signing with {}", authority.authority);
        return authority;
    }

    /** The names that clients know the control plane by, Istio's. */
    private static List<String> serverNames(String namespace) {
        return Stream.of("istiod", "istiod-remote", "istio-pilot")
                .flatMap(name -> Stream.of(
                        name + "." + namespace + ".svc",
                        name + "." + namespace + ".svc.cluster.local",
                        name + "." + namespace))
                .toList();
    }

    /** The certificates to trust, in PEM. */
    public String rootCertificates() {
        return Pem.of(authority.roots());
    }

    /** For the port that serves workloads: TLS with a certificate of this authority, and its certificate service. */
    public XdsServer.Security security() {
        return new XdsServer.Security(tls(), authenticator, List.of(CertificateService.served(signing)));
    }

    private SslContext tls() {
        try {
            // The JDK's TLS: its key manager is asked at each handshake, so that a new certificate needs no new port.
            return GrpcSslContexts.configure(
                            SslContextBuilder.forServer(new ServerKey(this::serverKey)), SslProvider.JDK)
                    .protocols("TLSv1.3", "TLSv1.2")
                    .trustManager(authority.roots().toArray(X509Certificate[]::new))
                    .clientAuth(ClientAuth.OPTIONAL)
                    .build();
        } catch (SSLException e) {
            throw new IllegalStateException("every JDK has TLS with ALPN", e);
        }
    }

    /** The server's certificate; a new one once half of its life is over. */
    private synchronized ServerKey.Held serverKey() {
        X509Certificate certificate = held.chain().getFirst();
        Instant begin = certificate.getNotBefore().toInstant();
        Duration life = Duration.between(begin, certificate.getNotAfter().toInstant());
        if (clock.instant().isAfter(begin.plus(life.dividedBy(2)))) {
            held = issue();
            log.info("Took a new {} for the control plane's port", held);
        }
        return held;
    }

    private ServerKey.Held issue() {
        KeyPair pair = Authority.newKey(random);
        List<X509Certificate> chain = authority.sign(
                pair.getPublic(),
                serverNames.stream()
                        .map(name -> new GeneralName(GeneralName.dNSName, name))
                        .toList(),
                Signing.LIFE,
                clock.instant(),
                random);
        // Clients have the root already.
        return new ServerKey.Held(pair.getPrivate(), chain.subList(0, chain.size() - 1));
    }

    @Override
    public void close() {
        bundle.close();
    }
}
