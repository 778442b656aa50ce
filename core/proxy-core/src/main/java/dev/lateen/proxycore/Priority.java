package dev.lateen.proxycore;

/** Which set of circuit breakers a request counts in (Envoy documentation, routing priority). */
public enum Priority {
    DEFAULT,
    HIGH
}
