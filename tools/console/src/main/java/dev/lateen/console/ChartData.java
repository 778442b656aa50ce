package dev.lateen.console;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Figures over time as charts have them, {@code {"time":[…],NAME:[…],…}}: times in seconds of the epoch, null what is not
 * known. Not thread-safe.
 */
final class ChartData {
    /** Points of time in a chart. */
    static final int POINTS = 60;
    /** What a chart shows at most. */
    static final Duration LONGEST = Duration.ofHours(6);

    private static final int DEFAULT_SECONDS = 300;

    private final ObjectNode json = JsonMapper.shared().createObjectNode();
    private final ArrayNode times = json.putArray("time");
    private final List<ArrayNode> figures = new ArrayList<>();

    ChartData(String... names) {
        for (String name : names) {
            figures.add(json.putArray(name));
        }
    }

    /**
     * The time that is asked for: {@code seconds}, else five minutes.
     *
     * @throws IllegalArgumentException when it is fewer than there are points, or more than is kept
     */
    static Duration length(Map<String, String> query) {
        return Duration.ofSeconds(Query.number(query, "seconds", POINTS, LONGEST.toSeconds(), DEFAULT_SECONDS));
    }

    /** Adds a point, with a value for each name in their order; NaN is what is not known. */
    void add(Instant time, double... values) {
        times.add(time.toEpochMilli() / 1000.0);
        for (int i = 0; i < values.length; i++) {
            if (Double.isNaN(values[i])) {
                figures.get(i).addNull();
            } else {
                figures.get(i).add(values[i]);
            }
        }
    }

    String json() {
        return json.toString();
    }
}
