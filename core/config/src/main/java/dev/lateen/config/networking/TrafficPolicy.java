package dev.lateen.config.networking;

import dev.lateen.config.shape.Later;
import dev.lateen.config.shape.Required;
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
        @Later("PROXY protocol") @Nullable JsonNode proxyProtocol,
        @Later("retry budgets") @Nullable JsonNode retryBudget) {
    /** The policy for one port; settings of the whole destination do not reach into it. */
    public record PortPolicy(
            @Required PortSelector port,
            @Nullable LoadBalancer loadBalancer,
            @Nullable ConnectionPool connectionPool,
            @Nullable OutlierDetection outlierDetection,
            @Nullable ClientTls tls) {}
}
