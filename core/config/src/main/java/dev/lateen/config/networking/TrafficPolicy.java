package dev.lateen.config.networking;

import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import dev.lateen.config.shape.Later;
import dev.lateen.config.shape.Range;
import dev.lateen.config.shape.Required;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How connections to a destination are made, shared out and given up.
 *
 * @param tunnel of connections whose content is not read; of no meaning to requests, as in Istio
 */
public record TrafficPolicy(
        @Nullable LoadBalancer loadBalancer,
        @Nullable ConnectionPool connectionPool,
        @Nullable OutlierDetection outlierDetection,
        @Nullable ClientTls tls,
        List<PortPolicy> portLevelSettings,
        @Nullable Tunnel tunnel,
        @Nullable ProxyProtocol proxyProtocol,
        @Nullable RetryBudget retryBudget)
        implements Checked {
    @Override
    public void check(Findings findings) {
        boolean none = loadBalancer == null
                && connectionPool == null
                && outlierDetection == null
                && tls == null
                && portLevelSettings.isEmpty()
                && tunnel == null
                && proxyProtocol == null
                && retryBudget == null;
        if (none) {
            findings.error("", "says nothing: leave it out");
        }
        if (tunnel != null && proxyProtocol != null) {
            findings.error("tunnel", "and proxyProtocol exclude each other: a tunnel's proxy speaks HTTP");
        }
    }

    /**
     * Connections are carried through the destination, a proxy of HTTP, to somewhere else. The version of HTTP is that of
     * the destination's port.
     *
     * @param protocol the method that asks for it: CONNECT or POST; empty means CONNECT
     * @param targetHost name or address
     */
    public record Tunnel(
            String protocol,
            @Required String targetHost,
            @Required @Range(min = 1, max = 65535) int targetPort) implements Checked {
        @Override
        public void check(Findings findings) {
            if (!protocol.isEmpty() && !protocol.equals("CONNECT") && !protocol.equals("POST")) {
                findings.error("protocol", "expected CONNECT or POST, found \"" + protocol + "\"");
            }
            HostNames.checkFull(targetHost, "targetHost", findings);
        }

        /** Whether the tunnel is the content of a POST. */
        public boolean byPost() {
            return protocol.equals("POST");
        }
    }

    /**
     * How many retries may be under way at a time, in relation to the requests.
     *
     * @param percent of the requests under way and waiting; null means 20
     * @param minRetryConcurrency always allowed; 0 means 3
     */
    public record RetryBudget(
            @Nullable Double percent,
            @Range(min = 0) int minRetryConcurrency,

            @Later("retry budgets over an interval") @Nullable
            Duration budgetInterval)
            implements Checked {
        @Override
        public void check(Findings findings) {
            if (percent != null && !(percent >= 0 && percent <= 100)) {
                findings.error("percent", "must be from 0 to 100, found " + percent);
            }
        }
    }

    /**
     * The PROXY protocol, with which a connection to the destination begins: whose connection it carries. What takes it
     * has to expect it.
     *
     * @param version null means V1
     */
    public record ProxyProtocol(@Nullable Version version) {
        /** How the header is written. */
        public enum Version {
            /** A line of text. */
            V1,
            /** Binary. */
            V2
        }
    }

    /** The policy for one port; settings of the whole destination do not reach into it. */
    public record PortPolicy(
            @Required PortSelector port,
            @Nullable LoadBalancer loadBalancer,
            @Nullable ConnectionPool connectionPool,
            @Nullable OutlierDetection outlierDetection,
            @Nullable ClientTls tls)
            implements Checked {
        @Override
        public void check(Findings findings) {
            if (loadBalancer == null && connectionPool == null && outlierDetection == null && tls == null) {
                findings.error("", "says nothing of its port: give a setting, or leave it out");
            }
            if (outlierDetection == null && loadBalancer != null) {
                loadBalancer.warnOfFailover("loadBalancer", findings);
            }
        }
    }
}
