package dev.lateen.acceptance.access;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;

/** The service that the table's CUSTOM policies have asked: see {@link AccessTable#SERVICE}. */
final class AskedService implements AutoCloseable {
    /** The mesh's settings as an object. */
    static String object(String settings) {
        return """
                ---
                apiVersion: v1
                kind: ConfigMap
                metadata: {name: istio, namespace: istio-system}
                data:
                  mesh: |
                """ + settings.indent(4);
    }

    private final HttpServer server;

    AskedService() throws IOException {
        server = HttpServer.create(new InetSocketAddress("10.99.0.2", 9191), 128);
        server.createContext("/", exchange -> {
            boolean allowed = "yes".equals(exchange.getRequestHeaders().getFirst("x-asked"));
            exchange.sendResponseHeaders(allowed ? 200 : 403, -1);
            exchange.close();
        });
        server.start();
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
