package dev.lateen.acceptance.faults;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * Mixed traffic through two proxies for so many seconds, while the rules change every second, a gateway and the apps' sidecar: {@code Soak SECONDS}, in
 * network and mount namespaces of its own. No call may be lost, and no process may hold more and more memory. The last
 * line is {@code N passed, M failed}.
 */
public final class Soak {
    /**
     * How much more heap and direct memory, after a collection of garbage, a process may hold at the end than after the
     * warm-up. The rules and connections are the same again and again, so nothing is to be kept: what is left of noise
     * are buffers and pooled chunks in use at the moment of the sample, of 4 MB each for two event loops. Ten minutes
     * make some 200,000 calls and 600 sets of rules; 50 bytes lost for a call, or 17 KB for a set of rules, are more.
     */
    private static final long MOST_HELD = 10 << 20;
    /** The same of the resident set, which has the compiler's code and what malloc keeps besides: both come late. */
    private static final long MOST_RESIDENT = 64 << 20;

    /** Where the gateway is. */
    private static final String GATEWAY = "10.244.0.8";

    private static final int TCP_GATEWAY = 9001;
    private static final int WORKERS = 4;
    private static final int BATCH = 20;
    private static final int SAMPLES = 20;
    private static final String LARGE = "z".repeat(300_000);
    private static final String[] NAMES = {"control plane", "gateway", "app's proxy"};

    private final AtomicLong calls = new AtomicLong();
    private final List<String> lost = new ArrayList<>();
    private volatile boolean over;
    private int failed;

    /** What a process holds at a time. */
    private record Sample(double seconds, long heap, long direct, long resident) {
        long held() {
            return heap + direct;
        }
    }

    /** See the class. */
    public static void main(String[] arguments) throws Exception {
        Soak soak = new Soak();
        try {
            soak.run(Integer.parseInt(arguments[0]));
        } catch (IOException e) {
            soak.check("the soak runs", false, e.toString());
        }
        System.out.println((4 - soak.failed) + " passed, " + soak.failed + " failed");
        System.exit(soak.failed == 0 ? 0 : 1);
    }

    private void run(int seconds) throws IOException, InterruptedException {
        Network.prepare();
        Network.captureInbound(TCP_GATEWAY);
        Path directory = Files.createTempDirectory("soak");
        rules(directory, 0);
        List<Child> children = new ArrayList<>();
        try (App first = new App("v1", Scene.FIRST);
                App second = new App("v2", Scene.SECOND)) {
            children.add(new Child("xDS on port", "control", directory.toString(), "15010"));
            children.add(new Child("ready", "proxy", "ROUTER", "gateway", GATEWAY, "15010"));
            children.add(new Child("ready", "proxy", "SIDECAR", "web", Scene.FIRST, "15010"));
            long start = System.nanoTime();
            for (int i = 0; i < 600 && one(0, 3).status() != 200; i++) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
            }
            List<Thread> workers = new ArrayList<>();
            for (int i = 0; i < WORKERS; i++) {
                int worker = i;
                workers.add(Thread.ofPlatform().start(() -> work(worker)));
            }
            List<List<Sample>> samples = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
            for (int tick = 1; tick <= seconds; tick++) {
                long next = start + TimeUnit.SECONDS.toNanos(tick);
                LockSupport.parkNanos(next - System.nanoTime());
                rules(directory, tick);
                first.arrivals().clear();
                second.arrivals().clear();
                if (tick % Math.max(1, seconds / SAMPLES) == 0) {
                    for (int i = 0; i < children.size(); i++) {
                        samples.get(i).add(children.get(i).sample((System.nanoTime() - start) / 1e9));
                    }
                }
            }
            over = true;
            for (Thread worker : workers) {
                worker.join();
            }
            report(samples);
        } finally {
            children.forEach(Child::end);
            Files.deleteIfExists(directory.resolve("rules.yaml"));
            Files.deleteIfExists(directory);
        }
    }

    private void report(List<List<Sample>> samples) {
        check(
                calls + " calls, " + lost.size() + " lost",
                lost.isEmpty() && calls.get() > 0,
                String.join("\n        ", lost));
        for (int i = 0; i < NAMES.length; i++) {
            List<Sample> steady = samples.get(i)
                    .subList(samples.get(i).size() / 3, samples.get(i).size());
            Sample from = steady.getFirst();
            Sample to = steady.getLast();
            check(
                    String.format(
                            "%s: heap %.1f MB and %+.1f MB/h, direct %.1f MB and %+.1f MB/h, resident %.1f MB and %+.1f MB/h",
                            NAMES[i],
                            to.heap() / 1e6,
                            slope(steady, Sample::heap),
                            to.direct() / 1e6,
                            slope(steady, Sample::direct),
                            to.resident() / 1e6,
                            slope(steady, Sample::resident)),
                    to.held() - from.held() < MOST_HELD && to.resident() - from.resident() < MOST_RESIDENT,
                    "heap and direct memory grew by " + (to.held() - from.held()) / 1e6 + " MB, the resident set by "
                            + (to.resident() - from.resident()) / 1e6 + " MB");
        }
    }

    private interface Figure {
        long of(Sample sample);
    }

    /** Megabytes per hour, by least squares. */
    private static double slope(List<Sample> samples, Figure figure) {
        double meanTime =
                samples.stream().mapToDouble(Sample::seconds).average().orElse(0);
        double mean = samples.stream().mapToDouble(figure::of).average().orElse(0);
        double above = 0;
        double below = 0;
        for (Sample sample : samples) {
            above += (sample.seconds() - meanTime) * (figure.of(sample) - mean);
            below += (sample.seconds() - meanTime) * (sample.seconds() - meanTime);
        }
        return below == 0 ? 0 : above / below * 3600 / 1e6;
    }

    private void work(int worker) {
        for (int i = 0; !over; i++) {
            if (i % 4 == 0) {
                List<String> ids = new ArrayList<>();
                for (int n = 0; n < BATCH; n++) {
                    ids.add("s");
                }
                List<Caller.Reply> replies = Caller.keptAlive(GATEWAY, ids, "web.test", "", 2);
                replies.forEach(reply -> count(reply, reply.status() == 200));
                if (replies.size() < BATCH) {
                    count(new Caller.Reply(0, "", "a connection that was kept ended", 0), false);
                }
            } else {
                Caller.Reply reply = one(worker, i);
                count(reply, reply.status() == 200);
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
        }
    }

    private Caller.Reply one(int worker, int i) {
        Caller.Reply reply =
                switch (i % 4) {
                    case 1 -> Caller.http(GATEWAY, "s", "web.test", "", LARGE);
                    case 2 -> Caller.tcp(GATEWAY, worker + " " + i);
                    default -> Caller.http(GATEWAY, "s", "web.test", "", "small");
                };
        String expected = i % 4 == 1 ? LARGE : i % 4 == 2 ? worker + " " + i : "small";
        return reply.said().equals(expected) || reply.status() != 200
                ? reply
                : new Caller.Reply(0, "", "another answer: " + reply.said().length() + " bytes", reply.millis());
    }

    private void count(Caller.Reply reply, boolean good) {
        calls.incrementAndGet();
        if (!good) {
            synchronized (lost) {
                String text = reply.status() + " after " + reply.millis() + " ms: " + reply.said();
                lost.add(text.substring(0, Math.min(200, text.length())));
            }
        }
    }

    /** Weights move, retries change, subsets and an endpoint come and go, HTTP/2 between the proxies too. */
    private static void rules(Path directory, int second) throws IOException {
        // One after the other, as rules have to: first the routes leave the subsets, then an endpoint leaves.
        int step = second % 6;
        boolean subsets = step < 3;
        String route = subsets
                ? "[{destination: {host: web, subset: v1}, weight: %1$d}, {destination: {host: web, subset: v2}, weight: %2$d}]"
                        .formatted(100 - second * 10 % 101, second * 10 % 101)
                : "[{destination: {host: web}}]";
        int attempts = second % 3;
        String retries = attempts == 0 ? "{attempts: 0}" : "{attempts: " + attempts + ", retryOn: connect-failure}";
        String rules = """
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: web, namespace: default}
                spec: {hosts: [web.test], gateways: [edge], http: [{route: %s, retries: %s}]}
                ---
                apiVersion: networking.istio.io/v1
                kind: DestinationRule
                metadata: {name: web, namespace: default}
                spec:
                  host: web
                  trafficPolicy: {connectionPool: {http: {h2UpgradePolicy: %s}}}
                  subsets: %s
                """.formatted(
                        route,
                        retries,
                        second / 5 % 2 == 0 ? "UPGRADE" : "DO_NOT_UPGRADE",
                        subsets ? "[{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]" : "[]");
        String[] pods = step != 4 ? new String[] {Scene.FIRST, Scene.SECOND} : new String[] {Scene.FIRST};
        String objects = Scene.pod(Scene.FIRST, "web", "v1")
                + Scene.pod(Scene.SECOND, "web", "v2")
                + Scene.service("web", Scene.WEB, "http", 80, App.PORT, pods)
                + Scene.service("echo", Scene.ECHO, "tcp", App.TCP_PORT, App.TCP_PORT, pods)
                + "---\n" + rules;
        objects += """
                ---
                apiVersion: networking.istio.io/v1
                kind: Gateway
                metadata: {name: edge, namespace: default}
                spec:
                  selector: {istio: ingressgateway}
                  servers:
                  - {hosts: ["*"], port: {number: 80, name: http, protocol: HTTP}}
                  - {hosts: ["*"], port: {number: %1$d, name: tcp, protocol: TCP}}
                ---
                apiVersion: networking.istio.io/v1
                kind: VirtualService
                metadata: {name: echo, namespace: default}
                spec: {hosts: ["*"], gateways: [edge], tcp: [{match: [{port: %1$d}], route: [{destination: {host: echo, port: {number: 9000}}}]}]}
                """.formatted(TCP_GATEWAY);
        Path hidden = directory.resolve(".rules");
        Files.writeString(hidden, objects);
        Files.move(hidden, directory.resolve("rules.yaml"), StandardCopyOption.ATOMIC_MOVE);
    }

    private void check(String what, boolean good, String otherwise) {
        failed += good ? 0 : 1;
        System.out.println((good ? "ok      " : "FAILED  ") + what + (good ? "" : "\n        " + otherwise));
    }

    /** A process of its own, with the options that such processes have. */
    private static final class Child {
        private final Process process;
        private final BufferedReader out;

        Child(String ready, String... arguments) throws IOException {
            List<String> command = new ArrayList<>(List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "@../../tools/cli/src/main/jvm/" + arguments[0],
                    "-Dio.netty.machineId=02:00:00:00:00:00:00:01",
                    "-cp",
                    System.getProperty("java.class.path"),
                    SoakProgram.class.getName()));
            command.addAll(List.of(arguments));
            process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            out = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
            line(ready);
        }

        private String line(String start) throws IOException {
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                if (line.startsWith(start)) {
                    return line;
                }
            }
            throw new IOException(
                    "a process ended: " + process.info().arguments().map(List::of));
        }

        Sample sample(double seconds) throws IOException {
            process.getOutputStream().write('\n');
            process.getOutputStream().flush();
            String[] words = line("held ").split(" ");
            return new Sample(seconds, Long.parseLong(words[1]), Long.parseLong(words[2]), Long.parseLong(words[3]));
        }

        void end() {
            process.destroyForcibly();
        }
    }
}
