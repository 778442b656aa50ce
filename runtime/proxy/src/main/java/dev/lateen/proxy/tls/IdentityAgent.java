package dev.lateen.proxy.tls;

import dev.lateen.proxycore.tls.Material;
import dev.lateen.xds.ca.CertificateChain;
import dev.lateen.xds.ca.CertificateRequest;
import dev.lateen.xds.ca.CertificateService;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Files;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a workload's certificate fresh: makes a key, has it signed by the mesh's authority, puts both into the secrets,
 * and does so again, with a new key, at half of the certificate's life. While the authority is away the certificate of
 * before stays in use. Works on a virtual thread of its own.
 */
public final class IdentityAgent implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(IdentityAgent.class);
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    /** How often the file with the roots is looked at: the node changes it when the mesh's roots change. */
    private static final Duration ROOTS_CHECK = Duration.ofSeconds(5);

    private final IdentityOptions options;
    private final Supplier<ManagedChannel> opener;
    private final SecretStore secrets;
    private final Clock clock;
    private final Renewal renewal;
    private final SecureRandom keys = new SecureRandom();
    private final CountDownLatch closed = new CountDownLatch(1);
    private volatile @Nullable X509Certificate current;
    private volatile String lastFailure = "";
    private String authorityRoot = "";
    private Instant due = Instant.MIN;

    /** @param opener makes a channel to the authority, for one request */
    public IdentityAgent(
            IdentityOptions options,
            Supplier<ManagedChannel> opener,
            SecretStore secrets,
            Clock clock,
            RandomGenerator random) {
        this.options = options;
        this.opener = opener;
        this.secrets = secrets;
        this.clock = clock;
        this.renewal = new Renewal(random);
    }

    /** Begins; returns at once. */
    public IdentityAgent start() {
        Thread.ofVirtual().name("identity").start(this::run);
        return this;
    }

    /** The certificate in use; null before the first. */
    public @Nullable X509Certificate current() {
        return current;
    }

    /** Why the last attempt failed; empty when it did not. */
    public String lastFailure() {
        return lastFailure;
    }

    private void run() {
        int failures = 0;
        try {
            while (closed.getCount() > 0) {
                Duration pause = ROOTS_CHECK;
                if (clock.instant().isBefore(due)) {
                    roots();
                } else {
                    String failure = renew();
                    failures = failure.isEmpty() ? 0 : failures + 1;
                    if (failures > 0) {
                        pause = renewal.retry(failures);
                        report(failure);
                    }
                    lastFailure = failure;
                }
                if (closed.await(pause.toMillis(), TimeUnit.MILLISECONDS)) {
                    return;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Says a failure once, and again as soon as the certificate in use gets old. */
    private void report(String failure) {
        X509Certificate certificate = current;
        if (certificate != null
                && Duration.between(clock.instant(), certificate.getNotAfter().toInstant())
                                .compareTo(options.life().dividedBy(4))
                        < 0) {
            log.error(
                    "The workload's certificate expires at {} and cannot be renewed: {}",
                    certificate.getNotAfter().toInstant(),
                    failure);
        } else if (!failure.equals(lastFailure)) {
            log.warn("No certificate yet, trying again: {}", failure);
        }
    }

    /** @return why it failed, or empty */
    private String renew() {
        String token;
        try {
            token = Files.readString(options.token()).strip();
        } catch (IOException e) {
            return "token " + options.token() + " cannot be read: " + e;
        }
        WorkloadKey key = WorkloadKey.create(keys);
        ManagedChannel channel = opener.get();
        try {
            CertificateChain chain = CertificateService.create(
                    channel, new CertificateRequest(key.request(), options.life()), token, options.cluster(), PATIENCE);
            take(key, chain.certificates());
            return "";
        } catch (StatusRuntimeException e) {
            return describe(e.getStatus());
        } catch (CertificateException e) {
            return "the authority's answer cannot be used: " + e.getMessage();
        } finally {
            channel.shutdownNow();
        }
    }

    private void take(WorkloadKey key, List<String> chain) throws CertificateException {
        if (chain.size() < 2) {
            throw new CertificateException("it has " + chain.size() + " certificates, not one and its root");
        }
        X509Certificate certificate = Certificates.read(chain.getFirst()).getFirst();
        authorityRoot = chain.getLast();
        roots();
        secrets.put(SecretStore.OWN, key.with(chain.subList(0, chain.size() - 1)));
        Instant end = certificate.getNotAfter().toInstant();
        due = renewal.due(clock.instant(), end);
        current = certificate;
        log.info(
                "The workload is {} until {}",
                Certificates.peer(List.of(certificate)).describe(),
                end);
    }

    /** Trusts the mesh's roots as the node has them, and the one that signs now, but for what is revoked. */
    private void roots() {
        Set<String> all = new LinkedHashSet<>();
        String revoked;
        try {
            revoked = Files.exists(options.revoked()) ? Files.readString(options.revoked()) : "";
            var _ = Certificates.revocations(revoked);
            for (String text : List.of(Files.readString(options.roots()), authorityRoot)) {
                for (X509Certificate root : text.isBlank() ? List.<X509Certificate>of() : Certificates.read(text)) {
                    all.add(Certificates.pem(root));
                }
            }
        } catch (IOException | GeneralSecurityException e) {
            log.warn(
                    "The mesh's roots in {}, or what is revoked in {}, cannot be read: {}; those of before stay",
                    options.roots(),
                    options.revoked(),
                    e.toString());
            return;
        }
        secrets.put(SecretStore.ROOTS, new Material.Trust(String.join("", all), revoked, false));
    }

    private String describe(Status status) {
        String reason = status.getDescription() == null ? status.getCode().name() : status.getDescription();
        Throwable cause = status.getCause();
        return "certificate service " + options.authority() + ": " + reason
                + (cause == null ? "" : " (" + Tls.describe(cause) + ")");
    }

    @Override
    public void close() {
        closed.countDown();
    }
}
