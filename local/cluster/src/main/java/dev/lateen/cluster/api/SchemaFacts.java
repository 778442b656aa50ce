package dev.lateen.cluster.api;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** What the API says of its types beside their fields: how lists merge, what is atomic, what is required. */
final class SchemaFacts {
    static final String LIST_TYPE = "x-kubernetes-list-type";
    static final String MAP_TYPE = "x-kubernetes-map-type";
    static final String MAP_KEYS = "x-kubernetes-list-map-keys";
    static final String PATCH_STRATEGY = "x-kubernetes-patch-strategy";
    static final String PATCH_KEY = "x-kubernetes-patch-merge-key";

    private static final Map<String, ObjectNode> FIELDS = new HashMap<>();
    private static final Map<String, List<String>> REQUIRED = new HashMap<>();

    static {
        read();
    }

    private SchemaFacts() {}

    private static void read() {
        InputStream file = Objects.requireNonNull(SchemaFacts.class.getResourceAsStream("schema-facts.txt"));
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(file, StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                fact(line.split(" ", -1));
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the facts of the API's types cannot be read", e);
        }
    }

    private static void fact(String[] words) {
        switch (words[0]) {
            case "atomic" -> facts(words[1], words.length > 2 ? words[2] : "").put(MAP_TYPE, "atomic");
            case "required" -> REQUIRED.put(words[1], List.of(words).subList(2, words.length));
            case "list" -> {
                ObjectNode facts = facts(words[1], words[2]);
                facts.put(LIST_TYPE, words[3]);
                int next = 4;
                if (words[3].equals("map")) {
                    ArrayNode keys = facts.putArray(MAP_KEYS);
                    List.of(words[next++].split(",", -1)).forEach(keys::add);
                }
                if (next < words.length) {
                    facts.put(PATCH_STRATEGY, words[next + 1]);
                    if (next + 2 < words.length) {
                        facts.put(PATCH_KEY, words[next + 2]);
                    }
                }
            }
            default -> {}
        }
    }

    private static ObjectNode facts(String type, String field) {
        return FIELDS.computeIfAbsent(type + " " + field, _ -> JsonNodeFactory.instance.objectNode());
    }

    /** A field's schema with what is known of the field; a list of which nothing is known is atomic. */
    static ObjectNode decorate(String type, String field, ObjectNode schema) {
        @Nullable ObjectNode facts = FIELDS.get(type + " " + field);
        if (facts != null) {
            if (schema.has("$ref")) {
                ObjectNode wrapped = JsonNodeFactory.instance.objectNode();
                wrapped.putArray("allOf").add(schema);
                schema = wrapped;
            }
            schema.setAll(facts.deepCopy());
            if (!schema.path("type").asString("").equals("array")) {
                schema.remove(LIST_TYPE);
            }
        } else if (schema.path("type").asString("").equals("array")) {
            schema.put(LIST_TYPE, "atomic");
        }
        return schema;
    }

    /** Adds what is known of the type itself. */
    static void type(String type, ObjectNode schema) {
        List<String> required = REQUIRED.getOrDefault(type, List.of());
        if (!required.isEmpty()) {
            ArrayNode names = schema.putArray("required");
            required.forEach(names::add);
        }
        @Nullable ObjectNode facts = FIELDS.get(type + " ");
        if (facts != null) {
            schema.setAll(facts.deepCopy());
        }
    }
}
