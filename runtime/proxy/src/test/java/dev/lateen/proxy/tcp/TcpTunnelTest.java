package dev.lateen.proxy.tcp;

import static dev.lateen.proxy.TestMesh.TIMEOUT;
import static dev.lateen.proxy.TestMesh.cluster;
import static dev.lateen.proxy.TestMesh.listener;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.proxy.TestMesh;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Each side's end of stream reaches the other behind all that was said before it, and is no end of the other direction
 * (RFC 9293, section 3.6: a connection that is half closed).
 */
final class TcpTunnelTest {
    private static final String PLAIN = "";
    private static final String LOOKS_FIRST = """
            listener_filters: [
              {name: "tls", typed_config: {
                "@type": "type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector"}},
              {name: "http", typed_config: {
                "@type": "type.googleapis.com/envoy.extensions.filters.listener.http_inspector.v3.HttpInspector"}}],
            """;
    private static final int LARGE = 24 << 20;

    private final TestMesh mesh = new TestMesh();
    private ServerSocket server;

    @SuppressWarnings("NullAway.Init") // set by each test
    TcpTunnelTest() {}

    @AfterEach
    void stop() throws IOException {
        server.close();
        mesh.close();
    }

    private interface Conversation {
        void hold(InputStream in, OutputStream out) throws IOException;
    }

    /** A proxy in front of a server that holds this conversation with each client, then closes. */
    private void serve(String listenerFilters, Conversation conversation) throws Exception {
        server = new ServerSocket();
        server.setReceiveBufferSize(4096); // inherited by connections: what it does not read waits in the proxy
        server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        Thread.ofVirtual().start(() -> {
            while (true) {
                try {
                    Socket client = server.accept();
                    Thread.ofVirtual().start(() -> {
                        try (client) {
                            conversation.hold(client.getInputStream(), client.getOutputStream());
                        } catch (IOException e) {
                            // The client sees it.
                        }
                    });
                } catch (IOException e) {
                    return; // closed at the end of the test
                }
            }
        });
        mesh.serve(
                listener("edge", "OUTBOUND", listenerFilters + """
                        filter_chains: [{filters: [{name: "tcp", typed_config: {
                          "@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
                          stat_prefix: "tcp", cluster: "server"}}]}]
                        """),
                "{match: {prefix: \"/\"}, direct_response: {status: 200}}",
                cluster("server", "", server.getLocalPort()));
    }

    private Socket connect() throws IOException {
        Socket socket = new Socket();
        socket.setReceiveBufferSize(4096);
        socket.setSoTimeout((int) TIMEOUT.toMillis());
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), mesh.port()));
        return socket;
    }

    @ParameterizedTest
    @ValueSource(strings = {PLAIN, LOOKS_FIRST})
    void aClientThatEndsAtOnce_getsItsAnswer(String listenerFilters) throws Exception {
        serve(
                listenerFilters,
                (in, out) -> out.write(("heard " + new String(in.readAllBytes(), US_ASCII)).getBytes(US_ASCII)));
        for (int i = 0; i < 100; i++) {
            try (Socket socket = connect()) {
                socket.getOutputStream().write("ping".getBytes(US_ASCII));
                socket.shutdownOutput();
                assertThat(new String(socket.getInputStream().readAllBytes(), US_ASCII))
                        .as("call %s", i)
                        .isEqualTo("heard ping");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {PLAIN, LOOKS_FIRST})
    void aClientThatEndsWithoutAWord_getsItsAnswer(String listenerFilters) throws Exception {
        serve(listenerFilters, (in, out) -> out.write(("heard " + in.readAllBytes().length).getBytes(US_ASCII)));
        for (int i = 0; i < 20; i++) {
            try (Socket socket = connect()) {
                socket.shutdownOutput();
                assertThat(new String(socket.getInputStream().readAllBytes(), US_ASCII))
                        .as("call %s", i)
                        .isEqualTo("heard 0");
            }
        }
    }

    @Test
    void aServerThatEndsAtOnce_isHeardToTheEndAndHears() throws Exception {
        serve(PLAIN, (in, out) -> out.write("bye".getBytes(US_ASCII)));
        for (int i = 0; i < 100; i++) {
            try (Socket socket = connect()) {
                assertThat(new String(socket.getInputStream().readAllBytes(), US_ASCII))
                        .as("call %s", i)
                        .isEqualTo("bye");
            }
        }
    }

    @Test
    void whatASlowServerHasNotYetTaken_isBeforeTheEnd() throws Exception {
        serve(PLAIN, (in, out) -> out.write(("heard " + countSlowly(in)).getBytes(US_ASCII)));
        try (Socket socket = connect()) {
            socket.getOutputStream().write(new byte[LARGE]);
            socket.shutdownOutput();
            assertThat(new String(socket.getInputStream().readAllBytes(), US_ASCII))
                    .isEqualTo("heard " + LARGE);
        }
    }

    /** Sizes that wait in the proxy, in part or whole, when the end of the stream comes. */
    @ParameterizedTest
    @ValueSource(ints = {1_000, 20_000, 50_000, 100_000, 150_000, 250_000, 500_000})
    void whatAServerHasNotYetLookedAt_isBeforeTheEnd(int size) throws Exception {
        var ended = new CountDownLatch(1);
        serve(PLAIN, (in, out) -> {
            await(ended);
            out.write(("heard " + countSlowly(in)).getBytes(US_ASCII));
        });
        try (Socket socket = connect()) {
            socket.getOutputStream().write(new byte[size]);
            socket.shutdownOutput();
            ended.countDown();
            assertThat(new String(socket.getInputStream().readAllBytes(), US_ASCII))
                    .isEqualTo("heard " + size);
        }
    }

    private static void await(CountDownLatch latch) throws IOException {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new InterruptedIOException();
        }
    }

    /** Also when what the client had said still waits for a server that does not read. */
    @Test
    void aClientsReset_isOneForTheServer() throws Exception {
        var filled = new CountDownLatch(1);
        var seen = new CompletableFuture<String>();
        serve(PLAIN, (in, out) -> {
            await(filled);
            try {
                seen.complete("end after " + countSlowly(in));
            } catch (IOException e) {
                seen.complete("reset");
            }
        });
        try (Socket socket = connect()) {
            var writer = Thread.ofVirtual().start(() -> {
                try {
                    socket.getOutputStream().write(new byte[LARGE]);
                } catch (IOException e) {
                    // It is to be reset.
                }
            });
            TestMesh.await("the client cannot write on", () -> writer.getState() == Thread.State.WAITING);
            socket.setSoLinger(true, 0);
        }
        filled.countDown();
        assertThat(seen.get(TIMEOUT.toSeconds(), TimeUnit.SECONDS)).isEqualTo("reset");
    }

    @Test
    void whatASlowClientHasNotYetTaken_isBeforeTheEnd() throws Exception {
        serve(PLAIN, (in, out) -> out.write(new byte[LARGE]));
        try (Socket socket = connect()) {
            assertThat(countSlowly(socket.getInputStream())).isEqualTo(LARGE);
        }
    }

    private static long countSlowly(InputStream in) throws IOException {
        byte[] some = new byte[1024];
        long count = 0;
        for (int read = in.read(some); read >= 0; read = in.read(some)) {
            count += read;
        }
        return count;
    }
}
