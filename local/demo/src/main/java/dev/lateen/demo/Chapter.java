package dev.lateen.demo;

import java.util.List;

/**
 * One chapter of the tutorial.
 *
 * @param name by which {@code --chapter} asks for it
 * @param title what it shows
 * @param missing the parts that it needs and that do not exist yet; empty when it can run
 */
public record Chapter(String name, String title, List<String> missing) {
    public Chapter {
        missing = List.copyOf(missing);
    }

    private static final List<String> CLUSTER = List.of("the local cluster's controllers and scheduler");

    /** All chapters, in their order. */
    public static List<Chapter> all() {
        return List.of(
                new Chapter("without-mesh", "Without a mesh", CLUSTER),
                new Chapter("install", "Install the mesh", CLUSTER),
                new Chapter("retry", "Retry", CLUSTER),
                new Chapter("copy-traffic", "Copy traffic", CLUSTER),
                new Chapter("canary-weight", "Canary 90/10", CLUSTER),
                new Chapter("canary-cookie", "Canary by cookie", CLUSTER),
                new Chapter("egress", "Egress", CLUSTER),
                new Chapter("ingress", "Ingress gateway", CLUSTER),
                new Chapter("load-balancing", "Load balancing", CLUSTER),
                new Chapter("circuit-breaker", "Circuit breaker", CLUSTER),
                new Chapter("security", "Identity and encryption", List.of("certificates and mutual TLS")),
                new Chapter("observability", "Dashboards, traces, graph", List.of("dashboards, tracing and the map")),
                new Chapter("clean-up", "Clean up", CLUSTER));
    }
}
