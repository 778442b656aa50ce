package dev.lateen.proxy.config;

import static dev.lateen.proxy.config.XdsConfiguration.CLUSTERS;
import static dev.lateen.proxy.config.XdsConfiguration.ENDPOINTS;
import static dev.lateen.proxy.config.XdsConfiguration.EXTENSIONS;
import static dev.lateen.proxy.config.XdsConfiguration.LISTENERS;
import static dev.lateen.proxy.config.XdsConfiguration.ROUTES;
import static dev.lateen.proxy.config.XdsConfiguration.SECRETS;

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
import dev.lateen.xds.client.ResourceUpdate;
import dev.lateen.xds.client.Subscription;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.core.v3.TypedExtensionConfig;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.Secret;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.random.RandomGenerator;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * What was sent, compiled, and what is asked for because of it. What does not compile is refused as a whole with the
 * reason; what was there before stays. Its owner sees to it that one thread uses it at a time.
 */
final class CompiledResources {
    private final RandomGenerator random;
    private final Timer timer;
    private final BiConsumer<String, Subscription> subscribe;
    private final Credentials credentials;
    private final Map<String, CompiledListener> listeners = new TreeMap<>();
    private final Map<String, RouteTable> routes = new TreeMap<>();
    private final Map<String, LiveCluster> clusters = new TreeMap<>();
    private final AwaitedEndpoints endpoints;
    private final AwaitedExtensions extensions;
    private final LeavingClusters leaving = new LeavingClusters();
    private final KeptResources kept = new KeptResources();
    private final Set<String> seen = new HashSet<>();

    /**
     * @param subscribe asks for resources of a type by name
     * @param credentials takes keys and certificates
     */
    CompiledResources(
            RandomGenerator random, Timer timer, BiConsumer<String, Subscription> subscribe, Credentials credentials) {
        this.random = random;
        this.timer = timer;
        this.subscribe = subscribe;
        this.credentials = credentials;
        endpoints = new AwaitedEndpoints(timer);
        extensions = new AwaitedExtensions(timer);
    }

    /** Whether any type has come. */
    boolean heard() {
        return !seen.isEmpty();
    }

    /** Whether clusters and listeners have come, and clusters wait for their endpoints no longer. */
    boolean heardWhole() {
        return seen.contains(CLUSTERS) && seen.contains(LISTENERS) && allWarm();
    }

    /** The same as it was sent. */
    KeptResources kept() {
        return kept;
    }

    /**
     * Takes an update.
     *
     * @param fromDisk whether it is one that was saved
     * @return why it is refused; empty when it is not
     */
    Optional<String> take(ResourceUpdate update, Instant at, boolean fromDisk) {
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
        wantOfListeners();
        return messages;
    }

    /** Asks for what the listeners name: routes, configurations of filters, keys. */
    private void wantOfListeners() {
        Set<String> names = new HashSet<>();
        listeners.values().forEach(listener -> names.addAll(listener.routeNames()));
        subscribe.accept(ROUTES, Subscription.to(names));
        Set<String> filters = extensions.want(listeners.values());
        if (!filters.isEmpty() || seen.contains(EXTENSIONS)) {
            subscribe.accept(EXTENSIONS, Subscription.to(filters));
        }
        wantSecrets();
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
        // What came may be a connection manager, with routes and filters of its own.
        wantOfListeners();
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

    /** What comes into force of it after that which is now. */
    Activation.Next next(ActiveConfiguration current) {
        return new Activation(
                        listeners,
                        routes,
                        clusters,
                        current,
                        this::warm,
                        this::configured,
                        name -> leaving.patienceLeft(name, timer.nanoTime()) > 0)
                .next();
    }

    /** For how many nanoseconds each part of it that waits still does; 0 or less for the others. */
    LongStream patienceLeft() {
        return Stream.of(
                        clusters.values().stream().mapToLong(endpoints::patienceLeft),
                        listeners.values().stream().mapToLong(extensions::patienceLeft),
                        leaving.patienceLeft(timer.nanoTime()))
                .flatMapToLong(left -> left);
    }

    /** Whether nothing waits, and nothing is in force that is gone. */
    boolean settled(ActiveConfiguration current) {
        return clusters.keySet().containsAll(current.clusters().keySet())
                && listeners.values().stream().allMatch(this::configured)
                && allWarm();
    }

    private boolean allWarm() {
        return clusters.values().stream().allMatch(this::warm);
    }

    /** Whether a cluster has its endpoints, or has waited for long enough. */
    private boolean warm(LiveCluster cluster) {
        return endpoints.patienceLeft(cluster) <= 0;
    }

    /** The same of a listener and the configurations of its filters. */
    private boolean configured(CompiledListener listener) {
        return extensions.patienceLeft(listener) <= 0;
    }

    /** All of it that has no private key in it. */
    List<ResourceUpdate> withoutKeys() {
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
}
