package dev.lateen.proxy.admin;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;

/** Asks the application what the kubelet asked the agent: the probes that injection rewrote. */
final class AppProbes {
    private static final Duration TIMEOUT = Duration.ofSeconds(1);

    private final Map<String, Value> probes;
    private final HttpClient client =
            HttpClient.newBuilder().connectTimeout(TIMEOUT).build();

    /** Reads the value of ISTIO_KUBE_APP_PROBERS. */
    AppProbes(String json) {
        Struct.Builder struct = Struct.newBuilder();
        try {
            com.google.protobuf.util.JsonFormat.parser().merge(json.isEmpty() ? "{}" : json, struct);
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalArgumentException("ISTIO_KUBE_APP_PROBERS is not JSON: " + e.getMessage(), e);
        }
        probes = struct.getFieldsMap();
    }

    Page ask(String path) throws InterruptedException {
        Value probe = probes.get(path);
        if (probe == null) {
            return Page.error(404, "no probe was rewritten to " + path + "\n");
        }
        Map<String, Value> fields = probe.getStructValue().getFieldsMap();
        Value seconds = fields.get("timeoutSeconds");
        Duration timeout = seconds == null ? TIMEOUT : Duration.ofSeconds((long) seconds.getNumberValue());
        try {
            Value http = fields.get("httpGet");
            if (http != null) {
                return http(http.getStructValue().getFieldsMap(), timeout);
            }
            Value tcp = fields.get("tcpSocket");
            if (tcp != null) {
                return tcp(port(tcp.getStructValue().getFieldsMap()), timeout);
            }
            return Page.error(500, "the probe of " + path + " is neither httpGet nor tcpSocket\n");
        } catch (IOException e) {
            return Page.error(503, "the application does not answer: " + e.getMessage() + "\n");
        }
    }

    private static int port(Map<String, Value> fields) {
        Value port = fields.get("port");
        return port == null ? 80 : (int) port.getNumberValue();
    }

    private Page http(Map<String, Value> get, Duration timeout) throws IOException, InterruptedException {
        Value path = get.get("path");
        URI uri = URI.create("http://127.0.0.1:" + port(get) + (path == null ? "/" : path.getStringValue()));
        HttpResponse<Void> response = client.send(
                HttpRequest.newBuilder(uri).timeout(timeout).build(), HttpResponse.BodyHandlers.discarding());
        return Page.error(response.statusCode(), "");
    }

    private static Page tcp(int port, Duration timeout) throws IOException {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), (int) timeout.toMillis());
            return Page.text("");
        }
    }
}
