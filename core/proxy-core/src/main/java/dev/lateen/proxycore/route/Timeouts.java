package dev.lateen.proxycore.route;

/**
 * How long one request may take, in nanoseconds; 0 means without limit (Envoy documentation, "How do I configure
 * timeouts?").
 *
 * @param global from the end of the request to the end of the answer, all tries and their back-offs together
 * @param perTry the same for one try
 * @param perTryIdle how long a try may be silent
 */
public record Timeouts(long global, long perTry, long perTryIdle) {}
