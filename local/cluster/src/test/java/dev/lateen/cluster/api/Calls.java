package dev.lateen.cluster.api;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import tools.jackson.databind.JsonNode;

/** Raw requests to an API server under test, as its administrator. */
final class Calls implements AutoCloseable {
    private final HttpClient client;
    private final LoopbackApi api;

    Calls(LoopbackApi api) throws IOException, GeneralSecurityException {
        this.api = api;
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        store.setCertificateEntry(
                "authority",
                CertificateFactory.getInstance("X.509")
                        .generateCertificate(new ByteArrayInputStream(
                                api.server().certificateAuthority().getBytes(StandardCharsets.UTF_8))));
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext tls = SSLContext.getInstance("TLS");
        tls.init(null, trust.getTrustManagers(), null);
        client = HttpClient.newBuilder()
                .sslContext(tls)
                .version(HttpClient.Version.HTTP_1_1)
                .build();
    }

    /** An answer, whole. */
    record Answer(int code, JsonNode body, List<String> warnings) {
        String message() {
            return body.path("message").asString("");
        }
    }

    Answer call(String method, String path, String contentType, String body) {
        HttpResponse<String> response = send(method, path, contentType, body, HttpResponse.BodyHandlers.ofString());
        String text = response.body();
        JsonNode json = text.startsWith("{") ? Json.parse(text) : Json.parse("{}");
        return new Answer(response.statusCode(), json, response.headers().allValues("Warning"));
    }

    Answer get(String path) {
        return call("GET", path, "application/json", "");
    }

    Answer post(String path, String body) {
        return call("POST", path, "application/json", body);
    }

    /** The lines of a watch, as they come; close it when done. */
    Stream<JsonNode> watch(String path) {
        return send("GET", path, "application/json", "", HttpResponse.BodyHandlers.ofLines())
                .body()
                .map(Json::parse);
    }

    private <T> HttpResponse<T> send(
            String method, String path, String contentType, String body, HttpResponse.BodyHandler<T> handler) {
        HttpRequest request = HttpRequest.newBuilder(URI.create("https://localhost:" + api.port() + path))
                .timeout(Duration.ofSeconds(20))
                .header("Authorization", "Bearer " + api.server().adminToken())
                .header("Content-Type", contentType)
                .header("User-Agent", "test/1")
                .method(method, HttpRequest.BodyPublishers.ofString(body))
                .build();
        try {
            return client.send(request, handler);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(method + " " + path, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        client.close();
    }
}
