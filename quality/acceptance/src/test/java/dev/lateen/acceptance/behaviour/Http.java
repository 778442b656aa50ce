package dev.lateen.acceptance.behaviour;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** Just enough of HTTP/1.1 to write and read messages byte by byte. */
public final class Http {
    /** A message: its first line, its fields by lower-case name, its whole body. */
    public record Message(String start, Map<String, String> fields, String body) {}

    private Http() {}

    /**
     * Reads one message.
     *
     * @param bodyless the message has no body whatever its fields say
     * @throws EOFException if the connection ended before or within it
     */
    public static Message read(InputStream in, boolean bodyless) throws IOException {
        String start = line(in);
        Map<String, String> fields = new LinkedHashMap<>();
        for (String line = line(in); !line.isEmpty(); line = line(in)) {
            int colon = line.indexOf(':');
            String name = line.substring(0, colon).toLowerCase(Locale.ROOT);
            fields.merge(name, line.substring(colon + 1).strip(), (a, b) -> a + "," + b);
        }
        boolean informational = start.startsWith("HTTP/1.1 1");
        return informational ? read(in, bodyless) : new Message(start, fields, bodyless ? "" : body(in, start, fields));
    }

    private static String body(InputStream in, String start, Map<String, String> fields) throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        if (fields.getOrDefault("transfer-encoding", "").contains("chunked")) {
            for (int size = Integer.parseInt(line(in), 16); size > 0; size = Integer.parseInt(line(in), 16)) {
                body.write(exactly(in, size));
                line(in);
            }
            while (!line(in).isEmpty()) {
                // Trailers say nothing here.
            }
        } else if (fields.containsKey("content-length")) {
            body.write(exactly(in, Integer.parseInt(fields.get("content-length"))));
        } else if (start.startsWith("HTTP/") && !start.contains(" 204 ") && !start.contains(" 304 ")) {
            in.transferTo(body);
        }
        return body.toString(StandardCharsets.UTF_8);
    }

    private static byte[] exactly(InputStream in, int size) throws IOException {
        byte[] bytes = in.readNBytes(size);
        if (bytes.length < size) {
            throw new EOFException("closed within a body");
        }
        return bytes;
    }

    public static String line(InputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b < 0) {
                throw new EOFException("closed");
            }
            if (b < ' ' && b != '\r' && b != '\t') {
                throw new IOException("not a line of text: a handshake of TLS, maybe");
            }
            if (b != '\r') {
                line.write(b);
            }
        }
        return line.toString(StandardCharsets.UTF_8);
    }
}
