package dev.lateen.cluster.streams;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameDecoder;
import io.netty.handler.codec.http.websocketx.WebSocket13FrameEncoder;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import io.netty.handler.ssl.SslHandler;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Turns an HTTP/1.1 connection into one of another protocol (RFC 9110 section 7.8; RFC 6455 for WebSocket). */
final class ProtocolSwitch {
    /** A frame carries at most this; a client that sends more is not one of Kubernetes'. */
    private static final int MAX_FRAME = 16 * 1024 * 1024;

    private static final String WEB_SOCKET_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

    private ProtocolSwitch() {}

    /** Whether the request asks for the protocol, which is compared without regard to case. */
    static boolean asksFor(HttpHeaders headers, String protocol) {
        return headers.containsValue(HttpHeaderNames.CONNECTION, "upgrade", true)
                && headers.containsValue(HttpHeaderNames.UPGRADE, protocol, true);
    }

    /** The comma-separated values of all fields of that name. */
    static List<String> values(HttpHeaders headers, CharSequence name) {
        var values = new ArrayList<String>();
        for (String field : headers.getAll(name)) {
            for (String value : field.split(",")) {
                if (!value.isBlank()) {
                    values.add(value.strip());
                }
            }
        }
        return values;
    }

    /** What is wrong with a WebSocket handshake, or null. */
    static @Nullable String webSocketProblem(HttpHeaders headers) {
        if (!"13".equals(headers.get(HttpHeaderNames.SEC_WEBSOCKET_VERSION))) {
            return "missing or bad WebSocket Version";
        }
        return headers.contains(HttpHeaderNames.SEC_WEBSOCKET_KEY) ? null : "missing Sec-WebSocket-Key";
    }

    /** The fields of the answer to a WebSocket handshake. */
    static Map<String, String> webSocketAnswer(HttpHeaders request, String subprotocol) {
        String key = request.get(HttpHeaderNames.SEC_WEBSOCKET_KEY, "");
        String accept;
        try {
            accept = Base64.getEncoder()
                    .encodeToString(MessageDigest.getInstance("SHA-1")
                            .digest((key.strip() + WEB_SOCKET_GUID).getBytes(StandardCharsets.US_ASCII)));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java platform has SHA-1", impossible);
        }
        return subprotocol.isEmpty()
                ? Map.of("Upgrade", "websocket", "Sec-WebSocket-Accept", accept)
                : Map.of("Upgrade", "websocket", "Sec-WebSocket-Accept", accept, "Sec-WebSocket-Protocol", subprotocol);
    }

    /** Handlers of a WebSocket server's frames, then the given ones. */
    static ChannelHandler[] overWebSocket(ChannelHandler... then) {
        var config = WebSocketDecoderConfig.newBuilder()
                .maxFramePayloadLength(MAX_FRAME)
                .withUTF8Validator(false)
                .build();
        ChannelHandler[] all = Arrays.copyOf(
                new ChannelHandler[] {new WebSocket13FrameDecoder(config), new WebSocket13FrameEncoder(false)},
                2 + then.length);
        System.arraycopy(then, 0, all, 2, then.length);
        return all;
    }

    /**
     * Sends the answer 101 and puts the handlers in the place of all others but TLS. On the event loop.
     *
     * @return false if the client has gone
     */
    static boolean complete(Channel channel, Map<String, String> answer, ChannelHandler... handlers) {
        if (!channel.isActive()) {
            return false;
        }
        var head = new StringBuilder("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n");
        answer.forEach(
                (name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
        ByteBuf bytes = ByteBufUtil.writeAscii(channel.alloc(), head.append("\r\n"));
        ChannelPipeline pipeline = channel.pipeline();
        var old = new ArrayList<ChannelHandler>();
        pipeline.forEach(entry -> {
            if (!(entry.getValue() instanceof SslHandler)) {
                old.add(entry.getValue());
            }
        });
        pipeline.addLast(handlers);
        // From the last to the first: bytes that the HTTP decoder already holds go to the new handlers.
        for (ChannelHandler handler : old.reversed()) {
            pipeline.remove(handler);
        }
        ChannelHandlerContext first = pipeline.context(handlers[0]);
        var _ = first.writeAndFlush(bytes);
        return true;
    }
}
