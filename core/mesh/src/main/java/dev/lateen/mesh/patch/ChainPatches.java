package dev.lateen.mesh.patch;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.lateen.config.networking.EnvoyFilter.ApplyTo;
import dev.lateen.config.networking.EnvoyFilter.Context;
import dev.lateen.config.networking.EnvoyFilter.FilterChainMatch;
import dev.lateen.config.networking.EnvoyFilter.FilterMatch;
import dev.lateen.config.networking.EnvoyFilter.ListenerMatch;
import dev.lateen.config.networking.EnvoyFilter.Thing;
import io.envoyproxy.envoy.config.core.v3.TrafficDirection;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Changes inside a listener: filter chains, network filters, HTTP filters, and route tables that are written there. */
final class ChainPatches {
    private final List<EnvoyPatch> patches;
    private final Context context;

    ChainPatches(List<EnvoyPatch> patches, Context context) {
        this.patches = patches;
        this.context = context;
    }

    Listener apply(Listener listener) {
        Listener.Builder out = listener.toBuilder().clearFilterChains();
        out.addAllFilterChains(chains(listener, listener.getFilterChainsList()));
        if (listener.hasDefaultFilterChain()) {
            List<FilterChain> last = chains(listener, List.of(listener.getDefaultFilterChain()));
            if (last.isEmpty()) {
                out.clearDefaultFilterChain();
            } else {
                out.setDefaultFilterChain(last.getFirst());
            }
        }
        return out.build();
    }

    private List<FilterChain> chains(Listener listener, List<FilterChain> chains) {
        List<FilterChain> changed = chains;
        for (EnvoyPatch patch : patches) {
            if (patch.changes(ApplyTo.FILTER_CHAIN, context) && EnvoyPatches.matches(patch.thing(), listener)) {
                changed = patch.change(changed, FilterChain.class, chain -> matches(patch.thing(), listener, chain));
            }
        }
        return changed.stream().map(chain -> filters(listener, chain)).toList();
    }

    private static boolean matches(@Nullable Thing thing, Listener listener, FilterChain chain) {
        if (!(thing instanceof Thing.OfListener(ListenerMatch match))) {
            return thing == null;
        }
        boolean inbound = listener.getTrafficDirection() == TrafficDirection.INBOUND;
        int port = chain.getFilterChainMatch().getDestinationPort().getValue();
        if (!EnvoyPatches.matches(thing, listener)
                || (inbound && match.portNumber() != 0 && match.portNumber() != port)) {
            return false;
        }
        FilterChainMatch wanted = match.filterChain();
        return wanted == null
                || ((wanted.name().isEmpty() || wanted.name().equals(chain.getName()))
                        && (wanted.sni().isEmpty()
                                || chain.getFilterChainMatch()
                                        .getServerNamesList()
                                        .contains(wanted.sni()))
                        && (wanted.transportProtocol().isEmpty()
                                || wanted.transportProtocol()
                                        .equals(chain.getFilterChainMatch().getTransportProtocol()))
                        && (wanted.applicationProtocols().isEmpty()
                                || chain.getFilterChainMatch()
                                        .getApplicationProtocolsList()
                                        .containsAll(List.of(
                                                wanted.applicationProtocols().split(","))))
                        && (wanted.destinationPort() == 0 || wanted.destinationPort() == port));
    }

    private static @Nullable FilterMatch filter(@Nullable Thing thing) {
        return thing instanceof Thing.OfListener(ListenerMatch match) && match.filterChain() != null
                ? match.filterChain().filter()
                : null;
    }

    private FilterChain filters(Listener listener, FilterChain chain) {
        List<Filter> changed = chain.getFiltersList();
        for (EnvoyPatch patch : patches) {
            if (patch.changes(ApplyTo.NETWORK_FILTER, context) && matches(patch.thing(), listener, chain)) {
                FilterMatch wanted = filter(patch.thing());
                changed = patch.change(
                        changed,
                        Filter.class,
                        f -> wanted == null || wanted.name().equals(f.getName()));
            }
        }
        List<Filter> inside =
                changed.stream().map(filter -> http(listener, chain, filter)).toList();
        return chain.toBuilder().clearFilters().addAllFilters(inside).build();
    }

    private Filter http(Listener listener, FilterChain chain, Filter filter) {
        if (!filter.getTypedConfig().is(HttpConnectionManager.class)) {
            return filter;
        }
        HttpConnectionManager manager;
        try {
            manager = filter.getTypedConfig().unpack(HttpConnectionManager.class);
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("a message that was packed here cannot be unpacked", e);
        }
        List<HttpFilter> changed = manager.getHttpFiltersList();
        for (EnvoyPatch patch : patches) {
            FilterMatch wanted = filter(patch.thing());
            boolean here = patch.changes(ApplyTo.HTTP_FILTER, context)
                    && matches(patch.thing(), listener, chain)
                    && (wanted == null
                            || wanted.name().isEmpty()
                            || wanted.name().equals(filter.getName()));
            if (here) {
                String name = wanted == null || wanted.subFilter() == null
                        ? ""
                        : wanted.subFilter().name();
                changed = patch.change(changed, HttpFilter.class, f -> name.isEmpty() || name.equals(f.getName()));
            }
        }
        HttpConnectionManager.Builder out =
                manager.toBuilder().clearHttpFilters().addAllHttpFilters(changed);
        if (manager.hasRouteConfig()) {
            RouteConfiguration routes = new RoutePatches(patches, context).apply(manager.getRouteConfig());
            out.setRouteConfig(routes);
        }
        return filter.toBuilder().setTypedConfig(Any.pack(out.build())).build();
    }
}
