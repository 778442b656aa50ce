package dev.lateen.proxy.telemetry;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.envoyproxy.envoy.config.trace.v3.Tracing;
import io.envoyproxy.envoy.config.trace.v3.ZipkinConfig;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where spans go.
 *
 * @param cluster the collector's cluster
 * @param path of its API of Zipkin v2 JSON
 * @param host what it is called, for its field Host
 */
public record Collector(String cluster, String path, String host) {
    private static final Logger LOG = LoggerFactory.getLogger(Collector.class);

    /**
     * The collector of a provider as xDS has it (envoy.config.trace.v3.ZipkinConfig, JSON only); null for one to which no
     * span can be sent: requests still carry their context.
     */
    static @Nullable Collector of(Message provider) {
        if (!(provider instanceof Tracing.Http http) || !http.getTypedConfig().is(ZipkinConfig.class)) {
            LOG.warn("spans are not exported: only Zipkin is known as a provider of tracing, not {}", provider);
            return null;
        }
        try {
            ZipkinConfig zipkin = http.getTypedConfig().unpack(ZipkinConfig.class);
            if (zipkin.getCollectorEndpointVersion() != ZipkinConfig.CollectorEndpointVersion.HTTP_JSON) {
                LOG.warn(
                        "spans are not exported: collector_endpoint_version {} is not HTTP_JSON",
                        zipkin.getCollectorEndpointVersion());
                return null;
            }
            String host = zipkin.getCollectorHostname();
            return new Collector(
                    zipkin.getCollectorCluster(),
                    zipkin.getCollectorEndpoint(),
                    host.isEmpty() ? zipkin.getCollectorCluster() : host);
        } catch (InvalidProtocolBufferException e) {
            LOG.warn("spans are not exported: the provider of tracing cannot be read: {}", e.getMessage());
            return null;
        }
    }
}
