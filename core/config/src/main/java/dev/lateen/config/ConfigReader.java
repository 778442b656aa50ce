package dev.lateen.config;

import dev.lateen.config.shape.Findings;
import dev.lateen.config.shape.ShapeReader;
import dev.lateen.config.yaml.YamlDocument;
import dev.lateen.config.yaml.YamlProblem;
import dev.lateen.config.yaml.YamlText;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Reads objects of configuration, strictly: an unknown or ill-typed field makes its object an error with file, line and
 * path, never a guess. Never throws for bad input; a bad object does not stop a good one. Immutable, for any thread.
 */
public final class ConfigReader {
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();
    private static final Set<String> TOP = Set.of("apiVersion", "kind", "metadata", "spec", "status");

    private final String defaultNamespace;

    /** @param defaultNamespace where objects live whose text names no namespace */
    public ConfigReader(String defaultNamespace) {
        this.defaultNamespace = defaultNamespace;
    }

    /** Reads with {@code default} as the default namespace. */
    public ConfigReader() {
        this("default");
    }

    /**
     * Reads every document of a YAML or JSON text, and every item of its Lists.
     *
     * @param file what errors call the text
     */
    public ReadResult readText(String file, String text) {
        Batch batch = new Batch();
        YamlText yaml = YamlText.read(text);
        for (YamlDocument document : yaml.documents()) {
            Origin.File origin = new Origin.File(file, document.line(), document.lines(), "");
            batch.document(document.tree(), origin);
        }
        for (YamlProblem problem : yaml.problems()) {
            Origin origin = new Origin.File(file, problem.line(), Map.of(), "");
            batch.problems.add(Problem.error(origin, "", problem.message()));
        }
        return batch.result();
    }

    /** Reads one object as the Kubernetes API gave it. */
    public ReadResult readApiObject(JsonNode tree) {
        Batch batch = new Batch();
        batch.object(tree, new Origin.Api(nameOf(tree)));
        return batch.result();
    }

    /** Reads one object as the Kubernetes API gave it. */
    public ReadResult readApiObject(String json) {
        try {
            return readApiObject(JSON.readTree(json));
        } catch (JacksonException e) {
            Origin origin = new Origin.Api(new ObjectName("object", "", "unnamed"));
            return new ReadResult(
                    List.of(), List.of(), List.of(Problem.error(origin, "", "not JSON: " + e.getOriginalMessage())));
        }
    }

    private ObjectName nameOf(JsonNode tree) {
        String namespace = tree.path("metadata").path("namespace").asString("");
        String apiVersion = tree.path("apiVersion").asString("");
        String kind = tree.path("kind").asString("object");
        Optional<Kind<?>> known = Kinds.find(apiVersion.substring(0, Math.max(0, apiVersion.indexOf('/'))), kind);
        boolean namespaced = known.map(Kind::isNamespaced).orElse(true);
        return new ObjectName(
                known.map(Kind::key).orElse(kind),
                !namespaced ? "" : namespace.isEmpty() ? defaultNamespace : namespace,
                tree.path("metadata").path("name").asString("unnamed"));
    }

    /** Notes what is wrong with an object, by path from its root. */
    private record Found(List<Problem> problems, Origin origin) implements Findings {
        @Override
        public void error(String field, String message) {
            problems.add(Problem.error(origin, field, message));
        }

        @Override
        public void warning(String field, String message) {
            problems.add(Problem.warning(origin, field, message));
        }
    }

    private final class Batch {
        private final List<ConfigObject<?>> objects = new ArrayList<>();
        private final List<RawObject> others = new ArrayList<>();
        private final List<Problem> problems = new ArrayList<>();

        ReadResult result() {
            return new ReadResult(objects, others, problems);
        }

        void document(JsonNode tree, Origin.File origin) {
            String kind = tree.path("kind").asString("");
            if (!kind.endsWith("List") || !tree.path("items").isArray()) {
                object(tree, origin);
                return;
            }
            String prefix = origin.prefix().isEmpty() ? "items" : origin.prefix() + ".items";
            int i = 0;
            for (JsonNode item : tree.path("items")) {
                String at = prefix + "[" + i++ + "]";
                document(item, new Origin.File(origin.file(), origin.line(at), origin.lines(), at));
            }
        }

        void object(JsonNode tree, Origin origin) {
            if (!(tree instanceof ObjectNode object)) {
                error(origin, "", "not an object of Kubernetes: expected apiVersion, kind and metadata");
                return;
            }
            String apiVersion = object.path("apiVersion").asString("");
            String kindName = object.path("kind").asString("");
            if (apiVersion.isEmpty() || kindName.isEmpty()) {
                error(origin, "", (apiVersion.isEmpty() ? "apiVersion" : "kind") + " is required");
                return;
            }
            int slash = apiVersion.indexOf('/');
            String group = slash < 0 ? "" : apiVersion.substring(0, slash);
            String refused = RefusedKinds.advice(group, kindName);
            if (refused != null) {
                error(origin, "kind", refused);
                return;
            }
            Optional<Kind<?>> kind = Kinds.find(group, kindName);
            if (kind.isPresent()) {
                String version = apiVersion.substring(slash + 1);
                if (kind.get().versions().contains(version)) {
                    custom(kind.get(), apiVersion, object, origin);
                } else {
                    error(
                            origin,
                            "apiVersion",
                            "unknown version " + version + " of " + kindName + "; known are "
                                    + String.join(", ", kind.get().versions()));
                }
            } else if (group.endsWith(".istio.io")) {
                error(origin, "kind", kindName + " of " + group + " is not a kind that this version reads");
            } else {
                others.add(new RawObject(apiVersion, nameOf(object), object, origin));
            }
        }

        private <S extends Record> void custom(Kind<S> kind, String apiVersion, ObjectNode tree, Origin origin) {
            List<Problem> found = new ArrayList<>();
            ShapeReader reader = new ShapeReader((error, path, message) ->
                    found.add(new Problem(error ? Problem.Level.ERROR : Problem.Level.WARNING, origin, path, message)));
            for (String name : tree.propertyNames()) {
                if (!TOP.contains(name)) {
                    found.add(Problem.error(origin, name, "unknown field"));
                }
            }
            ObjectMeta meta = part(reader, tree, "metadata", ObjectMeta.class, found, origin);
            S spec = part(reader, tree, "spec", kind.spec(), found, origin);
            if (meta != null && spec != null) {
                ObjectMeta placed =
                        kind.isNamespaced() && meta.namespace().isEmpty() ? meta.inNamespace(defaultNamespace) : meta;
                if (spec instanceof CheckedAsObject checked) {
                    checked.check(placed, new Found(found, origin));
                }
                Rehearsal.check(kind, placed, new Found(found, origin));
                if (found.stream().noneMatch(Problem::isError)) {
                    objects.add(new ConfigObject<>(kind, apiVersion, placed, spec, origin));
                }
            }
            problems.addAll(found);
        }

        private <T> @Nullable T part(
                ShapeReader reader, ObjectNode tree, String name, Class<T> type, List<Problem> found, Origin origin) {
            JsonNode node = tree.get(name);
            if (node == null || node.isNull()) {
                found.add(Problem.error(origin, name, "is required"));
                return null;
            }
            return reader.read(node, type, name);
        }

        private void error(Origin origin, String path, String message) {
            problems.add(Problem.error(origin, path, message));
        }
    }
}
