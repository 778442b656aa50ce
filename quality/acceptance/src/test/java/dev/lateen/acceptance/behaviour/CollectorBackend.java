package dev.lateen.acceptance.behaviour;

import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceResponse;
import io.opentelemetry.proto.collector.logs.v1.LogsServiceGrpc;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse;
import io.opentelemetry.proto.collector.trace.v1.TraceServiceGrpc;
import io.opentelemetry.proto.common.v1.KeyValue;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * A collector of OpenTelemetry that writes what it gets as lines of the access log: of an entry its {@code body} and its
 * attributes, of a span its attributes.
 */
final class CollectorBackend implements AutoCloseable {
    private final Server server;
    private final Path log;

    CollectorBackend(String address, int port, Path log) throws IOException {
        this.log = log;
        server = NettyServerBuilder.forAddress(new InetSocketAddress(address, port))
                .addService(logs())
                .addService(spans())
                .build()
                .start();
    }

    private BindableService logs() {
        return new LogsServiceGrpc.LogsServiceImplBase() {
            @Override
            public void export(ExportLogsServiceRequest request, StreamObserver<ExportLogsServiceResponse> answers) {
                request.getResourceLogsList().stream()
                        .flatMap(resource -> resource.getScopeLogsList().stream())
                        .flatMap(scope -> scope.getLogRecordsList().stream())
                        .forEach(entry -> write(
                                JsonMapper.shared()
                                        .createObjectNode()
                                        .put("body", entry.getBody().getStringValue()),
                                entry.getAttributesList()));
                answers.onNext(ExportLogsServiceResponse.getDefaultInstance());
                answers.onCompleted();
            }
        };
    }

    private BindableService spans() {
        return new TraceServiceGrpc.TraceServiceImplBase() {
            @Override
            public void export(ExportTraceServiceRequest request, StreamObserver<ExportTraceServiceResponse> answers) {
                request.getResourceSpansList().stream()
                        .flatMap(resource -> resource.getScopeSpansList().stream())
                        .flatMap(scope -> scope.getSpansList().stream())
                        .forEach(span -> write(JsonMapper.shared().createObjectNode(), span.getAttributesList()));
                answers.onNext(ExportTraceServiceResponse.getDefaultInstance());
                answers.onCompleted();
            }
        };
    }

    private synchronized void write(ObjectNode line, List<KeyValue> attributes) {
        attributes.forEach(
                attribute -> line.put(attribute.getKey(), attribute.getValue().getStringValue()));
        try {
            Files.writeString(log, line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        server.shutdownNow();
    }
}
