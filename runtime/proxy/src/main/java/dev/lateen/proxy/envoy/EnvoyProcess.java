package dev.lateen.proxy.envoy;

import dev.lateen.proxy.ProxyOptions;
import dev.lateen.proxy.telemetry.WorkloadVariables;
import dev.lateen.xds.XdsJson;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A running Envoy, a child of this process: its end, and its admin interface. Any thread. */
public final class EnvoyProcess {
    private static final Logger log = LoggerFactory.getLogger(EnvoyProcess.class);
    private static final Duration PATIENCE = Duration.ofSeconds(2);
    /** Envoy ends at once when it is asked to. */
    private static final Duration LAST_MOMENT = Duration.ofSeconds(5);

    /** Counts that are above 0, or the state that is 0, once the first configuration is in force. */
    private static final String READY = "/stats?filter=%5E(server%5C.state%7Clistener_manager%5C.workers_started"
            + "%7C(cluster_manager%5C.cds%7Clistener_manager%5C.lds)%5C.update_success)$";

    private final Process process;
    private final String admin;
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(PATIENCE)
            .build();

    private EnvoyProcess(Process process, int adminPort) {
        this.process = process;
        this.admin = "http://127.0.0.1:" + adminPort;
    }

    /**
     * Starts it, with the standard output of this process.
     *
     * @param resolver port of the loopback where it asks for addresses; 0: where the pod's programs do
     * @throws IOException when the bootstrap cannot be written or the program cannot be run; names the file
     */
    public static EnvoyProcess start(ProxyOptions options, EnvoyOptions envoy, int resolver) throws IOException {
        Files.createDirectories(envoy.directory());
        Files.writeString(envoy.bootstrap(), XdsJson.print(EnvoyBootstrap.of(options, envoy.socket(), resolver)));
        ProcessBuilder program = new ProcessBuilder(envoy.command(options.concurrency())).inheritIO();
        Map<String, String> environment = program.environment();
        WorkloadVariables.of(options.node().getMetadata()).forEach(environment::putIfAbsent);
        Process process = program.start();
        log.info("Envoy {} runs as process {}", envoy.program(), process.pid());
        return new EnvoyProcess(process, options.adminPort());
    }

    /** Waits until it has ended. */
    public int awaitExit() throws InterruptedException {
        return process.waitFor();
    }

    /** Why it does not serve yet, in lines of text; empty when it does. */
    public String unready() {
        try {
            return unready(get(READY).lines().toList());
        } catch (IOException e) {
            return "INITIALIZING\nEnvoy's admin interface does not answer: " + e + "\n";
        }
    }

    /** @param stats lines {@code NAME: VALUE} of what {@link #READY} asks for */
    static String unready(List<String> stats) {
        if (!stats.contains("server.state: 0")) {
            return "INITIALIZING\nEnvoy is not live: " + String.join(", ", stats) + "\n";
        }
        for (String name : List.of(
                "cluster_manager.cds.update_success",
                "listener_manager.lds.update_success",
                "listener_manager.workers_started")) {
            if (stats.stream().noneMatch(line -> line.startsWith(name + ": ") && !line.endsWith(": 0"))) {
                return "INITIALIZING\nEnvoy waits for configuration: no " + name + "\n";
            }
        }
        return "";
    }

    /** Its page of metrics, of what has been used; empty while it does not answer. */
    public String metrics() {
        try {
            return get("/stats/prometheus?usedonly");
        } catch (IOException e) {
            log.warn("Envoy's metrics cannot be read: {}", e.toString());
            return "";
        }
    }

    /** Has it tell callers that it ends; the app's own way out stays open. */
    public void drain() {
        try {
            var _ = send(HttpRequest.newBuilder(URI.create(admin + "/drain_listeners?inboundonly&graceful"))
                    .POST(BodyPublishers.noBody()));
        } catch (IOException e) {
            log.warn("Envoy does not drain: {}", e.toString());
        }
    }

    /** Ends it after {@code grace}, and returns its exit code: 128 and the signal when one ended it. */
    public int stop(Duration grace) {
        try {
            if (!process.waitFor(grace.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroy();
                if (!process.waitFor(LAST_MOMENT.toMillis(), TimeUnit.MILLISECONDS)) {
                    log.warn("Envoy does not end; it is killed");
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return process.destroyForcibly().onExit().join().exitValue();
    }

    private String get(String path) throws IOException {
        return send(HttpRequest.newBuilder(URI.create(admin + path)));
    }

    private String send(HttpRequest.Builder request) throws IOException {
        try {
            HttpResponse<String> response =
                    http.send(request.timeout(PATIENCE).build(), HttpResponse.BodyHandlers.ofString());
            if (response.statusCode() != 200) {
                throw new IOException("it answers " + response.statusCode() + " " + response.body());
            }
            return response.body();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }
}
