package dev.lateen.config.telemetry;

import dev.lateen.config.security.AuthorizationProvider;
import dev.lateen.config.shape.AtLeast;
import dev.lateen.config.shape.Checked;
import dev.lateen.config.shape.Findings;
import dev.lateen.config.shape.Inline;
import dev.lateen.config.shape.Later;
import dev.lateen.config.shape.Range;
import dev.lateen.config.shape.Required;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Something beside the mesh that it tells of its traffic, or asks (istio.mesh.v1alpha1 MeshConfig.ExtensionProvider).
 *
 * @param name by which Telemetry objects and {@link DefaultProviders} refer to it
 */
public record ExtensionProvider(
        @Required String name, @Inline @Required Provider provider) {
    /** What it is. */
    public sealed interface Provider {
        /** A file of each proxy. */
        record FileLog(@Required EnvoyFileAccessLog envoyFileAccessLog) implements Provider {}

        /** A collector of access logs that speaks OTLP. */
        record OtlpLog(@Required EnvoyOtelAls envoyOtelAls) implements Provider {}

        /** A Prometheus that asks the proxies. */
        record Prometheus(@Required PrometheusMetrics prometheus) implements Provider {}

        /** A collector that speaks Zipkin's JSON. */
        record ZipkinCollector(@Required Zipkin zipkin) implements Provider {}

        /** A collector that speaks OTLP. */
        record OtlpCollector(@Required OpenTelemetry opentelemetry) implements Provider {}

        /** A service that is asked in HTTP whether requests may pass. */
        record HttpAuthorizer(@Required AuthorizationProvider.Http envoyExtAuthzHttp) implements Provider {}

        /** A service that is asked the same with Envoy's protocol. */
        record GrpcAuthorizer(@Required AuthorizationProvider.Grpc envoyExtAuthzGrpc) implements Provider {}

        /** Those that are refused. */
        record Refused(
                @Later("access logs in Envoy's own protocol") @Nullable
                JsonNode envoyHttpAls,

                @Later("access logs in Envoy's own protocol") @Nullable
                JsonNode envoyTcpAls,

                @Later("spans in the collector's own form") @Nullable
                JsonNode lightstep,

                @Later("spans in the collector's own form") @Nullable
                JsonNode datadog,

                @Later("spans in the collector's own form") @Nullable
                JsonNode skywalking,

                @Later("spans in the collector's own form") @Nullable
                JsonNode opencensus,

                @Later("spans in the collector's own form") @Nullable
                JsonNode stackdriver,

                @Later("secrets from elsewhere") @Nullable JsonNode sds)
                implements Provider {}
    }

    /**
     * Lines in a file.
     *
     * @param path such as {@code /dev/stdout}
     * @param logFormat null means Istio's
     */
    public record EnvoyFileAccessLog(
            @Required String path, @Nullable LogFormat logFormat, boolean omitEmptyValues) {}

    /** How a line is written. */
    public sealed interface LogFormat {
        /** A line of text, with Envoy's commands. */
        record Text(@Required String text) implements LogFormat, Checked {
            @Override
            public void check(Findings findings) {
                String problem = LogCommands.problem(text);
                if (problem != null) {
                    findings.error("text", problem);
                }
            }
        }

        /** A JSON object, with Envoy's commands in its values. */
        record Labels(@Required JsonNode labels) implements LogFormat, Checked {
            @Override
            public void check(Findings findings) {
                if (!labels.isObject()) {
                    findings.error("labels", "expected an object");
                    return;
                }
                String problem = LogCommands.problem(labels);
                if (problem != null) {
                    findings.error("labels", problem);
                }
            }
        }
    }

    /**
     * Entries of a collector of OpenTelemetry, over gRPC.
     *
     * @param service host of the mesh, also as {@code NAMESPACE/HOST}
     * @param logName empty means {@code otel_envoy_accesslog}
     * @param logFormat null means Istio's line as text
     */
    public record EnvoyOtelAls(
            @Required String service,
            @Required @Range(min = 1, max = 65_535) Integer port,
            String logName,
            @Nullable EntryFormat logFormat) {}

    /**
     * What an entry says.
     *
     * @param text with Envoy's commands; empty means Istio's line
     * @param labels attributes by name, texts with Envoy's commands
     */
    public record EntryFormat(String text, Map<String, String> labels) implements Checked {
        @Override
        public void check(Findings findings) {
            String problem = LogCommands.problem(text);
            if (problem != null) {
                findings.error("text", problem);
            }
            labels.forEach((name, format) -> {
                String wrong = LogCommands.problem(format);
                if (wrong != null) {
                    findings.error("labels[" + name + "]", wrong);
                }
            });
        }
    }

    /** Nothing is to be told: proxies are asked. */
    public record PrometheusMetrics() {}

    /**
     * Zipkin's API v2, JSON.
     *
     * @param service host of the mesh, also as {@code NAMESPACE/HOST}
     * @param maxTagLength of the tag with the path; 0 means 256
     * @param enable64bitTraceId whether new traces get ids of 64 bits instead of 128
     * @param path empty means {@code /api/v2/spans}
     * @param timeout of a batch; null means 5 s
     * @param headers fields that the collector asks for
     */
    public record Zipkin(
            @Required String service,
            @Required @Range(min = 1, max = 65_535) Integer port,
            @Range(min = 0) int maxTagLength,
            boolean enable64bitTraceId,
            String path,
            @AtLeast("1ms") @Nullable Duration timeout,
            List<HttpHeader> headers) {}

    /**
     * The OpenTelemetry protocol.
     *
     * @param service host of the mesh, also as {@code NAMESPACE/HOST}
     * @param maxTagLength of the tag with the path; 0 means 256
     * @param http null means gRPC
     * @param grpc null means gRPC without anything of its own
     * @param resourceDetectors where else resources have attributes from
     */
    public record OpenTelemetry(
            @Required String service,
            @Required @Range(min = 1, max = 65_535) Integer port,
            @Range(min = 0) int maxTagLength,
            @Nullable OtlpHttp http,
            @Nullable OtlpGrpc grpc,
            @Nullable ResourceDetectors resourceDetectors,
            @Later("samplers of vendors") @Nullable JsonNode dynatraceSampler)
            implements Checked {
        @Override
        public void check(Findings findings) {
            if (http != null && grpc != null) {
                findings.error("grpc", "must not stand beside http: spans go one way");
            }
        }
    }

    /**
     * What adds to the attributes of a resource, of which all spans of a proxy are.
     *
     * @param environment variable OTEL_RESOURCE_ATTRIBUTES of the proxy
     */
    public record ResourceDetectors(
            @Nullable EnvironmentDetector environment,
            @Later("detectors of vendors") @Nullable JsonNode dynatrace) {}

    /** Has no settings. */
    public record EnvironmentDetector() {}

    /**
     * OTLP over HTTP.
     *
     * @param timeout of a batch; null means 5 s
     * @param headers fields that the collector asks for
     */
    public record OtlpHttp(
            @Required String path, @AtLeast("1ms") @Nullable Duration timeout, List<HttpHeader> headers) {}

    /**
     * OTLP over gRPC.
     *
     * @param timeout of a batch; null means 5 s
     * @param initialMetadata fields that the collector asks for
     */
    public record OtlpGrpc(@AtLeast("1ms") @Nullable Duration timeout, List<HttpHeader> initialMetadata) {}

    /** A field of a head (istio.mesh.v1alpha1 MeshConfig.ExtensionProvider.HttpHeader). */
    public record HttpHeader(
            @Required String name,
            String value,

            @Later("values from the control plane's environment")
            String envName) implements Checked {
        private static final Pattern NAME = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+");

        @Override
        public void check(Findings findings) {
            if (!NAME.matcher(name).matches()) {
                findings.error("name", "\"" + name + "\" is no name of a field of HTTP");
            }
        }
    }
}
