package dev.lateen.config.networking;

import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import dev.lateen.config.shape.Later;
import dev.lateen.config.shape.Range;
import dev.lateen.config.shape.Required;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** How connections to a destination are made, shared out and given up. */
public record TrafficPolicy(
        @Nullable LoadBalancer loadBalancer,
        @Nullable ConnectionPool connectionPool,
        @Nullable OutlierDetection outlierDetection,
        @Nullable ClientTls tls,
        List<PortPolicy> portLevelSettings,
        @Later("tunnels by HTTP CONNECT") @Nullable JsonNode tunnel,
        @Nullable ProxyProtocol proxyProtocol,
        @Nullable RetryBudget retryBudget) {
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
            @Nullable ClientTls tls) {}
}
