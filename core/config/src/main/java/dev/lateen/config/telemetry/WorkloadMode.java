package dev.lateen.config.telemetry;

/** On which side of a call a proxy stands (istio.telemetry WorkloadMode). Gateways are clients. */
public enum WorkloadMode {
    CLIENT_AND_SERVER,
    CLIENT,
    SERVER;

    /** Whether this stands for a side. */
    public boolean covers(WorkloadMode side) {
        return this == CLIENT_AND_SERVER || this == side;
    }
}
