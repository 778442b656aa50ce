package dev.lateen.acceptance.access;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** How callers without a certificate of the mesh begin, in each protocol that a proxy knows. */
final class Plaintext {
    private static final int PATIENCE_MILLIS = 3_000;

    private Plaintext() {}

    /** First bytes, by what they are. */
    static Map<String, byte[]> beginnings() throws IOException, GeneralSecurityException {
        Map<String, byte[]> all = new LinkedHashMap<>();
        all.put("HTTP/1.1", head("GET / HTTP/1.1", "host: web"));
        all.put("HTTP/1.0", head("GET / HTTP/1.0"));
        all.put(
                "WebSocket",
                head(
                        "GET / HTTP/1.1",
                        "host: web",
                        "connection: upgrade",
                        "upgrade: websocket",
                        "sec-websocket-version: 13",
                        "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ=="));
        all.put("CONNECT", head("CONNECT web:80 HTTP/1.1", "host: web:80"));
        all.put(
                "HTTP/2 by upgrade",
                head(
                        "GET / HTTP/1.1",
                        "host: web",
                        "connection: upgrade, http2-settings",
                        "upgrade: h2c",
                        "http2-settings: AAMAAABkAAQAAP__"));
        all.put("HTTP/2", http2("82", "86", "84", literal(1, "web")));
        all.put("gRPC", http2("83", "86", literal(4, "/a.B/C"), literal(1, "web"), literal(31, "application/grpc")));
        all.put("PROXY protocol", head("PROXY TCP4 10.244.0.7 10.244.0.9 40000 80", "GET / HTTP/1.1", "host: web"));
        all.put("bytes", text("hello\r\n"));
        all.put("silence", new byte[0]);
        all.put("TLS of nobody", Callers.clientHello("web"));
        all.put("TLS that names the mesh's endpoint", Callers.clientHello("outbound.80.web"));
        return all;
    }

    private static byte[] head(String... lines) {
        return text(String.join("\r\n", lines) + "\r\n\r\n");
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** The preface, empty settings and a request (RFC 9113), whose fields are given in hexadecimal (RFC 7541). */
    private static byte[] http2(String... fields) {
        byte[] block = HexFormat.of().parseHex(String.join("", fields));
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(text("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
        bytes.writeBytes(new byte[] {0, 0, 0, 4, 0, 0, 0, 0, 0});
        bytes.writeBytes(new byte[] {0, 0, (byte) block.length, 1, 5, 0, 0, 0, 1});
        bytes.writeBytes(block);
        return bytes.toByteArray();
    }

    /** A field with a name of the static table and a value of its own, RFC 7541, section 6.2.1. */
    private static String literal(int name, String value) {
        return String.format(Locale.ROOT, "%02x%02x", 0x40 | name, value.length())
                + HexFormat.of().formatHex(text(value));
    }

    /** What comes back, as far as it comes soon; nothing when the connection is refused. */
    static String answer(int port, byte[] beginning) {
        ByteArrayOutputStream answer = new ByteArrayOutputStream();
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.ofLiteral(Pod.ADDRESS), port), PATIENCE_MILLIS);
            socket.setSoTimeout(beginning.length == 0 ? 1_000 : PATIENCE_MILLIS);
            socket.getOutputStream().write(beginning);
            socket.getInputStream().transferTo(answer);
        } catch (SocketTimeoutException e) {
            return answer.toString(StandardCharsets.ISO_8859_1) + " and then silence";
        } catch (IOException e) {
            return answer.toString(StandardCharsets.ISO_8859_1);
        }
        return answer.toString(StandardCharsets.ISO_8859_1);
    }
}
