package dev.lateen.acceptance.faults;

import dev.lateen.control.ControlOptions;
import dev.lateen.control.ControlPlane;
import dev.lateen.proxy.Proxy;
import dev.lateen.proxy.ProxyOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A control plane on a directory, the sidecar of the caller, and the apps. */
final class Scene implements AutoCloseable {
    /** Services: {@code web} has no rule; {@code ruled} retries what may be retried; {@code limited} has a time limit. */
    static final String WEB = "10.96.0.10";

    static final String RULED = "10.96.0.11";
    static final String LIMITED = "10.96.0.12";
    static final String FAR = "10.96.0.13";
    static final String ECHO = "10.96.0.14";
    static final String GRPC = "10.96.0.15";
    static final String SOLO = "10.96.0.16";
    static final String CHANGING = "10.96.0.17";
    static final String STRICT = "198.51.100.20";
    static final String LOGICAL = "198.51.100.21";
    static final String FIRST = "10.244.1.1";
    static final String SECOND = "10.244.1.2";

    private static final Duration START = Duration.ofSeconds(30);

    private final Path config;
    private final Path logs;
    private final HttpClient http = HttpClient.newHttpClient();
    private final ProxyOptions options;
    private final Path state;
    private Proxy proxy;
    private final App first = new App("first", FIRST);
    private final App second = new App("second", SECOND);
    private final Http2App firstGrpc = new Http2App(FIRST);
    private final Http2App secondGrpc = new Http2App(SECOND);
    private final App behind = new App("behind", "10.244.3.2");
    private final Relay relay = new Relay("10.244.3.1", "10.244.3.2", 100);
    private Names names = new Names(FIRST);
    private ControlPlane control;
    private final int controlPort;

    Scene(Path work) throws IOException {
        config = Files.createDirectory(work.resolve("config"));
        logs = Files.createDirectory(work.resolve("logs"));
        Network.disk(logs, 1024);
        Files.writeString(config.resolve("scene.yaml"), manifests());
        control = control(0);
        controlPort = control.xdsPort();
        state = Files.createDirectory(work.resolve("state"));
        options = ProxyOptions.fromEnvironment(
                        ProxyOptions.Role.SIDECAR,
                        "127.0.0.1:" + controlPort,
                        Map.of("app", "caller"),
                        Map.of(
                                "POD_NAMESPACE",
                                "default",
                                "POD_NAME",
                                "caller",
                                "INSTANCE_IP",
                                Network.CALLER,
                                "ISTIO_META_INTERCEPTION_MODE",
                                "REDIRECT"))
                .withFreePorts()
                .withStateDirectory(state);
        proxy = Proxy.start(options);
        await("the proxy is ready", START, proxy::ready);
        answers(WEB, "web");
        answers(RULED, "ruled");
        answers(LIMITED, "limited");
        answers(FAR, "far");
        answers(STRICT, "strict.test");
        answers(LOGICAL, "logical.test");
    }

    private static void answers(String address, String host) throws IOException {
        Caller.Reply last = Caller.http(address, "start", host, "", "");
        long end = System.nanoTime() + START.toNanos();
        while (last.status() != 200) {
            if (System.nanoTime() > end) {
                throw new IOException(host + " does not answer: " + last);
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
            last = Caller.http(address, "start", host, "", "");
        }
    }

    private ControlPlane control(int port) throws IOException {
        ControlPlane plane = ControlPlane.start(
                ControlOptions.defaults()
                        .withConfigDir(config)
                        .withBind(InetAddress.getLoopbackAddress())
                        .withPorts(port, 0, 0)
                        .withDebounce(Duration.ofMillis(25), Duration.ofSeconds(1)),
                "test");
        plane.ready().join();
        return plane;
    }

    private String manifests() {
        StringBuilder all = new StringBuilder("""
                apiVersion: v1
                kind: ConfigMap
                metadata: {name: istio, namespace: istio-system}
                data:
                  mesh: |
                    accessLogFile: %s
                    accessLogFormat: "%%REQ(X-ID)%% %%RESPONSE_CODE%% %%RESPONSE_FLAGS%% %%UPSTREAM_REQUEST_ATTEMPT_COUNT%%\\n"
                    dnsRefreshRate: 1s
                """.formatted(logs.resolve("access")));
        for (String pod : List.of(FIRST, SECOND, "10.244.3.1")) {
            all.append(pod(pod, "app", "v1"));
        }
        all.append(limits("web", "web")).append(service("web", WEB, "http", 80, App.PORT, FIRST, SECOND));
        all.append(limits("ruled", "ruled")).append(service("ruled", RULED, "http", 80, App.PORT, FIRST, SECOND));
        all.append(limits("limited", "limited")).append(service("limited", LIMITED, "http", 80, App.PORT, FIRST));
        all.append(limits("far", "far")).append(service("far", FAR, "http", 80, App.PORT, "10.244.3.1"));
        // Nothing repeats a connection of TCP: its own packets must get the time to be sent again, four times.
        all.append(limits("echo", "echo").replace("connectTimeout: 2s", "connectTimeout: 16s"))
                .append(service("echo", ECHO, "tcp", App.TCP_PORT, App.TCP_PORT, FIRST, SECOND));
        all.append(service("grpc", GRPC, "grpc", 80, Http2App.PORT, FIRST, SECOND));
        all.append(service("solo", SOLO, "grpc", 80, Http2App.PORT, FIRST));
        all.append(service("changing", CHANGING, "http", 80, App.PORT, FIRST, SECOND));
        all.append(named("strict", STRICT, "DNS")).append(named("logical", LOGICAL, "DNS_ROUND_ROBIN"));
        all.append(
                route("ruled", "retries: {attempts: 3, perTryTimeout: 300ms, retryOn: 'reset,connect-failure,5xx'}"));
        all.append(route("limited", "timeout: 500ms"));
        return all.toString();
    }

    static String pod(String address, String app, String version) {
        return """
                ---
                apiVersion: v1
                kind: Pod
                metadata: {name: pod-%s, namespace: default, labels: {app: %s, version: %s}}
                spec: {serviceAccountName: default, containers: [{name: app, image: app}]}
                status: {podIP: %s, phase: Running, conditions: [{type: Ready, status: "True"}]}
                """.formatted(address.replace('.', '-'), app, version, address);
    }

    static String service(String name, String address, String port, int number, int target, String... pods) {
        return """
                ---
                apiVersion: v1
                kind: Service
                metadata: {name: %1$s, namespace: default}
                spec: {clusterIP: %2$s, ports: [{name: %3$s, port: %4$d, targetPort: %5$d}]}
                ---
                apiVersion: discovery.k8s.io/v1
                kind: EndpointSlice
                metadata: {name: %1$s-x, namespace: default, labels: {kubernetes.io/service-name: %1$s}}
                addressType: IPv4
                ports: [{name: %3$s, port: %5$d}]
                endpoints: [%6$s]
                """.formatted(
                        name,
                        address,
                        port,
                        number,
                        target,
                        Stream.of(pods).map(Scene::endpoint).collect(Collectors.joining(", ")));
    }

    private static String endpoint(String pod) {
        return "{addresses: [%s], conditions: {ready: true}, targetRef: {kind: Pod, name: pod-%s, namespace: default}}"
                .formatted(pod, pod.replace('.', '-'));
    }

    private static String limits(String name, String host) {
        return """
                ---
                apiVersion: networking.istio.io/v1
                kind: DestinationRule
                metadata: {name: %s, namespace: default}
                spec:
                  host: %s
                  trafficPolicy: {connectionPool: {tcp: {connectTimeout: 2s}, http: {idleTimeout: 2s}}}
                """.formatted(name, host);
    }

    private static String named(String name, String address, String resolution) {
        return """
                ---
                apiVersion: networking.istio.io/v1
                kind: ServiceEntry
                metadata: {name: %1$s, namespace: default}
                spec:
                  hosts: [%1$s.test]
                  addresses: [%2$s]
                  ports: [{number: 80, name: http, protocol: HTTP, targetPort: %4$d}]
                  resolution: %3$s
                  endpoints: [{address: app.%1$s.test}]
                """.formatted(name, address, resolution, App.PORT) + limits(name, name + ".test");
    }

    private static String route(String name, String policy) {
        return """
                ---
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: %1$s, namespace: default}
                spec: {hosts: [%1$s], http: [{route: [{destination: {host: %1$s}}], %2$s}]}
                """.formatted(name, policy);
    }

    App first() {
        return first;
    }

    App second() {
        return second;
    }

    /** How many requests whose id begins so reached an app whole. */
    long arrivals(String prefix) {
        return ids(prefix).size();
    }

    /** How many of them reached one more than once. */
    long repeated(String prefix) {
        List<String> all = ids(prefix);
        return all.size() - all.stream().distinct().count();
    }

    private List<String> ids(String prefix) {
        return Stream.of(
                        first.arrivals(),
                        second.arrivals(),
                        behind.arrivals(),
                        firstGrpc.arrivals(),
                        secondGrpc.arrivals())
                .flatMap(List::stream)
                .filter(id -> id.startsWith(prefix))
                .toList();
    }

    /** Lines of the access log of requests whose id begins so, without the id; those that came in time. */
    List<String> logged(String prefix, int expected) throws IOException {
        Path file = logs.resolve("access");
        Callable<List<String>> lines = () -> Files.readAllLines(file).stream()
                .filter(line -> line.startsWith(prefix))
                .map(line -> line.substring(line.indexOf(' ') + 1))
                .toList();
        var _ = becomes(Duration.ofSeconds(10), () -> lines.call().size() >= expected);
        try {
            return lines.call();
        } catch (Exception e) {
            throw new IOException(e);
        }
    }

    Path logs() {
        return logs;
    }

    /** A page of the proxy's admin interface. */
    String page(String path) throws IOException {
        try {
            URI page = URI.create("http://127.0.0.1:" + proxy.adminPort() + path);
            return http.send(HttpRequest.newBuilder(page).build(), HttpResponse.BodyHandlers.ofString())
                    .body();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    /** A count of the proxy, all its label sets together. */
    long count(String metric) throws IOException {
        return sum(page("/stats/prometheus"), "(?m)^" + metric + "(?:\\{.*})? (\\d+)$");
    }

    /** A gauge of all endpoints together. */
    long gauge(String name) throws IOException {
        return sum(page("/clusters"), "(?m)::" + name + "::(\\d+)$");
    }

    private static long sum(String text, String expression) {
        return Pattern.compile(expression)
                .matcher(text)
                .results()
                .mapToLong(found -> Long.parseLong(found.group(1)))
                .sum();
    }

    void stopControlPlane() {
        control.close();
    }

    /** Ends the sidecar and starts it again, as a container that is restarted; whether it serves in time. */
    boolean restartProxy(Duration most) throws IOException {
        proxy.close();
        proxy = Proxy.start(options);
        return becomes(most, proxy::ready);
    }

    /** Ends the sidecar and starts it again, as in a new pod: it knows nothing. */
    void restartProxyWithNothing() throws IOException {
        proxy.close();
        try (Stream<Path> kept = Files.list(state)) {
            for (Path file : kept.toList()) {
                Files.delete(file);
            }
        }
        proxy = Proxy.start(options);
    }

    /** Has the sidecar end as when its pod does. Blocks until it has. */
    void endProxy() {
        proxy.terminate();
    }

    /** Starts a sidecar in the place of one that has ended. */
    void startProxy() throws IOException {
        proxy.close();
        proxy = Proxy.start(options);
        await("the proxy is ready", START, proxy::ready);
    }

    /** With a new rule, whose field in answers tells which rules are in force. */
    void startControlPlane(String field) throws IOException {
        Files.writeString(config.resolve("new.yaml"), route("web", "headers: {response: {add: {" + field + ": new}}}"));
        control = control(controlPort);
    }

    /** Has {@code changing} go to a subset that only this rule has; at once, for whoever reads the directory. */
    void rule(int number) throws IOException {
        Path hidden = config.resolve(".rule");
        Files.writeString(hidden, """
                apiVersion: networking.istio.io/v1
                kind: DestinationRule
                metadata: {name: changing, namespace: default}
                spec: {host: changing, subsets: [{name: s%1$d, labels: {app: app}}]}
                ---
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: changing, namespace: default}
                spec: {hosts: [changing], http: [{route: [{destination: {host: changing, subset: s%1$d}}]}]}
                """.formatted(number));
        Files.move(hidden, config.resolve("rule.yaml"), StandardCopyOption.ATOMIC_MOVE);
    }

    void stopNames() {
        names.close();
    }

    void startNames(String address) throws IOException {
        names = new Names(address);
    }

    /** Whether it becomes so in time; a failure to find out is a no. */
    static boolean becomes(Duration patience, Callable<Boolean> condition) {
        long end = System.nanoTime() + patience.toNanos();
        do {
            try {
                if (condition.call()) {
                    return true;
                }
            } catch (Exception e) {
                // Asked again.
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
        } while (System.nanoTime() < end);
        return false;
    }

    static void await(String what, Duration patience, Callable<Boolean> condition) throws IOException {
        if (!becomes(patience, condition)) {
            throw new IOException("not within " + patience.toSeconds() + " s: " + what);
        }
    }

    @Override
    public void close() throws IOException {
        proxy.close();
        control.close();
        names.close();
        relay.close();
        first.close();
        second.close();
        behind.close();
        firstGrpc.close();
        secondGrpc.close();
        http.close();
    }
}
