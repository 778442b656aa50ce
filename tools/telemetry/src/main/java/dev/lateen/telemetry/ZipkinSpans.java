package dev.lateen.telemetry;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * Reads spans as a Zipkin server answers with them (openzipkin/zipkin-api, zipkin2-api.yaml, {@code GET /traces} and
 * {@code GET /trace/ID}): a list of traces, each a list of spans, or the spans of one. Spans of no hop (no kind, or
 * one of messaging) are left out. Pure.
 */
public final class ZipkinSpans {
    private ZipkinSpans() {}

    /**
     * All hops of a document.
     *
     * @throws IllegalArgumentException when it is none, naming the element
     */
    public static List<RecordedSpan> read(JsonNode document) {
        List<RecordedSpan> spans = new ArrayList<>();
        add(document, "", spans);
        return spans;
    }

    private static void add(JsonNode node, String at, List<RecordedSpan> spans) {
        if (node.isArray()) {
            for (int i = 0; i < node.size(); i++) {
                add(node.get(i), at + "[" + i + "]", spans);
            }
        } else if (node.isObject()) {
            String kind = node.path("kind").asString("");
            if (kind.equals("SERVER") || kind.equals("CLIENT")) {
                spans.add(span(node, at, kind.equals("SERVER")));
            }
        } else {
            throw new IllegalArgumentException(
                    "not spans of Zipkin: " + (at.isEmpty() ? "the document" : at) + " is neither a list nor a span");
        }
    }

    private static RecordedSpan span(JsonNode node, String at, boolean inbound) {
        JsonNode local = node.path("localEndpoint");
        return new RecordedSpan(
                required(node, "traceId", at),
                required(node, "id", at),
                node.path("parentId").asString(""),
                inbound,
                local.path("serviceName").asString("unknown"),
                local.path("ipv4").asString(local.path("ipv6").asString("")),
                node.path("name").asString(""),
                node.path("timestamp").asLong(0),
                node.path("duration").asLong(0));
    }

    private static String required(JsonNode node, String field, String at) {
        String text = node.path(field).asString("");
        if (text.isEmpty()) {
            throw new IllegalArgumentException("not spans of Zipkin: " + at + " has no " + field);
        }
        return text;
    }
}
