package dev.lateen.acceptance.kubernetes;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Makes answers of two servers comparable: what must differ (names, times, versions, addresses) becomes a word. */
final class Masking {
    private static final JsonMapper JSON =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
    private static final String RANDOM = "[bcdfghjklmnpqrstvwxz2456789]";

    private record Rule(Pattern pattern, String replacement) {}

    private static final List<Rule> RULES = List.of(
            rule("eyJ[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+", "TOKEN"),
            rule("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----(\\\\n)?", "CERTIFICATE"),
            rule("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UID"),
            rule("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ", "TIME"),
            rule("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z", "MICROTIME"),
            rule("(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \\d\\d \\w{3} \\d{4} \\d\\d:\\d\\d:\\d\\d [+]\\d{4}", "TIME"),
            rule("(\"?resourceVersion\"?\\s*:\\s*)\"\\d+\"", "$1VERSION"),
            rule("(current: |in record \\()\\d+", "$1VERSION"),
            rule("(Resource Version:\\s*)\\d+", "$1VERSION"),
            rule("(?<![\\w.-])(\\d+[smhd])+(?![\\w.-])", "AGE"),
            rule("<(invalid|unknown)>(?= |$)", "AGE"),
            rule("-" + RANDOM + "{7,11}-" + RANDOM + "{5}(?![a-z0-9])", "-HASH-NAME"),
            rule("-(?=[a-z]*[0-9])" + RANDOM + "{7,11}(?![a-z0-9])", "-HASH"),
            rule("(pod-template-hash\"?[=:]\\s*\"?)" + RANDOM + "+", "$1HASH"),
            rule("-" + RANDOM + "{5}(?![a-z0-9-])", "-NAME"),
            rule("\\.[0-9a-f]{16}(?![0-9a-f])", ".EVENT"),
            rule("10\\.96\\.\\d+\\.\\d+", "CLUSTER-IP"),
            rule("10\\.244\\.\\d+\\.\\d+", "POD-IP"),
            rule("127\\.0\\.0\\.1:\\d+", "SERVER"),
            rule("(?<!\\d)3[0-2]\\d{3}(?!\\d)", "NODE-PORT"),
            rule("(?<=\\S) {2,}", "  "),
            rule("-{3,}", "---"),
            rule("0x[0-9a-f]{6,}", "POINTER"),
            rule("\\s+$", ""));

    private Masking() {}

    private static Rule rule(String pattern, String replacement) {
        return new Rule(Pattern.compile(pattern), replacement);
    }

    /** The lines of an answer; JSON is written with sorted keys first, without managed fields unless they matter. */
    static List<String> lines(String answer, boolean managedFields) {
        List<String> lines = new ArrayList<>();
        for (String line : plain(answer, managedFields).lines().toList()) {
            String masked = line;
            for (Rule each : RULES) {
                masked = each.pattern().matcher(masked).replaceAll(each.replacement());
            }
            lines.add(masked);
        }
        return withoutRepairs(lines);
    }

    /**
     * Leaves out what the real server's repair of cluster addresses tells: it comes by while a Service is young, or not, as
     * time has it, and more often on a busy machine.
     */
    private static List<String> withoutRepairs(List<String> lines) {
        List<String> rest = new ArrayList<>(lines);
        if (rest.removeIf(line -> line.contains("ipallocator-repair-controller"))) {
            int events = rest.indexOf("Events:");
            // The head of the table, two lines, without a row.
            if (events >= 0
                    && (events + 3 >= rest.size() || !rest.get(events + 3).startsWith("  "))) {
                rest.subList(events + 1, Math.min(events + 3, rest.size())).clear();
                rest.set(events, "Events:  <none>");
            }
        }
        return rest;
    }

    private static String plain(String answer, boolean managedFields) {
        int start = answer.startsWith("{") || answer.startsWith("[") ? 0 : answer.indexOf("\n{") + 1;
        if (start == 0 && !answer.startsWith("{") && !answer.startsWith("[")) {
            return answer;
        }
        String head = answer.substring(0, start);
        String body = answer.substring(start);
        try {
            return head + pretty(JSON.readTree(body), managedFields);
        } catch (JacksonException e) {
            return head + linewise(body, managedFields);
        }
    }

    /** A stream of events: one JSON object on each line. */
    private static String linewise(String body, boolean managedFields) {
        StringBuilder text = new StringBuilder();
        for (String line : body.lines().toList()) {
            try {
                text.append(line.startsWith("{") ? pretty(JSON.readTree(line), managedFields) : line);
            } catch (JacksonException e) {
                text.append(line);
            }
            text.append('\n');
        }
        return text.toString();
    }

    private static String pretty(JsonNode node, boolean managedFields) {
        return JSON.writeValueAsString(sorted(node, managedFields));
    }

    private static JsonNode sorted(JsonNode node, boolean managedFields) {
        if (node instanceof ObjectNode object) {
            Map<String, JsonNode> fields = new TreeMap<>();
            object.properties().forEach(field -> {
                if (managedFields || !field.getKey().equals("managedFields")) {
                    fields.put(field.getKey(), sorted(field.getValue(), managedFields));
                }
            });
            ObjectNode result = object.objectNode();
            fields.forEach(result::set);
            return result;
        }
        if (node instanceof ArrayNode array) {
            ArrayNode result = array.arrayNode();
            array.forEach(each -> result.add(sorted(each, managedFields)));
            return result;
        }
        return node;
    }
}
