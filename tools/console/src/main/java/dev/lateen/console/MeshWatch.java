package dev.lateen.console;

import dev.lateen.telemetry.MeshTraffic;
import dev.lateen.telemetry.MetricsScraper;
import dev.lateen.telemetry.PrometheusApi;
import dev.lateen.telemetry.Sample;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Reads the metrics of all proxies again and again: finds their pods through the Kubernetes API, and asks each at its
 * address. Where there is a Prometheus, it is asked instead, at first for the last six hours; control planes are asked
 * themselves. Who does not answer is named in {@link #state} and costs nobody else. Close it to end.
 */
public final class MeshWatch implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(2);
    private static final Duration PAST = Duration.ofHours(6);
    /** Of the past, asked for at once. */
    private static final Duration PIECE = Duration.ofMinutes(30);

    private static final Duration STEP = Duration.ofMinutes(1);

    private final KubernetesClient client;
    private final MeshTraffic traffic;
    private final InstantSource clock;
    private final Duration interval;
    private final MetricsScraper scraper = new MetricsScraper(PATIENCE);
    private final @Nullable PrometheusApi prometheus;
    private boolean knowsPast;
    private final ControlHistory history = new ControlHistory();
    private volatile List<Sample> control = List.of();
    private volatile State state = new State(0, 0, Set.of(), List.of("not read yet"));
    private final Thread thread;

    /**
     * How the last round went.
     *
     * @param rounds how many there were
     * @param proxies how many were read in the last one
     * @param gateways workloads whose proxies are gateways, {@code NAMESPACE/NAME}
     * @param problems why others were not
     */
    public record State(long rounds, int proxies, Set<String> gateways, List<String> problems) {
        public State {
            gateways = Set.copyOf(gateways);
            problems = List.copyOf(problems);
        }
    }

    /**
     * Begins at once.
     *
     * @param prometheus is asked instead of the proxies, and closed at the end; null: the proxies are
     */
    public MeshWatch(
            KubernetesClient client,
            MeshTraffic traffic,
            InstantSource clock,
            Duration interval,
            @Nullable PrometheusApi prometheus) {
        this.client = client;
        this.prometheus = prometheus;
        this.traffic = traffic;
        this.clock = clock;
        this.interval = interval;
        thread = Thread.ofVirtual().name("mesh watch").start(this::run);
    }

    public State state() {
        return state;
    }

    /** The control planes' own metrics, added up, by series: {@code {"pilot_xds{version=…}":3,…}}. */
    public String control() {
        Map<String, Double> sums = new TreeMap<>();
        for (Sample sample : control) {
            String labels = sample.labels().isEmpty() ? "" : sample.labels().toString();
            sums.merge(sample.name() + labels, sample.value(), Double::sum);
        }
        ObjectNode json = JsonMapper.shared().createObjectNode();
        sums.forEach(json::put);
        return json.toString();
    }

    /** The same over time, as charts have it: see {@link ControlHistory#json}. */
    String controlSeries(Map<String, String> query) {
        return history.json(query);
    }

    private void run() {
        try {
            while (true) {
                round();
                Thread.sleep(interval);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // closed
        }
    }

    private void round() throws InterruptedException {
        List<String> problems = new ArrayList<>();
        int proxies = 0;
        Set<String> gateways = state.gateways();
        try {
            List<Pod> pods = client.pods().inAnyNamespace().list().getItems();
            gateways = ProxyPods.gateways(pods);
            proxies = prometheus == null ? readProxies(pods, problems) : ask(prometheus, problems);
            List<Pod> controlPlanes = pods.stream()
                    .filter(pod -> pod.getMetadata().getLabels() != null
                            && "istiod".equals(pod.getMetadata().getLabels().get("app")))
                    .toList();
            MetricsScraper.Round planes = scraper.scrape(ports(controlPlanes, "monitoring", "/metrics"));
            control = planes.pages().values().stream().flatMap(List::stream).toList();
            history.add(clock.instant(), planes.byName());
        } catch (KubernetesClientException e) {
            problems.add("the cluster does not say which pods there are: " + e.getMessage());
        }
        state = new State(state.rounds() + 1, proxies, gateways, problems);
    }

    private int readProxies(List<Pod> pods, List<String> problems) throws InterruptedException {
        MetricsScraper.Round round = scraper.scrape(ports(pods, "http-envoy-prom", "/stats/prometheus"));
        traffic.add(clock.instant(), round.byName());
        round.failures().forEach((address, why) -> problems.add("no metrics from " + address + ": " + why));
        return round.pages().size();
    }

    private int ask(PrometheusApi source, List<String> problems) throws InterruptedException {
        try {
            if (!knowsPast) {
                Instant now = clock.instant();
                for (Instant from = now.minus(PAST); from.isBefore(now); from = from.plus(PIECE)) {
                    source.between(from, from.plus(PIECE).minus(STEP), STEP).forEach(traffic::add);
                }
                knowsPast = true;
            }
            Map<String, List<Sample>> pages = source.now();
            traffic.add(clock.instant(), pages);
            return pages.size();
        } catch (IOException e) {
            problems.add("no metrics from Prometheus: " + e.getMessage());
            return 0;
        }
    }

    /** Where running pods tell their metrics: at the port of this name, as Istio has it. */
    private static List<URI> ports(List<Pod> pods, String name, String path) {
        List<URI> addresses = new ArrayList<>();
        for (Pod pod : pods) {
            String ip = pod.getStatus() == null ? null : pod.getStatus().getPodIP();
            if (ip == null || ip.isEmpty() || !"Running".equals(pod.getStatus().getPhase())) {
                continue;
            }
            for (Container container : pod.getSpec().getContainers()) {
                for (ContainerPort port : container.getPorts()) {
                    if (name.equals(port.getName())) {
                        String host = ip.contains(":") ? "[" + ip + "]" : ip;
                        addresses.add(URI.create("http://" + host + ":" + port.getContainerPort() + path));
                    }
                }
            }
        }
        return addresses;
    }

    @Override
    public void close() {
        thread.interrupt();
        scraper.close();
        if (prometheus != null) {
            prometheus.close();
        }
    }
}
