package dev.lateen.proxy.telemetry;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.InstrumentationScope;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.resource.v1.Resource;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.ScopeSpans;
import io.opentelemetry.proto.trace.v1.Span.SpanKind;
import io.opentelemetry.proto.trace.v1.Status;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;

/** Spans as collectors of OpenTelemetry take them (OTLP 1.x, {@code TraceService/Export}). */
final class OtlpSpans {
    private OtlpSpans() {}

    /**
     * A request to export spans.
     *
     * @param resource what the collector is told of this workload
     */
    static byte[] encode(List<Span> spans, Map<String, String> resource) {
        ScopeSpans.Builder scope = ScopeSpans.newBuilder()
                .setScope(InstrumentationScope.newBuilder().setName("lateen"));
        spans.forEach(span -> scope.addSpans(message(span)));
        Resource.Builder whose = Resource.newBuilder();
        resource.forEach((name, value) -> whose.addAttributes(attribute(name, value)));
        return ExportTraceServiceRequest.newBuilder()
                .addResourceSpans(ResourceSpans.newBuilder().setResource(whose).addScopeSpans(scope))
                .build()
                .toByteArray();
    }

    /**
     * How many spans the collector says it did not take; 0 when it says nothing that can be read.
     *
     * @param framed whether it is a message of gRPC
     */
    static long rejected(byte[] answer, boolean framed) {
        try {
            return ExportTraceServiceResponse.parseFrom(GrpcMessage.content(answer, framed))
                    .getPartialSuccess()
                    .getRejectedSpans();
        } catch (InvalidProtocolBufferException e) {
            return 0; // the status has said that it went well
        }
    }

    private static io.opentelemetry.proto.trace.v1.Span message(Span span) {
        var message = io.opentelemetry.proto.trace.v1.Span.newBuilder()
                .setTraceId(ByteString.copyFrom(ByteBuffer.allocate(16)
                        .putLong(span.context().high())
                        .putLong(span.context().low())
                        .flip()))
                .setSpanId(bytes(span.context().span()))
                .setName(span.name())
                .setKind(span.server() ? SpanKind.SPAN_KIND_SERVER : SpanKind.SPAN_KIND_CLIENT)
                .setStartTimeUnixNano(span.startMicros() * 1000)
                .setEndTimeUnixNano((span.startMicros() + span.durationMicros()) * 1000);
        if (span.parent() != 0) {
            message.setParentSpanId(bytes(span.parent()));
        }
        span.tags().forEach((name, value) -> message.addAttributes(attribute(name, value)));
        if (span.tags().containsKey("error")) {
            message.setStatus(Status.newBuilder().setCode(Status.StatusCode.STATUS_CODE_ERROR));
        }
        return message.build();
    }

    private static ByteString bytes(long id) {
        return ByteString.copyFrom(ByteBuffer.allocate(8).putLong(id).flip());
    }

    private static KeyValue attribute(String name, String value) {
        return KeyValue.newBuilder()
                .setKey(name)
                .setValue(AnyValue.newBuilder().setStringValue(value))
                .build();
    }
}
