package dev.lateen.proxycore.listener;

import com.google.protobuf.ByteString;
import dev.lateen.proxycore.ByteText;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.GrpcTarget;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.format.Format;
import dev.lateen.proxycore.format.FormatContext;
import dev.lateen.proxycore.format.Operator;
import io.envoyproxy.envoy.extensions.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.ArrayValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.common.v1.KeyValueList;
import io.opentelemetry.proto.logs.v1.LogRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * An access log that a collector of OpenTelemetry keeps (OTLP 1.x, LogsService; {@code
 * envoy.extensions.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig}). Immutable.
 *
 * @param service the collector
 * @param name of the log
 * @param tellsProxy whether the resource says which log of which proxy it is
 * @param resource what else it says
 * @param body of each record; null for none
 * @param attributes of each record
 */
public record OtlpLog(
        GrpcTarget service,
        String name,
        boolean tellsProxy,
        List<KeyValue> resource,
        @Nullable Part body,
        List<Attribute> attributes)
        implements AccessLog.Target {
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final int TRACE_DIGITS = 32;
    private static final int SPAN_DIGITS = 16;

    public OtlpLog {
        resource = List.copyOf(resource);
        attributes = List.copyOf(attributes);
    }

    /** Something that a record says. */
    sealed interface Part {
        Stream<Operator> operators();

        AnyValue value(FormatContext stream);
    }

    record Text(Format format) implements Part {
        @Override
        public Stream<Operator> operators() {
            return format.operators().stream();
        }

        @Override
        public AnyValue value(FormatContext stream) {
            return AnyValue.newBuilder()
                    .setStringValue(ByteText.decode(format.render(stream, "-")))
                    .build();
        }
    }

    record Attribute(String key, Part part) {
        KeyValue value(FormatContext stream) {
            return KeyValue.newBuilder()
                    .setKey(key)
                    .setValue(part.value(stream))
                    .build();
        }
    }

    record Attributes(List<Attribute> all) implements Part {
        @Override
        public Stream<Operator> operators() {
            return all.stream().flatMap(attribute -> attribute.part().operators());
        }

        @Override
        public AnyValue value(FormatContext stream) {
            KeyValueList.Builder values = KeyValueList.newBuilder();
            all.forEach(attribute -> values.addValues(attribute.value(stream)));
            return AnyValue.newBuilder().setKvlistValue(values).build();
        }
    }

    record Items(List<Part> all) implements Part {
        @Override
        public Stream<Operator> operators() {
            return all.stream().flatMap(Part::operators);
        }

        @Override
        public AnyValue value(FormatContext stream) {
            ArrayValue.Builder values = ArrayValue.newBuilder();
            all.forEach(part -> values.addValues(part.value(stream)));
            return AnyValue.newBuilder().setArrayValue(values).build();
        }
    }

    static OtlpLog of(OpenTelemetryAccessLogConfig proto, Place at) throws CompileException {
        var common = proto.getCommonConfig();
        return new OtlpLog(
                GrpcTarget.of(
                        common.getGrpcService(),
                        PATIENCE,
                        at.field("common_config").field("grpc_service")),
                common.getLogName(),
                !proto.getDisableBuiltinLabels(),
                proto.getResourceAttributes().getValuesList(),
                proto.hasBody() ? part(proto.getBody(), at.field("body")) : null,
                attributes(proto.getAttributes(), at.field("attributes")));
    }

    private static List<Attribute> attributes(KeyValueList proto, Place at) throws CompileException {
        List<Attribute> attributes = new ArrayList<>();
        for (KeyValue each : proto.getValuesList()) {
            attributes.add(new Attribute(each.getKey(), part(each.getValue(), at.named(each.getKey()))));
        }
        return attributes;
    }

    private static Part part(AnyValue value, Place at) throws CompileException {
        return switch (value.getValueCase()) {
            case STRING_VALUE -> new Text(Format.parse(value.getStringValue(), at));
            case KVLIST_VALUE -> new Attributes(attributes(value.getKvlistValue(), at));
            case ARRAY_VALUE -> {
                List<Part> items = new ArrayList<>();
                for (AnyValue item : value.getArrayValue().getValuesList()) {
                    items.add(part(item, at));
                }
                yield new Items(items);
            }
            case BOOL_VALUE, INT_VALUE, DOUBLE_VALUE, BYTES_VALUE, VALUE_NOT_SET ->
                throw at.refuse("texts, lists of attributes and arrays are supported, not " + value.getValueCase());
        };
    }

    @Override
    public Stream<Operator> operators() {
        return Stream.concat(
                body == null ? Stream.of() : body.operators(),
                attributes.stream().flatMap(attribute -> attribute.part().operators()));
    }

    /** What it says of a stream that is over. */
    public LogRecord entry(FormatContext stream) {
        LogRecord.Builder entry = LogRecord.newBuilder();
        String started = stream.value(Operator.START_TIME, FormatContext.PRECISE);
        if (started != null) {
            Instant time = Instant.parse(started);
            entry.setTimeUnixNano(time.getEpochSecond() * 1_000_000_000 + time.getNano());
        }
        if (body != null) {
            entry.setBody(body.value(stream));
        }
        attributes.forEach(attribute -> entry.addAttributes(attribute.value(stream)));
        return entry.setTraceId(id(stream.value(Operator.TRACE_ID, ""), TRACE_DIGITS))
                .setSpanId(id(stream.value(Operator.SPAN_ID, ""), SPAN_DIGITS))
                .build();
    }

    /** An id of the length that OpenTelemetry asks for; of none without one. */
    private static ByteString id(@Nullable String digits, int length) {
        return digits == null || digits.length() > length
                ? ByteString.EMPTY
                : ByteString.copyFrom(HexFormat.of().parseHex("0".repeat(length - digits.length()) + digits));
    }
}
