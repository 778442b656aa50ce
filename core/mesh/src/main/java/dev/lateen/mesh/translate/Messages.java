package dev.lateen.mesh.translate;

import com.google.protobuf.Any;
import com.google.protobuf.BoolValue;
import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import com.google.protobuf.Message;
import com.google.protobuf.Struct;
import com.google.protobuf.UInt32Value;
import com.google.protobuf.UnknownFieldSet;
import com.google.protobuf.Value;
import dev.lateen.config.ConfigObject;
import io.envoyproxy.envoy.config.core.v3.Address;
import io.envoyproxy.envoy.config.core.v3.AggregatedConfigSource;
import io.envoyproxy.envoy.config.core.v3.ApiVersion;
import io.envoyproxy.envoy.config.core.v3.ConfigSource;
import io.envoyproxy.envoy.config.core.v3.Http1ProtocolOptions;
import io.envoyproxy.envoy.config.core.v3.Metadata;
import io.envoyproxy.envoy.config.core.v3.SocketAddress;

/** The small messages that every resource is made of. */
final class Messages {
    static final Duration ZERO = Duration.getDefaultInstance();
    static final BoolValue TRUE = BoolValue.of(true);
    static final BoolValue FALSE = BoolValue.of(false);
    /** What Envoy does to HTTP/1 unless told otherwise does harm: it refuses HTTP/1.0 and drops trailers. */
    static final Http1ProtocolOptions HTTP1 = Http1ProtocolOptions.newBuilder()
            .setAcceptHttp10(true)
            .setEnableTrailers(true)
            .build();

    /** The same towards endpoints, whose version of HTTP/1 is theirs to choose. */
    static final Http1ProtocolOptions UPSTREAM_HTTP1 =
            Http1ProtocolOptions.newBuilder().setEnableTrailers(true).build();

    /** Resources that come over the same stream; the proxy waits for the first answer without end. */
    static final ConfigSource ADS = ConfigSource.newBuilder()
            .setAds(AggregatedConfigSource.getDefaultInstance())
            .setInitialFetchTimeout(ZERO)
            .setResourceApiVersion(ApiVersion.V3)
            .build();

    private static final String ISTIO = "istio";
    private static final String LATEEN = "lateen";

    private Messages() {}

    static Duration duration(java.time.Duration duration) {
        return Duration.newBuilder()
                .setSeconds(duration.getSeconds())
                .setNanos(duration.getNano())
                .build();
    }

    /** An unsigned number; negative ones stand for what lies above 2³¹. */
    static UInt32Value number(int value) {
        return UInt32Value.of(value);
    }

    /** One field that Envoy's API has and the published messages do not have yet: its content, a message or text. */
    static UnknownFieldSet newerField(int number, ByteString content) {
        return UnknownFieldSet.newBuilder()
                .addField(
                        number,
                        UnknownFieldSet.Field.newBuilder()
                                .addLengthDelimited(content)
                                .build())
                .build();
    }

    static Any any(Message message) {
        return Any.pack(message);
    }

    static Address address(String address, int port) {
        return Address.newBuilder()
                .setSocketAddress(SocketAddress.newBuilder().setAddress(address).setPortValue(port))
                .build();
    }

    static Value text(String text) {
        return Value.newBuilder().setStringValue(text).build();
    }

    /** Metadata of filter {@code istio}. */
    static Metadata metadata(Struct fields) {
        return Metadata.newBuilder().putFilterMetadata(ISTIO, fields).build();
    }

    /** Names the object behind a resource, as Istio does. */
    static Metadata origin(ConfigObject<?> object) {
        return metadata(
                Struct.newBuilder().putFields("config", text(path(object))).build());
    }

    /** Names the object behind a resource as Istio does, and beside it the field, for those who explain. */
    static Metadata origin(ConfigObject<?> object, String field) {
        return origin(object).toBuilder()
                .putFilterMetadata(
                        LATEEN,
                        Struct.newBuilder().putFields("field", text(field)).build())
                .build();
    }

    /** {@code /apis/networking.istio.io/v1/namespaces/default/virtual-service/reviews}. */
    static String path(ConfigObject<?> object) {
        return "/apis/" + object.kind().apiVersion() + "/namespaces/" + object.namespace() + "/"
                + dashed(object.kind().name()) + "/" + object.name();
    }

    private static String dashed(String kind) {
        StringBuilder dashed = new StringBuilder();
        for (int i = 0; i < kind.length(); i++) {
            char c = kind.charAt(i);
            if (Character.isUpperCase(c) && i > 0) {
                dashed.append('-');
            }
            dashed.append(Character.toLowerCase(c));
        }
        return dashed.toString();
    }
}
