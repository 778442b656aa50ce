package dev.lateen.proxy.config;

import dev.lateen.proxy.net.Timer;
import dev.lateen.xds.ResourceType;
import dev.lateen.xds.client.ResourceListener;
import dev.lateen.xds.client.ResourceUpdate;
import dev.lateen.xds.client.Subscription;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
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

    private final InstantSource clock;
    private final Timer timer;
    private final Consumer<ActiveConfiguration> changed;
    private final CompiledResources compiled;
    private final RestoredTypes restored = new RestoredTypes();
    private final UpdateCounts updates = new UpdateCounts();
    private Timer.Timeout patienceEnds = () -> {};
    private volatile ActiveConfiguration current = ActiveConfiguration.EMPTY;

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
        this.clock = clock;
        this.timer = timer;
        this.changed = changed;
        compiled = new CompiledResources(random, timer, subscribe, credentials);
    }

    /** Whether the control plane, or the file in its place, has said anything. */
    public synchronized boolean heard() {
        return compiled.heard();
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
        return compiled.kept().copy();
    }

    @Override
    public synchronized Optional<String> onUpdate(ResourceUpdate update) {
        boolean first = restored.has(update.type());
        Optional<String> refusal = take(first ? compiled.kept().whole(update) : update, clock.instant(), false);
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
        if (compiled.heard()) {
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
        return compiled.withoutKeys();
    }

    private Optional<String> take(ResourceUpdate update, Instant at, boolean fromDisk) {
        Optional<String> refusal = compiled.take(update, at, fromDisk);
        if (refusal.isEmpty()) {
            activate();
        }
        return refusal;
    }

    /** Has what waits come into force when it has waited for long enough. */
    private void watchPatience() {
        patienceEnds.cancel();
        patienceEnds = () -> {};
        compiled.patienceLeft()
                .filter(left -> left > 0 && left < Long.MAX_VALUE)
                .min()
                .ifPresent(left -> patienceEnds = timer.after(left, this::patienceOver));
    }

    /** Whether all that was sent is in force, and nothing that is gone goes on. Any thread. */
    public synchronized boolean settled() {
        return complete && compiled.settled(current);
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
        Activation.Next next = compiled.next(before);
        boolean whole = next.whole() && compiled.heardWhole();
        current = next.configuration();
        tellIgnored(current.ignored(), before.ignored());
        changed.accept(current);
        // Only now: whoever is told that it is ready finds its sockets open.
        complete |= whole;
        watchPatience();
    }
}
