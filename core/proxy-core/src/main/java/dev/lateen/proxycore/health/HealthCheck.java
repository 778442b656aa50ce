package dev.lateen.proxycore.health;

import com.google.protobuf.ByteString;
import dev.lateen.proxycore.ByteText;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.Place;
import dev.lateen.proxycore.head.FieldName;
import io.envoyproxy.envoy.type.v3.Int64Range;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How the hosts of a cluster are asked whether they are well ({@code envoy.config.core.v3.HealthCheck}; Envoy
 * documentation, health checking). Immutable.
 *
 * @param question what is asked
 * @param timeout how long an answer may take
 * @param initialJitter the first check of a host waits for a random time below this
 * @param intervalJitter each pause is longer by a random time below this
 * @param intervalJitterPercent and by a random part of itself below this
 * @param intervals how long the pauses are
 * @param unhealthyThreshold how many failures in a row of the network, or that may be repeated, make a host unhealthy
 * @param healthyThreshold how many successes in a row make it healthy again
 * @param reuse whether a connection serves many checks
 */
public record HealthCheck(
        Question question,
        Duration timeout,
        Duration initialJitter,
        Duration intervalJitter,
        int intervalJitterPercent,
        Intervals intervals,
        int unhealthyThreshold,
        int healthyThreshold,
        boolean reuse) {
    private static final Duration NO_TRAFFIC = Duration.ofSeconds(60);

    /**
     * Pauses between checks.
     *
     * @param healthy for a host that is well
     * @param unhealthy for one that is not
     * @param healthyEdge after the check that made it well
     * @param unhealthyEdge after the check that made it unwell
     * @param idle while the cluster has never had a connection
     * @param idleHealthy the same for a host that is well
     */
    public record Intervals(
            Duration healthy,
            Duration unhealthy,
            Duration healthyEdge,
            Duration unhealthyEdge,
            Duration idle,
            Duration idleHealthy) {}

    /** What is asked. */
    public sealed interface Question {
        /**
         * A request of HTTP.
         *
         * @param host empty for the endpoint's name or the cluster's
         * @param expected ranges of statuses that mean well
         * @param retriable ranges of statuses that count like failures of the network
         * @param http2 whether HTTP/2 is spoken
         */
        record Http(
                String host,
                String path,
                String method,
                Map<String, String> fields,
                List<Statuses> expected,
                List<Statuses> retriable,
                boolean http2)
                implements Question {
            public Http {
                fields = new LinkedHashMap<>(fields);
                expected = List.copyOf(expected);
                retriable = List.copyOf(retriable);
            }
        }

        /** A connection; bytes to send, and bytes to find in this order in what comes back. */
        record Tcp(ByteString send, List<ByteString> receive) implements Question {
            public Tcp {
                receive = List.copyOf(receive);
            }

            /** Whether what has come so far holds all that is looked for. */
            public boolean holds(ByteString received) {
                String text = received.toString(java.nio.charset.StandardCharsets.ISO_8859_1);
                int at = 0;
                for (ByteString wanted : receive) {
                    int found = text.indexOf(wanted.toString(java.nio.charset.StandardCharsets.ISO_8859_1), at);
                    if (found < 0) {
                        return false;
                    }
                    at = found + wanted.size();
                }
                return true;
            }
        }

        /** gRPC's own protocol of health checks, for a service or, with an empty name, for the whole server. */
        record Grpc(String service, String authority) implements Question {}
    }

    /** Statuses from the first to the one before the last. */
    public record Statuses(long from, long to) {
        boolean hold(int status) {
            return status >= from && status < to;
        }

        static boolean any(List<Statuses> ranges, int status) {
            return ranges.stream().anyMatch(range -> range.hold(status));
        }
    }

    public static HealthCheck of(io.envoyproxy.envoy.config.core.v3.HealthCheck proto, Place at)
            throws CompileException {
        Duration timeout = positive(proto.getTimeout(), at.field("timeout"));
        Duration healthy = positive(proto.getInterval(), at.field("interval"));
        Duration unhealthy = proto.hasUnhealthyInterval()
                ? positive(proto.getUnhealthyInterval(), at.field("unhealthy_interval"))
                : healthy;
        Duration idle = proto.hasNoTrafficInterval()
                ? positive(proto.getNoTrafficInterval(), at.field("no_traffic_interval"))
                : NO_TRAFFIC;
        Intervals intervals = new Intervals(
                healthy,
                unhealthy,
                proto.hasHealthyEdgeInterval()
                        ? positive(proto.getHealthyEdgeInterval(), at.field("healthy_edge_interval"))
                        : healthy,
                proto.hasUnhealthyEdgeInterval()
                        ? positive(proto.getUnhealthyEdgeInterval(), at.field("unhealthy_edge_interval"))
                        : unhealthy,
                idle,
                proto.hasNoTrafficHealthyInterval()
                        ? positive(proto.getNoTrafficHealthyInterval(), at.field("no_traffic_healthy_interval"))
                        : idle);
        return new HealthCheck(
                question(proto, at),
                timeout,
                at.field("initial_jitter").duration(proto.getInitialJitter()),
                at.field("interval_jitter").duration(proto.getIntervalJitter()),
                Math.clamp(proto.getIntervalJitterPercent(), 0, 100_000),
                intervals,
                threshold(
                        proto.hasUnhealthyThreshold(),
                        at.number(proto.getUnhealthyThreshold()),
                        at.field("unhealthy_threshold")),
                threshold(
                        proto.hasHealthyThreshold(),
                        at.number(proto.getHealthyThreshold()),
                        at.field("healthy_threshold")),
                !proto.hasReuseConnection() || proto.getReuseConnection().getValue());
    }

    private static int threshold(boolean set, int value, Place at) throws CompileException {
        if (!set || value < 1) {
            throw at.refuse("must be at least 1");
        }
        return value;
    }

    private static Duration positive(com.google.protobuf.Duration value, Place at) throws CompileException {
        Duration duration = at.duration(value);
        if (duration.isZero()) {
            throw at.refuse("must be more than nothing");
        }
        return duration;
    }

    private static Question question(io.envoyproxy.envoy.config.core.v3.HealthCheck proto, Place at)
            throws CompileException {
        return switch (proto.getHealthCheckerCase()) {
            case HTTP_HEALTH_CHECK -> http(proto.getHttpHealthCheck(), at.field("http_health_check"));
            case TCP_HEALTH_CHECK -> {
                Place here = at.field("tcp_health_check");
                var tcp = proto.getTcpHealthCheck();
                List<ByteString> receive = new ArrayList<>();
                for (int i = 0; i < tcp.getReceiveCount(); i++) {
                    receive.add(payload(tcp.getReceive(i), here.item("receive", i)));
                }
                yield new Question.Tcp(
                        tcp.hasSend() ? payload(tcp.getSend(), here.field("send")) : ByteString.EMPTY, receive);
            }
            case GRPC_HEALTH_CHECK -> {
                var grpc = proto.getGrpcHealthCheck();
                yield new Question.Grpc(grpc.getServiceName(), grpc.getAuthority());
            }
            case CUSTOM_HEALTH_CHECK, HEALTHCHECKER_NOT_SET ->
                throw at.refuse("no health check that is supported: " + proto.getHealthCheckerCase());
        };
    }

    private static ByteString payload(io.envoyproxy.envoy.config.core.v3.HealthCheck.Payload proto, Place at)
            throws CompileException {
        return switch (proto.getPayloadCase()) {
            case BINARY -> proto.getBinary();
            case TEXT -> {
                try {
                    yield ByteString.copyFrom(HexFormat.of().parseHex(proto.getText()));
                } catch (IllegalArgumentException e) {
                    throw at.field("text").refuse("not hexadecimal digits: \"" + proto.getText() + "\"");
                }
            }
            case PAYLOAD_NOT_SET -> throw at.refuse("no bytes");
        };
    }

    private static Question http(io.envoyproxy.envoy.config.core.v3.HealthCheck.HttpHealthCheck proto, Place at)
            throws CompileException {
        if (proto.getPath().isEmpty()) {
            throw at.field("path").refuse("no path");
        }
        Map<String, String> fields = new LinkedHashMap<>();
        for (var header : proto.getRequestHeadersToAddList()) {
            if (!FieldName.isToken(header.getHeader().getKey())) {
                throw at.field("request_headers_to_add")
                        .refuse("not a header field name: \""
                                + header.getHeader().getKey() + "\"");
            }
            fields.put(
                    header.getHeader().getKey(), ByteText.of(header.getHeader().getValue()));
        }
        List<Statuses> expected = statuses(proto.getExpectedStatusesList(), at.field("expected_statuses"));
        boolean http2 =
                switch (proto.getCodecClientType()) {
                    case HTTP1 -> false;
                    case HTTP2 -> true;
                    case HTTP3, UNRECOGNIZED ->
                        throw at.field("codec_client_type").refuse("not supported");
                };
        return new Question.Http(
                proto.getHost(),
                ByteText.of(proto.getPath()),
                proto.getMethodValue() == 0 ? "GET" : proto.getMethod().name(),
                fields,
                expected.isEmpty() ? List.of(new Statuses(200, 201)) : expected,
                statuses(proto.getRetriableStatusesList(), at.field("retriable_statuses")),
                http2);
    }

    private static List<Statuses> statuses(List<Int64Range> protos, Place at) throws CompileException {
        List<Statuses> ranges = new ArrayList<>();
        for (Int64Range range : protos) {
            if (range.getStart() < 100 || range.getEnd() > 600 || range.getStart() >= range.getEnd()) {
                throw at.refuse("not a range within [100, 600): [" + range.getStart() + ", " + range.getEnd() + ")");
            }
            ranges.add(new Statuses(range.getStart(), range.getEnd()));
        }
        return ranges;
    }
}
