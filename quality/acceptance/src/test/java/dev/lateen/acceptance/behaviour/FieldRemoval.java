package dev.lateen.acceptance.behaviour;

import dev.lateen.config.Kind;
import dev.lateen.config.Kinds;
import dev.lateen.config.MeshConfig;
import dev.lateen.config.shape.Field;
import dev.lateen.config.shape.Shape;
import dev.lateen.config.shape.Structure;
import dev.lateen.config.shape.Union;
import dev.lateen.config.yaml.YamlText;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Manifests without one field, wherever it stands in them.
 *
 * @param found whether the field was there
 */
record FieldRemoval(List<ObjectNode> objects, boolean found) {
    /** Visits every field of an object by the record that has it. */
    private interface Visitor {
        /** @param id {@code Record.field}, as docs/api.md names rows */
        void visit(ObjectNode parent, Field field, String id);
    }

    /** @param id {@code Record.field} */
    static FieldRemoval of(List<ObjectNode> objects, String id) {
        List<ObjectNode> changed = new ArrayList<>();
        boolean found = false;
        for (ObjectNode object : objects) {
            ObjectNode copy = object.deepCopy();
            List<Runnable> removals = new ArrayList<>();
            walk(copy, (parent, field, name) -> {
                if (name.equals(id)) {
                    removals.add(() -> parent.remove(field.name()));
                }
            });
            if (isMesh(copy)) {
                found |= mesh(copy, id);
            }
            removals.forEach(Runnable::run);
            found |= !removals.isEmpty();
            changed.add(copy);
        }
        return new FieldRemoval(changed, found);
    }

    /** Every field of the manifests. */
    static List<String> fields(List<ObjectNode> objects) {
        Set<String> fields = new LinkedHashSet<>();
        for (ObjectNode object : objects) {
            walk(object, (parent, field, id) -> fields.add(id));
            if (isMesh(object)) {
                JsonNode settings = settings(object);
                walk(Structure.of(MeshConfig.class), settings, (parent, field, id) -> fields.add(id));
            }
        }
        return new ArrayList<>(fields);
    }

    private static boolean isMesh(ObjectNode object) {
        return object.path("kind").asString().equals("ConfigMap")
                && object.path("data").has("mesh");
    }

    private static JsonNode settings(ObjectNode map) {
        var documents = YamlText.read(map.path("data").path("mesh").asString()).documents();
        return documents.isEmpty()
                ? tools.jackson.databind.node.JsonNodeFactory.instance.objectNode()
                : documents.getFirst().tree();
    }

    private static boolean mesh(ObjectNode map, String id) {
        JsonNode settings = settings(map);
        List<Runnable> removals = new ArrayList<>();
        walk(Structure.of(MeshConfig.class), settings, (parent, field, name) -> {
            if (name.equals(id)) {
                removals.add(() -> parent.remove(field.name()));
            }
        });
        removals.forEach(Runnable::run);
        ((ObjectNode) map.get("data")).put("mesh", settings.toString());
        return !removals.isEmpty();
    }

    private static void walk(ObjectNode object, Visitor visitor) {
        Kind<?> kind = kind(object);
        if (kind != null) {
            walk(Structure.of(kind.spec()), object.path("spec"), visitor);
        }
    }

    private static @Nullable Kind<?> kind(ObjectNode object) {
        String version = object.path("apiVersion").asString();
        return Kinds.find(
                        version.substring(0, Math.max(0, version.indexOf('/'))),
                        object.path("kind").asString())
                .orElse(null);
    }

    private static void walk(Shape shape, JsonNode node, Visitor visitor) {
        switch (shape) {
            case Shape.Sequence(var items) -> node.forEach(item -> walk(items, item, visitor));
            case Shape.Dictionary(var values) -> node.properties().forEach(e -> walk(values, e.getValue(), visitor));
            case Structure structure -> {
                if (node instanceof ObjectNode object) {
                    structure.fields().forEach(field -> visit(structure, field, object, visitor));
                }
            }
            case Union union -> {
                if (node instanceof ObjectNode object) {
                    for (Structure branch : union.branches()) {
                        branch.fields().forEach(field -> visit(branch, field, object, visitor));
                    }
                }
            }
            default -> {}
        }
    }

    private static void visit(Structure owner, Field field, ObjectNode object, Visitor visitor) {
        if (field.inline()) {
            walk(field.shape(), object, visitor);
        } else if (object.has(field.name())) {
            visitor.visit(object, field, ApiDocument.id(owner, field));
            walk(field.shape(), object.path(field.name()), visitor);
        }
    }
}
