package dev.lateen.proxy;

import static dev.lateen.proxy.TestMesh.cluster;
import static dev.lateen.proxy.TestMesh.http;
import static dev.lateen.proxy.TestMesh.reply;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A caller, an app and what the app calls, each behind its proxy, with rules that try every answer of 5xx three times:
 * how often each is reached for one request of the caller.
 */
final class RetryDepthTest {
    private static final String RETRIED = """
        {match: {path: "%s"}, route: {cluster: "%s", retry_policy: {retry_on: "5xx", num_retries: 2,
          retry_back_off: {base_interval: "0.001s"}}}}""";

    private final TestMesh caller = new TestMesh();
    private final TestMesh callee = new TestMesh();
    private final AtomicInteger reached = new AtomicInteger();
    private final AtomicInteger called = new AtomicInteger();

    @AfterEach
    void stop() {
        caller.close();
        callee.close();
    }

    private void serve(boolean limited) throws IOException {
        int app = callee.backend(this::app);
        int behind = callee.backend(exchange -> {
            int number = called.incrementAndGet();
            boolean recovers = exchange.getRequestURI().getPath().equals("/recovers") && number % 3 == 0;
            reply(exchange, recovers ? 200 : 503, "");
        });
        callee.environment(Map.of("ISTIO_META_RETRY_DEPTH_LIMIT", Boolean.toString(limited)));
        callee.serve(
                List.of(http("edge", "INBOUND", "", ""), http("out", "OUTBOUND", "", "")),
                "{match: {path: \"/fails-once\"}, route: {cluster: \"behind\"}},"
                        + RETRIED.formatted("/fails", "behind") + ","
                        + RETRIED.formatted("/recovers", "behind") + ","
                        + RETRIED.formatted("/refused", "refused") + ","
                        + "{match: {prefix: \"/\"}, route: {cluster: \"app\"}}",
                cluster("app", "", app),
                cluster("behind", "", behind),
                cluster("refused", "", 1));
        caller.serve(
                http("edge", "OUTBOUND", "", ""), RETRIED.formatted("/app", "app"), cluster("app", "", callee.port()));
    }

    /** Calls what its own header field names, and answers with what it got unless told what to answer. */
    private void app(HttpExchange exchange) throws IOException {
        reached.incrementAndGet();
        String calls = exchange.getRequestHeaders().getFirst("x-calls");
        String answers = exchange.getRequestHeaders().getFirst("x-answers");
        int status = calls.equals("none") ? 503 : call(exchange, calls);
        reply(exchange, answers.equals("it") ? status : Integer.parseInt(answers), "");
    }

    private int call(HttpExchange exchange, String path) throws IOException {
        HttpRequest.Builder request = HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + callee.proxy().port("out") + path));
        if (exchange.getRequestHeaders().getFirst("x-passes").equals("true")) {
            request.header("x-request-id", exchange.getRequestHeaders().getFirst("x-request-id"));
        }
        try {
            return callee.send(request.timeout(TestMesh.TIMEOUT).build()).statusCode();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        # on  | app calls   | passes id | answers | caller gets | app reached | called
        false | /fails      | true      | it      | 503         | 3           | 9
        true  | /fails      | true      | it      | 503 marked  | 1           | 3
        true  | /fails      | true      | 500     | 500 marked  | 1           | 3
        true  | /fails      | true      | 200     | 200         | 1           | 3
        true  | /fails      | false     | it      | 503         | 3           | 9
        true  | /fails-once | true      | it      | 503         | 3           | 3
        true  | /recovers   | true      | it      | 200         | 1           | 3
        true  | /recovers   | true      | 503     | 503         | 3           | 9
        true  | /refused    | true      | it      | 503 marked  | 1           | 0
        true  | none        | true      | it      | 503         | 3           | 0
        """)
    void onlyTheLayerNextToTheFailureRetries(
            boolean limited,
            String calls,
            String passes,
            String answers,
            String gets,
            int timesReached,
            int timesCalled)
            throws Exception {
        serve(limited);
        HttpResponse<String> response = caller.get("/app", "x-calls", calls, "x-passes", passes, "x-answers", answers);
        String mark = response.headers().firstValue("x-envoy-overloaded").isPresent() ? " marked" : "";
        assertThat(response.statusCode() + mark).isEqualTo(gets);
        assertThat(reached).hasValue(timesReached);
        assertThat(called).hasValue(timesCalled);
    }
}
