package dev.lateen.proxy;

import static dev.lateen.proxy.TestMesh.cluster;
import static dev.lateen.proxy.TestMesh.http;
import static dev.lateen.proxy.TestMesh.reply;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.ListValue;
import com.google.protobuf.Struct;
import com.google.protobuf.UnknownFieldSet;
import com.google.protobuf.util.JsonFormat;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.type.tracing.v3.CustomTag;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Spans as a Zipkin collector gets them. */
final class TracingTest {
    private final TestMesh mesh = new TestMesh();
    private final List<Struct> spans = new CopyOnWriteArrayList<>();
    private final ConcurrentLinkedQueue<String> traceIds = new ConcurrentLinkedQueue<>();

    @AfterEach
    void stop() {
        mesh.close();
    }

    private static String tracing(double percent) {
        return """
            tracing: {random_sampling: {value: %s}, provider: {name: "envoy.tracers.zipkin", typed_config: {
              "@type": "type.googleapis.com/envoy.config.trace.v3.ZipkinConfig", collector_cluster: "zipkin",
              collector_endpoint: "/api/v2/spans", collector_endpoint_version: "HTTP_JSON",
              collector_hostname: "zipkin.example"}}},
            """.formatted(percent);
    }

    private int collector() throws IOException {
        return mesh.backend(exchange -> {
            assertThat(exchange.getRequestURI().getPath()).isEqualTo("/api/v2/spans");
            assertThat(exchange.getRequestHeaders().getFirst("host")).isEqualTo("zipkin.example");
            String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            ListValue.Builder list = ListValue.newBuilder();
            JsonFormat.parser().merge(body, list);
            list.getValuesList().forEach(value -> spans.add(value.getStructValue()));
            reply(exchange, 202, "");
        });
    }

    private int app() throws IOException {
        return mesh.backend(exchange -> {
            traceIds.add(String.valueOf(exchange.getRequestHeaders().getFirst("x-b3-traceid")));
            reply(exchange, exchange.getRequestURI().getPath().equals("/fails") ? 500 : 200, "hello");
        });
    }

    private void serve(String direction, double percent, int collector) throws IOException {
        mesh.serve(
                http("edge", direction, tracing(percent), ""),
                "{match: {prefix: \"/\"}, route: {cluster: \"app\"}}",
                cluster("app", "", app()),
                cluster("zipkin", "", collector));
    }

    private static String text(Struct span, String field) {
        return span.getFieldsOrThrow(field).getStringValue();
    }

    private static String tag(Struct span, String name) {
        return text(span.getFieldsOrThrow("tags").getStructValue(), name);
    }

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource({"INBOUND, SERVER", "OUTBOUND, CLIENT"})
    void aRequestIsASpan_underThatOfItsCaller(String direction, String kind) throws Exception {
        serve(direction, 0, collector());
        mesh.get("/a", "b3", "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1", "x-request-id", "id\"1");
        TestMesh.await("a span", () -> spans.size() == 1);
        Struct span = spans.getFirst();
        assertThat(text(span, "traceId")).isEqualTo("80f198ee56343ba864fe8b2a57d3eff7");
        assertThat(text(span, "parentId")).isEqualTo("e457b5a2e4d86bd1");
        assertThat(text(span, "kind")).isEqualTo(kind);
        assertThat(tag(span, "http.status_code")).isEqualTo("200");
        assertThat(tag(span, "guid:x-request-id")).isEqualTo("id\"1");
        assertThat(tag(span, "http.url")).endsWith("/a");
        assertThat(text(span.getFieldsOrThrow("localEndpoint").getStructValue(), "serviceName"))
                .isEqualTo("edge.default");
        assertThat(traceIds).containsExactly("80f198ee56343ba864fe8b2a57d3eff7");
    }

    @ParameterizedTest(name = "sampling {0}, caller says \"{1}\": {2} of 20 spans")
    @CsvSource({"100, , 20", "0, , 0", "100, 0, 0", "0, 1, 20", "100, 1, 20"})
    void whatTheCallerDecidedHolds(double percent, String caller, int expected) throws Exception {
        serve("OUTBOUND", percent, collector());
        for (int i = 0; i < 20; i++) {
            if (caller == null) {
                mesh.get("/");
            } else {
                mesh.get("/", "x-b3-sampled", caller);
            }
        }
        // One that is recorded in any case comes last: what was before it has been sent.
        mesh.get("/last", "x-b3-sampled", "1");
        TestMesh.await("the last span", () -> spans.stream()
                .anyMatch(span -> tag(span, "http.url").endsWith("/last")));
        assertThat(spans).hasSize(expected + 1);
        assertThat(traceIds).doesNotContain("null").hasSize(21).doesNotHaveDuplicates();
    }

    /** Of 10,000 parts of a whole, the first half is recorded: 0x1387 is 4,999, and the last id stands for 7,295 of them. */
    @ParameterizedTest(name = "{0}: {1} of 5 spans")
    @CsvSource({
        "00001387-0000-4000-8000-000000000000, 5",
        "00001388-0000-4000-8000-000000000000, 0",
        "80000000-0000-4000-8000-000000000000, 5",
        "ffffffff-0000-4000-8000-000000000000, 0"
    })
    void theIdOfARequestDecides(String id, int expected) throws Exception {
        serve("OUTBOUND", 50, collector());
        for (int i = 0; i < 5; i++) {
            mesh.get("/", "x-request-id", id);
        }
        mesh.get("/last", "x-b3-sampled", "1");
        TestMesh.await("the last span", () -> spans.stream()
                .anyMatch(span -> tag(span, "http.url").endsWith("/last")));
        assertThat(spans).hasSize(expected + 1);
    }

    /** Envoy documentation, "Access logging": TRACE_ID, SPAN_ID and the traceable filter. */
    @Test
    void aLogNamesTheTraceOfEveryRequest_andItsFilterTakesThoseThatAreRecorded(@TempDir Path directory)
            throws Exception {
        String log = """
            access_log: [
              {name: "all", typed_config: {
                "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog", path: "%1$s/all",
                log_format: {text_format_source: {inline_string: "%%PATH%% %%TRACE_ID%% %%SPAN_ID%%\\n"}}}},
              {name: "recorded", filter: {traceable_filter: {}}, typed_config: {
                "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
                path: "%1$s/recorded", log_format: {text_format_source: {inline_string: "%%PATH%%\\n"}}}}],
            """.formatted(directory);
        mesh.serve(
                http("edge", "OUTBOUND", tracing(0) + log, ""),
                "{match: {prefix: \"/\"}, route: {cluster: \"app\"}}",
                cluster("app", "", app()),
                cluster("zipkin", "", collector()));
        mesh.get("/not", "b3", "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-0");
        mesh.get("/recorded", "b3", "463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-1");
        Path all = directory.resolve("all");
        Path recorded = directory.resolve("recorded");
        TestMesh.await(
                "all lines", () -> lines(all).size() == 2 && !lines(recorded).isEmpty());
        assertThat(lines(recorded)).containsExactly("/recorded");
        assertThat(lines(all))
                .satisfiesExactly(
                        line -> assertThat(line).matches("/not 80f198ee56343ba864fe8b2a57d3eff7 [0-9a-f]{16}"),
                        line -> assertThat(line).matches("/recorded 463ac35c9f6413ad48485a3953bb6124 [0-9a-f]{16}"));
    }

    private static List<String> lines(Path file) {
        try {
            return Files.exists(file) ? Files.readAllLines(file) : List.of();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** envoy.type.tracing.v3.CustomTag. */
    @Test
    void spansGetTheTagsThatAreAskedFor() throws Exception {
        String tags = tracing(100).replace("tracing: {", """
            tracing: {max_path_tag_length: 4, custom_tags: [
              {tag: "fixed", literal: {value: "a"}},
              {tag: "field", request_header: {name: "x-a", default_value: "none"}},
              {tag: "without", request_header: {name: "x-b", default_value: "none"}},
              {tag: "absent", request_header: {name: "x-b"}},
              {tag: "variable", environment: {name: "PATH"}},
              {tag: "namespace", environment: {name: "POD_NAMESPACE"}},
              {tag: "revision", environment: {name: "CANONICAL_REVISION"}},
              {tag: "unset", environment: {name: "LATEEN_UNSET", default_value: "d"}}],\
            """);
        mesh.serve(
                http("edge", "OUTBOUND", tags, ""),
                "{match: {prefix: \"/\"}, route: {cluster: \"app\"}}",
                cluster("app", "", app()),
                cluster("zipkin", "", collector()));
        mesh.get("/a/long/path", "x-a", "b\"c");
        TestMesh.await("a span", () -> spans.size() == 1);
        Struct span = spans.getFirst();
        assertThat(tag(span, "fixed")).isEqualTo("a");
        assertThat(tag(span, "field")).isEqualTo("b\"c");
        assertThat(tag(span, "without")).isEqualTo("none");
        assertThat(tag(span, "variable")).isEqualTo(System.getenv("PATH"));
        assertThat(tag(span, "namespace")).isEqualTo("default"); // whose proxy it is, whatever the process has
        assertThat(tag(span, "revision")).isEqualTo("latest");
        assertThat(tag(span, "unset")).isEqualTo("d");
        assertThat(tag(span, "http.url")).endsWith("/a/l");
        assertThat(span.getFieldsOrThrow("tags").getStructValue().containsFields("absent"))
                .isFalse();
    }

    /** Field value of envoy.type.tracing.v3.CustomTag, which the published messages do not have yet. */
    @Test
    void aTagByFormatIsMadeAtTheEnd_andIsNotThereWithoutAValue() throws Exception {
        Map<String, String> formats = Map.of(
                "answer", "%RESPONSE_CODE% of %REQ(:PATH)%",
                "nothing", "%REQ(X-NOBODY)%",
                "wait", "%REQUEST_TX_DURATION%",
                "nobody", "%NOBODY%");
        Listener listener = http("edge", "OUTBOUND", tracing(100), "");
        Filter filter = listener.getFilterChains(0).getFilters(0);
        HttpConnectionManager.Builder manager = filter.getTypedConfig().unpack(HttpConnectionManager.class).toBuilder();
        formats.forEach((name, format) -> manager.getTracingBuilder()
                .addCustomTags(CustomTag.newBuilder()
                        .setTag(name)
                        .setUnknownFields(UnknownFieldSet.newBuilder()
                                .addField(
                                        6,
                                        UnknownFieldSet.Field.newBuilder()
                                                .addLengthDelimited(ByteString.copyFromUtf8(format))
                                                .build())
                                .build())));
        Listener.Builder tagged = listener.toBuilder();
        tagged.getFilterChainsBuilder(0).setFilters(0, filter.toBuilder().setTypedConfig(Any.pack(manager.build())));
        mesh.serve(
                tagged.build(),
                "{match: {prefix: \"/\"}, route: {cluster: \"app\"}}",
                cluster("app", "", app()),
                cluster("zipkin", "", collector()));
        mesh.get("/fails");
        TestMesh.await("a span", () -> spans.size() == 1);
        Struct tags = spans.getFirst().getFieldsOrThrow("tags").getStructValue();
        assertThat(text(tags, "answer")).isEqualTo("500 of /fails");
        assertThat(text(tags, "wait")).matches("[0-9]+");
        assertThat(tags.getFieldsMap()).doesNotContainKeys("nothing", "nobody");
    }

    @ParameterizedTest(name = "trace_id_128bit: {0}")
    @CsvSource({"true, 32", "false, 16"})
    void howWideNewIdsAre(boolean wide, int digits) throws Exception {
        mesh.serve(
                http(
                        "edge",
                        "OUTBOUND",
                        tracing(100).replace("collector_cluster:", "trace_id_128bit: " + wide + ", collector_cluster:"),
                        ""),
                "{match: {prefix: \"/\"}, route: {cluster: \"app\"}}",
                cluster("app", "", app()),
                cluster("zipkin", "", collector()));
        mesh.get("/");
        TestMesh.await("a span", () -> spans.size() == 1);
        assertThat(text(spans.getFirst(), "traceId")).hasSize(digits).isEqualTo(traceIds.peek());
    }

    @Test
    void failuresAreMarked() throws Exception {
        serve("OUTBOUND", 100, collector());
        mesh.get("/fails");
        TestMesh.await("a span", () -> spans.size() == 1);
        assertThat(tag(spans.getFirst(), "error")).isEqualTo("true");
        assertThat(tag(spans.getFirst(), "http.status_code")).isEqualTo("500");
    }

    private String metrics() {
        try {
            URI page = URI.create("http://127.0.0.1:" + mesh.proxy().adminPort() + "/stats/prometheus");
            return mesh.send(HttpRequest.newBuilder(page).build()).body();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aCollectorThatIsAway_costsSpansAlone_andIsCounted() throws Exception {
        serve("OUTBOUND", 100, 1);
        for (int i = 0; i < 100; i++) {
            assertThat(mesh.get("/").statusCode()).isEqualTo(200);
        }
        TestMesh.await("all are counted", () -> metrics().contains("envoy_tracing_zipkin_spans_failed 100\n"));
    }

    @Test
    void aCollectorThatNeverAnswers_costsSpansAlone() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 50, java.net.InetAddress.getLoopbackAddress())) {
            serve("OUTBOUND", 100, silent.getLocalPort());
            for (int i = 0; i < 100; i++) {
                assertThat(mesh.get("/").statusCode()).isEqualTo(200);
            }
            TestMesh.await(
                    "the first batch is given up", () -> !metrics().contains("envoy_tracing_zipkin_spans_failed 0\n"));
        }
    }
}
