package dev.lateen.proxy.telemetry;

import dev.lateen.proxycore.JsonText;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/** Spans as Zipkin takes them (openzipkin/zipkin-api, zipkin2-api.yaml, {@code POST /spans}). */
final class ZipkinJson {
    private ZipkinJson() {}

    /**
     * A list of spans.
     *
     * @param service what Zipkin calls this workload
     * @param address of this workload, an IPv4 or IPv6 literal
     */
    static byte[] encode(List<Span> spans, String service, String address) {
        StringBuilder json = new StringBuilder(spans.size() * 600).append('[');
        for (Span span : spans) {
            if (json.length() > 1) {
                json.append(',');
            }
            encode(json, span, service, address);
        }
        return json.append(']').toString().getBytes(StandardCharsets.UTF_8);
    }

    private static void encode(StringBuilder json, Span span, String service, String address) {
        HexFormat hex = HexFormat.of();
        json.append("{\"traceId\":\"").append(span.context().traceId());
        json.append("\",\"id\":\"").append(hex.toHexDigits(span.context().span()));
        if (span.parent() != 0) {
            json.append("\",\"parentId\":\"").append(hex.toHexDigits(span.parent()));
        }
        json.append("\",\"kind\":\"")
                .append(span.server() ? "SERVER" : "CLIENT")
                .append("\",\"name\":");
        JsonText.quote(span.name(), json);
        json.append(",\"timestamp\":").append(span.startMicros());
        json.append(",\"duration\":").append(span.durationMicros());
        json.append(",\"localEndpoint\":{\"serviceName\":");
        JsonText.quote(service, json);
        json.append(address.contains(":") ? ",\"ipv6\":" : ",\"ipv4\":");
        JsonText.quote(address, json);
        json.append("},\"tags\":{");
        boolean first = true;
        for (Map.Entry<String, String> tag : span.tags().entrySet()) {
            if (!first) {
                json.append(',');
            }
            first = false;
            JsonText.quote(tag.getKey(), json);
            json.append(':');
            JsonText.quote(tag.getValue(), json);
        }
        json.append("}}");
    }
}
