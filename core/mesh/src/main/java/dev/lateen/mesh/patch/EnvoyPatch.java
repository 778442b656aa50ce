package dev.lateen.mesh.patch;

import com.google.protobuf.Message;
import com.google.re2j.Pattern;
import dev.lateen.config.ConfigObject;
import dev.lateen.config.Problem;
import dev.lateen.config.networking.EnvoyFilter;
import dev.lateen.config.networking.EnvoyFilter.ApplyTo;
import dev.lateen.config.networking.EnvoyFilter.ClusterMatch;
import dev.lateen.config.networking.EnvoyFilter.ConfigPatch;
import dev.lateen.config.networking.EnvoyFilter.Context;
import dev.lateen.config.networking.EnvoyFilter.FilterClass;
import dev.lateen.config.networking.EnvoyFilter.ListenerMatch;
import dev.lateen.config.networking.EnvoyFilter.Match;
import dev.lateen.config.networking.EnvoyFilter.Operation;
import dev.lateen.config.networking.EnvoyFilter.ProxyMatch;
import dev.lateen.config.networking.EnvoyFilter.RouteConfigurationMatch;
import dev.lateen.config.networking.EnvoyFilter.Thing;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.listener.v3.ListenerFilter;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * One change of an EnvoyFilter, its value read.
 *
 * @param value null for removals
 * @param version what is found in the versions of the proxies that it is for; null for all
 */
public record EnvoyPatch(
        ConfigPatch patch,
        @Nullable Message value,
        @Nullable Pattern version) {
    /** Key of a node's metadata. */
    private static final String VERSION = "ISTIO_VERSION";

    /** The changes of an object; one that cannot be read is left out, which {@code problems} is told. */
    public static List<EnvoyPatch> of(ConfigObject<EnvoyFilter> object, Consumer<Problem> problems) {
        List<EnvoyPatch> patches = new ArrayList<>();
        List<ConfigPatch> written = object.spec().configPatches();
        for (int i = 0; i < written.size(); i++) {
            ConfigPatch patch = written.get(i);
            try {
                var json = patch.patch().value();
                patches.add(new EnvoyPatch(
                        patch,
                        json == null ? null : EnvoyMessages.read(json, message(patch.applyTo())),
                        version(patch.match())));
            } catch (IllegalArgumentException e) {
                problems.accept(Problem.error(
                        object.origin(), "spec.configPatches[" + i + "].patch.value", String.valueOf(e.getMessage())));
            }
        }
        return patches;
    }

    private static @Nullable Pattern version(@Nullable Match match) {
        ProxyMatch proxy = match == null ? null : match.proxy();
        return proxy == null || proxy.proxyVersion().isEmpty() ? null : Pattern.compile(proxy.proxyVersion());
    }

    private static Message message(ApplyTo target) {
        return switch (target) {
            case LISTENER -> Listener.getDefaultInstance();
            case FILTER_CHAIN -> FilterChain.getDefaultInstance();
            case NETWORK_FILTER -> Filter.getDefaultInstance();
            case HTTP_FILTER -> HttpFilter.getDefaultInstance();
            case ROUTE_CONFIGURATION -> RouteConfiguration.getDefaultInstance();
            case VIRTUAL_HOST -> VirtualHost.getDefaultInstance();
            case HTTP_ROUTE -> Route.getDefaultInstance();
            case CLUSTER -> Cluster.getDefaultInstance();
            case LISTENER_FILTER -> ListenerFilter.getDefaultInstance();
            case EXTENSION_CONFIG, BOOTSTRAP ->
                throw new IllegalArgumentException("has no target that can be changed: " + target);
        };
    }

    /**
     * Whether it is for a proxy whose node has this metadata. As in Istio, an expression of versions finds nothing where
     * none is told.
     */
    public boolean isFor(Map<String, String> metadata) {
        ProxyMatch wanted = patch.match() == null ? null : patch.match().proxy();
        return wanted == null
                || (metadata.entrySet().containsAll(wanted.metadata().entrySet())
                        && (version == null || finds(version, metadata.getOrDefault(VERSION, ""))));
    }

    private static boolean finds(Pattern expression, String told) {
        return !told.isEmpty() && expression.matcher(told).find();
    }

    boolean changes(ApplyTo target, Context context) {
        Context wanted = patch.match() == null ? Context.ANY : patch.match().context();
        return patch.applyTo() == target && (wanted == Context.ANY || wanted == context);
    }

    ApplyTo target() {
        return patch.applyTo();
    }

    /** Where order does not count, to insert is to add. */
    Operation operation() {
        Operation operation = patch.patch().operation();
        return operation.isInsertion() && !patch.applyTo().isOrdered() ? Operation.ADD : operation;
    }

    FilterClass filterClass() {
        return patch.patch().filterClass();
    }

    private @Nullable Thing thing() {
        return patch.match() == null ? null : patch.match().thing();
    }

    /** The listener that it is for; null for all. */
    @Nullable
    ListenerMatch listener() {
        return thing() instanceof Thing.OfListener(ListenerMatch listener) ? listener : null;
    }

    /** The route table that it is for; null for all. */
    @Nullable
    RouteConfigurationMatch routes() {
        return thing() instanceof Thing.OfRoutes(RouteConfigurationMatch routes) ? routes : null;
    }

    /** The cluster that it is for; null for all. */
    @Nullable
    ClusterMatch cluster() {
        return thing() instanceof Thing.OfCluster(ClusterMatch cluster) ? cluster : null;
    }

    /** The value; only for operations that have one. */
    <M extends Message> M value(Class<M> type) {
        if (value == null) {
            throw new IllegalStateException(operation() + " has no value");
        }
        return type.cast(value);
    }

    /** How the value is put over others. */
    Merging merging() {
        return new Merging(operation() == Operation.MERGE_AND_REPLACE_LIST);
    }

    /** Changes a list of things whose end is the place of those that are added. */
    <M extends Message> List<M> change(List<M> things, Class<M> type, Predicate<M> wanted) {
        return change(things, type, wanted, List::size);
    }

    /**
     * Changes a list of things.
     *
     * @param wanted the things that the change is for
     * @param end where others are added
     */
    <M extends Message> List<M> change(List<M> things, Class<M> type, Predicate<M> wanted, ToIntFunction<List<M>> end) {
        List<M> changed = new ArrayList<>(things);
        // Without a name insertions are at an end of the list, and no filter is removed or replaced.
        boolean named = patch.isNamed();
        int first = named ? first(things, wanted) : -1;
        switch (operation()) {
            case ADD -> changed.add(end.applyAsInt(things), value(type));
            case INSERT_FIRST -> {
                if (first >= 0 || !named || target().isFilter()) {
                    changed.addFirst(value(type));
                }
            }
            case INSERT_BEFORE -> {
                if (first >= 0 || !named) {
                    changed.add(Math.max(first, 0), value(type));
                }
            }
            case INSERT_AFTER -> {
                if (first >= 0 || !named) {
                    changed.add(named ? first + 1 : end.applyAsInt(things), value(type));
                }
            }
            case REMOVE -> changed.removeIf(thing -> (named || !target().isFilter()) && wanted.test(thing));
            case REPLACE -> {
                if (target().isFilter() && first >= 0) {
                    changed.set(first, value(type));
                } else if (!target().isFilter()) {
                    changed.replaceAll(thing -> wanted.test(thing) ? value(type) : thing);
                }
            }
            case MERGE, MERGE_AND_REPLACE_LIST -> {
                Merging merging = merging();
                changed.replaceAll(thing -> wanted.test(thing) ? merging.merged(thing, value(type), type) : thing);
            }
            case INVALID -> {}
        }
        return changed;
    }

    private static <M> int first(List<M> things, Predicate<M> wanted) {
        for (int i = 0; i < things.size(); i++) {
            if (wanted.test(things.get(i))) {
                return i;
            }
        }
        return -1;
    }

    /** The changes in their order, but for those whose operation is one of these, which come last. */
    static List<EnvoyPatch> last(List<EnvoyPatch> patches, Predicate<Operation> operations) {
        List<EnvoyPatch> ordered = new ArrayList<>();
        patches.stream().filter(patch -> !operations.test(patch.operation())).forEach(ordered::add);
        patches.stream().filter(patch -> operations.test(patch.operation())).forEach(ordered::add);
        return ordered;
    }
}
