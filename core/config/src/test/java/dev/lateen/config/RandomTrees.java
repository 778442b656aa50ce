package dev.lateen.config;

import dev.lateen.config.networking.HttpRoute;
import dev.lateen.config.shape.Field;
import dev.lateen.config.shape.Shape;
import dev.lateen.config.shape.Structure;
import dev.lateen.config.shape.Union;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** JSON by chance: of a shape, so that most fields are right; with errors put in at a given rate. */
final class RandomTrees {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final List<String> TEXTS = List.of(
            "a",
            "web",
            "a.b.c",
            "*.example.org",
            "",
            "/x",
            "(",
            "HTTP",
            "1s",
            "5xx",
            "10.0.0.0/8",
            "é\u0000",
            ".",
            "mesh");

    /** Fields that take few texts only, by name or {@code Record.field}, and one that each takes. */
    private static final Map<String, String> GIVEN = Map.ofEntries(
            Map.entry("protocol", "HTTP"),
            Map.entry("retryOn", "5xx,503"),
            Map.entry("scheme", "http"),
            Map.entry("address", "10.0.0.1"),
            Map.entry("bytes", "YQ=="),
            Map.entry("allowMethods", "GET"),
            Map.entry("sourceNamespace", "a"),
            Map.entry("Server.hosts", "*.example.org"),
            Map.entry("Egress.hosts", "./*"));

    /** Fields without which little is accepted. */
    private static final Set<String> ALWAYS = Set.of("hosts", "http", "weight", "egress", "address");

    private final RandomGenerator random;
    private final double errors;

    RandomTrees(RandomGenerator random, double errors) {
        this.random = random;
        this.errors = errors;
    }

    JsonNode of(Shape shape) {
        if (random.nextDouble() < errors) {
            return anything(3);
        }
        return switch (shape) {
            case Shape.Raw _ -> anything(2);
            case Shape.Scalar scalar -> scalar(scalar);
            case Shape.Choice choice ->
                NODES.stringNode(pick(List.copyOf(choice.constants().keySet())));
            case Shape.Sequence(var items) -> {
                ArrayNode list = NODES.arrayNode();
                for (int i = random.nextInt(2); i >= 0; i--) {
                    list.add(of(items));
                }
                yield list;
            }
            case Shape.Dictionary(var values) -> {
                ObjectNode map = NODES.objectNode();
                for (int i = random.nextInt(3); i >= 0; i--) {
                    map.set(pick(texts()), of(values));
                }
                yield map;
            }
            case Structure structure -> structure(structure, NODES.objectNode());
            case Union union -> structure(pick(union.branches()), NODES.objectNode());
        };
    }

    private ObjectNode structure(Structure structure, ObjectNode into) {
        for (Field field : structure.fields()) {
            boolean given = field.required()
                    || ALWAYS.contains(field.name())
                    || (field.refusal() == null && random.nextInt(5) == 0);
            if (!given) {
                continue;
            }
            if (field.inline()) {
                structure(pick(((Union) field.shape()).branches()), into);
            } else {
                into.set(field.name(), value(structure, field));
            }
        }
        if (errors == 0 && structure.type() == HttpRoute.class) {
            oneAction(structure, into);
        }
        if (random.nextDouble() < errors) {
            into.set(pick(TEXTS), anything(1));
        }
        return into;
    }

    private JsonNode value(Structure owner, Field field) {
        String fixed = GIVEN.getOrDefault(owner + "." + field.name(), GIVEN.getOrDefault(field.name(), ""));
        if (errors > 0 || fixed.isEmpty()) {
            return number(field);
        }
        return field.shape() instanceof Shape.Sequence ? NODES.arrayNode().add(fixed) : NODES.stringNode(fixed);
    }

    /** Texts that most fields take, unless errors are wanted. */
    private List<String> texts() {
        return errors == 0 ? TEXTS.subList(0, 3) : TEXTS;
    }

    private void oneAction(Structure route, ObjectNode into) {
        List<String> actions = List.of("route", "redirect", "directResponse");
        into.remove(actions);
        into.remove(List.of("mirrors", "mirrorPercent", "mirror_percent", "mirrorPercentage", "rewrite", "fault"));
        String action = pick(actions);
        for (Field field : route.fields()) {
            if (field.name().equals(action)) {
                into.set(action, of(field.shape()));
            }
        }
        if (into.get("redirect") instanceof ObjectNode redirect) {
            redirect.put("redirectCode", 302).remove(List.of("prefixRewrite"));
        }
    }

    private JsonNode number(Field field) {
        if (field.name().equals("tableSize")) {
            return NODES.numberNode(65537);
        }
        boolean whole = field.shape() == Shape.Scalar.INT32 || field.shape() == Shape.Scalar.INT64;
        if (!whole) {
            return of(field.shape());
        }
        long min = field.min() == null ? 0 : field.min();
        long max = field.max() == null ? 1000 : field.max();
        return NODES.numberNode(random.nextLong(min, max + 1));
    }

    private JsonNode scalar(Shape.Scalar scalar) {
        return switch (scalar) {
            case STRING -> NODES.stringNode(pick(texts()));
            case BOOLEAN -> NODES.booleanNode(random.nextBoolean());
            case INT32, INT64 -> NODES.numberNode(random.nextInt(100));
            case DOUBLE -> NODES.numberNode(random.nextDouble(100));
            case DURATION -> NODES.stringNode(random.nextInt(1, 5000) + "ms");
            case TIMESTAMP -> NODES.stringNode("2026-01-01T00:00:00Z");
        };
    }

    JsonNode anything(int depth) {
        return switch (random.nextInt(depth > 0 ? 8 : 6)) {
            case 0 -> NODES.nullNode();
            case 1 -> NODES.booleanNode(random.nextBoolean());
            case 2 -> NODES.numberNode(random.nextLong());
            case 3 -> NODES.numberNode(random.nextDouble() * 1e300);
            case 4, 5 -> NODES.stringNode(pick(TEXTS));
            case 6 -> NODES.arrayNode().add(anything(depth - 1)).add(anything(depth - 1));
            default -> {
                ObjectNode object = NODES.objectNode();
                object.set(pick(TEXTS), anything(depth - 1));
                object.set(pick(TEXTS), anything(depth - 1));
                yield object;
            }
        };
    }

    private <T> T pick(List<T> list) {
        return list.get(random.nextInt(list.size()));
    }
}
