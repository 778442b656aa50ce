package dev.lateen.proxy.admin;

import com.sun.net.httpserver.HttpExchange;
import dev.lateen.proxy.telemetry.RequestTap;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * Requests as they end, a line of JSON each, for as long as somebody reads; an empty line a second where there are none,
 * so that one who has gone is noticed.
 */
final class TapPage {
    private static final Duration PAUSE = Duration.ofSeconds(1);

    private final RequestTap tap;

    TapPage(RequestTap tap) {
        this.tap = tap;
    }

    void show(HttpExchange exchange) throws IOException {
        try (exchange;
                RequestTap.Watch watch = tap.open()) {
            if (watch == null) {
                byte[] why = "too many look at requests already\n".getBytes(StandardCharsets.UTF_8);
                exchange.sendResponseHeaders(503, why.length);
                exchange.getResponseBody().write(why);
                return;
            }
            exchange.getResponseHeaders().set("Content-Type", "application/x-ndjson");
            exchange.sendResponseHeaders(200, 0);
            write(exchange.getResponseBody(), watch);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the proxy ends
        }
    }

    private static void write(OutputStream out, RequestTap.Watch watch) throws IOException, InterruptedException {
        while (true) {
            String line = watch.next(PAUSE);
            long missed = watch.missed();
            String text = (missed == 0 ? "" : "{\"missed\":\"" + missed + "\"}\n") + (line == null ? "\n" : line);
            out.write(text.getBytes(StandardCharsets.UTF_8));
            out.flush();
        }
    }
}
