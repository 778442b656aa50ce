package dev.lateen.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A client that reads an answer slowly gets all of it, however early the app or this proxy is done with it. */
class SlowReaderTest {
    private static final int BODY = 12 << 20;
    private static final int SLOW = 4 << 20;

    @ParameterizedTest(name = "answer ended by {0}, client says {1}")
    @CsvSource({
        "content-length, close",
        "close, keep-alive",
        "close, close",
        "content-length and close, keep-alive",
        "content-length and close, close",
    })
    void getsAllOfTheAnswer(String framing, String connection) throws IOException {
        try (TestMesh mesh = new TestMesh();
                ServerSocket app = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
                Socket client = new Socket()) {
            Thread.ofVirtual().start(() -> answer(app, framing));
            mesh.serve(
                    "{match: {prefix: \"/\"}, route: {cluster: \"app\"}}",
                    TestMesh.cluster("app", "", app.getLocalPort()));
            client.setReceiveBufferSize(64 * 1024);
            client.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), mesh.port()));
            client.setSoTimeout((int) TestMesh.TIMEOUT.toMillis());
            client.getOutputStream()
                    .write(("GET / HTTP/1.1\r\nhost: a\r\nconnection: " + connection + "\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            assertThat(count(client.getInputStream())).isEqualTo(BODY);
        }
    }

    /** Reads the last part slowly: what this proxy and the kernels hold takes longer than this proxy lingers. */
    private static long count(InputStream in) throws IOException {
        byte[] buffer = new byte[64 * 1024];
        long count = 0;
        int n = 0;
        while (count < BODY && (n = in.read(buffer)) >= 0) {
            for (int i = 0; i < n; i++) {
                count += buffer[i] == '#' ? 1 : 0;
            }
            if (count > BODY - SLOW) {
                LockSupport.parkNanos(n * TimeUnit.SECONDS.toNanos(1) / (1 << 20));
            }
        }
        return count;
    }

    private static void answer(ServerSocket app, String framing) {
        try (Socket socket = app.accept()) {
            InputStream in = socket.getInputStream();
            byte[] head = new byte[4096];
            in.read(head);
            OutputStream out = socket.getOutputStream();
            String fields =
                    switch (framing) {
                        case "content-length" -> "content-length: " + BODY + "\r\n";
                        case "close" -> "";
                        case "content-length and close" -> "connection: close\r\ncontent-length: " + BODY + "\r\n";
                        default -> "transfer-encoding: chunked\r\n";
                    };
            out.write(("HTTP/1.1 200 OK\r\n" + fields + "\r\n").getBytes(StandardCharsets.US_ASCII));
            byte[] part = "#".repeat(64 * 1024).getBytes(StandardCharsets.US_ASCII);
            for (int i = 0; i < BODY / part.length; i++) {
                if (framing.equals("chunked")) {
                    out.write("10000\r\n".getBytes(StandardCharsets.US_ASCII));
                }
                out.write(part);
                if (framing.equals("chunked")) {
                    out.write("\r\n".getBytes(StandardCharsets.US_ASCII));
                }
            }
            if (framing.equals("chunked")) {
                out.write("0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            }
            if (!framing.contains("close")) {
                in.read(head);
            }
        } catch (IOException e) {
            System.err.println("app: " + e);
        }
    }
}
