package dev.lateen.samples;

import java.io.IOException;
import java.util.function.IntSupplier;
import java.util.random.RandomGenerator;

/**
 * A service that fails as often as the caller asks: {@code GET /?failRate=P&mode=crash|busy}. With P percent
 * probability {@code crash}, the default, hangs for two seconds and takes the whole process down, while other requests
 * are served; {@code busy} answers 503 at once. Otherwise it answers {@code OK}.
 */
public final class RetryBackend {
    private static final int EXIT_CODE = 69;
    private static final long HANG_MILLIS = 2000;

    private final IntSupplier percent;
    private final Runnable crash;

    RetryBackend(IntSupplier percent, Runnable crash) {
        this.percent = percent;
        this.crash = crash;
    }

    HttpServer.Answer answer(HttpServer.Request request) throws InterruptedException {
        HttpServer.delay(request);
        if (percent.getAsInt() >= HttpServer.number(request.parameter("failRate", "0"))) {
            return new HttpServer.Answer(200, "OK\n");
        }
        if (request.parameter("mode", "crash").equals("busy")) {
            return new HttpServer.Answer(503, "busy\n");
        }
        Thread.sleep(HANG_MILLIS);
        crash.run();
        return new HttpServer.Answer(503, "crashed\n");
    }

    /** Serves on {@code $PORT}, or 80. */
    public static void main(String[] arguments) throws IOException {
        RetryBackend backend =
                new RetryBackend(() -> RandomGenerator.getDefault().nextInt(100), () -> {
                    System.out.println("crashing with exit code " + EXIT_CODE);
                    Runtime.getRuntime().halt(EXIT_CODE);
                });
        try (HttpServer server = new HttpServer(HttpServer.portFromEnvironment(), backend::answer)) {
            System.out.println("retry-backend listens on " + server.port());
            server.serve();
        }
    }
}
