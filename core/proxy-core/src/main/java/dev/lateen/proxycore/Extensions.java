package dev.lateen.proxycore;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Names of extensions in xDS messages. */
public final class Extensions {
    private static final Set<String> TELEMETRY = Set.of(
            "/io.istio.http.peer_metadata.Config",
            "/stats.PluginConfig",
            "/envoy.tcp.metadataexchange.config.MetadataExchange",
            "/envoy.extensions.filters.http.grpc_stats.v3.FilterConfig",
            "/istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig");

    private Extensions() {}

    /** Whether the message is of one of these types. */
    @SafeVarargs
    public static boolean isOneOf(Any any, Class<? extends Message>... types) {
        for (Class<? extends Message> type : types) {
            if (any.is(type)) {
                return true;
            }
        }
        return false;
    }

    /**
     * Whether this is an extension of Istio's build of Envoy whose work is done here by the proxy itself, whoever its
     * control plane is: metrics, and telling peers who one is.
     */
    public static boolean isOfTelemetry(Any any) {
        String name = typeName(any);
        return TELEMETRY.stream().anyMatch(name::contains);
    }

    /**
     * The content of an extension that came wrapped as a TypedStruct.
     *
     * @param type how its type URL ends
     * @return null when it is another one, or not wrapped
     */
    public static com.google.protobuf.@Nullable Struct typedStruct(Any any, String type) {
        try {
            if (any.is(com.github.xds.type.v3.TypedStruct.class)) {
                var wrapped = any.unpack(com.github.xds.type.v3.TypedStruct.class);
                return wrapped.getTypeUrl().endsWith("/" + type) ? wrapped.getValue() : null;
            }
            if (any.is(com.github.udpa.udpa.type.v1.TypedStruct.class)) {
                var wrapped = any.unpack(com.github.udpa.udpa.type.v1.TypedStruct.class);
                return wrapped.getTypeUrl().endsWith("/" + type) ? wrapped.getValue() : null;
            }
        } catch (InvalidProtocolBufferException e) {
            return null; // typeName says that it is unreadable
        }
        return null;
    }

    /**
     * The type of an extension for people: its type URL, or the one inside when it came wrapped as a TypedStruct, as
     * Istio sends the extensions of its own build of Envoy.
     */
    public static String typeName(Any any) {
        try {
            if (any.is(com.github.xds.type.v3.TypedStruct.class)) {
                return any.unpack(com.github.xds.type.v3.TypedStruct.class).getTypeUrl() + " (in a TypedStruct)";
            }
            if (any.is(com.github.udpa.udpa.type.v1.TypedStruct.class)) {
                return any.unpack(com.github.udpa.udpa.type.v1.TypedStruct.class)
                                .getTypeUrl()
                        + " (in a TypedStruct)";
            }
        } catch (InvalidProtocolBufferException e) {
            return any.getTypeUrl() + " (unreadable)";
        }
        return any.getTypeUrl().isEmpty() ? "no type" : any.getTypeUrl();
    }

    /**
     * The configuration object behind a resource, as Istio writes it into metadata (filter {@code istio}, key {@code
     * config}): {@code /apis/networking.istio.io/v1/namespaces/default/virtual-service/reviews}; with a control plane of
     * Lateen the field follows (filter {@code lateen}, key {@code field}): {@code #spec.http[0]}. Empty when none is
     * named.
     */
    public static String origin(io.envoyproxy.envoy.config.core.v3.Metadata metadata) {
        String config = text(metadata, "istio", "config");
        String field = text(metadata, "lateen", "field");
        return field.isEmpty() ? config : config + "#" + field;
    }

    private static String text(io.envoyproxy.envoy.config.core.v3.Metadata metadata, String filter, String key) {
        var fields = metadata.getFilterMetadataMap().get(filter);
        var value = fields == null ? null : fields.getFieldsMap().get(key);
        return value == null ? "" : value.getStringValue();
    }
}
