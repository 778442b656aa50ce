package dev.lateen.proxycore.filter;

import com.google.protobuf.Any;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Extensions;
import dev.lateen.proxycore.Place;
import io.envoyproxy.envoy.config.core.v3.ExtensionConfigSource;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.ListenerFilter;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Gives the filters of one chain, or those of one listener, the configurations that come by themselves, and notes which
 * those are. One that neither has come for nor has a default stays as it is. One thread, for as long as the chain is
 * compiled.
 */
public final class DiscoveredFilters {
    private static final Duration DEFAULT_FETCH_TIMEOUT = Duration.ofSeconds(15);

    private static final Shape<HttpFilter> HTTP = new Shape<>(
            "http_filters",
            HttpFilter::getName,
            HttpFilter::hasConfigDiscovery,
            HttpFilter::getConfigDiscovery,
            (filter, config) -> filter.toBuilder().setTypedConfig(config).build());

    private static final Shape<Filter> CONNECTIONS = new Shape<>(
            "filters",
            Filter::getName,
            Filter::hasConfigDiscovery,
            Filter::getConfigDiscovery,
            (filter, config) -> filter.toBuilder().setTypedConfig(config).build());

    private static final Shape<ListenerFilter> LISTENER = new Shape<>(
            "listener_filters",
            ListenerFilter::getName,
            ListenerFilter::hasConfigDiscovery,
            ListenerFilter::getConfigDiscovery,
            (filter, config) -> filter.toBuilder().setTypedConfig(config).build());

    /**
     * What the messages of filters have in common.
     *
     * @param field of the message around them
     * @param with the filter with this configuration
     */
    private record Shape<F>(
            String field,
            Function<F, String> name,
            Predicate<F> discovers,
            Function<F, ExtensionConfigSource> source,
            BiFunction<F, Any, F> with) {}

    private final Map<String, Any> known;
    private final List<DiscoveredFilter> filters = new ArrayList<>();
    private final Map<String, Any> came = new TreeMap<>();

    /** @param known what has come, by name */
    public DiscoveredFilters(Map<String, Any> known) {
        this.known = known;
    }

    /**
     * The same filters of HTTP with what has come for them, else with their default.
     *
     * @param at the connection manager
     */
    public List<HttpFilter> resolve(List<HttpFilter> protos, Place at) throws CompileException {
        return resolve(protos, HTTP, at);
    }

    /**
     * The same of connections' filters.
     *
     * @param at the filter chain
     */
    public List<Filter> ofConnections(List<Filter> protos, Place at) throws CompileException {
        return resolve(protos, CONNECTIONS, at);
    }

    /**
     * The same of a listener's filters.
     *
     * @param at the listener
     */
    public List<ListenerFilter> ofListener(List<ListenerFilter> protos, Place at) throws CompileException {
        return resolve(protos, LISTENER, at);
    }

    private <F> List<F> resolve(List<F> protos, Shape<F> shape, Place at) throws CompileException {
        List<F> resolved = new ArrayList<>();
        for (int i = 0; i < protos.size(); i++) {
            F proto = protos.get(i);
            String name = shape.name.apply(proto);
            Any config = shape.discovers.test(proto)
                    ? configuration(
                            name,
                            shape.source.apply(proto),
                            at.item(shape.field, i).named(name))
                    : null;
            resolved.add(config == null ? proto : shape.with.apply(proto, config));
        }
        return resolved;
    }

    /** What has come for a filter, else its default, else null. */
    private @Nullable Any configuration(String name, ExtensionConfigSource source, Place filter)
            throws CompileException {
        Place at = filter.field("config_discovery");
        if (!source.getConfigSource().hasAds()) {
            throw at.field("config_source").refuse("configurations of filters must come by ADS");
        }
        boolean immediate = source.getApplyDefaultConfigWithoutWarming();
        if (immediate && !source.hasDefaultConfig()) {
            throw at.field("apply_default_config_without_warming").refuse("there is no default_config");
        }
        filters.add(new DiscoveredFilter(
                name,
                source.getConfigSource().hasInitialFetchTimeout()
                        ? at.field("config_source")
                                .field("initial_fetch_timeout")
                                .duration(source.getConfigSource().getInitialFetchTimeout())
                        : DEFAULT_FETCH_TIMEOUT,
                immediate));
        Any config = known.get(name);
        if (config != null) {
            came.put(name, config);
        } else if (source.hasDefaultConfig()) {
            config = source.getDefaultConfig();
        } else {
            return null;
        }
        if (!source.getTypeUrlsList().contains(config.getTypeUrl())) {
            throw at.field("type_urls").refuse("its configuration is of another type: " + Extensions.typeName(config));
        }
        return config;
    }

    /** The filters whose configuration comes by itself. */
    public List<DiscoveredFilter> filters() {
        return List.copyOf(filters);
    }

    /** What came for them, by name. */
    public Map<String, Any> came() {
        return Map.copyOf(came);
    }
}
