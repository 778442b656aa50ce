package dev.lateen.proxycore.listener;

import com.google.protobuf.Any;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Extensions;
import dev.lateen.proxycore.Place;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import java.util.List;

/** What handles the bytes of a connection: the last filter of a chain, and here the only one. */
public sealed interface NetworkFilter permits HttpConnectionManager, TcpProxy {
    /** By which statistics of its connections are named. */
    String statPrefix();

    /** Compiles the filters of a chain. */
    static NetworkFilter of(List<Filter> protos, Place at, List<String> ignored) throws CompileException {
        if (protos.isEmpty()) {
            throw at.refuse("no network filter");
        }
        for (int i = 0; i < protos.size() - 1; i++) {
            Filter proto = protos.get(i);
            throw at.item("filters", i)
                    .named(proto.getName())
                    .refuse("unknown network filter: " + Extensions.typeName(proto.getTypedConfig()));
        }
        Filter proto = protos.getLast();
        Place here = at.item("filters", protos.size() - 1).named(proto.getName());
        here.only(proto, "name", "typed_config");
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
                    here.unpack(any, io.envoyproxy.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.class), here);
        }
        throw here.refuse("unknown network filter: " + Extensions.typeName(any));
    }
}
