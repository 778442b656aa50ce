package dev.lateen.ops;

import dev.lateen.analysis.TextTable;
import dev.lateen.telemetry.RequestLine;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/**
 * Who called without a certificate, by the address that the call came from, which no metric has. Immutable.
 *
 * @param time in which it was looked for
 * @param calls how many requests and connections there were of each pair, by their names
 */
public record PlaintextCallers(Duration time, Map<Pair, Long> calls) {
    /**
     * Who called whom.
     *
     * @param from address, with the workload that has it where one is known
     * @param to {@code NAMESPACE/POD} that was called
     */
    public record Pair(String from, String to) {}

    /**
     * Those of these requests that came to a workload in plaintext.
     *
     * @param workloadAt the name of the workload at an address; empty when there is none
     */
    public static PlaintextCallers of(
            Duration time, List<ProxyRequests.Request> requests, UnaryOperator<String> workloadAt) {
        Map<Pair, Long> calls = new TreeMap<>(Comparator.comparing(Pair::from).thenComparing(Pair::to));
        for (ProxyRequests.Request request : requests) {
            RequestLine line = request.line();
            String address = line.field("downstream_direct_remote_address").replaceFirst(":\\d+$", "");
            if (line.field("upstream_cluster").startsWith("inbound")
                    && line.field("peer").isEmpty()
                    && !address.isEmpty()) {
                String workload = workloadAt.apply(address);
                String from = workload.isEmpty() ? address : workload + " (" + address + ")";
                calls.merge(new Pair(from, MeshPods.name(request.pod())), 1L, Long::sum);
            }
        }
        return new PlaintextCallers(time, calls);
    }

    /** For people. */
    @Override
    public String toString() {
        if (calls.isEmpty()) {
            return "nothing came in plaintext within " + time.toSeconds() + " s\n";
        }
        TextTable table = new TextTable("PLAINTEXT WITHIN " + time.toSeconds() + " S FROM", "TO", "CALLS");
        calls.forEach((pair, count) -> table.row(pair.from(), pair.to(), Long.toString(count)));
        return table.toString();
    }
}
