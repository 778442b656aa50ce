package dev.lateen.proxycore.listener;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Extensions;
import dev.lateen.proxycore.Place;
import io.envoyproxy.envoy.config.listener.v3.ListenerFilterChainMatchPredicate;
import io.envoyproxy.envoy.extensions.filters.listener.http_inspector.v3.HttpInspector;
import io.envoyproxy.envoy.extensions.filters.listener.original_dst.v3.OriginalDst;
import io.envoyproxy.envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol;
import io.envoyproxy.envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;

/** What looks at a connection before its filter chain is chosen. */
public final class ListenerFilter {
    private final Kind kind;
    private final IntPredicate disabled;

    /** What is looked for. */
    public enum Kind {
        /** Restores the address that the client dialled before the connection was redirected here. */
        ORIGINAL_DESTINATION,
        /** Reads the PROXY protocol's header: the addresses that a load balancer tells. */
        PROXY_PROTOCOL,
        /** The same, where connections without a header are served as well. */
        OPTIONAL_PROXY_PROTOCOL,
        /** Reads the TLS client hello: server name and application protocols. */
        TLS_INSPECTOR,
        /** Its configuration was to come by itself, has not come, and has no default: connections are closed at once. */
        UNCONFIGURED,
        /** Looks whether the first bytes are HTTP: application protocols {@code http/1.0}, {@code http/1.1}, {@code h2c}. */
        HTTP_INSPECTOR
    }

    private ListenerFilter(Kind kind, IntPredicate disabled) {
        this.kind = kind;
        this.disabled = disabled;
    }

    public Kind kind() {
        return kind;
    }

    /** Whether it looks at what the client says, to tell the protocol. */
    public boolean looksAtContent() {
        return kind == Kind.TLS_INSPECTOR || kind == Kind.HTTP_INSPECTOR;
    }

    /**
     * Whether it looks at connections to this port. Where it does not, nobody may wait for the client's bytes: the
     * server may be the one to speak first.
     */
    public boolean runsFor(int destinationPort) {
        return !disabled.test(destinationPort);
    }

    /**
     * Compiles the filters of a listener.
     *
     * @param protos with what has come for those whose configuration comes by itself
     */
    static List<ListenerFilter> all(List<io.envoyproxy.envoy.config.listener.v3.ListenerFilter> protos, Place top)
            throws CompileException {
        List<ListenerFilter> filters = new ArrayList<>();
        for (int i = 0; i < protos.size(); i++) {
            var filter = protos.get(i);
            Place at = top.item("listener_filters", i).named(filter.getName());
            Kind kind;
            if (filter.hasConfigDiscovery()) {
                kind = Kind.UNCONFIGURED;
            } else if (filter.getTypedConfig().is(OriginalDst.class)) {
                at.unpack(filter.getTypedConfig(), OriginalDst.class);
                kind = Kind.ORIGINAL_DESTINATION;
            } else if (filter.getTypedConfig().is(ProxyProtocol.class)) {
                ProxyProtocol proxy = at.unpack(filter.getTypedConfig(), ProxyProtocol.class);
                kind = proxy.getAllowRequestsWithoutProxyProtocol()
                        ? Kind.OPTIONAL_PROXY_PROTOCOL
                        : Kind.PROXY_PROTOCOL;
            } else if (filter.getTypedConfig().is(TlsInspector.class)) {
                at.unpack(filter.getTypedConfig(), TlsInspector.class);
                kind = Kind.TLS_INSPECTOR;
            } else if (filter.getTypedConfig().is(HttpInspector.class)) {
                at.unpack(filter.getTypedConfig(), HttpInspector.class);
                kind = Kind.HTTP_INSPECTOR;
            } else {
                throw at.refuse("unknown listener filter: " + Extensions.typeName(filter.getTypedConfig()));
            }
            filters.add(new ListenerFilter(
                    kind,
                    filter.hasFilterDisabled()
                            ? ports(filter.getFilterDisabled(), at.field("filter_disabled"))
                            : port -> false));
        }
        return List.copyOf(filters);
    }

    private static IntPredicate ports(ListenerFilterChainMatchPredicate proto, Place at) throws CompileException {
        return switch (proto.getRuleCase()) {
            case OR_MATCH -> {
                IntPredicate any = port -> false;
                for (var rule : proto.getOrMatch().getRulesList()) {
                    any = any.or(ports(rule, at.field("or_match")));
                }
                yield any;
            }
            case AND_MATCH -> {
                IntPredicate all = port -> true;
                for (var rule : proto.getAndMatch().getRulesList()) {
                    all = all.and(ports(rule, at.field("and_match")));
                }
                yield all;
            }
            case NOT_MATCH -> ports(proto.getNotMatch(), at.field("not_match")).negate();
            case ANY_MATCH -> port -> proto.getAnyMatch();
            case DESTINATION_PORT_RANGE -> {
                int start = proto.getDestinationPortRange().getStart();
                int end = proto.getDestinationPortRange().getEnd();
                yield port -> port >= start && port < end;
            }
            case RULE_NOT_SET -> throw at.refuse("no rule");
        };
    }

    @Override
    public String toString() {
        return kind.name();
    }
}
