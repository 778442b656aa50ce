package dev.lateen.mesh.patch;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.lateen.config.networking.EnvoyFilter.ApplyTo;
import dev.lateen.config.networking.EnvoyFilter.Context;
import dev.lateen.config.networking.EnvoyFilter.FilterChainMatch;
import dev.lateen.config.networking.EnvoyFilter.FilterMatch;
import dev.lateen.config.networking.EnvoyFilter.ListenerMatch;
import dev.lateen.config.networking.EnvoyFilter.Operation;
import dev.lateen.mesh.translate.Names;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.listener.v3.ListenerFilter;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Changes inside a listener: listener filters, filter chains, network filters, HTTP filters, and route tables that are
 * written there.
 */
final class ChainPatches {
    /** Their ports are those of their chains. */
    private static final Set<String> CAPTURING = Set.of(Names.VIRTUAL_INBOUND, Names.VIRTUAL_OUTBOUND);

    private final List<EnvoyPatch> patches;
    private final List<EnvoyPatch> additionsLast;
    private final List<EnvoyPatch> mergesLast;
    private final Context context;
    private final RoutePatches routes;

    ChainPatches(List<EnvoyPatch> patches, Context context, RoutePatches routes) {
        this.patches = patches;
        this.additionsLast = EnvoyPatch.last(patches, operation -> operation == Operation.ADD);
        this.mergesLast = EnvoyPatch.last(patches, Operation::isMerge);
        this.context = context;
        this.routes = routes;
    }

    Listener apply(Listener listener) {
        Listener.Builder out = listener.toBuilder().clearFilterChains();
        out.addAllFilterChains(chains(listener, listener.getFilterChainsList(), true));
        if (listener.hasDefaultFilterChain()) {
            List<FilterChain> last = chains(listener, List.of(listener.getDefaultFilterChain()), false);
            if (last.isEmpty()) {
                out.clearDefaultFilterChain();
            } else {
                out.setDefaultFilterChain(last.getFirst());
            }
        }
        return out.clearListenerFilters()
                .addAllListenerFilters(listenerFilters(listener))
                .build();
    }

    private List<ListenerFilter> listenerFilters(Listener listener) {
        List<ListenerFilter> changed = listener.getListenerFiltersList();
        for (EnvoyPatch patch : patches) {
            ListenerMatch match = patch.listener();
            String wanted = match == null ? "" : match.listenerFilter();
            // As in Istio, what names no filter is merged into none.
            boolean here = patch.changes(ApplyTo.LISTENER_FILTER, context)
                    && matches(patch, listener)
                    && !(patch.operation().isMerge() && wanted.isEmpty());
            if (here) {
                changed = patch.change(changed, ListenerFilter.class, filter -> wanted.equals(filter.getName()));
            }
        }
        return changed;
    }

    private List<FilterChain> chains(Listener listener, List<FilterChain> chains, boolean many) {
        List<FilterChain> changed = chains;
        for (EnvoyPatch patch : additionsLast) {
            if (patch.changes(ApplyTo.FILTER_CHAIN, context)
                    && matches(patch, listener)
                    && (many || patch.operation() != Operation.ADD)) {
                changed = patch.change(changed, FilterChain.class, chain -> matches(patch, listener, chain));
            }
        }
        return changed.stream().map(chain -> filters(listener, chain)).toList();
    }

    static boolean matches(EnvoyPatch patch, Listener listener) {
        ListenerMatch match = patch.listener();
        if (match == null) {
            return true;
        }
        boolean atPort = match.portNumber() == 0
                || (patch.target() != ApplyTo.LISTENER && CAPTURING.contains(listener.getName()))
                || match.portNumber()
                        == listener.getAddress().getSocketAddress().getPortValue();
        return atPort && (match.name().isEmpty() || match.name().equals(listener.getName()));
    }

    private static boolean matches(EnvoyPatch patch, Listener listener, FilterChain chain) {
        ListenerMatch match = patch.listener();
        if (match == null) {
            return true;
        }
        int port = chain.getFilterChainMatch().getDestinationPort().getValue();
        boolean elsewhere =
                CAPTURING.contains(listener.getName()) && match.portNumber() != 0 && match.portNumber() != port;
        if (elsewhere || !matches(patch, listener)) {
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

    private static @Nullable FilterMatch filter(EnvoyPatch patch) {
        ListenerMatch match = patch.listener();
        return match == null || match.filterChain() == null
                ? null
                : match.filterChain().filter();
    }

    private FilterChain filters(Listener listener, FilterChain chain) {
        List<Filter> changed = chain.getFiltersList();
        for (EnvoyPatch patch : mergesLast) {
            if (patch.changes(ApplyTo.NETWORK_FILTER, context) && matches(patch, listener, chain)) {
                FilterMatch wanted = filter(patch);
                changed = patch.change(
                        changed,
                        Filter.class,
                        f -> wanted == null || wanted.name().equals(f.getName()),
                        filters -> Placing.NETWORK.of(patch.filterClass(), filters));
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
        for (EnvoyPatch patch : mergesLast) {
            FilterMatch wanted = filter(patch);
            boolean here = patch.changes(ApplyTo.HTTP_FILTER, context)
                    && matches(patch, listener, chain)
                    && (wanted == null || wanted.name().equals(filter.getName()));
            if (here) {
                String name = wanted == null || wanted.subFilter() == null
                        ? ""
                        : wanted.subFilter().name();
                changed = patch.change(
                        changed,
                        HttpFilter.class,
                        f -> name.isEmpty() || name.equals(f.getName()),
                        filters -> Placing.HTTP.of(patch.filterClass(), filters));
            }
        }
        HttpConnectionManager.Builder out =
                manager.toBuilder().clearHttpFilters().addAllHttpFilters(changed);
        if (manager.hasRouteConfig()) {
            RouteConfiguration inline = routes.apply(manager.getRouteConfig());
            out.setRouteConfig(inline);
        }
        return filter.toBuilder().setTypedConfig(Any.pack(out.build())).build();
    }
}
