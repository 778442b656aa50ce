package dev.lateen.telemetry;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Who called whom under which identities, as the receiving side saw it.
 *
 * @param source workload that calls
 * @param sourceNamespace its namespace
 * @param sourcePrincipal what its certificate proved; {@code unknown} without one
 * @param workload that answered
 * @param workloadNamespace its namespace
 * @param principal under which it answered
 * @param service host of the called service
 * @param policy {@code mutual_tls} or {@code none}
 */
public record Identity(
        String source,
        String sourceNamespace,
        String sourcePrincipal,
        String workload,
        String workloadNamespace,
        String principal,
        String service,
        String policy) {
    static Identity of(Sample sample) {
        return new Identity(
                sample.label("source_workload"),
                sample.label("source_workload_namespace"),
                sample.label("source_principal"),
                sample.label("destination_workload"),
                sample.label("destination_workload_namespace"),
                sample.label("destination_principal"),
                sample.label("destination_service"),
                sample.label("connection_security_policy"));
    }

    /**
     * Requests and connections that came to the proxies of these pages since they started; not those that no filter chain
     * took (response flag NR).
     */
    public static Map<Identity, Long> count(Collection<List<Sample>> pages) {
        Map<Identity, Long> all = new LinkedHashMap<>();
        for (List<Sample> page : pages) {
            for (Sample sample : page) {
                boolean counts = sample.name().equals("istio_requests_total")
                        || sample.name().equals("istio_tcp_connections_opened_total");
                if (counts
                        && sample.label("reporter").equals("destination")
                        && !sample.label("response_flags").equals("NR")) {
                    all.merge(of(sample), Math.round(sample.value()), Long::sum);
                }
            }
        }
        return all;
    }
}
