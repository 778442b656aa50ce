package dev.lateen.proxycore;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;

/** Names of extensions in xDS messages. */
public final class Extensions {
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
     * config}): {@code /apis/networking.istio.io/v1/namespaces/default/virtual-service/reviews}. Empty when none is
     * named.
     */
    public static String origin(io.envoyproxy.envoy.config.core.v3.Metadata metadata) {
        var istio = metadata.getFilterMetadataMap().get("istio");
        if (istio == null) {
            return "";
        }
        var config = istio.getFieldsMap().get("config");
        return config == null ? "" : config.getStringValue();
    }
}
