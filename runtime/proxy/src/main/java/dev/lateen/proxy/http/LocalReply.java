package dev.lateen.proxy.http;

import dev.lateen.proxy.stream.ServerStream;
import dev.lateen.proxycore.Fault;
import dev.lateen.proxycore.ResponseFlag;
import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import dev.lateen.proxycore.route.HeaderMutations;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;

/**
 * Answers that this proxy gives itself. A gRPC caller gets what went wrong as its status (gRPC over HTTP/2,
 * "Responses"; the mapping of HTTP statuses is gRPC's own, http-grpc-status-mapping), as it reads nothing else.
 */
final class LocalReply {
    private static final String GRPC = "application/grpc";

    private LocalReply() {}

    /** Answers with what went wrong. */
    static void send(
            ServerStream stream, RequestHead request, HeaderMutations mutations, Fault fault, RequestRecord record) {
        record.fault(fault);
        ResponseHead response = new ResponseHead(fault.status());
        if (fault.flag() == ResponseFlag.UO) {
            response.with("x-envoy-overloaded", "true");
        }
        if (fault.isDeadline() && isGrpc(request)) {
            response.fields().set(FieldName.GRPC_STATUS, "4");
        }
        send(stream, request, mutations, response, fault.body(), record);
    }

    /** Answers with this head and text. */
    static void send(
            ServerStream stream,
            RequestHead request,
            HeaderMutations mutations,
            ResponseHead response,
            String text,
            RequestRecord record) {
        byte[] body = isGrpc(request) ? grpc(response, text) : text.getBytes(StandardCharsets.ISO_8859_1);
        boolean bodiless = body.length == 0 || request.method().equals("HEAD");
        if (!response.fields().contains(FieldName.GRPC_STATUS)) {
            response.with("content-length", Integer.toString(body.length));
        }
        if (body.length > 0) {
            response.with("content-type", "text/plain");
        }
        record.replied(response);
        mutations.apply(response.fields(), record);
        stream.head(response, bodiless);
        if (!bodiless) {
            record.sent(body.length);
            stream.data(Unpooled.wrappedBuffer(body), true);
        }
        record.ended();
    }

    /** Whether the caller speaks gRPC: content type {@code application/grpc}, alone or with a message format. */
    static boolean isGrpc(RequestHead request) {
        String type = request.fields().get(FieldName.CONTENT_TYPE);
        return type != null
                && type.regionMatches(true, 0, GRPC, 0, GRPC.length())
                && (type.length() == GRPC.length()
                        || type.charAt(GRPC.length()) == '+'
                        || type.charAt(GRPC.length()) == ';');
    }

    /** Makes it a gRPC answer of its head alone; an answer without failure has no other form. */
    private static byte[] grpc(ResponseHead response, String text) {
        int status = response.status();
        response.status(200);
        response.fields().set(FieldName.CONTENT_TYPE, GRPC);
        if (!response.fields().contains(FieldName.GRPC_STATUS)) {
            response.fields().set(FieldName.GRPC_STATUS, Integer.toString(grpcStatus(status)));
        }
        if (!text.isEmpty()) {
            response.fields().set(FieldName.GRPC_MESSAGE, percentEncoded(text));
        }
        return new byte[0];
    }

    static int grpcStatus(int http) {
        return switch (http) {
            case 200 -> 0;
            case 400 -> 13;
            case 401 -> 16;
            case 403 -> 7;
            case 404 -> 12;
            case 429, 502, 503, 504 -> 14;
            default -> 2;
        };
    }

    /** Printable ASCII but for the percent sign stands for itself (gRPC over HTTP/2, "Status-Message"). */
    private static String percentEncoded(String text) {
        StringBuilder out = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c >= ' ' && c <= '~' && c != '%') {
                out.append(c);
            } else {
                out.append('%')
                        .append(Character.toUpperCase(Character.forDigit(c >> 4 & 0xF, 16)))
                        .append(Character.toUpperCase(Character.forDigit(c & 0xF, 16)));
            }
        }
        return out.toString();
    }
}
