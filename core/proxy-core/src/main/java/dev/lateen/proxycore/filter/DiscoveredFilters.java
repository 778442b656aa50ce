package dev.lateen.proxycore.filter;

import com.google.protobuf.Any;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Extensions;
import dev.lateen.proxycore.Place;
import io.envoyproxy.envoy.config.core.v3.ExtensionConfigSource;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Gives the filters of one chain the configurations that come by themselves, and notes which those are. One thread, for as
 * long as the chain is compiled.
 */
public final class DiscoveredFilters {
    private static final Duration DEFAULT_FETCH_TIMEOUT = Duration.ofSeconds(15);

    private final Map<String, Any> known;
    private final List<DiscoveredFilter> filters = new ArrayList<>();
    private final Map<String, Any> came = new TreeMap<>();

    /** @param known what has come, by name */
    public DiscoveredFilters(Map<String, Any> known) {
        this.known = known;
    }

    /**
     * The same filters with what has come for them, else with their default; one that has neither stays as it is.
     *
     * @param at the connection manager
     */
    public List<HttpFilter> resolve(List<HttpFilter> protos, Place at) throws CompileException {
        List<HttpFilter> resolved = new ArrayList<>();
        for (int i = 0; i < protos.size(); i++) {
            HttpFilter proto = protos.get(i);
            resolved.add(
                    proto.hasConfigDiscovery()
                            ? resolve(proto, at.item("http_filters", i).named(proto.getName()))
                            : proto);
        }
        return resolved;
    }

    private HttpFilter resolve(HttpFilter proto, Place filter) throws CompileException {
        Place at = filter.field("config_discovery");
        ExtensionConfigSource source = proto.getConfigDiscovery();
        if (!source.getConfigSource().hasAds()) {
            throw at.field("config_source").refuse("configurations of filters must come by ADS");
        }
        boolean immediate = source.getApplyDefaultConfigWithoutWarming();
        if (immediate && !source.hasDefaultConfig()) {
            throw at.field("apply_default_config_without_warming").refuse("there is no default_config");
        }
        filters.add(new DiscoveredFilter(
                proto.getName(),
                source.getConfigSource().hasInitialFetchTimeout()
                        ? at.field("config_source")
                                .field("initial_fetch_timeout")
                                .duration(source.getConfigSource().getInitialFetchTimeout())
                        : DEFAULT_FETCH_TIMEOUT,
                immediate));
        Any config = known.get(proto.getName());
        if (config != null) {
            came.put(proto.getName(), config);
        } else if (source.hasDefaultConfig()) {
            config = source.getDefaultConfig();
        } else {
            return proto;
        }
        if (!source.getTypeUrlsList().contains(config.getTypeUrl())) {
            throw at.field("type_urls").refuse("its configuration is of another type: " + Extensions.typeName(config));
        }
        return proto.toBuilder().setTypedConfig(config).build();
    }

    /** The filters of the chain whose configuration comes by itself. */
    public List<DiscoveredFilter> filters() {
        return List.copyOf(filters);
    }

    /** What came for them, by name. */
    public Map<String, Any> came() {
        return Map.copyOf(came);
    }
}
