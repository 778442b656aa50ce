package dev.lateen.cluster.api;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import tools.jackson.databind.JsonNode;

/** An admission webhook on loopback over TLS that answers as a test says, and keeps what it was asked. */
final class WebhookServer implements AutoCloseable {
    private final HttpsServer server;
    private final String authority;
    private final List<JsonNode> requests = new CopyOnWriteArrayList<>();

    /** @param answer the response's fields, without the uid, from the request */
    WebhookServer(Path directory, Function<JsonNode, String> answer) throws IOException, GeneralSecurityException {
        ServerIdentity identity = ServerIdentity.load(directory);
        authority = identity.authorityPem();
        char[] password = "test".toCharArray();
        KeyStore keys = KeyStore.getInstance(KeyStore.getDefaultType());
        keys.load(null, null);
        keys.setKeyEntry("server", identity.key(), password, identity.chain());
        KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(keys, password);
        SSLContext tls = SSLContext.getInstance("TLS");
        tls.init(managers.getKeyManagers(), null, null);
        server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(tls));
        server.createContext("/", exchange -> {
            JsonNode request =
                    Json.readStored(exchange.getRequestBody().readAllBytes()).path("request");
            requests.add(request);
            String body = "{\"kind\":\"AdmissionReview\",\"apiVersion\":\"admission.k8s.io/v1\",\"response\":{\"uid\":"
                    + request.path("uid") + "," + answer.apply(request) + "}}";
            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
        });
        server.start();
    }

    List<JsonNode> requests() {
        return requests;
    }

    String clientConfig() {
        String bundle = Base64.getEncoder().encodeToString(authority.getBytes(StandardCharsets.UTF_8));
        return "{\"url\":\"https://localhost:" + server.getAddress().getPort() + "/hook\",\"caBundle\":\"" + bundle
                + "\"}";
    }

    /** The response that adds a JSON patch. */
    static String patch(String operations) {
        return "\"allowed\":true,\"patchType\":\"JSONPatch\",\"patch\":\""
                + Base64.getEncoder().encodeToString(operations.getBytes(StandardCharsets.UTF_8)) + "\"";
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
