package dev.lateen.proxycore;

import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.RequestHead;
import io.envoyproxy.envoy.config.core.v3.GrpcService;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;

/**
 * A service of gRPC that this proxy calls itself ({@code envoy.config.core.v3.GrpcService}).
 *
 * @param cluster where it is
 * @param timeout of one call
 * @param authority whom the call is addressed to; the cluster's name unless configured
 * @param metadata fields of the call
 */
public record GrpcTarget(String cluster, Duration timeout, String authority, Map<String, String> metadata) {
    public GrpcTarget {
        metadata = Map.copyOf(metadata);
    }

    /**
     * Compiles a service.
     *
     * @param otherwise the timeout where none is said
     */
    public static GrpcTarget of(GrpcService proto, Duration otherwise, Place at) throws CompileException {
        if (!proto.hasEnvoyGrpc()) {
            throw at.refuse("only envoy_grpc is supported");
        }
        var target = proto.getEnvoyGrpc();
        Map<String, String> metadata = new TreeMap<>();
        for (var header : proto.getInitialMetadataList()) {
            if (!FieldName.isToken(header.getKey())) {
                throw at.field("initial_metadata").refuse("not a header field name: \"" + header.getKey() + "\"");
            }
            metadata.put(header.getKey(), ByteText.of(header.getValue()));
        }
        return new GrpcTarget(
                target.getClusterName(),
                proto.hasTimeout() ? at.field("timeout").duration(proto.getTimeout()) : otherwise,
                target.getAuthority().isEmpty() ? target.getClusterName() : target.getAuthority(),
                metadata);
    }

    /** The head of a call of this method: {@code /package.Service/Method}. */
    public RequestHead call(String method) {
        RequestHead head = new RequestHead(new Fields(256, 8))
                .method("POST")
                .authority(authority)
                .path(method);
        head.with("content-type", "application/grpc").with("te", "trailers");
        metadata.forEach(head::with);
        return head;
    }
}
