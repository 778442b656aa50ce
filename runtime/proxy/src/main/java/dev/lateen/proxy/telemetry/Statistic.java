package dev.lateen.proxy.telemetry;

/**
 * One figure as Envoy's admin interface names it (Envoy documentation, statistics).
 *
 * @param name with dots, such as {@code cluster.app.upstream_rq_total}
 */
public record Statistic(String name, long value) {
    /** @param name may have colons, which a name of a statistic has not */
    public Statistic {
        name = name.replace(':', '_');
    }
}
