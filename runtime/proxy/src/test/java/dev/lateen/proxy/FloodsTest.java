package dev.lateen.proxy;

import static dev.lateen.proxy.RawHttp2.CONTINUATION;
import static dev.lateen.proxy.RawHttp2.DATA;
import static dev.lateen.proxy.RawHttp2.END_HEADERS;
import static dev.lateen.proxy.RawHttp2.END_STREAM;
import static dev.lateen.proxy.RawHttp2.GET;
import static dev.lateen.proxy.RawHttp2.GOAWAY;
import static dev.lateen.proxy.RawHttp2.HEADERS;
import static dev.lateen.proxy.RawHttp2.NOTHING;
import static dev.lateen.proxy.RawHttp2.PING;
import static dev.lateen.proxy.RawHttp2.PRIORITY;
import static dev.lateen.proxy.RawHttp2.RST_STREAM;
import static dev.lateen.proxy.RawHttp2.SETTINGS;
import static dev.lateen.proxy.RawHttp2.WINDOW_UPDATE;
import static dev.lateen.proxy.RawHttp2.frame;
import static dev.lateen.proxy.RawHttp2.joined;
import static dev.lateen.proxy.RawHttp2.number;
import static dev.lateen.proxy.TestMesh.cluster;
import static dev.lateen.proxy.TestMesh.http;
import static dev.lateen.proxy.TestMesh.reply;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import dev.lateen.proxy.overload.ProcessResources;
import dev.lateen.proxycore.overload.Resource;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Clients that mean harm (RFC 9113 section 10.5): what they send ends their connection or costs no more than a little,
 * is counted, and others are served meanwhile. Over real sockets, bounded in number.
 */
final class FloodsTest {
    private static final int ENHANCE_YOUR_CALM = 11;
    private static final int CANCEL = 8;
    /** Nobody is let send as many. */
    private static final int FRAMES = 100_000;

    private final TestMesh mesh = new TestMesh();
    private final AtomicInteger reached = new AtomicInteger();
    private final AtomicBoolean over = new AtomicBoolean();

    @AfterEach
    void stop() {
        over.set(true);
        mesh.close();
    }

    private void serve(String managerFields) throws IOException {
        int app = mesh.backend(exchange -> {
            reached.incrementAndGet();
            answer(exchange);
        });
        mesh.serve(
                http("edge", "UNSPECIFIED", managerFields, ""),
                "{match: {prefix: \"/\"}, route: {cluster: \"app\", timeout: \"0s\"}}",
                cluster("app", "", app));
    }

    private static void answer(HttpExchange exchange) throws IOException {
        reply(exchange, 200, "hello");
    }

    private void othersAreServed() throws Exception {
        assertThat(mesh.get("/").statusCode()).isEqualTo(200);
    }

    private long floods() {
        return mesh.metric("lateen_http2_floods_total");
    }

    /** What is sent again and again, by its number, after what opens a stream where that is needed. */
    enum Flood {
        RAPID_RESET,
        /** The server is made to reset: a window is opened by 0 (section 6.9). */
        RESETS_BY_VIOLATION,
        CONTINUATION_FLOOD,
        EMPTY_CONTINUATION,
        PING_FLOOD,
        SETTINGS_FLOOD,
        EMPTY_DATA,
        PRIORITY_FLOOD,
        WINDOW_UPDATE_FLOOD,
        UNKNOWN_FRAMES;

        byte[] before() {
            return switch (this) {
                case CONTINUATION_FLOOD, EMPTY_CONTINUATION -> frame(HEADERS, 0, 1, GET);
                case EMPTY_DATA -> frame(HEADERS, END_HEADERS, 1, GET);
                default -> NOTHING;
            };
        }

        byte[] piece(int number) {
            int stream = 2 * number + 1;
            return switch (this) {
                case RAPID_RESET ->
                    joined(frame(HEADERS, END_HEADERS, stream, GET), frame(RST_STREAM, 0, stream, number(CANCEL)));
                case RESETS_BY_VIOLATION ->
                    joined(frame(HEADERS, END_HEADERS, stream, GET), frame(WINDOW_UPDATE, 0, stream, number(0)));
                case CONTINUATION_FLOOD -> frame(CONTINUATION, 0, 1, new byte[] {0, 1, 'x', 1, 'y'});
                case EMPTY_CONTINUATION -> frame(CONTINUATION, 0, 1, NOTHING);
                case PING_FLOOD -> frame(PING, 0, 0, new byte[8]);
                case SETTINGS_FLOOD -> frame(SETTINGS, 0, 0, NOTHING);
                case EMPTY_DATA -> frame(DATA, 0, 1, NOTHING);
                case PRIORITY_FLOOD -> frame(PRIORITY, 0, 2 * (number % 1000) + 1, new byte[] {0, 0, 0, 0, 1});
                case WINDOW_UPDATE_FLOOD -> frame(WINDOW_UPDATE, 0, 0, number(1));
                case UNKNOWN_FRAMES -> frame(0x42, 0, 0, NOTHING);
            };
        }
    }

    @ParameterizedTest
    @EnumSource(Flood.class)
    void endsTheConnection_isCounted_andOthersAreServed(Flood flood) throws Exception {
        serve("");
        try (RawHttp2 client = new RawHttp2(mesh.port())) {
            AtomicInteger code = new AtomicInteger(-1);
            Thread reader = Thread.ofVirtual().start(() -> {
                for (RawHttp2.Frame frame = client.next(); frame != null; frame = client.next()) {
                    if (frame.type() == GOAWAY) {
                        code.set(frame.lastCode());
                    }
                }
            });
            assertThat(sendUntilRefused(client, flood)).as("frames sent").isLessThan(FRAMES);
            reader.join(TestMesh.TIMEOUT);
            assertThat(reader.isAlive()).as("the connection goes on").isFalse();
            // A reset can overtake it, where the client still sends.
            assertThat(code.get()).isIn(-1, ENHANCE_YOUR_CALM);
        }
        TestMesh.await("it is counted", () -> floods() == 1);
        assertThat(reached.get()).as("requests that reached the app").isLessThanOrEqualTo(250);
        othersAreServed();
    }

    private static int sendUntilRefused(RawHttp2 client, Flood flood) {
        try {
            client.send(joined(frame(SETTINGS, 0, 0, NOTHING), flood.before()));
            for (int i = 0; i < FRAMES; i++) {
                client.send(flood.piece(i));
            }
            return FRAMES;
        } catch (IOException e) {
            return 0; // it was ended
        }
    }

    /** Answers to its frames pile up at the proxy. */
    @ParameterizedTest
    @EnumSource(
            value = Flood.class,
            names = {"PING_FLOOD", "SETTINGS_FLOOD", "RAPID_RESET"})
    void fromAClientThatReadsNothing_endsTheConnectionToo(Flood flood) throws Exception {
        serve("");
        try (RawHttp2 client = new RawHttp2(mesh.port())) {
            assertThat(sendUntilRefused(client, flood)).as("frames sent").isLessThan(FRAMES);
        }
        TestMesh.await("it is counted", () -> floods() == 1);
        othersAreServed();
    }

    /** One entry of HPACK's table, named thousands of times: 16 KB that mean 60 MB (RFC 7541 section 7.3). */
    @Test
    void decompressionBomb_ofHeads_isRefused() throws Exception {
        serve("");
        byte[] large = new byte[4000];
        Arrays.fill(large, (byte) 'v');
        byte[] entry =
                joined(new byte[] {0x40, 1, 'n', 0x7F, (byte) (0x80 | (4000 - 127) & 0x7F), (4000 - 127) >> 7}, large);
        byte[] named = new byte[15_000];
        Arrays.fill(named, (byte) (0x80 | 62));
        try (RawHttp2 client = new RawHttp2(mesh.port())) {
            client.send(joined(
                    frame(SETTINGS, 0, 0, NOTHING),
                    frame(HEADERS, END_HEADERS | END_STREAM, 1, joined(GET, entry)),
                    frame(HEADERS, END_HEADERS | END_STREAM, 3, joined(GET, named))));
            RawHttp2.Frame refusal = client.next();
            while (refusal != null && refusal.type() != GOAWAY && (refusal.stream() != 3)) {
                refusal = client.next();
            }
            assertThat(refusal).as("431, a reset or the end").isNotNull();
        }
        assertThat(reached.get()).as("requests that reached the app").isLessThanOrEqualTo(1);
        othersAreServed();
    }

    /** Answers that are complete but that the client has no window for end, and others go on beside them. */
    @Test
    void zeroWindows_answersAreGivenUp_andCounted() throws Exception {
        serve("stream_idle_timeout: \"0.4s\",");
        int streams = 50;
        try (RawHttp2 client = new RawHttp2(mesh.port())) {
            byte[] noWindow = {0, 4, 0, 0, 0, 0};
            client.send(frame(SETTINGS, 0, 0, noWindow));
            for (int i = 0; i < streams; i++) {
                client.send(frame(HEADERS, END_HEADERS | END_STREAM, 2 * i + 1, GET));
            }
            int resets = 0;
            while (resets < streams) {
                RawHttp2.Frame frame = client.next();
                assertThat(frame).as("the connection goes on").isNotNull();
                if (frame != null && frame.type() == RST_STREAM) {
                    assertThat(frame.code()).isEqualTo(CANCEL);
                    resets++;
                }
                assertThat(frame != null
                                && frame.type() == DATA
                                && frame.payload().hasRemaining())
                        .as("content without a window")
                        .isFalse();
            }
            client.send(frame(PING, 0, 0, new byte[8]));
            RawHttp2.Frame pong = client.next();
            assertThat(pong == null ? -1 : pong.type()).isEqualTo(PING);
        }
        assertThat(mesh.metric("lateen_http2_answers_unsent_total")).isEqualTo(streams);
    }

    /** What an app can send ahead for a client that takes nothing is bounded, over both versions, and ends in time. */
    @ParameterizedTest(name = "HTTP/{0}")
    @CsvSource({"1, 1", "2, 40"})
    void aClientThatTakesNothing_costsAFewWindows(int version, int streams) throws Exception {
        AtomicLong sent = new AtomicLong();
        AtomicInteger stopped = new AtomicInteger();
        AtomicLong held = new AtomicLong();
        int app = mesh.backend(exchange -> {
            exchange.sendResponseHeaders(200, 0);
            byte[] part = new byte[16 * 1024];
            try (OutputStream out = exchange.getResponseBody()) {
                for (int i = 0; i < 4096 && !over.get(); i++) { // 64 MiB
                    out.write(part);
                    sent.addAndGet(part.length);
                }
            } finally {
                stopped.incrementAndGet();
            }
        });
        mesh.serve(
                http("edge", "UNSPECIFIED", "stream_idle_timeout: \"0.5s\",", ""),
                "{match: {prefix: \"/\"}, route: {cluster: \"app\", timeout: \"0s\"}}",
                cluster("app", "", app));
        if (version == 2) {
            try (RawHttp2 client = new RawHttp2(mesh.port())) {
                client.send(frame(SETTINGS, 0, 0, new byte[] {0, 4, 0, 0, 0, 0}));
                for (int i = 0; i < streams; i++) {
                    client.send(frame(HEADERS, END_HEADERS | END_STREAM, 2 * i + 1, GET));
                }
                TestMesh.await("the app is let go", () -> stopped.get() + hold(held) == streams);
            }
        } else {
            try (Socket client = new Socket(InetAddress.getLoopbackAddress(), mesh.port())) {
                client.getOutputStream().write("GET / HTTP/1.1\r\nhost: a\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                TestMesh.await("the app is let go", () -> stopped.get() + hold(held) == streams);
            }
        }
        System.out.println(
                "HTTP/" + version + ": for each of " + streams + " the app sent " + sent.get() / streams / 1024
                        + " KiB ahead, of which the proxy held " + held.get() / streams / 1024 + " at most");
        // The rest lies in the kernel's buffers.
        assertThat(held.get() / streams)
                .as("bytes that the proxy holds for each")
                .isLessThan(1 << 20);
    }

    /** Notes how much of this process's buffers is in use; 0. */
    private static int hold(AtomicLong most) {
        most.accumulateAndGet(ProcessResources.own().usage(Resource.BUFFERS).used(), Math::max);
        return 0;
    }

    /** A head or a body, a byte at a time: the time limit of the whole counts, not that of each byte. */
    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
        slow head | 0 | request_headers_timeout: "0.5s", | GET / HTTP/1.1~x-a:
        slow body | 1 | request_timeout: "0.5s",         | POST / HTTP/1.1~host: a~content-length: 100000~~
        """)
    void slowLoris_isAnswered408(String name, int atTheApp, String limit, String beginning) throws Exception {
        serve(limit);
        try (Socket client = new Socket(InetAddress.getLoopbackAddress(), mesh.port())) {
            client.setSoTimeout((int) TestMesh.TIMEOUT.toMillis());
            client.getOutputStream().write(beginning.replace("~", "\r\n").getBytes(StandardCharsets.US_ASCII));
            Thread drips = Thread.ofVirtual().start(() -> {
                try {
                    for (int i = 0; i < 1000 && !over.get(); i++) {
                        client.getOutputStream().write('x');
                        LockSupport.parkNanos(20_000_000);
                    }
                } catch (IOException e) {
                    over.set(true); // it was ended
                }
            });
            byte[] status = client.getInputStream().readNBytes(12);
            assertThat(new String(status, StandardCharsets.US_ASCII)).isEqualTo("HTTP/1.1 408");
            over.set(true);
            drips.join(TestMesh.TIMEOUT);
        }
        assertThat(reached).as(name + ": heads that reached the app").hasValue(atTheApp);
        othersAreServed();
    }
}
