package dev.lateen.samples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.LocalTime;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class SamplesTest {
    private static HttpServer.Request get(String target) {
        return new HttpServer.Request("GET", target, HttpServer.query(target), Map.of("host", "h"), "10.0.0.1.4000");
    }

    @ParameterizedTest(name = "{0} when the dice show {1}: {2}, crashes {3}")
    @CsvSource({
        "/, 0, 200, 0",
        "/?failRate=50&mode=busy, 49, 503, 0",
        "/?failRate=50&mode=busy, 50, 200, 0",
        "/?failRate=100&mode=busy, 99, 503, 0",
        "/?failRate=0, 0, 200, 0",
        "/?failRate=50, 49, 503, 1",
        "/?failRate=nonsense, 0, 200, 0",
    })
    void retryBackendFailsAsAsked(String target, int dice, int status, int crashes) throws InterruptedException {
        AtomicInteger crashed = new AtomicInteger();
        RetryBackend backend = new RetryBackend(() -> dice, crashed::incrementAndGet);
        assertThat(backend.answer(get(target)).status()).isEqualTo(status);
        assertThat(crashed.get()).isEqualTo(crashes);
    }

    @Test
    void webSaysVersionAndPod() throws InterruptedException {
        assertThat(Web.answer("2", "web-1", get("/?delay=1")).body()).isEqualTo("Version 2 from web-1\n");
    }

    @Test
    void snifferPrintsLikeTcpdump() throws InterruptedException {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        Sniffer.answer(
                get("/?failRate=1"),
                "sniffer.http",
                LocalTime.of(1, 2, 3, 4000),
                new PrintStream(text, true, StandardCharsets.UTF_8));
        assertThat(text.toString(StandardCharsets.UTF_8))
                .isEqualTo(
                        "01:02:03.000004 IP 10.0.0.1.4000 > sniffer.http: HTTP: GET /?failRate=1 HTTP/1.1\n\thost: h\n");
    }

    @Test
    void siegeCountsWhatCameBack() throws IOException, InterruptedException {
        AtomicInteger count = new AtomicInteger();
        try (HttpServer server =
                new HttpServer(0, _ -> new HttpServer.Answer(count.getAndIncrement() % 4 == 0 ? 503 : 200, "x"))) {
            serve(server);
            Siege siege = new Siege(URI.create("http://127.0.0.1:" + server.port() + "/path?a=b"));
            siege.run(4, 60, 5);
            ByteArrayOutputStream text = new ByteArrayOutputStream();
            siege.report(new PrintStream(text, true, StandardCharsets.UTF_8));
            assertThat(text.toString(StandardCharsets.UTF_8))
                    .contains("requests 20\n", "status 200 15\n", "status 503 5\n", "overloaded 0\n", "median");
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
                    GET /a HTTP/1.1~Host: h~~                                                   | 1
                    GET /a HTTP/1.1~Host: h~~GET /b HTTP/1.1~Host: h~~                          | 2
                    POST /a HTTP/1.1~Content-Length: 3~~abcGET /b HTTP/1.1~~                    | 2
                    POST /a HTTP/1.1~Transfer-Encoding: chunked~~2~ab~0~~GET /b HTTP/1.1~~      | 2
                    GET /a HTTP/1.0~~GET /b HTTP/1.0~~                                          | 1
                    nonsense~~                                                                  | 0
                    POST /a HTTP/1.1~Content-Length: x~~                                        | 0
                    """)
    void serverReadsRequestsInOrder(String text, int answers) throws IOException {
        try (HttpServer server = new HttpServer(0, _ -> new HttpServer.Answer(200, "yes"))) {
            serve(server);
            try (Socket socket = new Socket(java.net.InetAddress.getLoopbackAddress(), server.port())) {
                socket.getOutputStream().write(text.replace("~", "\r\n").getBytes(StandardCharsets.US_ASCII));
                socket.shutdownOutput();
                String got = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
                assertThat(got.split("HTTP/1.1 200 OK", -1)).hasSize(answers + 1);
            }
        }
    }

    private static void serve(HttpServer server) {
        Thread.ofVirtual().start(() -> {
            try {
                server.serve();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }
}
