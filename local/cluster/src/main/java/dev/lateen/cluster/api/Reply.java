package dev.lateen.cluster.api;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import java.nio.charset.StandardCharsets;
import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * A whole answer.
 *
 * @param code HTTP status
 * @param contentType type of the body
 * @param body the body
 * @param warnings texts that kubectl prints as {@code Warning:}
 */
@SuppressWarnings("ArrayRecordComponent") // written once to one connection
record Reply(int code, String contentType, byte[] body, List<String> warnings) {
    static final String JSON = "application/json";

    static Reply json(int code, JsonNode body) {
        return new Reply(code, JSON, Json.write(body), List.of());
    }

    static Reply text(int code, String body) {
        return new Reply(code, "text/plain; charset=utf-8", body.getBytes(StandardCharsets.UTF_8), List.of());
    }

    Reply with(List<String> more) {
        return new Reply(code, contentType, body, more);
    }

    FullHttpResponse http() {
        FullHttpResponse response = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(code), Unpooled.wrappedBuffer(body));
        response.headers().set(HttpHeaderNames.CONTENT_TYPE, contentType);
        response.headers().setInt(HttpHeaderNames.CONTENT_LENGTH, body.length);
        response.headers().set("audit-id", java.util.UUID.randomUUID().toString());
        for (String warning : warnings) {
            response.headers()
                    .add("Warning", "299 - \"" + warning.replace("\\", "\\\\").replace("\"", "\\\"") + "\"");
        }
        return response;
    }
}
