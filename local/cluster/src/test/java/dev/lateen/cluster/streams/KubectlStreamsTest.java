package dev.lateen.cluster.streams;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Streams as stock kubectl sees them, over WebSocket and over SPDY. */
@Timeout(30)
class KubectlStreamsTest {
    @TempDir
    Path home;

    private final StreamServer server = new StreamServer();

    @AfterEach
    void stop() {
        server.close();
    }

    private Kubectl kubectl(String protocol) {
        String webSockets = Boolean.toString(protocol.equals("websocket"));
        return new Kubectl(
                server.uri(""),
                home,
                Map.of("KUBECTL_REMOTE_COMMAND_WEBSOCKETS", webSockets, "KUBECTL_PORT_FORWARD_WEBSOCKETS", webSockets));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    # protocol  | command                 | exit | out | err
                    websocket   | echo one                | 0    | one |
                    SPDY/3.1    | echo one                | 0    | one |
                    websocket   | echo bad >&2; exit 7    | 7    |     | bad
                    SPDY/3.1    | echo bad >&2; exit 7    | 7    |     | bad
                    websocket   | kill -9 $$              | 137  |     |
                    SPDY/3.1    | kill -9 $$              | 137  |     |
                    """)
    void exec_gives_output_and_exit_code(String protocol, String command, int exit, String out, String err)
            throws Exception {
        Kubectl.Result result = kubectl(protocol).run("exec", "web", "--", "sh", "-c", command);
        assertThat(server.protocols).containsExactly(protocol);
        assertThat(result.out().strip()).isEqualTo(out == null ? "" : out);
        assertThat(result.exitCode()).isEqualTo(exit);
        if (err != null) {
            assertThat(result.err()).startsWith(err);
        }
        if (exit != 0) {
            assertThat(result.err()).contains("command terminated with exit code " + exit);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"websocket", "SPDY/3.1"})
    void input_goes_in_and_comes_back_whole(String protocol) throws Exception {
        byte[] input = new byte[3_000_000];
        new Random(7).nextBytes(input);
        Kubectl.Result result = kubectl(protocol).run(input, "exec", "-i", "web", "--", "cat");
        assertThat(result.err()).isEmpty();
        assertThat(result.out().getBytes(StandardCharsets.ISO_8859_1)).isEqualTo(input);
    }

    @ParameterizedTest
    @ValueSource(strings = {"websocket", "SPDY/3.1"})
    void a_command_that_reads_little_of_a_long_input_ends(String protocol) throws Exception {
        Kubectl.Result result =
                kubectl(protocol).run(new byte[2_000_000], "exec", "-i", "web", "--", "sh", "-c", "head -c 5 | wc -c");
        assertThat(result.out().strip()).isEqualTo("5");
        assertThat(result.exitCode()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"websocket", "SPDY/3.1"})
    void a_client_that_dies_takes_its_command_along(String protocol) throws Exception {
        Process client = kubectl(protocol).start("exec", "web", "--", "sh", "-c", "echo ready; exec sleep 1000");
        assertThat(client.inputReader().readLine()).isEqualTo("ready");
        LocalProcesses.Session session = server.node.sessions.take();
        client.destroyForcibly();
        assertThat(session.closed.poll(10, TimeUnit.SECONDS)).isEqualTo("closed");
        assertThat(session.process.waitFor(10, TimeUnit.SECONDS)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"websocket", "SPDY/3.1"})
    void a_slow_reader_holds_the_command_back(String protocol) throws Exception {
        Process client = kubectl(protocol).start("exec", "web", "--", "sh", "-c", "yes | head -c 20000000");
        InputStream out = client.getInputStream();
        assertThat(out.readNBytes(2)).isEqualTo("y\n".getBytes(StandardCharsets.US_ASCII));
        LocalProcesses.Session session = server.node.sessions.take();
        // Nobody reads: pipes and sockets hold far less than 20 MB, so the command cannot come to its end.
        assertThat(session.process.waitFor(300, TimeUnit.MILLISECONDS)).isFalse();
        assertThat(out.readAllBytes()).hasSize(20_000_000 - 2);
        assertThat(session.process.waitFor(10, TimeUnit.SECONDS)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"websocket", "SPDY/3.1"})
    void a_terminal_has_the_size_of_the_clients(String protocol) throws Exception {
        // script gives kubectl a terminal of its own, without a size until stty sets one.
        String command = "stty rows 33 cols 99; kubectl exec -it web -- sh -c 'read line; echo in a terminal'";
        var builder = new ProcessBuilder("script", "-qec", command, "/dev/null");
        builder.environment()
                .putAll(Map.of(
                        "HOME", home.toString(),
                        "KUBECONFIG", config(),
                        "KUBECTL_REMOTE_COMMAND_WEBSOCKETS", Boolean.toString(protocol.equals("websocket"))));
        Process process = builder.redirectErrorStream(true).start();
        LocalProcesses.Session session = server.node.sessions.take();
        assertThat(session.tty).isTrue();
        // The size comes after the start: a command that has ended by then never hears of it.
        assertThat(session.sizes.poll(30, TimeUnit.SECONDS)).isEqualTo("99x33");
        try (OutputStream in = process.getOutputStream()) {
            in.write('\n');
        }
        assertThat(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .contains("in a terminal");
    }

    @ParameterizedTest
    @ValueSource(strings = {"websocket", "SPDY/3.1"})
    void attach_joins_the_main_process(String protocol) throws Exception {
        Kubectl.Result result =
                kubectl(protocol).run("hello\n".getBytes(StandardCharsets.UTF_8), "attach", "-i", "web");
        assertThat(result.out()).isEqualTo("attached\nhello\n");
        assertThat(result.exitCode()).isZero();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    websocket | web  | nothing | container nothing is not valid for pod web
                    SPDY/3.1  | web  | nothing | container nothing is not valid for pod web
                    SPDY/3.1  | two  | stopped | container not found ("stopped")
                    websocket | none | app     | pods "none" not found
                    SPDY/3.1  | none | app     | pods "none" not found
                    SPDY/3.1  | pending | app  | pod pending does not have a host assigned
                    """)
    void a_refusal_is_told_in_words(String protocol, String pod, String container, String message) throws Exception {
        Kubectl.Result result = kubectl(protocol).run("exec", pod, "-c", container, "--", "true");
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.err()).contains(message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"websocket", "SPDY/3.1"})
    void port_forward_carries_many_connections(String protocol) throws Exception {
        try (var echo = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            Thread.ofVirtual().start(() -> echoAll(echo));
            Process forward = kubectl(protocol).start("port-forward", "pod/web", ":" + echo.getLocalPort());
            try {
                String line = forward.inputReader().readLine();
                assertThat(line).startsWith("Forwarding from 127.0.0.1:");
                int port = Integer.parseInt(line.replaceAll(".*127.0.0.1:(\\d+) .*", "$1"));
                var all = new CompletableFuture<?>[8];
                for (int i = 0; i < all.length; i++) {
                    int seed = i;
                    all[i] = CompletableFuture.runAsync(() -> echoOnce(port, seed));
                }
                CompletableFuture.allOf(all).get(30, TimeUnit.SECONDS);
                assertThat(server.protocols).containsExactly(protocol);
            } finally {
                forward.destroy();
                forward.waitFor();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"websocket", "SPDY/3.1"})
    void port_forward_to_a_closed_port_says_so(String protocol) throws Exception {
        int closed;
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            closed = socket.getLocalPort();
        }
        Process forward = kubectl(protocol).start("port-forward", "pod/web", ":" + closed);
        try {
            String line = forward.inputReader().readLine();
            int port = Integer.parseInt(line.replaceAll(".*127.0.0.1:(\\d+) .*", "$1"));
            try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                assertThat(socket.getInputStream().read()).isEqualTo(-1);
            }
            assertThat(forward.errorReader().readLine())
                    .contains("error forwarding port " + closed + " to pod web", "Connection refused");
        } finally {
            forward.destroy();
            forward.waitFor();
        }
    }

    @Test
    void logs_are_printed() throws Exception {
        Kubectl.Result result = kubectl("none").run("logs", "web", "--tail=5", "--timestamps");
        assertThat(result.out()).isEqualTo("one\ntwo\n");
        assertThat(server.node.logsAsked.take()).isEqualTo(new LogOptions("app", false, false, true, null, 5, null));
    }

    @Test
    void followed_logs_come_line_by_line_and_end_with_the_client() throws Exception {
        Process follower = kubectl("none").start("logs", "-f", "web");
        var lines = follower.inputReader();
        assertThat(lines.readLine()).isEqualTo("one");
        assertThat(lines.readLine()).isEqualTo("two");
        server.node.later.add("three");
        assertThat(lines.readLine()).isEqualTo("three");
        follower.destroyForcibly();
        assertThat(server.node.logsEnded.poll(10, TimeUnit.SECONDS)).isEqualTo("web");
    }

    @Test
    void logs_of_a_previous_run_that_is_not_there_are_refused() throws Exception {
        Kubectl.Result result = kubectl("none").run("logs", "-p", "web");
        assertThat(result.err())
                .contains(
                        "Error from server (BadRequest): previous terminated container \"app\" in pod \"web\" not found");
    }

    private String config() throws Exception {
        Path file = home.resolve("config");
        java.nio.file.Files.writeString(file, """
                apiVersion: v1
                kind: Config
                clusters: [{name: c, cluster: {server: "%s"}}]
                contexts: [{name: c, context: {cluster: c, user: u, namespace: shop}}]
                users: [{name: u, user: {}}]
                current-context: c
                """.formatted(server.uri("")));
        return file.toString();
    }

    private static void echoAll(ServerSocket listener) {
        try {
            while (true) {
                Socket socket = listener.accept();
                Thread.ofVirtual().start(() -> {
                    try (socket) {
                        socket.getInputStream().transferTo(socket.getOutputStream());
                        socket.shutdownOutput();
                    } catch (java.io.IOException gone) {
                        throw new IllegalStateException(gone);
                    }
                });
            }
        } catch (java.io.IOException closed) {
            Thread.currentThread().interrupt();
        }
    }

    private static void echoOnce(int port, int seed) {
        byte[] sent = new byte[200_000];
        new Random(seed).nextBytes(sent);
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            Thread writer = Thread.ofVirtual().start(() -> {
                try {
                    socket.getOutputStream().write(sent);
                    socket.shutdownOutput();
                } catch (java.io.IOException gone) {
                    throw new IllegalStateException(gone);
                }
            });
            assertThat(socket.getInputStream().readAllBytes()).isEqualTo(sent);
            writer.join();
        } catch (java.io.IOException | InterruptedException failed) {
            throw new IllegalStateException(failed);
        }
    }
}
