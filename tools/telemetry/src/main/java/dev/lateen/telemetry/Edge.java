package dev.lateen.telemetry;

import java.util.List;

/**
 * One direction of calls.
 *
 * @param source workload that calls, {@code unknown} from outside
 * @param sourceNamespace its namespace
 * @param service host of the called service
 * @param workload that answers; {@code unknown} where nobody did
 * @param workloadNamespace its namespace
 * @param version of that workload
 * @param protocol {@code http}, {@code grpc} or {@code tcp}
 */
public record Edge(
        String source,
        String sourceNamespace,
        String service,
        String workload,
        String workloadNamespace,
        String version,
        String protocol)
        implements Comparable<Edge> {
    /** Of samples, by which an edge is known. */
    static final List<String> LABELS = List.of(
            "source_workload",
            "source_workload_namespace",
            "destination_service",
            "destination_workload",
            "destination_workload_namespace",
            "destination_version",
            "request_protocol");

    static Edge of(Sample sample) {
        return new Edge(
                sample.label("source_workload"),
                sample.label("source_workload_namespace"),
                sample.label("destination_service"),
                sample.label("destination_workload"),
                sample.label("destination_workload_namespace"),
                sample.label("destination_version"),
                sample.label("request_protocol"));
    }

    /** The same calls, whether or not their caller knows the version of who answers. */
    Edge withoutVersion() {
        return new Edge(source, sourceNamespace, service, workload, workloadNamespace, "", protocol);
    }

    @Override
    public int compareTo(Edge other) {
        return key().compareTo(other.key());
    }

    private String key() {
        return String.join("\0", source, sourceNamespace, service, workload, workloadNamespace, version, protocol);
    }
}
