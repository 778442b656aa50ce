package dev.lateen.proxycore.listener;

import com.google.protobuf.Any;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Extensions;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.tls.ClientTls;
import dev.lateen.proxycore.tls.ServerTls;
import io.envoyproxy.envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext;

/** How the bytes of a connection are wrapped. */
public sealed interface TransportSocket {
    /** Not at all. */
    record Raw() implements TransportSocket {}

    /** TLS towards a client, as configured. */
    record DownstreamTls(ServerTls tls) implements TransportSocket {}

    /** TLS towards an endpoint, as configured. */
    record UpstreamTls(ClientTls tls) implements TransportSocket {}

    /** Compiles a transport socket; one without configuration is raw. */
    static TransportSocket of(io.envoyproxy.envoy.config.core.v3.TransportSocket proto, Place at)
            throws CompileException {
        Any any = proto.getTypedConfig();
        if (any.getTypeUrl().isEmpty() || any.is(RawBuffer.class)) {
            if (any.getTypeUrl().isEmpty() && !isRawName(proto.getName())) {
                throw at.named(proto.getName()).refuse("unknown transport socket without configuration");
            }
            return new Raw();
        }
        if (any.is(DownstreamTlsContext.class)) {
            return new DownstreamTls(ServerTls.of(at.unpack(any, DownstreamTlsContext.class), at));
        }
        if (any.is(UpstreamTlsContext.class)) {
            return new UpstreamTls(ClientTls.of(at.unpack(any, UpstreamTlsContext.class), at));
        }
        throw at.named(proto.getName()).refuse("unknown transport socket: " + Extensions.typeName(any));
    }

    private static boolean isRawName(String name) {
        return name.isEmpty() || name.equals("envoy.transport_sockets.raw_buffer") || name.equals("raw_buffer");
    }
}
