package dev.lateen.control;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.lateen.control.webhook.Webhooks;
import dev.lateen.xds.ResourceType;
import dev.lateen.xds.server.ClientStatus;
import dev.lateen.xds.server.XdsMetrics;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/** The control plane's metrics under Istio's names, in Prometheus' text format. Safe for many threads. */
final class ControlMetrics implements XdsMetrics {
    private static final Map<String, String> SHORT = Map.of(
            ResourceType.CLUSTER, "cds",
            ResourceType.ENDPOINT, "eds",
            ResourceType.LISTENER, "lds",
            ResourceType.ROUTE, "rds",
            ResourceType.SECRET, "sds",
            ResourceType.EXTENSION, "ecds",
            ResourceType.NAME_TABLE, "nds");

    private static final String INTERNAL_ERRORS = "pilot_total_xds_internal_errors";
    private static final String SNAPSHOT_ERRORS = "pilot_xds_push_context_errors";

    /** What callers can have too much of. */
    private static final List<String> LIMITS =
            List.of("certificate_requests", "connections", "tokens", "webhook_bytes");

    /** What Istio calls updates of these kinds; those of pods, namespaces and nodes it does not count. */
    private static final Map<String, String> REGISTRY_UPDATES = Map.of("Services", "svc", "EndpointSlice", "eds");

    private final String version;
    private final Map<String, LongAdder> counters = new ConcurrentSkipListMap<>();
    private final Map<String, LongSupplier> gauges = new ConcurrentSkipListMap<>();
    private final Map<Long, Long> changedAt = new ConcurrentHashMap<>();
    private final MetricHistogram convergence =
            new MetricHistogram("pilot_proxy_convergence_time", 0.1, 0.5, 1, 3, 5, 10, 20, 30);
    private final MetricHistogram sizes =
            new MetricHistogram("pilot_xds_config_size_bytes", 1, 10_000, 1_000_000, 4_000_000, 10_000_000, 40_000_000);
    private final MetricHistogram pushes = new MetricHistogram("pilot_xds_push_time", 0.01, 0.1, 1, 3, 5, 10, 20, 30);
    private final MetricHistogram acknowledged = new MetricHistogram(
            "lateen_change_acknowledged_seconds", 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30);
    private final AtomicInteger connected = new AtomicInteger();
    private final Set<String> clients = ConcurrentHashMap.newKeySet();
    /** By generation, who has not accepted all of it. */
    private final Map<Long, Set<String>> unsettled = new ConcurrentHashMap<>();

    ControlMetrics(String version) {
        this.version = version;
        gauges.put("pilot_info{version=\"" + version + "\"}", () -> 1);
        gauges.put("istio_build{component=\"pilot\",tag=\"" + version + "\"}", () -> 1);
        count(INTERNAL_ERRORS, 0);
        count(SNAPSHOT_ERRORS, 0);
        Webhooks.METRICS.forEach(name -> count(name, 0));
        LIMITS.forEach(limit -> count(exceeded(limit), 0));
        gauges.put("pilot_xds{version=\"" + version + "\"}", connected::get);
    }

    /** A figure read when it is asked for. */
    void gauge(String name, LongSupplier value) {
        gauges.put(name, value);
    }

    /** When the first change of a generation came; the last few generations are remembered. */
    void generation(long generation, long changedAtNanos) {
        changedAt.put(generation, changedAtNanos);
        changedAt.remove(generation - 100);
        unsettled.remove(generation - 100);
        if (!clients.isEmpty()) {
            Set<String> waiting = ConcurrentHashMap.newKeySet();
            waiting.addAll(clients);
            unsettled.put(generation, waiting);
        }
        count("pilot_push_triggers{type=\"config\"}", 1);
    }

    @Override
    public void connected(ClientStatus client) {
        connected.incrementAndGet();
        clients.add(client.connectionId());
    }

    @Override
    public void disconnected(ClientStatus client) {
        connected.decrementAndGet();
        clients.remove(client.connectionId());
        // Of a change that only they had still to accept nobody can say when it was accepted.
        unsettled.values().removeIf(waiting -> waiting.remove(client.connectionId()) && waiting.isEmpty());
    }

    @Override
    public void pushed(ClientStatus client, String type, int resources, long bytes, long nanos) {
        pushes.record("type=\"" + shortName(type) + "\"", nanos / 1e9);
        count("pilot_xds_pushes{type=\"" + shortName(type) + "\"}", 1);
        count("pilot_xds_sent_bytes_total{type=\"" + shortName(type) + "\"}", bytes);
        sizes.record("type=\"" + shortName(type) + "\"", (double) bytes);
    }

    @Override
    public void converged(ClientStatus client, long generation) {
        Long since = changedAt.get(generation);
        if (since == null) {
            return;
        }
        convergence.record("", (System.nanoTime() - since) / 1e9);
    }

    /** A change counts when the last of those who were connected as it came has accepted it. */
    @Override
    public void settled(ClientStatus client, long generation) {
        unsettled.forEach((changed, waiting) -> {
            if (changed <= generation
                    && waiting.remove(client.connectionId())
                    && waiting.isEmpty()
                    && unsettled.remove(changed) != null) {
                Long since = changedAt.get(changed);
                if (since != null) {
                    acknowledged.record("", (System.nanoTime() - since) / 1e9);
                }
            }
        });
    }

    @Override
    public void rejected(ClientStatus client, String type, String reason) {
        count("pilot_total_xds_rejects{type=\"" + shortName(type) + "\"}", 1);
    }

    @Override
    public void failed(ClientStatus client) {
        internalError();
    }

    @Override
    public void connectionRefused() {
        limitExceeded("connections");
    }

    /** A caller was refused, since it, or all of them, have had as much of this as they may. */
    void limitExceeded(String limit) {
        count(exceeded(limit), 1);
    }

    private static String exceeded(String limit) {
        return "lateen_limit_exceeded_total{limit=\"" + limit + "\"}";
    }

    /** A proxy could not be served, by an error of this side: it keeps what it has. */
    void internalError() {
        count(INTERNAL_ERRORS, 1);
    }

    /** A change was left out, or a snapshot could not be made of changes or not be sent. */
    void snapshotFailed() {
        count(SNAPSHOT_ERRORS, 1);
    }

    /** See {@link dev.lateen.control.source.ChangeSink#told}. */
    void told(boolean rule, String kind, String event) {
        count(
                (rule ? "pilot_k8s_cfg_events" : "pilot_k8s_reg_events") + "{type=\"" + kind + "\",event=\"" + event
                        + "\"}",
                1);
        String update = rule ? "config" : REGISTRY_UPDATES.getOrDefault(kind, "");
        if (!update.isEmpty()) {
            count(
                    "pilot_inbound_updates{type=\"" + update
                            + (update.equals("svc") && event.equals("delete") ? "delete" : "") + "\"}",
                    1);
        }
    }

    /** One more of what a counter without labels counts. */
    void counted(String name) {
        count(name, 1);
    }

    private void count(String series, long by) {
        counters.computeIfAbsent(series, ignored -> new LongAdder()).add(by);
    }

    String text() {
        StringBuilder text = new StringBuilder(2048);
        Map<String, String> series = new ConcurrentSkipListMap<>();
        String former = "";
        for (var entry : counters.entrySet()) {
            former = header(text, former, entry.getKey(), "counter");
            text.append(entry.getKey())
                    .append(' ')
                    .append(entry.getValue().sum())
                    .append('\n');
        }
        gauges.forEach((name, value) -> series.put(name, Long.toString(value.getAsLong())));
        for (var entry : series.entrySet()) {
            former = header(text, former, entry.getKey(), "gauge");
            text.append(entry.getKey()).append(' ').append(entry.getValue()).append('\n');
        }
        convergence.write(text);
        sizes.write(text);
        pushes.write(text);
        acknowledged.write(text);
        process(text);
        memory(text);
        files(text);
        return text.toString();
    }

    private static void process(StringBuilder text) {
        ProcessHandle.current().info().totalCpuDuration().ifPresent(cpu -> {
            header(text, "", "process_cpu_seconds_total", "counter");
            text.append("process_cpu_seconds_total ")
                    .append(cpu.toNanos() / 1e9)
                    .append('\n');
        });
        ProcessHandle.current().info().startInstant().ifPresent(start -> {
            header(text, "", "process_start_time_seconds", "gauge");
            text.append("process_start_time_seconds ")
                    .append(start.getEpochSecond())
                    .append('\n');
        });
    }

    /** Its memory as the kernel counts it. */
    private static void memory(StringBuilder text) {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
                String name = line.startsWith("VmRSS:")
                        ? "process_resident_memory_bytes"
                        : line.startsWith("VmSize:") ? "process_virtual_memory_bytes" : "";
                if (!name.isEmpty()) {
                    header(text, "", name, "gauge");
                    long kilobytes = Long.parseLong(line.replaceAll("[^0-9]", ""));
                    text.append(name).append(' ').append(kilobytes * 1024).append('\n');
                }
            }
        } catch (IOException e) {
            // A system without /proc does not tell; then there is no such metric.
        }
    }

    /** Files and sockets that it has open. */
    private static void files(StringBuilder text) {
        if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system) {
            header(text, "", "process_open_fds", "gauge");
            text.append("process_open_fds ")
                    .append(system.getOpenFileDescriptorCount())
                    .append('\n');
            header(text, "", "process_max_fds", "gauge");
            text.append("process_max_fds ")
                    .append(system.getMaxFileDescriptorCount())
                    .append('\n');
        }
    }

    private static String header(StringBuilder text, String former, String series, String type) {
        int brace = series.indexOf('{');
        String name = brace < 0 ? series : series.substring(0, brace);
        if (!name.equals(former)) {
            text.append("# TYPE ").append(name).append(' ').append(type).append('\n');
        }
        return name;
    }

    private static String shortName(String type) {
        return SHORT.getOrDefault(type, ResourceType.shortName(type));
    }

    String version() {
        return version;
    }
}
