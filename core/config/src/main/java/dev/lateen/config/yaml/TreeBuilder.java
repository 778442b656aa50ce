package dev.lateen.config.yaml;

import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.events.AliasEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.MappingStartEvent;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.events.SequenceStartEvent;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.NullNode;
import tools.jackson.databind.node.ObjectNode;

/** Builds the tree of one document from the parser's events: anchors, merge keys, duplicates and bounds. */
final class TreeBuilder {
    /** Deeper than any object of Kubernetes, shallow enough for every stack. */
    private static final int DEEPEST = 100;

    /** Nodes after aliases are expanded: an object of the API may have 3 MB at most. */
    private static final int MOST_NODES = 1_000_000;

    /** Longer paths have no line of their own: keys nested in keys must not multiply. */
    private static final int LONGEST_PATH = 1_000;

    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    /** A finished subtree and how many nodes it counts with its aliases written out. */
    private record Built(JsonNode node, int nodes) {}

    private final String text;
    private final int firstLine;
    private final Map<String, Integer> lines = new HashMap<>();
    private final Map<String, Built> anchors = new HashMap<>();
    private Iterator<Event> events = java.util.Collections.emptyIterator();
    private int nodes;

    TreeBuilder(String text, int firstLine) {
        this.text = text;
        this.firstLine = firstLine;
    }

    /** The document, null when the text holds none. */
    @Nullable
    YamlDocument document() throws MalformedYaml {
        try {
            // Kubernetes' own readers know no limit but the request's size.
            LoadSettings settings =
                    LoadSettings.builder().setCodePointLimit(64 << 20).build();
            events = new Parse(settings).parseString(text).iterator();
            YamlDocument document = null;
            while (events.hasNext()) {
                Event event = events.next();
                switch (event.getEventId()) {
                    case DocumentStart -> {
                        if (document != null) {
                            throw at(event, "a second document begins here without a line of ---");
                        }
                        Event root = events.next();
                        JsonNode tree = node(root, "", 0);
                        if (!tree.isNull()) {
                            document = new YamlDocument(line(root), tree, lines);
                        }
                    }
                    case StreamStart, StreamEnd, DocumentEnd, Comment -> {}
                    default -> throw at(event, "unexpected " + event.getEventId());
                }
            }
            return document;
        } catch (MarkedYamlEngineException e) {
            int line = e.getProblemMark().map(m -> m.getLine() + firstLine).orElse(firstLine);
            String context = e.getContext() == null ? "" : " " + e.getContext();
            throw new MalformedYaml(line, "not YAML: " + e.getProblem() + context);
        } catch (YamlEngineException e) {
            throw new MalformedYaml(
                    firstLine,
                    "not YAML: "
                            + String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
        }
    }

    private JsonNode node(Event event, String path, int depth) throws MalformedYaml {
        if (depth > DEEPEST) {
            throw at(event, "nested deeper than " + DEEPEST + " levels");
        }
        count(1, event);
        int before = nodes;
        return switch (event) {
            case ScalarEvent scalar -> anchored(scalar.getAnchor().map(Object::toString), scalar(scalar), 1);
            case AliasEvent alias -> {
                Built built = anchors.get(String.valueOf(alias.getAlias()));
                if (built == null) {
                    throw at(event, "alias of an anchor that is not finished above: " + alias.getAlias());
                }
                count(built.nodes(), event);
                yield built.node();
            }
            case SequenceStartEvent start -> {
                ArrayNode list = NODES.arrayNode();
                Event next = events.next();
                for (int i = 0; next.getEventId() != Event.ID.SequenceEnd; i++, next = events.next()) {
                    String at = child(path, Integer.toString(i));
                    place(at, next);
                    list.add(node(next, at, depth + 1));
                }
                yield anchored(start.getAnchor().map(Object::toString), list, nodes - before + 1);
            }
            case MappingStartEvent start -> {
                ObjectNode object = mapping(path, depth);
                yield anchored(start.getAnchor().map(Object::toString), object, nodes - before + 1);
            }
            default -> throw at(event, "unexpected " + event.getEventId());
        };
    }

    private ObjectNode mapping(String path, int depth) throws MalformedYaml {
        ObjectNode object = NODES.objectNode();
        Map<String, JsonNode> merged = new LinkedHashMap<>();
        for (Event key = events.next(); key.getEventId() != Event.ID.MappingEnd; key = events.next()) {
            if (!(key instanceof ScalarEvent scalar)) {
                throw at(key, "a key must be plain text");
            }
            String name = scalar.getValue();
            if (name.equals("<<") && scalar.isPlain()) {
                merge(node(events.next(), path, depth + 1), merged, key);
                continue;
            }
            String at = child(path, name);
            place(at, key);
            if (object.has(name)) {
                throw at(key, "key \"" + name + "\" is given twice");
            }
            object.set(name, node(events.next(), at, depth + 1));
        }
        merged.forEach((name, value) -> {
            if (!object.has(name)) {
                object.set(name, value);
            }
        });
        return object;
    }

    private static String child(String path, String name) {
        return path.isEmpty() ? name : path + "." + name;
    }

    private void place(String path, Event event) {
        if (path.length() <= LONGEST_PATH) {
            lines.putIfAbsent(path, line(event));
        }
    }

    private void merge(JsonNode from, Map<String, JsonNode> into, Event key) throws MalformedYaml {
        if (from.isArray()) {
            for (JsonNode item : from) {
                merge(item, into, key);
            }
        } else if (from.isObject()) {
            for (Map.Entry<String, JsonNode> entry : from.properties()) {
                into.putIfAbsent(entry.getKey(), entry.getValue());
            }
        } else {
            throw at(key, "<< takes a mapping or a list of mappings");
        }
    }

    private JsonNode anchored(java.util.Optional<String> anchor, JsonNode node, int size) {
        anchor.ifPresent(name -> anchors.put(name, new Built(node, size)));
        return node;
    }

    private JsonNode scalar(ScalarEvent event) throws MalformedYaml {
        String tag = event.getTag().orElse("");
        if (tag.isEmpty() && event.isPlain()) {
            return PlainScalar.resolve(event.getValue());
        }
        return switch (tag) {
            case "", "!", "tag:yaml.org,2002:str" -> NODES.stringNode(event.getValue());
            case "tag:yaml.org,2002:null" -> NullNode.instance;
            case "tag:yaml.org,2002:int", "tag:yaml.org,2002:float", "tag:yaml.org,2002:bool" ->
                PlainScalar.resolve(event.getValue());
            default -> throw at(event, "tag " + tag + " is not of Kubernetes' YAML");
        };
    }

    private void count(int more, Event event) throws MalformedYaml {
        nodes += more;
        if (nodes > MOST_NODES) {
            throw at(event, "too large: more than " + MOST_NODES + " values, aliases written out");
        }
    }

    private int line(Event event) {
        return event.getStartMark().map(m -> m.getLine() + firstLine).orElse(firstLine);
    }

    private MalformedYaml at(Event event, String message) {
        return new MalformedYaml(line(event), message);
    }
}
