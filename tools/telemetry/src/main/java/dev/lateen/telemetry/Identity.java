package dev.lateen.telemetry;

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
}
