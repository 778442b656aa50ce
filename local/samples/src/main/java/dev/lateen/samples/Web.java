package dev.lateen.samples;

import java.io.IOException;

/** A web front end that says its version and its pod; {@code ?delay=MS} waits first. */
public final class Web {
    private Web() {}

    static HttpServer.Answer answer(String version, String pod, HttpServer.Request request)
            throws InterruptedException {
        HttpServer.delay(request);
        return new HttpServer.Answer(200, "Version " + version + " from " + pod + "\n");
    }

    /** Serves on {@code $PORT}, or 80; the version is {@code $VERSION}, the pod's name {@code $HOSTNAME}. */
    public static void main(String[] arguments) throws IOException {
        String version = System.getenv().getOrDefault("VERSION", "1");
        String host = System.getenv("HOSTNAME");
        String pod = host == null ? "nowhere" : host;
        try (HttpServer server =
                new HttpServer(HttpServer.portFromEnvironment(), request -> answer(version, pod, request))) {
            System.out.println("web " + version + " listens on " + server.port());
            server.serve();
        }
    }
}
