package dev.lateen.cluster.streams;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** The {@code metav1.Status} objects that streams answer with: in place of an upgrade, and at a command's end. */
final class StreamStatus {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private StreamStatus() {}

    /** The end of a command on the error channel since version 4 of the protocol. */
    static String exited(int exitCode) {
        ObjectNode status = JSON.objectNode();
        status.putObject("metadata");
        if (exitCode == 0) {
            return status.put("status", "Success").toString();
        }
        status.put("status", "Failure").put("message", exitMessage(exitCode)).put("reason", "NonZeroExitCode");
        status.putObject("details")
                .putArray("causes")
                .addObject()
                .put("reason", "ExitCode")
                .put("message", Integer.toString(exitCode));
        return status.toString();
    }

    /** The same end in the words of versions 1 to 3, which know text only. */
    static String exitMessage(int exitCode) {
        return "command terminated with non-zero exit code: exit status " + exitCode;
    }

    /** A failure as an HTTP answer; the connection stays usable. */
    static FullHttpResponse failure(int code, @Nullable String message) {
        return answer(code, failureObject(code, message));
    }

    /** 404 for a pod that is not stored. */
    static FullHttpResponse podNotFound(String pod) {
        ObjectNode status = failureObject(404, "pods \"" + pod + "\" not found");
        status.putObject("details").put("name", pod).put("kind", "pods");
        return answer(404, status);
    }

    /** 422 for a bad field of the log options. */
    static FullHttpResponse invalidLogOptions(String pod, InvalidLogOption problem) {
        ObjectNode status = failureObject(
                422, "PodLogOptions \"" + pod + "\" is invalid: " + problem.field() + ": " + problem.getMessage());
        ObjectNode details = status.putObject("details");
        details.put("name", pod).put("kind", "PodLogOptions");
        details.putArray("causes")
                .addObject()
                .put("reason", problem.reason())
                .put("message", problem.getMessage())
                .put("field", problem.field());
        return answer(422, status);
    }

    private static ObjectNode failureObject(int code, @Nullable String message) {
        ObjectNode status = JSON.objectNode();
        status.put("kind", "Status").put("apiVersion", "v1").putObject("metadata");
        status.put("status", "Failure")
                .put("message", message == null ? "" : message)
                .put("reason", reason(code));
        status.put("code", code);
        return status;
    }

    private static FullHttpResponse answer(int code, ObjectNode status) {
        byte[] body = (status + "\n").getBytes(StandardCharsets.UTF_8);
        var response = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(code), Unpooled.wrappedBuffer(body));
        response.headers()
                .set(HttpHeaderNames.CONTENT_TYPE, "application/json")
                .set(HttpHeaderNames.CACHE_CONTROL, "no-cache, private")
                .setInt(HttpHeaderNames.CONTENT_LENGTH, body.length);
        return response;
    }

    private static String reason(int code) {
        return switch (code) {
            case 400 -> "BadRequest";
            case 401 -> "Unauthorized";
            case 403 -> "Forbidden";
            case 404 -> "NotFound";
            case 405 -> "MethodNotAllowed";
            case 409 -> "Conflict";
            case 422 -> "Invalid";
            case 503 -> "ServiceUnavailable";
            case 504 -> "Timeout";
            default -> "InternalError";
        };
    }
}
