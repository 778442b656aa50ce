package dev.lateen.control.keys;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.lateen.config.security.KeyLocation;
import dev.lateen.mesh.security.FetchedKeys;
import dev.lateen.mesh.security.FetchedKeys.State;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Keys from a real server of HTTP: fetched, rotated, kept through an outage; and servers that would do harm. */
class IssuerKeysTest {
    private static final String ONE = "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"one\",\"n\":\"AQ\",\"e\":\"AQAB\"}]}";
    private static final String TWO = "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"two\",\"n\":\"AQ\",\"e\":\"AQAB\"}]}";
    private static final Duration TIMEOUT = Duration.ofSeconds(10);

    private final CountDownLatch closing = new CountDownLatch(1);
    private final List<FetchedKeys> told = new CopyOnWriteArrayList<>();
    private volatile Instant now = Instant.parse("2026-06-01T12:00:00Z");
    private volatile String answer = ONE;
    private volatile int status = 200;
    private HttpServer server;
    private IssuerKeys keys;

    @BeforeEach
    void start() throws Exception {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/keys", exchange -> answer(exchange, status, answer));
        server.createContext(
                "/issuer/.well-known/openid-configuration",
                exchange -> answer(
                        exchange, 200, "{\"issuer\":\"" + at("/issuer") + "\",\"jwks_uri\":\"" + at("/keys") + "\"}"));
        server.createContext(
                "/liar/.well-known/openid-configuration",
                exchange -> answer(
                        exchange, 200, "{\"issuer\":\"https://good.example\",\"jwks_uri\":\"" + at("/keys") + "\"}"));
        server.createContext(
                "/strange/.well-known/openid-configuration",
                exchange -> answer(
                        exchange, 200, "{\"issuer\":\"" + at("/strange") + "\",\"jwks_uri\":\"file:///etc/passwd\"}"));
        server.createContext("/elsewhere", exchange -> {
            exchange.getResponseHeaders().set("location", at("/keys"));
            answer(exchange, 302, "");
        });
        server.createContext("/endless", exchange -> {
            exchange.sendResponseHeaders(200, 0);
            byte[] blanks = new byte[65_536];
            java.util.Arrays.fill(blanks, (byte) ' ');
            for (int i = 0; i < 1000; i++) {
                exchange.getResponseBody().write(blanks);
            }
        });
        server.createContext("/silent", this::silence);
        server.createContext("/slow-body", exchange -> {
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().write('{');
            exchange.getResponseBody().flush();
            silence(exchange);
        });
        server.createContext("/text", exchange -> answer(exchange, 200, "secret of the machine"));
        server.createContext(
                "/private",
                exchange -> answer(
                        exchange,
                        200,
                        "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AQ\"},{\"kty\":\"RSA\",\"n\":\"AQ\",\"e\":\"AQAB\",\"d\":\"AQ\"}]}"));
        server.start();
        keys = new IssuerKeys(
                new HttpKeyServer(SSLContext.getDefault(), InetAddress::isLoopbackAddress),
                told::add,
                () -> now,
                () -> 0);
    }

    @AfterEach
    void stop() {
        closing.countDown();
        keys.close();
        server.stop(0);
    }

    @Test
    void new_keys_come_after_20_minutes_and_the_last_ones_survive_an_outage() throws Exception {
        KeyLocation location = KeyLocation.of(at("/keys"));
        keys.want(Map.of(location, TIMEOUT));
        assertThat(fetchDue()).isEqualTo(1);
        assertThat(state(location)).isEqualTo(new State(ONE, ""));

        answer = TWO;
        now = now.plus(Duration.ofMinutes(19));
        assertThat(fetchDue()).isZero();
        now = now.plus(Duration.ofMinutes(1));
        assertThat(fetchDue()).isEqualTo(1);
        assertThat(state(location)).isEqualTo(new State(TWO, ""));

        status = 503;
        now = now.plus(Duration.ofMinutes(20));
        fetchDue();
        assertThat(state(location))
                .isEqualTo(
                        new State(TWO, at("/keys") + " answers 503; the keys of 2026-06-01T12:20:00Z stay in force"));
        // The same failure again is no news: after 1, 2, 4 … 60 seconds.
        int before = told.size();
        for (int wait : new int[] {1, 2, 4, 8, 16, 32, 60, 60}) {
            now = now.plusSeconds(wait - 1);
            assertThat(fetchDue()).isZero();
            now = now.plusSeconds(1);
            assertThat(fetchDue()).isEqualTo(1);
        }
        assertThat(told).hasSize(before);

        int port = server.getAddress().getPort();
        server.stop(0);
        now = now.plusSeconds(60);
        fetchDue();
        assertThat(state(location).keys()).isEqualTo(TWO);
        assertThat(state(location).failure()).contains("refuses connections");

        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        server.createContext("/keys", exchange -> answer(exchange, 200, ONE));
        server.start();
        now = now.plusSeconds(60);
        fetchDue();
        assertThat(state(location)).isEqualTo(new State(ONE, ""));
    }

    @Test
    void an_issuer_says_where_its_keys_are() throws Exception {
        KeyLocation location = KeyLocation.discovered(at("/issuer"));
        keys.want(Map.of(location, TIMEOUT));
        fetchDue();
        assertThat(state(location)).isEqualTo(new State(ONE, ""));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            /elsewhere | answers 302, elsewhere; redirects are not followed: give the last address
            /endless   | failed:
            /text      | gives no set of keys
            /private   | gives no set of keys
            /nothing   | answers 404
            """)
    void a_server_that_would_do_harm_is_refused(String path, String reason) throws Exception {
        KeyLocation location = KeyLocation.of(at(path));
        keys.want(Map.of(location, TIMEOUT));
        fetchDue();
        assertThat(state(location).keys()).isEmpty();
        assertThat(state(location).failure())
                .startsWith(at(path) + " " + reason)
                .doesNotContain("secret");
    }

    @ParameterizedTest
    @CsvSource({"/silent", "/slow-body"})
    void a_server_that_takes_too_long_is_left_alone(String path) throws Exception {
        KeyLocation location = KeyLocation.of(at(path));
        keys.want(Map.of(location, Duration.ofMillis(50)));
        fetchDue();
        assertThat(state(location)).isEqualTo(new State("", at(path) + " does not answer within 50 ms"));
    }

    @ParameterizedTest
    @CsvSource({
        "/liar,    is the configuration of another issuer",
        "/strange, jwks_uri must begin with https:// or http://"
    })
    void a_configuration_that_lies_is_refused(String issuer, String reason) throws Exception {
        KeyLocation location = KeyLocation.discovered(at(issuer));
        keys.want(Map.of(location, TIMEOUT));
        fetchDue();
        assertThat(state(location).keys()).isEmpty();
        assertThat(state(location).failure()).endsWith(reason);
    }

    @Test
    void a_slow_location_holds_up_no_other_and_those_no_longer_wanted_are_forgotten() throws Exception {
        KeyLocation slow = KeyLocation.of(at("/silent"));
        KeyLocation good = KeyLocation.of(at("/keys"));
        keys.want(Map.of(slow, TIMEOUT));
        List<Thread> first = keys.begin();
        keys.want(Map.of(slow, TIMEOUT, good, TIMEOUT));
        var tried = keys.tried();
        for (Thread thread : keys.begin()) {
            thread.join();
        }
        assertThat(state(good)).isEqualTo(new State(ONE, ""));
        assertThat(tried).isNotDone();
        keys.want(Map.of(good, TIMEOUT));
        assertThat(tried).isDone();
        closing.countDown();
        for (Thread thread : first) {
            thread.join();
        }
        assertThat(told.getLast().states()).containsOnlyKeys(good);
    }

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1, false",
        "::1, false",
        "169.254.169.254, false",
        "fe80::1, false",
        "0.0.0.0, false",
        "10.96.0.7, true",
        "192.0.2.7, true",
        "2001:db8::7, true"
    })
    void the_control_planes_own_machine_is_not_reached(String address, boolean may) {
        assertThat(HttpKeyServer.isElsewhere(InetAddress.ofLiteral(address))).isEqualTo(may);
    }

    @Test
    void a_name_that_leads_to_the_own_machine_is_refused_before_anything_is_sent() throws Exception {
        try (HttpKeyServer strict = new HttpKeyServer(SSLContext.getDefault(), HttpKeyServer::isElsewhere)) {
            org.assertj.core.api.Assertions.assertThatThrownBy(() -> strict.fetch(KeyLocation.of(at("/keys")), TIMEOUT))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("keys are not there");
        }
    }

    private int fetchDue() throws InterruptedException {
        List<Thread> threads = new ArrayList<>(keys.begin());
        for (Thread thread : threads) {
            thread.join();
        }
        return threads.size();
    }

    private State state(KeyLocation location) {
        return java.util.Objects.requireNonNull(told.getLast().states().get(location));
    }

    private String at(String path) {
        return "http://" + InetAddress.getLoopbackAddress().getHostAddress() + ":"
                + server.getAddress().getPort() + path;
    }

    private void silence(HttpExchange exchange) {
        try (exchange) {
            closing.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void answer(HttpExchange exchange, int status, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
        if (bytes.length > 0) {
            exchange.getResponseBody().write(bytes);
        }
        exchange.close();
    }
}
