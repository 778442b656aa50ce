package dev.lateen.proxy.http;

import dev.lateen.proxy.telemetry.RequestTrace;
import dev.lateen.proxy.telemetry.Workload;
import dev.lateen.proxycore.ByteText;
import dev.lateen.proxycore.GrpcCode;
import dev.lateen.proxycore.ResponseFlag;
import dev.lateen.proxycore.format.Operator;
import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.Fields;
import dev.lateen.proxycore.head.ResponseHead;
import dev.lateen.proxycore.route.RouteInfo;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What lines of access logs say about a request (Envoy documentation, "Access logging"). */
final class RequestFormat {
    private static final Pattern WHITESPACE = Pattern.compile("\\s");

    private RequestFormat() {}

    /** The operator's value; null when it is not known. */
    static @Nullable String value(RequestState record, Operator operator, String argument) {
        RouteInfo route = record.route();
        ResponseHead head = record.response();
        Fields trailers = record.trailers();
        RequestTrace trace = record.trace();
        return switch (operator) {
            case START_TIME,
                    START_TIME_LOCAL,
                    DURATION,
                    RESPONSE_DURATION,
                    RESPONSE_TX_DURATION,
                    REQUEST_DURATION,
                    REQUEST_TX_DURATION,
                    UPSTREAM_CONNECTION_POOL_READY_DURATION,
                    COMMON_DURATION ->
                record.times().value(operator, argument, record.upstream().channel());
            case PROTOCOL -> record.protocol();
            case UPSTREAM_PROTOCOL -> record.upstreamProtocol();
            case RESPONSE_CODE -> Integer.toString(record.status());
            case RESPONSE_CODE_DETAILS -> details(record.details(), argument);
            case RESPONSE_FLAGS -> ResponseFlag.shortNames(record.flags());
            case RESPONSE_FLAGS_LONG -> ResponseFlag.longNames(record.flags());
            case BYTES_RECEIVED -> Long.toString(record.bodyReceived());
            case BYTES_SENT -> Long.toString(record.bodySent());
            case ROUTE_NAME -> route == null || route.name().isEmpty() ? null : ByteText.of(route.name());
            case VIRTUAL_HOST_NAME -> route == null ? null : ByteText.of(route.virtualHost());
            case GRPC_STATUS -> GrpcStatus.text(grpcStatus(record), argument);
            case GRPC_STATUS_NUMBER -> grpcStatus(record);
            case TRACE_ID -> trace == null ? null : trace.traceId();
            case SPAN_ID -> trace == null ? null : trace.spanId();
            case STREAM_ID -> record.request().fields().get(FieldName.X_REQUEST_ID);
            case REQUEST_HEADERS_BYTES -> Integer.toString(record.headBytes());
            case RESPONSE_HEADERS_BYTES ->
                Integer.toString(head == null ? 0 : head.fields().byteSize());
            case RESPONSE_TRAILERS_BYTES -> Integer.toString(trailers == null ? 0 : trailers.byteSize());
            case FILTER_STATE -> peer(record, argument);
            case ACCESS_LOG_TYPE -> "DownstreamEnd";
            case DOWNSTREAM_REMOTE_ADDRESS -> Addresses.text(record.remote());
            case DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT -> Addresses.bare(record.remote(), argument);
            case DOWNSTREAM_REMOTE_PORT -> Addresses.port(record.remote());
            default -> {
                String toHost = record.upstream().value(operator, argument);
                yield toHost != null ? toHost : record.connection().shared(operator, argument);
            }
        };
    }

    private static @Nullable String details(String details, String argument) {
        if (details.isEmpty()) {
            return null;
        }
        String text = ByteText.of(details);
        return argument.isEmpty() ? withoutWhitespace(text) : text;
    }

    /** With {@code _} instead; nearly no text has any, and each line has one. */
    private static String withoutWhitespace(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isWhitespace(text.charAt(i))) {
                return WHITESPACE.matcher(text).replaceAll("_");
            }
        }
        return text;
    }

    /** The status of a call of gRPC: as it was told, or what the status of HTTP stands for (gRPC, http-grpc-status-mapping). */
    private static @Nullable String grpcStatus(RequestState record) {
        if (!record.grpc()) {
            return null;
        }
        ResponseHead head = record.response();
        String told = GrpcCode.told(head, record.trailers());
        return told != null || head == null ? told : Integer.toString(GrpcCode.ofHttp(head.status()));
    }

    /** A field of who is on the other side, as Istio's build of Envoy keeps it: {@code upstream_peer:FIELD:namespace}. */
    private static @Nullable String peer(RequestState record, String argument) {
        Workload other = record.peer();
        String asked = (record.inbound() ? "downstream_peer" : "upstream_peer") + ":FIELD:";
        return other == null || !argument.startsWith(asked) ? null : other.field(argument.substring(asked.length()));
    }
}
