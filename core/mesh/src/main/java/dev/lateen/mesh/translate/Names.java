package dev.lateen.mesh.translate;

/** Names of xDS resources: Istio's, as tools and dashboards know them. */
public final class Names {
    public static final String PASSTHROUGH = "PassthroughCluster";
    public static final String BLACK_HOLE = "BlackHoleCluster";
    public static final String INBOUND_PASSTHROUGH = "InboundPassthroughCluster";
    public static final String VIRTUAL_OUTBOUND = "virtualOutbound";
    public static final String VIRTUAL_INBOUND = "virtualInbound";
    public static final String ANY = "0.0.0.0";

    private Names() {}

    /** {@code outbound|80|v1|host}; without a subset {@code outbound|80||host}. */
    public static String outbound(int port, String subset, String host) {
        return "outbound|" + port + "|" + subset + "|" + host;
    }

    /** {@code inbound|8080||}. */
    public static String inbound(int port) {
        return "inbound|" + port + "||";
    }

    /** {@code 0.0.0.0_80}. */
    static String listener(String address, int port) {
        return address + "_" + port;
    }
}
