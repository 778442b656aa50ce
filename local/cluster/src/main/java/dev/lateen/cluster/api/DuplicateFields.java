package dev.lateen.cluster.api;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/** Finds fields that an object has twice, which a tree of nodes no longer tells. */
final class DuplicateFields {
    private DuplicateFields() {}

    private static final class Level {
        final String path;
        final boolean array;
        final Set<String> names = new HashSet<>();
        String name = "";
        int index = -1;

        Level(String path, boolean array) {
            this.path = path;
            this.array = array;
        }

        String at() {
            return array ? path + "[" + index + "]" : path.isEmpty() ? name : path + "." + name;
        }
    }

    /** What a strict decoder refuses, such as {@code duplicate field "data.a"}; the text has been parsed before. */
    static List<String> of(JsonParser parser) throws JacksonException {
        List<String> found = new ArrayList<>();
        Deque<Level> levels = new ArrayDeque<>();
        try (parser) {
            for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
                Level level = levels.peek();
                if (token == JsonToken.PROPERTY_NAME && level != null) {
                    level.name = parser.currentName();
                    if (!level.names.add(level.name)) {
                        found.add("duplicate field \"" + level.at() + "\"");
                    }
                    continue;
                }
                if (token.isStructEnd()) {
                    levels.pop();
                    continue;
                }
                if (level != null && level.array) {
                    level.index++;
                }
                if (token.isStructStart()) {
                    levels.push(new Level(level == null ? "" : level.at(), token == JsonToken.START_ARRAY));
                }
            }
        }
        return found;
    }
}
