package dev.lateen.proxy.telemetry;

import dev.lateen.proxycore.ResponseFlag;
import java.util.Objects;

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

    TrafficLabels copy() {
        TrafficLabels copy = new TrafficLabels();
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
    }

    /** As a page of metrics names them: Istio's names and order, without braces. */
    String text(Workload own) {
        StringBuilder text = new StringBuilder(900);
        Workload source = inbound ? peer : own;
        Workload destination = inbound ? own : peer;
        String serviceNamespace = destination.namespace();
        add(text, "reporter", inbound ? "destination" : "source");
        add(text, "source_workload", source.name());
        add(text, "source_canonical_service", source.canonicalService());
        add(text, "source_canonical_revision", source.canonicalRevision());
        add(text, "source_workload_namespace", source.namespace());
        add(text, "source_principal", known(inbound ? peerPrincipal : ownPrincipal));
        add(text, "source_app", source.app());
        add(text, "source_version", source.version());
        add(text, "source_cluster", source.cluster());
        add(text, "destination_workload", destination.name());
        add(text, "destination_workload_namespace", destination.namespace());
        add(text, "destination_principal", known(inbound ? ownPrincipal : peerPrincipal));
        add(text, "destination_app", destination.app());
        add(text, "destination_version", destination.version());
        add(text, "destination_service", known(serviceHost));
        add(text, "destination_canonical_service", destination.canonicalService());
        add(text, "destination_canonical_revision", destination.canonicalRevision());
        add(text, "destination_service_name", known(serviceName));
        add(text, "destination_service_namespace", serviceNamespace);
        add(text, "destination_cluster", destination.cluster());
        add(text, "request_protocol", protocol.label);
        if (protocol != Protocol.TCP) {
            add(text, "response_code", Integer.toString(status));
            add(text, "grpc_response_status", grpcStatus);
        }
        add(text, "response_flags", ResponseFlag.shortNames(flags));
        add(text, "connection_security_policy", security());
        text.setLength(text.length() - 1);
        return text.toString();
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
                && ownPrincipal.equals(that.ownPrincipal);
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
        return 31 * hash + Objects.hashCode(peerPrincipal);
    }
}
