package dev.lateen.console;

import dev.lateen.telemetry.Carried;
import dev.lateen.telemetry.Edge;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The map of calls in the forms that Istio's servicegraph had: nodes {@code NAME (VERSION)}, and edges with label {@code
 * reqs/sec}. Only edges that carried something are in it. Pure.
 */
final class Graph {
    private Graph() {}

    private static String source(Edge edge) {
        return edge.source();
    }

    private static String target(Edge edge) {
        return edge.workload().equals("unknown") ? edge.service() : edge.workload();
    }

    private static Map<String, Double> edges(List<Carried> all) {
        Map<String, Double> edges = new TreeMap<>();
        for (Carried carried : all) {
            if (carried.total() > 0) {
                edges.merge(source(carried.edge()) + "\0" + target(carried.edge()), carried.perSecond(), Double::sum);
            }
        }
        return edges;
    }

    static String json(List<Carried> all) {
        ObjectNode graph = JsonMapper.shared().createObjectNode();
        ObjectNode nodes = graph.putObject("nodes");
        ArrayNode edges = graph.putArray("edges");
        edges(all).forEach((edge, rate) -> {
            String[] ends = edge.split("\0", -1);
            nodes.putObject(ends[0]);
            nodes.putObject(ends[1]);
            edges.addObject()
                    .put("source", ends[0])
                    .put("target", ends[1])
                    .putObject("labels")
                    .put("reqs/sec", String.format(Locale.ROOT, "%.3f", rate));
        });
        return graph.toString();
    }

    /** For Graphviz. */
    static String dot(List<Carried> all) {
        StringBuilder dot = new StringBuilder("digraph \"istio-servicegraph\" {\n");
        var nodes = new TreeSet<String>();
        edges(all).keySet().forEach(edge -> nodes.addAll(List.of(edge.split("\0", -1))));
        nodes.forEach(node -> dot.append("  ").append(quoted(node)).append(";\n"));
        edges(all).forEach((edge, rate) -> {
            String[] ends = edge.split("\0", -1);
            dot.append("  ").append(quoted(ends[0])).append(" -> ").append(quoted(ends[1]));
            dot.append(String.format(Locale.ROOT, " [label=\"reqs/sec: %.3f\"];%n", rate));
        });
        return dot.append("}\n").toString();
    }

    private static String quoted(String text) {
        return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
    }
}
