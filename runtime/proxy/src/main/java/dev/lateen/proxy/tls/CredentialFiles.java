package dev.lateen.proxy.tls;

import dev.lateen.proxycore.tls.Material;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keys and certificates in files that the configuration names: puts their content into the secrets, and does so again
 * when a file has changed. A file that cannot be read leaves what was read before in use. Works on a virtual thread of
 * its own. Thread-safe.
 */
public final class CredentialFiles implements AutoCloseable {
    /** Where machines have their roots; a name that is not there stands for the one that is. */
    private static final Set<Path> SYSTEM_ROOTS = Set.of(
            Path.of("/etc/ssl/certs/ca-certificates.crt"),
            Path.of("/etc/pki/tls/certs/ca-bundle.crt"),
            Path.of("/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"),
            Path.of("/etc/ssl/cert.pem"));

    private static final Logger log = LoggerFactory.getLogger(CredentialFiles.class);
    private static final Duration LOOK = Duration.ofSeconds(2);

    private final SecretStore secrets;
    private final Set<Material> wanted = new HashSet<>();
    private final Map<Material, String> failures = new HashMap<>();
    private final CountDownLatch closed = new CountDownLatch(1);

    public CredentialFiles(SecretStore secrets) {
        this.secrets = secrets;
    }

    /** Begins to look for changes; returns at once. */
    public CredentialFiles start() {
        Thread.ofVirtual().name("credential-files").start(this::run);
        return this;
    }

    /** From now on these files are read, first of all now; others are forgotten. Waits for the disk. */
    public synchronized void want(Set<Material> references) {
        for (Material gone : Set.copyOf(wanted)) {
            if (!references.contains(gone)) {
                wanted.remove(gone);
                failures.remove(gone);
                secrets.forget(gone);
            }
        }
        wanted.addAll(references);
        look();
    }

    /** Reads all files that are wanted. */
    synchronized void look() {
        for (Material reference : wanted) {
            try {
                secrets.keep(reference, read(reference));
                failures.remove(reference);
            } catch (IOException e) {
                String failure = e.toString();
                if (!failure.equals(failures.put(reference, failure))) {
                    log.warn("{} cannot be read: {}", reference, failure);
                }
            }
        }
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

    private static Material read(Material reference) throws IOException {
        return switch (reference) {
            case Material.CertificateFiles files -> new Material.Certificate(text(files.chain()), text(files.key()));
            case Material.TrustFiles files -> {
                Path roots = Path.of(files.roots());
                String revoked = files.revoked().isEmpty() ? "" : text(files.revoked());
                yield SYSTEM_ROOTS.contains(roots) && !Files.exists(roots)
                        ? new Material.Trust("", revoked, true)
                        : new Material.Trust(text(files.roots()), revoked, false);
            }
            default -> throw new IllegalArgumentException(reference + " is in no file");
        };
    }

    private static String text(String file) throws IOException {
        return Files.readString(Path.of(file));
    }

    @Override
    public void close() {
        closed.countDown();
    }
}
