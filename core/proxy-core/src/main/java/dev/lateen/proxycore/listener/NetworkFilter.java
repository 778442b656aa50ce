package dev.lateen.proxycore.listener;

import com.google.protobuf.Any;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Extensions;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.filter.DiscoveredFilters;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import java.util.List;

/** What handles the bytes of a connection: the last filter of a chain. Those before it say whether it may begin. */
public sealed interface NetworkFilter permits HttpConnectionManager, TcpProxy, UnconfiguredFilter {
    /** By which statistics of its connections are named. */
    String statPrefix();

    /**
     * Compiles the last filter of a chain.
     *
     * @param protos with what has come for those whose configuration comes by itself; where one has none, the chain has
     *     no filter
     */
    static NetworkFilter of(List<Filter> protos, Place at, List<String> ignored, DiscoveredFilters discovered)
            throws CompileException {
        if (protos.isEmpty()) {
            throw at.refuse("no network filter");
        }
        for (Filter each : protos) {
            if (each.hasConfigDiscovery()) {
                return new UnconfiguredFilter(each.getName());
            }
        }
        Filter proto = protos.getLast();
        Place here = at.item("filters", protos.size() - 1).named(proto.getName());
        Any any = proto.getTypedConfig();
        if (any.is(
                io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                        .class)) {
            return HttpConnectionManager.of(
                    here.unpack(
                            any,
                            io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3
                                    .HttpConnectionManager.class),
                    here,
                    ignored,
                    discovered);
        }
        if (any.is(io.envoyproxy.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.class)) {
            return TcpProxy.of(
                    here.unpack(any, io.envoyproxy.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.class),
                    here,
                    NameLookup.of(protos, at),
                    MetricRules.of(protos.stream().map(Filter::getTypedConfig).toList(), at, ignored));
        }
        throw here.refuse("unknown network filter: " + Extensions.typeName(any));
    }
}
