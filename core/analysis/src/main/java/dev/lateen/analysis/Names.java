package dev.lateen.analysis;

/** Names of clusters: {@code outbound|PORT|SUBSET|HOST} and {@code inbound|PORT||}, as Istio has them. */
public final class Names {
    private Names() {}

    /** The host of a cluster, or empty for clusters that belong to none. */
    public static String host(String cluster) {
        return part(cluster, 3);
    }

    /** The subset of a cluster, or empty. */
    public static String subset(String cluster) {
        return part(cluster, 2);
    }

    /** The port of a cluster, or 0. */
    public static int port(String cluster) {
        String port = part(cluster, 1);
        return port.isEmpty() ? 0 : Integer.parseInt(port);
    }

    /** The host that an outcome leads to, or empty. */
    static String host(Outcome outcome) {
        return switch (outcome) {
            case Outcome.Forwarded forwarded -> host(forwarded.cluster());
            case Outcome.Passed passed -> host(passed.cluster());
            case Outcome.Answered _, Outcome.Redirected _, Outcome.Failed _ -> "";
        };
    }

    private static String part(String cluster, int index) {
        String[] parts = cluster.split("\\|", -1);
        return parts.length == 4 && (parts[0].equals("outbound") || parts[0].equals("inbound")) ? parts[index] : "";
    }
}
