package dev.lateen.telemetry;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** Reads the page {@code /tap} of a proxy: requests as they end, one JSON object a line, empty lines in between. */
public final class RequestStream {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private RequestStream() {}

    /**
     * Gives each request to {@code sink} until the proxy ends, or the thread is interrupted.
     *
     * @throws IOException when the page cannot be read, or is no longer there
     */
    public static void read(URI page, Consumer<RequestLine> sink) throws IOException, InterruptedException {
        try (HttpClient client =
                HttpClient.newBuilder().connectTimeout(PATIENCE).build()) {
            HttpResponse<Stream<String>> answer =
                    client.send(HttpRequest.newBuilder(page).build(), HttpResponse.BodyHandlers.ofLines());
            try (Stream<String> lines = answer.body()) {
                if (answer.statusCode() != 200) {
                    throw new IOException("answered " + answer.statusCode() + ": "
                            + lines.findFirst().orElse(""));
                }
                lines.filter(line -> !line.isBlank()).map(RequestLine::parse).forEach(sink);
            } catch (java.io.UncheckedIOException e) {
                throw new IOException("is no longer there", e);
            } finally {
                client.shutdownNow();
            }
        }
    }
}
