package dev.lateen.proxycore.cluster;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import io.envoyproxy.envoy.config.core.v3.Http2ProtocolOptions;
import io.envoyproxy.envoy.config.core.v3.KeepaliveSettings;
import java.time.Duration;

/**
 * How connections of HTTP/2 are asked whether they still live (envoy.config.core.v3.KeepaliveSettings).
 *
 * @param interval between probes; zero means none
 * @param timeout how long the peer may be silent after a probe
 */
public record Http2Keepalive(Duration interval, Duration timeout) {
    /** No probes. */
    public static final Http2Keepalive NONE = new Http2Keepalive(Duration.ZERO, Duration.ZERO);

    static Http2Keepalive of(Http2ProtocolOptions proto, Place at) throws CompileException {
        Place here = at.field("connection_keepalive");
        KeepaliveSettings settings = proto.getConnectionKeepalive();
        Duration interval = here.field("interval").duration(settings.getInterval());
        Duration timeout = here.field("timeout").duration(settings.getTimeout());
        if (!interval.isZero() && timeout.isZero()) {
            throw here.field("timeout").refuse("must be more than nothing");
        }
        return new Http2Keepalive(interval, timeout);
    }
}
