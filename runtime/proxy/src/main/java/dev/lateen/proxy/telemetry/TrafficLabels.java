package dev.lateen.proxy.telemetry;

import dev.lateen.proxycore.ResponseFlag;
import dev.lateen.proxycore.listener.MetricRules;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.BiConsumer;

/**
 * Under which labels a call is counted; the reporting workload itself is the same for all. Mutable while it is looked
 * up, so that counting allocates nothing; a {@link #copy} is what tables keep.
 */
final class TrafficLabels {
    /** What is counted. */
    enum Protocol {
        HTTP("http"),
        GRPC("grpc"),
        TCP("tcp");

        final String label;

        Protocol(String label) {
            this.label = label;
        }
    }

    private static final String[] NO_VALUES = {};

    boolean inbound;
    Protocol protocol = Protocol.HTTP;
    Workload peer = Workload.UNKNOWN;
    String peerPrincipal = "";
    String ownPrincipal = "";
    String serviceHost = "";
    String serviceName = "";
    String grpcStatus = "";
    int status;
    long flags;
    MetricRules rules = MetricRules.NONE;
    String[] values = NO_VALUES;

    TrafficLabels copy() {
        TrafficLabels copy = new TrafficLabels();
        copy.rules = rules;
        copy.values = values;
        copy.inbound = inbound;
        copy.protocol = protocol;
        copy.peer = peer;
        copy.peerPrincipal = peerPrincipal;
        copy.ownPrincipal = ownPrincipal;
        copy.serviceHost = serviceHost;
        copy.serviceName = serviceName;
        copy.grpcStatus = grpcStatus;
        copy.status = status;
        copy.flags = flags;
        return copy;
    }

    /** Makes it the one under which everything beyond the budget is counted, by direction and protocol alone. */
    void fold() {
        peer = Workload.OTHER;
        peerPrincipal = "";
        ownPrincipal = "";
        serviceHost = Workload.OTHER.name();
        serviceName = Workload.OTHER.name();
        grpcStatus = "";
        status = 0;
        flags = 0;
        values = new String[values.length];
        Arrays.fill(values, Workload.OTHER.name());
    }

    /** As a page of metrics names them: Istio's names and order, without braces. */
    String text(Workload own) {
        return text(own, MetricRules.NONE.rule(""));
    }

    /** The same of a metric that is changed so. */
    String text(Workload own, MetricRules.Rule rule) {
        StringBuilder text = new StringBuilder(900);
        Map<String, Integer> added = new TreeMap<>(rule.added());
        all(own, (name, value) -> {
            Integer expression = added.remove(name);
            if (!rule.removed().contains(name)) {
                add(text, name, expression == null ? value : values[expression]);
            }
        });
        added.forEach((name, expression) -> add(text, name, values[expression]));
        text.setLength(Math.max(0, text.length() - 1));
        return text.toString();
    }

    private void all(Workload own, BiConsumer<String, String> label) {
        Workload source = inbound ? peer : own;
        Workload destination = inbound ? own : peer;
        label.accept("reporter", inbound ? "destination" : "source");
        label.accept("source_workload", source.name());
        label.accept("source_canonical_service", source.canonicalService());
        label.accept("source_canonical_revision", source.canonicalRevision());
        label.accept("source_workload_namespace", source.namespace());
        label.accept("source_principal", known(inbound ? peerPrincipal : ownPrincipal));
        label.accept("source_app", source.app());
        label.accept("source_version", source.version());
        label.accept("source_cluster", source.cluster());
        label.accept("destination_workload", destination.name());
        label.accept("destination_workload_namespace", destination.namespace());
        label.accept("destination_principal", known(inbound ? ownPrincipal : peerPrincipal));
        label.accept("destination_app", destination.app());
        label.accept("destination_version", destination.version());
        label.accept("destination_service", known(serviceHost));
        label.accept("destination_canonical_service", destination.canonicalService());
        label.accept("destination_canonical_revision", destination.canonicalRevision());
        label.accept("destination_service_name", known(serviceName));
        label.accept("destination_service_namespace", destination.namespace());
        label.accept("destination_cluster", destination.cluster());
        label.accept("request_protocol", protocol.label);
        if (protocol != Protocol.TCP) {
            label.accept("response_code", Integer.toString(status));
            label.accept("grpc_response_status", grpcStatus);
        }
        label.accept("response_flags", ResponseFlag.shortNames(flags));
        label.accept("connection_security_policy", security());
    }

    /** Only the receiving side says how the connection was secured. */
    private String security() {
        if (!inbound) {
            return Workload.NOT_KNOWN;
        }
        return peerPrincipal.isEmpty() || ownPrincipal.isEmpty() ? "none" : "mutual_tls";
    }

    private static String known(String text) {
        return text.isEmpty() ? Workload.NOT_KNOWN : text;
    }

    private static void add(StringBuilder text, String name, String value) {
        text.append(name).append("=\"");
        escape(text, value);
        text.append("\",");
    }

    /** Escapes a label's value (Prometheus, "Text-based format"); other control characters are not worth keeping. */
    static void escape(StringBuilder text, String value) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            switch (c) {
                case '\\' -> text.append("\\\\");
                case '"' -> text.append("\\\"");
                case '\n' -> text.append("\\n");
                default -> text.append(Character.isISOControl(c) ? '?' : c);
            }
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TrafficLabels that
                && inbound == that.inbound
                && protocol == that.protocol
                && status == that.status
                && flags == that.flags
                && serviceHost.equals(that.serviceHost)
                && serviceName.equals(that.serviceName)
                && grpcStatus.equals(that.grpcStatus)
                && peer.equals(that.peer)
                && peerPrincipal.equals(that.peerPrincipal)
                && ownPrincipal.equals(that.ownPrincipal)
                && Arrays.equals(values, that.values)
                && rules.equals(that.rules);
    }

    @Override
    public int hashCode() {
        int hash = Boolean.hashCode(inbound);
        hash = 31 * hash + protocol.label.hashCode();
        hash = 31 * hash + status;
        hash = 31 * hash + Long.hashCode(flags);
        hash = 31 * hash + serviceHost.hashCode();
        hash = 31 * hash + grpcStatus.hashCode();
        hash = 31 * hash + peer.name().hashCode();
        hash = 31 * hash + peer.namespace().hashCode();
        hash = 31 * hash + Arrays.hashCode(values);
        return 31 * hash + Objects.hashCode(peerPrincipal);
    }
}
