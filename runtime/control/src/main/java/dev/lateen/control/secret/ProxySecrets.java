package dev.lateen.control.secret;

import com.google.protobuf.Message;
import dev.lateen.config.ObjectName;
import dev.lateen.mesh.ProxyNode;
import dev.lateen.xds.server.PeerIdentity;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands keys and certificates out to proxies, each only what its own configuration names and its service account may
 * read. Those who have proven who they are get Secrets of the cluster; those of a directory go to whoever can reach the
 * plaintext port, which is the loopback's. Thread-safe.
 */
public final class ProxySecrets implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ProxySecrets.class);
    private static final Duration SOON = Duration.ofDays(7);

    private final FileSecrets files;
    private final boolean filesForAnyone;
    private final InstantSource clock;
    private final @Nullable SecretSource cluster;
    private final @Nullable SecretAccess access;
    private final Set<Reader> readers = ConcurrentHashMap.newKeySet();

    /**
     * @param client of the cluster; null for none
     * @param files secrets of a directory
     * @param filesForAnyone whether those go to clients that nobody authenticated
     */
    public ProxySecrets(
            @Nullable KubernetesClient client, FileSecrets files, boolean filesForAnyone, InstantSource clock) {
        this.files = files;
        this.filesForAnyone = filesForAnyone;
        this.clock = clock;
        this.cluster = client == null ? null : new ClusterSecrets(client, this::changed);
        this.access = client == null ? null : new SecretAccess(client, clock);
        files.listen(this::changed);
    }

    /**
     * Opens the view of one proxy.
     *
     * @param peer who it was authenticated as; null for nobody
     * @param changed is run after something has changed that it may have asked for
     */
    public Reader open(ProxyNode node, @Nullable PeerIdentity peer, Runnable changed) {
        Reader reader = new Reader(node, peer, changed);
        readers.add(reader);
        return reader;
    }

    private void changed() {
        for (Reader reader : readers) {
            if (!reader.wanted.isEmpty()) {
                reader.changed.run();
            }
        }
    }

    private void retain() {
        if (cluster != null) {
            Set<ObjectName> names = new HashSet<>();
            readers.forEach(reader -> names.addAll(reader.wanted));
            cluster.want(names);
        }
    }

    /** What every connected proxy asked for and did not get, and why: by node, then by name. */
    public Map<String, Map<String, String>> missing() {
        Map<String, Map<String, String>> missing = new TreeMap<>();
        for (Reader reader : readers) {
            if (!reader.missing.isEmpty()) {
                missing.put(reader.node.id(), reader.missing);
            }
        }
        return missing;
    }

    @Override
    public void close() {
        if (cluster != null) {
            cluster.close();
        }
    }

    private record Read(Secret from, Message message) {}

    /** The view of one proxy; used by one thread at a time. */
    public final class Reader implements AutoCloseable {
        private final ProxyNode node;
        private final @Nullable PeerIdentity peer;
        private final Runnable changed;
        private volatile Set<ObjectName> wanted = Set.of();
        private volatile Map<String, String> missing = Map.of();
        private final Map<String, Read> known = new HashMap<>();

        private Reader(ProxyNode node, @Nullable PeerIdentity peer, Runnable changed) {
            this.node = node;
            this.peer = peer;
            this.changed = changed;
        }

        /** What it gets of these names; what it does not get is told in the log once. May wait for the cluster. */
        public Map<String, Message> read(Set<String> names) {
            Map<String, SecretReference> references = new TreeMap<>();
            Set<ObjectName> objects = new HashSet<>();
            for (String name : names) {
                SecretReference reference =
                        SecretReference.of(name, peer == null ? node.namespace() : peer.namespace());
                references.put(name, reference);
                objects.addAll(reference.objects());
            }
            if (!objects.equals(wanted)) {
                wanted = Set.copyOf(objects);
                retain();
            }
            Map<String, Message> found = new LinkedHashMap<>();
            Map<String, String> failures = new TreeMap<>();
            references.forEach((name, reference) -> {
                try {
                    found.put(name, read(name, reference));
                } catch (SecurityException | IllegalArgumentException e) {
                    failures.put(name, String.valueOf(e.getMessage()));
                }
            });
            failures.forEach((name, failure) -> {
                if (!failure.equals(missing.get(name))) {
                    log.warn("Proxy {} does not get {}: {}", node.id(), references.get(name), failure);
                }
            });
            missing = Map.copyOf(failures);
            known.keySet().retainAll(found.keySet());
            return found;
        }

        @SuppressWarnings("ReferenceEquality") // what is the same object need not be read again
        private Message read(String name, SecretReference reference) {
            for (ObjectName object : reference.objects()) {
                Secret secret = get(object, reference);
                if (secret != null) {
                    Read before = known.get(name);
                    if (before == null || before.from != secret) {
                        var message = SecretContent.read(name, secret, reference.roots());
                        warn(reference, SecretContent.end(message));
                        before = new Read(secret, message);
                        known.put(name, before);
                    }
                    return before.message;
                }
            }
            throw new IllegalArgumentException("is not there");
        }

        private @Nullable Secret get(ObjectName object, SecretReference reference) {
            if (peer == null) {
                if (!filesForAnyone) {
                    throw new SecurityException("the proxy has not proven who it is: let it connect to port 15012");
                }
                return files.get(object);
            }
            Secret secret = cluster == null ? null : cluster.get(object);
            if (secret == null) {
                return files.get(object);
            }
            // Roots are no secret, and references were allowed by the namespace that they lead to.
            String refusal = reference.roots() || reference.referred() || access == null
                    ? ""
                    : access.refusal(peer, object.name());
            if (!refusal.isEmpty()) {
                throw new SecurityException(refusal);
            }
            return secret;
        }

        private void warn(SecretReference reference, Optional<Instant> end) {
            if (end.isPresent() && end.get().isBefore(clock.instant().plus(SOON))) {
                log.warn("A certificate of {} ends at {}", reference, end.get());
            }
        }

        @Override
        public void close() {
            readers.remove(this);
            retain();
        }
    }
}
