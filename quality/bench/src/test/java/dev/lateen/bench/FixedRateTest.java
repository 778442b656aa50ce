package dev.lateen.bench;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lateen.bench.FixedRate.Outcome;
import dev.lateen.bench.FixedRate.Plan;
import dev.lateen.bench.FixedRate.Protocol;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class FixedRateTest {
    private static final long PAUSE_MILLIS = 400;

    @ParameterizedTest
    @EnumSource(Protocol.class)
    void everyMeasuredRequestIsAnswered(Protocol protocol) throws Exception {
        try (Backend backend = new Backend(100)) {
            InetSocketAddress address = protocol == Protocol.HTTP1 ? backend.listenHttp1(0) : backend.listenHttp2(0);
            Outcome outcome = FixedRate.run(address, new Plan(protocol, 4, 1_000, 0.1, 0.3));
            assertThat(outcome.failed()).isZero();
            assertThat(outcome.latency().getTotalCount()).isEqualTo(300);
        }
    }

    /** A server that pauses once: the pause is seen by each request that was due meanwhile, not by the first alone. */
    @Test
    void aPauseIsFeltByAllThatWereDue() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Thread.ofVirtual().start(() -> serve(server, "200 OK"));
            InetSocketAddress address = (InetSocketAddress) server.getLocalSocketAddress();
            Outcome outcome = FixedRate.run(address, new Plan(Protocol.HTTP1, 1, 100, 0, 0.5));
            assertThat(outcome.failed()).isZero();
            assertThat(outcome.latency().getTotalCount()).isEqualTo(50);
            long longerThanTenth = outcome.latency().getCountBetweenValues(100_000, Long.MAX_VALUE);
            // Due at 0, 10 ... 300 ms; answered after 400 ms at the earliest.
            assertThat(longerThanTenth).isGreaterThanOrEqualTo(30);
        }
    }

    @Test
    void anotherAnswerThan200IsAFailure() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Thread.ofVirtual().start(() -> serve(server, "503 Service Unavailable"));
            InetSocketAddress address = (InetSocketAddress) server.getLocalSocketAddress();
            Outcome outcome = FixedRate.run(address, new Plan(Protocol.HTTP1, 1, 1_000, 0, 0.02));
            assertThat(outcome.failed()).isEqualTo(20);
            assertThat(outcome.latency().getTotalCount()).isZero();
        }
    }

    @Test
    void nobodyListens() throws Exception {
        InetSocketAddress address;
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            address = (InetSocketAddress) server.getLocalSocketAddress();
        }
        assertThatThrownBy(() -> FixedRate.run(address, new Plan(Protocol.HTTP1, 1, 10, 0, 1)))
                .hasStackTraceContaining("no connection to " + address);
    }

    /** Answers every request of one connection, the first after a pause. */
    private static void serve(ServerSocket server, String status) {
        try (Socket connection = server.accept()) {
            BufferedReader in = new BufferedReader(new InputStreamReader(connection.getInputStream(), US_ASCII));
            byte[] answer = ("HTTP/1.1 " + status + "\r\ncontent-length: 0\r\n\r\n").getBytes(US_ASCII);
            boolean first = true;
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                if (line.isEmpty()) {
                    if (first) {
                        Thread.sleep(PAUSE_MILLIS);
                        first = false;
                    }
                    connection.getOutputStream().write(answer);
                }
            }
        } catch (IOException e) {
            // The caller has seen enough.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
