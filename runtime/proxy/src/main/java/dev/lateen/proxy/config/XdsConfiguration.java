package dev.lateen.proxy.config;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import dev.lateen.proxy.net.Timer;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.balance.LiveCluster;
import dev.lateen.proxycore.cluster.CompiledCluster;
import dev.lateen.proxycore.cluster.EndpointSet;
import dev.lateen.proxycore.listener.CompiledListener;
import dev.lateen.proxycore.route.RouteTable;
import dev.lateen.xds.ResourceType;
import dev.lateen.xds.client.ResourceListener;
import dev.lateen.xds.client.ResourceUpdate;
import dev.lateen.xds.client.Subscription;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.TypedExtensionConfig;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes xDS, compiles it off the event loops, and puts it in force by swapping one reference. What does not compile is
 * refused as a whole with the reason; what was in force stays. A listener comes into force when the routes that it
 * names are there, so that a request never meets one without the other.
 */
public final class XdsConfiguration implements ResourceListener {
    private static final Logger LOG = LoggerFactory.getLogger(XdsConfiguration.class);
    public static final String CLUSTERS = "type.googleapis.com/envoy.config.cluster.v3.Cluster";
    public static final String ENDPOINTS = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment";
    public static final String LISTENERS = "type.googleapis.com/envoy.config.listener.v3.Listener";
    public static final String ROUTES = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration";

    /** Configurations of filters that come by themselves. */
    public static final String EXTENSIONS = ResourceType.EXTENSION;

    public static final String SECRETS = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret";

    private final RandomGenerator random;
    private final InstantSource clock;
    private final Timer timer;
    private final BiConsumer<String, Subscription> subscribe;
    private final Consumer<ActiveConfiguration> changed;
    private final Credentials credentials;
    private final Map<String, CompiledListener> listeners = new TreeMap<>();
    private final Map<String, RouteTable> routes = new TreeMap<>();
    private final Map<String, LiveCluster> clusters = new TreeMap<>();
    private final AwaitedEndpoints endpoints;
    private final AwaitedExtensions extensions;
    private final LeavingClusters leaving = new LeavingClusters();

    private Timer.Timeout patienceEnds = () -> {};

    private final KeptResources kept = new KeptResources();
    private final RestoredTypes restored = new RestoredTypes();
    private final Set<String> seen = new HashSet<>();
    private volatile ActiveConfiguration current = ActiveConfiguration.EMPTY;
    private final UpdateCounts updates = new UpdateCounts();

    private volatile boolean complete;
    private volatile boolean connected;

    /**
     * @param timer runs its tasks where they may wait for what {@code changed} does
     * @param subscribe asks for resources of a type by name
     * @param credentials takes keys and certificates
     * @param changed is told of each new configuration, on the thread that brought it or the timer's
     */
    public XdsConfiguration(
            RandomGenerator random,
            InstantSource clock,
            Timer timer,
            BiConsumer<String, Subscription> subscribe,
            Credentials credentials,
            Consumer<ActiveConfiguration> changed) {
        this.random = random;
        this.clock = clock;
        this.timer = timer;
        endpoints = new AwaitedEndpoints(timer);
        extensions = new AwaitedExtensions(timer);
        this.subscribe = subscribe;
        this.credentials = credentials;
        this.changed = changed;
    }

    /** Whether the control plane, or the file in its place, has said anything. */
    public synchronized boolean heard() {
        return !seen.isEmpty();
    }

    /** What is in force. Any thread. */
    public ActiveConfiguration current() {
        return current;
    }

    /** Whether the first configuration is there whole: clusters with their endpoints, listeners with their routes. */
    public boolean complete() {
        return complete;
    }

    /** Whether the control plane's stream works. Any thread. */
    public boolean connected() {
        return connected;
    }

    /** How the control plane's updates were answered. */
    public UpdateCounts updates() {
        return updates;
    }

    @Override
    public void onConnection(boolean works, String detail) {
        connected = works;
    }

    /** The resources in force as they were sent, by type and name. */
    public synchronized Map<String, Map<String, KeptResource>> resources() {
        return kept.copy();
    }

    @Override
    public synchronized Optional<String> onUpdate(ResourceUpdate update) {
        boolean first = restored.has(update.type());
        Optional<String> refusal = take(first ? kept.whole(update) : update, clock.instant(), false);
        updates.count(update.type(), refusal.isEmpty());
        if (refusal.isEmpty() && restored.replaced(update.type())) {
            LOG.info("the configuration is the control plane's again");
        }
        return refusal;
    }

    /**
     * Puts in force what was saved, unless the control plane has said something already. What it says later takes its place,
     * type by type. What cannot be used is said in the log.
     *
     * @return whether it is in force
     */
    public synchronized boolean restore(SavedConfiguration saved) {
        if (!seen.isEmpty()) {
            return false;
        }
        for (ResourceUpdate update : saved.of(CLUSTERS, ENDPOINTS, LISTENERS, EXTENSIONS, ROUTES)) {
            Optional<String> refusal = take(update, saved.saved(), true);
            if (refusal.isPresent()) {
                LOG.warn("of the saved configuration, {} is left out: {}", update.type(), refusal.get());
            } else if (update.type().equals(CLUSTERS) || update.type().equals(LISTENERS)) {
                restored.add(update.type(), saved.saved());
            }
        }
        return restored.since() != null;
    }

    /** When that was saved which is in force and not the control plane's; null when all is. Any thread. */
    public @Nullable Instant restoredAt() {
        return restored.since();
    }

    /**
     * What can be saved: all but what has a private key in it; nothing while it is not whole, or not the control plane's
     * own.
     */
    public synchronized List<ResourceUpdate> savable() {
        if (!complete || restored.since() != null) {
            return List.of();
        }
        Map<String, Map<String, KeptResource>> all = kept.copy();
        listeners.forEach((name, listener) -> {
            if (Credentials.carriesKey(listener)) {
                all.getOrDefault(LISTENERS, new TreeMap<>()).remove(name);
            }
        });
        clusters.forEach((name, cluster) -> {
            if (Credentials.carriesKey(cluster.config())) {
                all.getOrDefault(CLUSTERS, new TreeMap<>()).remove(name);
            }
        });
        return Stream.of(CLUSTERS, ENDPOINTS, LISTENERS, EXTENSIONS, ROUTES)
                .filter(all::containsKey)
                .map(type -> SavedConfiguration.update(type, all.getOrDefault(type, Map.of())))
                .toList();
    }

    private Optional<String> take(ResourceUpdate update, Instant at, boolean fromDisk) {
        try {
            Map<String, Message> messages;
            switch (update.type()) {
                case CLUSTERS -> messages = clusters(update);
                case ENDPOINTS -> messages = endpoints(update);
                case LISTENERS -> messages = listeners(update);
                case EXTENSIONS -> messages = extensions(update);
                case ROUTES -> messages = routes(update);
                case SECRETS -> messages = secrets(update);
                default -> {
                    return Optional.of("nothing was asked of type " + update.type());
                }
            }
            kept.take(update, messages, at, fromDisk);
        } catch (CompileException | InvalidProtocolBufferException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
        seen.add(update.type());
        activate();
        return Optional.empty();
    }

    private <M extends Message> List<M> unpack(ResourceUpdate update, Class<M> type)
            throws InvalidProtocolBufferException {
        List<M> messages = new ArrayList<>();
        for (ResourceUpdate.Resource resource : update.changed()) {
            Any body = resource.body();
            messages.add(body.unpack(type));
        }
        return messages;
    }

    private Map<String, Message> clusters(ResourceUpdate update)
            throws CompileException, InvalidProtocolBufferException {
        Map<String, Message> messages = new HashMap<>();
        List<CompiledCluster> compiled = new ArrayList<>();
        for (Cluster cluster : unpack(update, Cluster.class)) {
            compiled.add(CompiledCluster.of(cluster));
            messages.put(cluster.getName(), cluster);
        }
        for (CompiledCluster cluster : compiled) {
            LiveCluster present = clusters.get(cluster.name());
            LiveCluster next = present == null
                    ? LiveCluster.of(cluster, random, System::nanoTime)
                    : present.changed(cluster, random);
            clusters.put(cluster.name(), next);
            leaving.back(cluster.name());
            endpoints.give(next);
        }
        for (String gone : update.removed()) {
            if (clusters.remove(gone) != null) {
                leaving.gone(gone, timer.nanoTime());
            }
        }
        subscribe.accept(ENDPOINTS, Subscription.to(endpoints.want(clusters.values())));
        wantSecrets();
        return messages;
    }

    private Map<String, Message> endpoints(ResourceUpdate update)
            throws CompileException, InvalidProtocolBufferException {
        Map<String, Message> messages = new HashMap<>();
        Map<String, EndpointSet> compiled = new HashMap<>();
        for (ClusterLoadAssignment assignment : unpack(update, ClusterLoadAssignment.class)) {
            compiled.put(assignment.getClusterName(), EndpointSet.of(assignment));
            messages.put(assignment.getClusterName(), assignment);
        }
        endpoints.come(compiled, clusters.values());
        return messages;
    }

    private Map<String, Message> listeners(ResourceUpdate update)
            throws CompileException, InvalidProtocolBufferException {
        Map<String, Message> messages = new HashMap<>();
        Map<String, CompiledListener> compiled = new HashMap<>();
        for (Listener listener : unpack(update, Listener.class)) {
            compiled.put(listener.getName(), CompiledListener.of(listener, extensions.known()));
            messages.put(listener.getName(), listener);
        }
        listeners.putAll(compiled);
        update.removed().forEach(listeners::remove);
        Set<String> names = new HashSet<>();
        listeners.values().forEach(listener -> names.addAll(listener.routeNames()));
        subscribe.accept(ROUTES, Subscription.to(names));
        Set<String> filters = extensions.want(listeners.values());
        if (!filters.isEmpty() || seen.contains(EXTENSIONS)) {
            subscribe.accept(EXTENSIONS, Subscription.to(filters));
        }
        wantSecrets();
        return messages;
    }

    /** Listeners are compiled anew with what has come for their filters; those of the others stay the same. */
    private Map<String, Message> extensions(ResourceUpdate update)
            throws CompileException, InvalidProtocolBufferException {
        Map<String, Message> messages = new HashMap<>();
        Map<String, Any> known = new HashMap<>(extensions.known());
        Set<String> names = new HashSet<>(update.removed());
        known.keySet().removeAll(names);
        for (TypedExtensionConfig extension : unpack(update, TypedExtensionConfig.class)) {
            known.put(extension.getName(), extension.getTypedConfig());
            messages.put(extension.getName(), extension);
        }
        names.addAll(messages.keySet());
        Map<String, CompiledListener> compiled = new HashMap<>();
        for (Map.Entry<String, CompiledListener> entry : listeners.entrySet()) {
            KeptResource listener = kept.of(LISTENERS).get(entry.getKey());
            boolean concerned =
                    entry.getValue().discovered().stream().anyMatch(filter -> names.contains(filter.name()));
            if (concerned && listener != null && listener.body() instanceof Listener body) {
                compiled.put(entry.getKey(), CompiledListener.of(body, known));
            }
        }
        listeners.putAll(compiled);
        extensions.come(known, names);
        wantSecrets();
        return messages;
    }

    private Map<String, Message> routes(ResourceUpdate update) throws CompileException, InvalidProtocolBufferException {
        Map<String, Message> messages = new HashMap<>();
        Map<String, RouteTable> compiled = new HashMap<>();
        for (RouteConfiguration configuration : unpack(update, RouteConfiguration.class)) {
            compiled.put(configuration.getName(), RouteTable.of(configuration));
            messages.put(configuration.getName(), configuration);
        }
        routes.putAll(compiled);
        update.removed().forEach(routes::remove);
        return messages;
    }

    /** Nothing is asked for until something is needed. */
    private void wantSecrets() {
        Set<String> names = credentials.want(
                listeners.values(),
                clusters.values().stream().map(LiveCluster::config).toList());
        if (!names.isEmpty() || seen.contains(SECRETS)) {
            subscribe.accept(SECRETS, Subscription.to(names));
        }
    }

    private Map<String, Message> secrets(ResourceUpdate update)
            throws CompileException, InvalidProtocolBufferException {
        Map<String, Message> messages = new HashMap<>();
        List<Secret> secrets = unpack(update, Secret.class);
        credentials.put(secrets);
        secrets.forEach(secret -> messages.put(secret.getName(), Credentials.withoutKey(secret)));
        update.removed().forEach(credentials::remove);
        return messages;
    }

    /** Whether a cluster has its endpoints, or has waited for long enough. */
    private boolean warm(LiveCluster cluster) {
        return endpoints.patienceLeft(cluster) <= 0;
    }

    /** The same of a listener and the configurations of its filters. */
    private boolean configured(CompiledListener listener) {
        return extensions.patienceLeft(listener) <= 0;
    }

    /** Has what waits come into force when it has waited for long enough. */
    private void watchPatience() {
        patienceEnds.cancel();
        patienceEnds = () -> {};
        Stream.of(
                        clusters.values().stream().mapToLong(endpoints::patienceLeft),
                        listeners.values().stream().mapToLong(extensions::patienceLeft),
                        leaving.patienceLeft(timer.nanoTime()))
                .flatMapToLong(left -> left)
                .filter(left -> left > 0 && left < Long.MAX_VALUE)
                .min()
                .ifPresent(left -> patienceEnds = timer.after(left, this::patienceOver));
    }

    /** Whether all that was sent is in force, and nothing that is gone goes on. Any thread. */
    public synchronized boolean settled() {
        return complete
                && clusters.keySet().containsAll(current.clusters().keySet())
                && listeners.values().stream().allMatch(this::configured)
                && clusters.values().stream().allMatch(this::warm);
    }

    private synchronized void patienceOver() {
        activate();
    }

    private static void tellIgnored(List<String> ignored, List<String> before) {
        if (!ignored.isEmpty() && !ignored.equals(before)) {
            LOG.info(
                    "{} optional parts of the configuration mean nothing here and are ignored (admin page /ignored), such as {}",
                    ignored.size(),
                    ignored.getFirst());
        }
    }

    private void activate() {
        ActiveConfiguration before = current;
        Activation.Next next = new Activation(
                        listeners,
                        routes,
                        clusters,
                        before,
                        this::warm,
                        this::configured,
                        name -> leaving.patienceLeft(name, timer.nanoTime()) > 0)
                .next();
        boolean whole = next.whole()
                && seen.contains(CLUSTERS)
                && seen.contains(LISTENERS)
                && clusters.values().stream().allMatch(this::warm);
        current = next.configuration();
        tellIgnored(current.ignored(), before.ignored());
        changed.accept(current);
        // Only now: whoever is told that it is ready finds its sockets open.
        complete |= whole;
        watchPatience();
    }
}
