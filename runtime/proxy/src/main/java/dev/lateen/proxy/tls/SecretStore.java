package dev.lateen.proxy.tls;

import dev.lateen.proxycore.tls.Material;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** The keys and certificates of one proxy, as they are now, by their name or by the files that they are in. Thread-safe. */
public final class SecretStore {
    /** The workload's own certificate, under Istio's name. */
    public static final Material.Named OWN = new Material.Named("default", false);

    /** Whom the mesh trusts, under Istio's name. */
    public static final Material.Named ROOTS = new Material.Named("ROOTCA", false);

    private final Map<Material, Material> secrets = new ConcurrentHashMap<>();
    private final AtomicLong generation = new AtomicLong();
    private final CopyOnWriteArrayList<Runnable> listeners = new CopyOnWriteArrayList<>();

    /** Adds or replaces a secret. Connections that are made from now on use it. */
    public void put(Material.Named name, Material material) {
        keep(name, material);
    }

    /** @param reference a name, or files */
    void keep(Material reference, Material material) {
        if (!material.equals(secrets.put(reference, material))) {
            changed();
        }
    }

    /** Takes a secret away: connections that need it can no longer be made. */
    public void remove(Material.Named name) {
        forget(name);
    }

    void forget(Material reference) {
        if (secrets.remove(reference) != null) {
            changed();
        }
    }

    private void changed() {
        generation.incrementAndGet();
        listeners.forEach(Runnable::run);
    }

    @Nullable
    Material get(Material reference) {
        return secrets.get(reference);
    }

    /** Goes up with every change. */
    long generation() {
        return generation.get();
    }

    /** Is run after every change, on the thread that made it. */
    public void listen(Runnable listener) {
        listeners.add(listener);
    }

    /** All secrets by name, for those who show their certificates. */
    public Map<String, Material> all() {
        Map<String, Material> all = new TreeMap<>();
        secrets.forEach((reference, material) -> all.put(name(reference), material));
        return all;
    }

    /** All certificates in use, by the name of their secret: a chain, or roots. What cannot be read has none. */
    public Map<String, List<X509Certificate>> certificates() {
        Map<String, List<X509Certificate>> certificates = new TreeMap<>();
        all().forEach((name, material) -> {
            String pem =
                    switch (material) {
                        case Material.Certificate certificate -> certificate.chain();
                        case Material.Trust trust -> trust.roots();
                        case Material.Named _, Material.CertificateFiles _, Material.TrustFiles _ -> "";
                    };
            try {
                certificates.put(name, Certificates.read(pem));
            } catch (CertificateException e) {
                certificates.put(name, List.of()); // whoever needs it says so
            }
        });
        return certificates;
    }

    private static String name(Material reference) {
        return switch (reference) {
            case Material.Named named -> named.name();
            case Material.CertificateFiles files -> "file " + files.chain();
            case Material.TrustFiles files -> "file " + files.roots();
            default -> throw new IllegalArgumentException(reference + " is no reference");
        };
    }
}
