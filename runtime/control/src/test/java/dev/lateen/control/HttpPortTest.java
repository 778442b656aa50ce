package dev.lateen.control;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HttpPortTest {
    private final Semaphore refused = new Semaphore(0);
    private HttpPort port;

    @SuppressWarnings("NullAway.Init") // set before each test
    HttpPortTest() {}

    @BeforeEach
    void open() throws IOException {
        port = HttpPort.open(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                "the test",
                new HttpPages(Map.of(), Map.of("/echo", query -> HttpPages.Answer.text(200, query.toString()))),
                refused::release);
    }

    @AfterEach
    void close() {
        port.close();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "GET /echo?a=1  | 200 | {a=1}",
                "HEAD /echo?a=1 | 200 | ''",
                "GET /none      | 404 | not found; here are",
            })
    void a_request_is_answered(String request, int status, String body) throws IOException {
        String answer = ask(request + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        assertThat(answer).startsWith("HTTP/1.1 " + status + " ");
        String got = answer.substring(answer.indexOf("\r\n\r\n") + 4);
        assertThat(got.lines().findFirst().orElse("")).isEqualTo(body);
    }

    @Test
    void requests_of_one_connection_are_answered_in_order() throws IOException {
        StringBuilder requests = new StringBuilder();
        for (int i = 0; i < 50; i++) {
            requests.append("GET /echo?i=" + i + " HTTP/1.1\r\nHost: a\r\n" + (i == 49 ? "Connection: close\r\n" : "")
                    + "\r\n");
        }
        String answer = ask(requests.toString());
        int at = 0;
        for (int i = 0; i < 50; i++) {
            at = answer.indexOf("{i=" + i + "}", at);
            assertThat(at).as("answer %s", i).isPositive();
        }
    }

    @Test
    void a_taken_port_is_named_with_what_it_was_for() {
        InetSocketAddress taken = new InetSocketAddress(InetAddress.getLoopbackAddress(), port.port());
        assertThatThrownBy(() -> HttpPort.open(taken, "monitoring", new HttpPages(Map.of(), Map.of()), () -> {}))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("port " + port.port() + " for monitoring")
                .hasMessageContaining("in use");
    }

    @Test
    void connectionsBeyondTheLimitAreClosedAndTold_andRoomComesBack() throws Exception {
        List<Socket> held = new ArrayList<>();
        try {
            for (int i = 0; i < 257; i++) {
                held.add(new Socket(InetAddress.getLoopbackAddress(), port.port()));
            }
            assertThat(refused.tryAcquire(20, TimeUnit.SECONDS)).isTrue();
            assertThat(refused.availablePermits()).isZero();
        } finally {
            for (Socket socket : held) {
                socket.close();
            }
        }
        String answer = "";
        for (int i = 0; i < 1000 && answer.isEmpty(); i++) {
            answer = tried("GET /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        }
        assertThat(answer).startsWith("HTTP/1.1 200 ");
    }

    /** Empty while there is no room: the ends of former connections are still on their way. */
    private String tried(String text) {
        try {
            return ask(text);
        } catch (IOException e) {
            return "";
        }
    }

    private String ask(String text) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port.port())) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream().write(text.getBytes(US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), US_ASCII);
        }
    }
}
