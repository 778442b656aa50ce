package dev.lateen.analysis;

/**
 * The name of a cluster in its parts, as control planes write it: {@code DIRECTION|PORT|SUBSET|HOST}. Of another name all
 * is the host.
 */
record ClusterName(String direction, String port, String subset, String host) {
    static ClusterName of(String name) {
        String[] parts = name.split("\\|", -1);
        return parts.length == 4
                ? new ClusterName(parts[0], parts[1], parts[2], parts[3])
                : new ClusterName("", "", "", name);
    }
}
