package dev.lateen.config;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * How the mesh's proxies run where nothing nearer to them says it (istio.mesh.v1alpha1 ProxyConfig). Pods have most of it
 * from their injection on.
 *
 * @param discoveryAddress of the control plane; without effect, since injection and install know it
 * @param concurrency number of event loops; 0 for one per processor, null for one
 * @param proxyMetadata environment of the proxies' containers, as it came; null for none
 * @param terminationDrainDuration how long requests under way are waited for at a pod's end; null means 5 s
 * @param tracing who is told of spans (istio.mesh.v1alpha1 Tracing), as it came; null for nobody
 * @param gatewayTopology null means that nothing stands in front of gateways
 */
public record DefaultConfig(
        String discoveryAddress,
        @Nullable Integer concurrency,
        @Nullable JsonNode proxyMetadata,
        @Nullable Duration terminationDrainDuration,
        @Nullable JsonNode tracing,
        @Nullable GatewayTopology gatewayTopology) {}
