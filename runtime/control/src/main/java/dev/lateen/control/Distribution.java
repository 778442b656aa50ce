package dev.lateen.control;

import com.google.protobuf.Message;
import dev.lateen.control.registration.Registrations;
import dev.lateen.control.registration.Registrations.Registered;
import dev.lateen.control.secret.ProxySecrets;
import dev.lateen.mesh.ProxyNode;
import dev.lateen.mesh.ProxyResources;
import dev.lateen.mesh.Snapshot;
import dev.lateen.mesh.Translator;
import dev.lateen.mesh.registry.Workload;
import dev.lateen.xds.ResourceType;
import dev.lateen.xds.server.PeerIdentity;
import dev.lateen.xds.server.ResourceEncoder;
import dev.lateen.xds.server.ResourceProvider;
import dev.lateen.xds.server.ResourceSet;
import io.envoyproxy.envoy.config.core.v3.Node;
import io.envoyproxy.envoy.service.discovery.v3.DiscoveryResponse;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings snapshots to proxies: translates the newest one for each connected proxy, on virtual threads, as many at once
 * as there are processors. A proxy whose translation fails keeps what it had.
 */
final class Distribution implements ResourceProvider {
    private static final Logger log = LoggerFactory.getLogger(Distribution.class);

    private final ResourceEncoder encoder = new ResourceEncoder();
    private final Set<Proxy> proxies = ConcurrentHashMap.newKeySet();
    private final Semaphore processors =
            new Semaphore(Math.max(1, Runtime.getRuntime().availableProcessors()));
    private final ProxySecrets secrets;
    private final Registrations registrations;
    private final DebugQuestions questions;
    private final Runnable failed;
    private volatile Version version;

    private record Version(Snapshot snapshot, long generation) {}

    /** @param failed runs each time a translation fails */
    Distribution(
            Snapshot first,
            ProxySecrets secrets,
            Registrations registrations,
            DebugQuestions questions,
            Runnable failed) {
        this.failed = failed;
        this.secrets = secrets;
        this.registrations = registrations;
        this.questions = questions;
        version = new Version(first, 0);
    }

    Snapshot snapshot() {
        return version.snapshot();
    }

    /** From now on proxies get this snapshot. Called by one thread. */
    void distribute(Snapshot snapshot, long generation) {
        version = new Version(snapshot, generation);
        for (Proxy proxy : proxies) {
            proxy.changed.run();
        }
    }

    /** What a proxy would get now, but for keys and certificates. */
    ResourceSet resourcesFor(Node node) {
        Version now = version;
        return encoder.encode(translated(now, node).byType(), now.generation());
    }

    /** The same before it is encoded. */
    ProxyResources messagesFor(Node node) {
        return translated(version, node);
    }

    private static ProxyResources translated(Version now, Node node) {
        return Translator.translate(now.snapshot(), ProxyNode.of(node));
    }

    @Override
    public Client connect(Node node, @Nullable PeerIdentity peer, Runnable changed) {
        if (DebugQuestions.onlyAsks(node)) {
            return new Asker(peer);
        }
        ProxyNode proxyNode = ProxyNode.of(node);
        if (peer != null) {
            checkIdentity(proxyNode, peer, version.snapshot());
        }
        Registered registered = registrations.connect(node, peer, version.snapshot());
        Proxy proxy = new Proxy(proxyNode, secrets.open(proxyNode, peer, changed), registered, changed);
        proxies.add(proxy);
        return proxy;
    }

    /**
     * A proxy gets what its identity may see: the node that it says it is must be of its own service account, and so must
     * the pod whose address it says, where one is known.
     */
    private static void checkIdentity(ProxyNode node, PeerIdentity peer, Snapshot snapshot) {
        Workload pod = snapshot.registry().workloadAt(node.address());
        if (pod != null && !pod.serviceAccount().isEmpty() && !hasPodAt(node.address(), peer, snapshot)) {
            throw new SecurityException("node \"" + node.id() + "\" has the address of pod " + pod.namespace() + "/"
                    + pod.name() + ", which is not of service account " + peer + ", whose credentials were shown");
        }
        boolean same = node.namespace().equals(peer.namespace())
                && node.domain().startsWith(peer.namespace() + ".")
                && (node.serviceAccount().isEmpty() || node.serviceAccount().equals(peer.serviceAccount()));
        if (!same) {
            throw new SecurityException("node \"" + node.id() + "\" with service account \"" + node.serviceAccount()
                    + "\" is not of service account " + peer + ", whose credentials were shown");
        }
    }

    /** Pods on their node's own network share its address, so there may be several at one. */
    private static boolean hasPodAt(String address, PeerIdentity peer, Snapshot snapshot) {
        return snapshot.registry().workloads(peer.namespace(), Map.of()).stream()
                .anyMatch(pod -> pod.addresses().contains(address)
                        && pod.serviceAccount().equals(peer.serviceAccount()));
    }

    /** A tool of Istio's: gets answers and no configuration, so it need not be who its node says. */
    private final class Asker implements Client {
        private final @Nullable PeerIdentity peer;

        Asker(@Nullable PeerIdentity peer) {
            this.peer = peer;
        }

        @Override
        public ResourceSet current() {
            return ResourceSet.EMPTY;
        }

        @Override
        public @Nullable DiscoveryResponse answer(String type, List<String> names) {
            return questions.answer(type, names, peer);
        }

        @Override
        public void close() {}
    }

    private final class Proxy implements Client {
        private final ProxyNode node;
        private final ProxySecrets.Reader credentials;
        private final Registered registered;
        private final Runnable changed;
        private ResourceSet last = ResourceSet.EMPTY;

        Proxy(ProxyNode node, ProxySecrets.Reader credentials, Registered registered, Runnable changed) {
            this.node = node;
            this.credentials = credentials;
            this.registered = registered;
            this.changed = changed;
        }

        /** Called by the stream's own thread whenever it is ready to send: what piles up meanwhile is skipped. */
        @Override
        public ResourceSet current() {
            Version now = version;
            try {
                ProxyResources resources = translate(now.snapshot());
                Map<String, Map<String, Message>> byType = resources.byType();
                if (!resources.secrets().isEmpty()) {
                    byType = new LinkedHashMap<>(byType);
                    byType.put(ResourceType.SECRET, credentials.read(resources.secrets()));
                }
                last = encoder.encode(byType, now.generation());
            } catch (RuntimeException e) {
                failed.run();
                log.error("Cannot translate for {}; it keeps what it has", node.id(), e);
            }
            return last;
        }

        private ProxyResources translate(Snapshot snapshot) {
            processors.acquireUninterruptibly();
            try {
                return Translator.translate(snapshot, node);
            } finally {
                processors.release();
            }
        }

        @Override
        public void close() {
            proxies.remove(this);
            credentials.close();
            registered.close();
        }
    }
}
