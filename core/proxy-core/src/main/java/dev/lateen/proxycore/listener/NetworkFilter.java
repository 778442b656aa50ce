package dev.lateen.proxycore.listener;

import com.google.protobuf.Any;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Extensions;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.rbac.AccessRules;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.extensions.filters.network.rbac.v3.RBAC;
import java.util.ArrayList;
import java.util.List;

/** What handles the bytes of a connection: the last filter of a chain. Those before it say whether it may begin. */
public sealed interface NetworkFilter permits HttpConnectionManager, TcpProxy {
    /** By which statistics of its connections are named. */
    String statPrefix();

    /** Compiles the filters before the last one: rules of access, each of which must let the connection through. */
    static List<AccessRules> access(List<Filter> protos, Place at) throws CompileException {
        List<AccessRules> rules = new ArrayList<>();
        for (int i = 0; i < protos.size() - 1; i++) {
            Filter proto = protos.get(i);
            Place here = at.item("filters", i).named(proto.getName());
            if (Extensions.isOfTelemetry(proto.getTypedConfig()) || NameLookup.is(proto)) {
                continue;
            }
            if (!proto.getTypedConfig().is(RBAC.class)) {
                throw here.refuse("unknown network filter: " + Extensions.typeName(proto.getTypedConfig()));
            }
            RBAC rbac = here.unpack(proto.getTypedConfig(), RBAC.class);
            if (rbac.hasRules()) {
                rules.add(AccessRules.of(rbac.getRules(), here.field("rules")));
            }
        }
        return List.copyOf(rules);
    }

    /** Compiles the last filter of a chain. */
    static NetworkFilter of(List<Filter> protos, Place at, List<String> ignored) throws CompileException {
        if (protos.isEmpty()) {
            throw at.refuse("no network filter");
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
                    ignored);
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
