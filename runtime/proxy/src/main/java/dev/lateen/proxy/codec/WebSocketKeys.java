package dev.lateen.proxy.codec;

import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.Fields;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The proof that a server understood a WebSocket handshake: HTTP/1.1 has it (RFC 6455 section 4), HTTP/2 does not need
 * it (RFC 8441 section 5). Whoever stands between the two makes it up on one side and drops it on the other.
 */
final class WebSocketKeys {
    private static final FieldName KEY = FieldName.of("sec-websocket-key");
    private static final FieldName ACCEPT = FieldName.of("sec-websocket-accept");
    private static final String GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

    private WebSocketKeys() {}

    /** Gives a request of HTTP/1.1 the key that it needs, unless it has one. */
    static void addKey(Fields request, RandomGenerator random) {
        if (!request.contains(KEY)) {
            byte[] key = new byte[16];
            random.nextBytes(key);
            request.set(KEY, Base64.getEncoder().encodeToString(key));
        }
    }

    /** Takes the key out of a request that goes on by HTTP/2; it is needed for the answer. */
    static @Nullable String takeKey(Fields request) {
        String key = request.get(KEY);
        request.remove(KEY);
        return key;
    }

    /** Gives an answer of HTTP/1.1 the proof for this key. */
    static void addAnswer(Fields response, String key) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-1").digest((key + GUID).getBytes(StandardCharsets.ISO_8859_1));
            response.set(ACCEPT, Base64.getEncoder().encodeToString(hash));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-1", e);
        }
    }

    /** Takes the proof out of an answer that goes on by HTTP/2. */
    static void dropAnswer(Fields response) {
        response.remove(ACCEPT);
    }
}
