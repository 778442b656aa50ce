package dev.lateen.samples;

import java.io.IOException;
import java.io.PrintStream;
import java.time.LocalTime;
import java.time.format.DateTimeFormatter;

/** Prints every request that reaches it in the manner of tcpdump's lines, and answers 200. */
public final class Sniffer {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss.SSSSSS");

    private Sniffer() {}

    static HttpServer.Answer answer(HttpServer.Request request, String here, LocalTime time, PrintStream out)
            throws InterruptedException {
        HttpServer.delay(request);
        StringBuilder text = new StringBuilder(TIME.format(time));
        text.append(" IP ").append(request.peer()).append(" > ").append(here).append(": HTTP: ");
        text.append(request.method()).append(' ').append(request.target()).append(" HTTP/1.1\n");
        request.headers().forEach((name, value) -> text.append('\t')
                .append(name)
                .append(": ")
                .append(value)
                .append('\n'));
        // One write per request: requests that come at once do not mix their lines.
        synchronized (out) {
            out.print(text);
            out.flush();
        }
        return new HttpServer.Answer(200, "seen\n");
    }

    private static LocalTime now() {
        return LocalTime.now(java.time.ZoneId.systemDefault());
    }

    /** Serves on {@code $PORT}, or 80. */
    public static void main(String[] arguments) throws IOException {
        String host = System.getenv("HOSTNAME");
        PrintStream out = System.out;
        String here = (host == null ? "sniffer" : host) + ".http";
        try (HttpServer server =
                new HttpServer(HttpServer.portFromEnvironment(), request -> answer(request, here, now(), out))) {
            System.out.println("listening on port " + server.port());
            server.serve();
        }
    }
}
