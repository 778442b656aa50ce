package dev.lateen.control.ca;

import dev.lateen.xds.ca.CertificateService;
import dev.lateen.xds.server.Authenticator;
import dev.lateen.xds.server.XdsServer;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
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
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
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

    /** How often the Secrets are looked at. */
    private static final Duration LOOK = Duration.ofSeconds(10);

    /** An authority that ends within this time is warned of. */
    private static final Duration SOON = Duration.ofDays(30);

    private final Clock clock;
    private final SecureRandom random;
    private final Authenticator authenticator;
    private final Signing signing;
    private final List<String> serverNames;
    private final TrustBundle bundle;
    private final AuthoritySecrets secrets;
    private final RotationSecret kept;
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Object looking = new Object();
    private volatile Rotation rotation;
    private volatile RevocationLists revoked = RevocationLists.NONE;
    private volatile String failure = "";
    private String revokedFailure = "";
    private Instant nextWarning = Instant.MIN;
    private volatile ServerKey.Held held;

    MeshAuthority(
            KubernetesClient client,
            String systemNamespace,
            Supplier<String> trustDomain,
            Supplier<List<String>> aliases,
            Clock clock,
            SecureRandom random,
            Consumer<String> exceeded) {
        this.clock = clock;
        this.random = random;
        this.secrets = new AuthoritySecrets(client, systemNamespace, trustDomain.get(), random);
        this.kept = new RotationSecret(client, systemNamespace);
        RotationSecret.Found found = kept.load(null);
        this.rotation = found != null ? found.rotation() : Rotation.of(secrets.load(clock.instant()));
        this.authenticator = new TokenAuthenticator(
                client,
                domain -> domain.equals(trustDomain.get()) || aliases.get().contains(domain),
                clock,
                exceeded);
        this.signing = new Signing(() -> rotation.signing(), trustDomain, clock, random, exceeded);
        this.serverNames = serverNames(systemNamespace);
        this.bundle = new TrustBundle(client, this::told);
        this.held = issue();
    }

    /**
     * Starts: reads or makes the root, and begins to tell it to namespaces.
     *
     * @param trustDomain of the identities that are signed, asked for each of them
     * @param aliases trust domains whose identities prove who a client is as well
     * @param clock by which certificates begin and end
     * @param exceeded takes the name of a limit each time that a caller is refused for it
     * @throws IllegalArgumentException when a Secret does not hold what it should
     */
    public static MeshAuthority start(
            KubernetesClient client,
            String systemNamespace,
            Supplier<String> trustDomain,
            Supplier<List<String>> aliases,
            Clock clock,
            Consumer<String> exceeded) {
        MeshAuthority authority =
                new MeshAuthority(client, systemNamespace, trustDomain, aliases, clock, new SecureRandom(), exceeded);
        authority.look();
        authority.bundle.start();
        log.info("{}", authority.rotation);
        Thread.ofVirtual().name("authority").start(authority::run);
        return authority;
    }

    private void run() {
        try {
            while (!closed.await(LOOK.toMillis(), TimeUnit.MILLISECONDS)) {
                look();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Follows the Secrets: see {@link Rotation}. What cannot be read leaves everything as it is. */
    void look() {
        synchronized (looking) {
            follow();
            followRevoked();
        }
    }

    private void follow() {
        try {
            Authority offered = secrets.find();
            RotationSecret.Found found = kept.load(offered);
            Rotation before = found != null ? found.rotation() : rotation;
            Rotation now = before.at(clock.instant(), offered != null ? offered : before.signing());
            if (found == null || !now.equals(before)) {
                // Kept before it counts: who starts again must know it.
                kept.save(now, found == null ? null : found.stored());
            }
            take(now);
            warn();
            failure = "";
        } catch (IllegalArgumentException | KubernetesClientException e) {
            String reason = String.valueOf(e.getMessage());
            if (!reason.equals(failure)) {
                log.error("The mesh's roots stay as they are, {}: {}", rotation, reason);
            }
            failure = reason;
        }
    }

    /**
     * Follows the lists of revoked certificates. What cannot be read leaves those of before; what would have peers refuse
     * good certificates is not told.
     */
    private void followRevoked() {
        RevocationLists offered = revoked;
        String reason = "";
        try {
            offered = secrets.revoked();
        } catch (IllegalArgumentException | KubernetesClientException e) {
            reason = "The certificates that are revoked stay as they are, " + offered + ": " + e.getMessage();
        }
        String lack = offered.lack(rotation.authorities(), clock.instant());
        if (!lack.isEmpty()) {
            reason = "No certificate is revoked until " + secrets.whereRevoked()
                    + " has a valid list of each authority of the mesh: " + lack;
            offered = RevocationLists.NONE;
        }
        if (!reason.isEmpty() && !reason.equals(revokedFailure)) {
            log.error("{}", reason);
        }
        revokedFailure = reason;
        if (!offered.equals(revoked)) {
            revoked = offered;
            log.info("Revoked from now on: {}", offered);
            bundle.changed();
        }
    }

    /** What every namespace is told. */
    Map<String, String> told() {
        RevocationLists lists = revoked;
        return lists.isEmpty()
                ? Map.of(TrustBundle.ROOTS, rootCertificates())
                : Map.of(TrustBundle.ROOTS, rootCertificates(), TrustBundle.REVOKED, lists.pem());
    }

    private void take(Rotation now) {
        Rotation before = rotation;
        if (now.equals(before)) {
            return;
        }
        rotation = now;
        log.info("The mesh's roots change: {}", now);
        if (!now.signing().isSame(before.signing())) {
            held = issue();
        }
        bundle.changed();
    }

    /** The names that clients know the control plane by, Istio's. */
    private static List<String> serverNames(String namespace) {
        return Stream.concat(
                        Stream.of("istiod", "istiod-remote", "istio-pilot")
                                .flatMap(name -> Stream.of(
                                        name + "." + namespace + ".svc",
                                        name + "." + namespace + ".svc.cluster.local",
                                        name + "." + namespace)),
                        // For whoever forwards a port of the pod.
                        Stream.of("localhost"))
                .toList();
    }

    /** The certificates to trust, in PEM. */
    public String rootCertificates() {
        return Pem.of(rotation.roots());
    }

    /** The certificates to trust, in PEM, after a look at the Secrets: a replica may have seen more than this one. */
    public String newestRootCertificates() {
        look();
        return rootCertificates();
    }

    /** When the first of the roots ends that are trusted. */
    public Instant rootEnd() {
        return end(rotation.roots().stream());
    }

    /** When the first of the certificates ends that stand above those that are signed. */
    public Instant chainEnd() {
        Authority signing = rotation.signing();
        return end(Stream.concat(Stream.of(signing.certificate()), signing.intermediates().stream()));
    }

    private static Instant end(Stream<X509Certificate> certificates) {
        return certificates
                .map(certificate -> certificate.getNotAfter().toInstant())
                .min(java.util.Comparator.naturalOrder())
                .orElse(Instant.MAX);
    }

    /** Says once a day what of the authority ends within a month. */
    private void warn() {
        Instant now = clock.instant();
        if (now.isBefore(nextWarning)) {
            return;
        }
        nextWarning = now.plus(Duration.ofDays(1));
        for (X509Certificate root : rotation.roots()) {
            warn("root", root, now);
        }
        if (!rotation.roots().contains(rotation.signing().certificate())) {
            warn("signing certificate", rotation.signing().certificate(), now);
        }
        rotation.signing().intermediates().forEach(above -> warn("intermediate certificate", above, now));
    }

    private static void warn(String what, X509Certificate certificate, Instant now) {
        Instant end = certificate.getNotAfter().toInstant();
        if (end.isBefore(now.plus(SOON))) {
            log.warn(
                    "The mesh's {} \"{}\" {} at {}: replace Secret cacerts",
                    what,
                    certificate.getSubjectX500Principal(),
                    end.isBefore(now) ? "has ended" : "ends",
                    end);
        }
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
                    .trustManager(new ClientTrust(() -> rotation.roots(), () -> revoked))
                    .clientAuth(ClientAuth.OPTIONAL)
                    .build();
        } catch (SSLException e) {
            throw new IllegalStateException("every JDK has TLS with ALPN", e);
        }
    }

    /** For a port of HTTP whose callers have no certificates: TLS with a certificate of this authority. */
    public SslContext serverTls() {
        try {
            return SslContextBuilder.forServer(new ServerKey(this::serverKey))
                    .sslProvider(SslProvider.JDK)
                    .protocols("TLSv1.3", "TLSv1.2")
                    .build();
        } catch (SSLException e) {
            throw new IllegalStateException("every JDK has TLS", e);
        }
    }

    /** The server's certificate; a new one once half of its life is over. */
    private synchronized ServerKey.Held serverKey() {
        X509Certificate certificate = held.chain().getFirst();
        Instant begin = certificate.getNotBefore().toInstant();
        Duration life = Duration.between(begin, certificate.getNotAfter().toInstant());
        if (clock.instant().isAfter(begin.plus(life.dividedBy(2)))) {
            held = issue();
            log.info("Took a new {} for the control plane's ports", held);
        }
        return held;
    }

    private ServerKey.Held issue() {
        KeyPair pair = Authority.newKey(random);
        List<X509Certificate> chain = rotation.signing()
                .sign(
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
        closed.countDown();
        bundle.close();
    }
}
