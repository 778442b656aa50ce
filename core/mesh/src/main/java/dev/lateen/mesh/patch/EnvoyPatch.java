package dev.lateen.mesh.patch;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import dev.lateen.config.ConfigObject;
import dev.lateen.config.Problem;
import dev.lateen.config.networking.EnvoyFilter;
import dev.lateen.config.networking.EnvoyFilter.ApplyTo;
import dev.lateen.config.networking.EnvoyFilter.ConfigPatch;
import dev.lateen.config.networking.EnvoyFilter.Context;
import dev.lateen.config.networking.EnvoyFilter.Operation;
import dev.lateen.config.networking.EnvoyFilter.Thing;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * One change of an EnvoyFilter, its value read.
 *
 * @param value null for removals
 */
public record EnvoyPatch(ConfigPatch patch, @Nullable Message value) {
    /** The changes of an object; one that cannot be read is left out, which {@code problems} is told. */
    public static List<EnvoyPatch> of(ConfigObject<EnvoyFilter> object, Consumer<Problem> problems) {
        List<EnvoyPatch> patches = new ArrayList<>();
        List<ConfigPatch> written = object.spec().configPatches();
        for (int i = 0; i < written.size(); i++) {
            ConfigPatch patch = written.get(i);
            try {
                var json = patch.patch().value();
                patches.add(new EnvoyPatch(
                        patch, json == null ? null : EnvoyMessages.read(json, message(patch.applyTo()))));
            } catch (IllegalArgumentException e) {
                problems.accept(Problem.error(
                        object.origin(), "spec.configPatches[" + i + "].patch.value", String.valueOf(e.getMessage())));
            }
        }
        return patches;
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
            case EXTENSION_CONFIG, BOOTSTRAP, LISTENER_FILTER ->
                throw new IllegalArgumentException("has no target that can be changed: " + target);
        };
    }

    boolean changes(ApplyTo target, Context context) {
        Context wanted = patch.match() == null ? Context.ANY : patch.match().context();
        return patch.applyTo() == target && (wanted == Context.ANY || wanted == context);
    }

    Operation operation() {
        return patch.patch().operation();
    }

    @Nullable
    Thing thing() {
        return patch.match() == null ? null : patch.match().thing();
    }

    /** The value; only for operations that have one. */
    <M extends Message> M value(Class<M> type) {
        if (value == null) {
            throw new IllegalStateException(operation() + " has no value");
        }
        return type.cast(value);
    }

    /**
     * Changes a list of things.
     *
     * @param wanted the things that the change is for
     */
    <M extends Message> List<M> change(List<M> things, Class<M> type, Predicate<M> wanted) {
        List<M> changed = new ArrayList<>(things);
        switch (operation()) {
            case ADD -> changed.add(value(type));
            case INSERT_FIRST -> changed.addFirst(value(type));
            case REMOVE -> changed.removeIf(wanted);
            case MERGE -> changed.replaceAll(thing -> wanted.test(thing) ? merged(thing, value(type), type) : thing);
            case REPLACE -> changed.replaceAll(thing -> wanted.test(thing) ? value(type) : thing);
            case INSERT_BEFORE, INSERT_AFTER -> {
                for (int i = 0; i < changed.size(); i++) {
                    if (wanted.test(changed.get(i))) {
                        changed.add(operation() == Operation.INSERT_BEFORE ? i : i + 1, value(type));
                        break;
                    }
                }
            }
            case INVALID, MERGE_AND_REPLACE_LIST -> {}
        }
        return changed;
    }

    /** Both messages in one; packed configurations of the same message are merged inside, as in Istio. */
    static <M extends Message> M merged(M thing, M value, Class<M> type) {
        var field = thing.getDescriptorForType().findFieldByName("typed_config");
        Message.Builder both = thing.toBuilder().mergeFrom(value);
        if (field != null && thing.getField(field) instanceof Any mine && value.getField(field) instanceof Any theirs) {
            boolean same = mine.getTypeUrl().equals(theirs.getTypeUrl());
            boolean given = !theirs.getTypeUrl().isEmpty();
            both.setField(field, same && given ? merged(mine, theirs) : given ? theirs : mine);
        }
        return type.cast(both.build());
    }

    private static Any merged(Any mine, Any theirs) {
        Message empty = EnvoyMessages.instance(
                mine.getTypeUrl().substring(mine.getTypeUrl().lastIndexOf('/') + 1));
        try {
            return Any.pack(empty.toBuilder()
                    .mergeFrom(mine.getValue())
                    .mergeFrom(theirs.getValue())
                    .build());
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("a message that was packed here cannot be unpacked", e);
        }
    }
}
