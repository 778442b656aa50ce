package dev.lateen.proxycore.listener;

import com.google.protobuf.Any;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Extensions;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.tls.ClientTls;
import dev.lateen.proxycore.tls.ServerTls;
import io.envoyproxy.envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport;
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

    /** A header that tells an endpoint for whom the connection is made, before what is inside. */
    record ProxyProtocol(Version version, TransportSocket inside) implements TransportSocket {
        /** Of the protocol. */
        public enum Version {
            V1,
            V2
        }
    }

    /** Whether an endpoint is spoken to in TLS. */
    default boolean securesUpstream() {
        return switch (this) {
            case UpstreamTls _ -> true;
            case ProxyProtocol(var _, var inside) -> inside.securesUpstream();
            case Raw _, DownstreamTls _ -> false;
        };
    }

    /** Compiles a transport socket; one without configuration is raw. */
    static TransportSocket of(io.envoyproxy.envoy.config.core.v3.TransportSocket proto, Place at)
            throws CompileException {
        Any any = proto.getTypedConfig();
        if (any.getTypeUrl().isEmpty() || any.is(RawBuffer.class)) {
            if (any.getTypeUrl().isEmpty() && !isRawName(proto.getName())) {
                throw at.named(proto.getName()).refuse("unknown transport socket without configuration");
            }
            if (any.is(RawBuffer.class)) {
                at.unpack(any, RawBuffer.class);
            }
            return new Raw();
        }
        if (any.is(DownstreamTlsContext.class)) {
            return new DownstreamTls(ServerTls.of(at.unpack(any, DownstreamTlsContext.class), at));
        }
        if (any.is(UpstreamTlsContext.class)) {
            return new UpstreamTls(ClientTls.of(at.unpack(any, UpstreamTlsContext.class), at));
        }
        if (any.is(ProxyProtocolUpstreamTransport.class)) {
            return proxyProtocol(at.unpack(any, ProxyProtocolUpstreamTransport.class), at);
        }
        throw at.named(proto.getName()).refuse("unknown transport socket: " + Extensions.typeName(any));
    }

    private static boolean isRawName(String name) {
        return name.isEmpty() || name.equals("envoy.transport_sockets.raw_buffer") || name.equals("raw_buffer");
    }

    private static TransportSocket proxyProtocol(ProxyProtocolUpstreamTransport proto, Place at)
            throws CompileException {
        Place configAt = at.field("config");
        TransportSocket inside = of(proto.getTransportSocket(), at.field("transport_socket"));
        if (inside instanceof DownstreamTls || inside instanceof ProxyProtocol) {
            throw at.field("transport_socket").refuse("only raw bytes or TLS towards an endpoint can be inside");
        }
        return new ProxyProtocol(
                switch (proto.getConfig().getVersion()) {
                    case V1 -> ProxyProtocol.Version.V1;
                    case V2 -> ProxyProtocol.Version.V2;
                    case UNRECOGNIZED -> throw configAt.field("version").refuse("not a version");
                },
                inside);
    }
}
