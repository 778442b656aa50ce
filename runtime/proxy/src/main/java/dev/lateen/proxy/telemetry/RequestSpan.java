package dev.lateen.proxy.telemetry;

import dev.lateen.proxycore.ResponseFlag;
import dev.lateen.proxycore.format.FormatContext;
import dev.lateen.proxycore.head.FieldName;
import dev.lateen.proxycore.head.RequestHead;
import dev.lateen.proxycore.listener.HttpConnectionManager;
import dev.lateen.proxycore.listener.SpanTag;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A request that is being recorded. One thread. */
public final class RequestSpan {
    private final SpanExporter exporter;
    private final Collector collector;
    private final RequestTrace place;
    private final Workload own;
    private final String nodeId;
    private final List<SpanTag> asked;
    private final Function<String, @Nullable String> environment;
    private final Map<String, String> tags = new LinkedHashMap<>();
    private final String authority;

    RequestSpan(
            SpanExporter exporter,
            Collector collector,
            RequestTrace place,
            Workload own,
            String nodeId,
            Function<String, @Nullable String> environment,
            RequestHead head,
            String protocol,
            HttpConnectionManager.Tracing tracing) {
        this.exporter = exporter;
        this.collector = collector;
        this.place = place;
        this.own = own;
        this.nodeId = nodeId;
        this.asked = tracing.tags();
        this.environment = environment;
        this.authority = head.authority();
        String path = head.path();
        tags.put("component", "proxy");
        tags.put("node_id", nodeId);
        tags.put("http.method", head.method());
        tags.put(
                "http.url",
                head.scheme() + "://" + authority
                        + (path.length() > tracing.pathLength() ? path.substring(0, tracing.pathLength()) : path));
        tags.put("http.protocol", protocol);
        field(head, "guid:x-request-id", FieldName.X_REQUEST_ID);
        field(head, "user_agent", FieldName.USER_AGENT);
    }

    private void field(RequestHead head, String tag, FieldName field) {
        String value = head.fields().get(field);
        if (value != null) {
            tags.put(tag, value);
        }
    }

    /**
     * The request is over.
     *
     * @param stream what its tags may be made of
     */
    public void end(
            RequestFacts request,
            FormatContext stream,
            Instant started,
            @Nullable String upstream,
            String peer,
            long nanos) {
        for (SpanTag tag : asked) {
            String value = tag.value(stream, environment);
            if (value != null) {
                tags.put(tag.name(), value);
            }
        }
        tags.put("http.status_code", Integer.toString(request.status()));
        tags.put("response_flags", ResponseFlag.shortNames(request.flags()));
        tags.put("request_size", Long.toString(request.requestBytes()));
        tags.put("response_size", Long.toString(request.responseBytes()));
        tags.put("upstream_cluster", request.cluster().isEmpty() ? "-" : request.cluster());
        tags.put("peer.address", peer);
        if (upstream != null) {
            tags.put("upstream_address", upstream);
        }
        if (request.status() >= 500 || request.status() == 0) {
            tags.put("error", "true");
        }
        long micros = started.getEpochSecond() * 1_000_000 + started.getNano() / 1000;
        exporter.offer(new Span(
                collector,
                place.context(),
                place.parent(),
                request.inbound(),
                name(request.cluster()),
                micros,
                Math.max(1, nanos / 1000),
                tags));
    }

    /** {@code host:port/*} as Istio decorates routes, or the host that was asked for. */
    private String name(String cluster) {
        String[] parts = cluster.split("\\|", -1);
        return parts.length == 4 && !parts[3].isEmpty() ? parts[3] + ":" + parts[1] + "/*" : authority;
    }

    @Override
    public String toString() {
        return place.context().traceId() + " at " + nodeId + " of " + own.name();
    }
}
