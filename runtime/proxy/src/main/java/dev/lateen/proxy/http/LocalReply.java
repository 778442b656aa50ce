package dev.lateen.proxy.http;

import dev.lateen.proxy.stream.ServerStream;
import dev.lateen.proxycore.Fault;
import dev.lateen.proxycore.ResponseFlag;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.head.ResponseHead;
import dev.lateen.proxycore.route.HeaderMutations;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;

/** Answers that this proxy gives itself. */
final class LocalReply {
    private LocalReply() {}

    /** Answers with what went wrong. */
    static void send(
            ServerStream stream, RequestHead request, HeaderMutations mutations, Fault fault, RequestRecord record) {
        record.fault(fault);
        ResponseHead response = new ResponseHead(fault.status());
        if (fault.flag() == ResponseFlag.UO) {
            response.with("x-envoy-overloaded", "true");
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
        byte[] body = text.getBytes(StandardCharsets.ISO_8859_1);
        boolean bodiless = body.length == 0 || request.method().equals("HEAD");
        response.with("content-length", Integer.toString(body.length));
        if (body.length > 0) {
            response.with("content-type", "text/plain");
        }
        record.answered(response);
        mutations.apply(response.fields(), record);
        stream.head(response, bodiless);
        if (!bodiless) {
            record.sent(body.length);
            stream.data(Unpooled.wrappedBuffer(body), true);
        }
        record.ended();
    }
}
