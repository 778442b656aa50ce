package dev.lateen.acceptance.behaviour;

import dev.lateen.config.Kind;
import dev.lateen.config.Kinds;
import dev.lateen.config.yaml.YamlDocument;
import dev.lateen.config.yaml.YamlText;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a manifest is for: with these objects, these requests arrive there. Read from {@code behaviours/*.yaml}:
 *
 * <pre>{@code
 * - case: uri prefix                    # unique in its file in its file
 *   proves: [HttpMatch.uri]             # fields of records; taken out of the manifests, the case must fail
 *   mesh: {…}                           # MeshConfig, if any
 *   given:
 *     VirtualService web: {hosts: [web], http: […]}      # KIND [NAMESPACE/]NAME: spec, or {labels: …, spec: …}
 *   then:
 *   - {get: web/a, from: web-v1}        # see Step
 * }</pre>
 *
 * @param only the peers that can run it, with the reason in a comment of the file; empty for all
 */
record Behaviour(
        String name, String file, Set<String> proves, Set<String> only, List<ObjectNode> objects, List<Step> steps) {
    private static final Set<String> KEYS = Set.of("case", "proves", "mesh", "given", "then", "only");
    private static final Map<String, String> CORE =
            Map.of("Service", "v1", "Pod", "v1", "Namespace", "v1", "ConfigMap", "v1");
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    /** Every behaviour of the suite. */
    static List<Behaviour> all() throws IOException {
        List<Behaviour> all = new ArrayList<>();
        Path directory = Path.of("src/test/resources/behaviours");
        List<Path> files;
        try (Stream<Path> list = Files.list(directory)) {
            files = list.filter(f -> f.toString().endsWith(".yaml")).sorted().toList();
        }
        for (Path file : files) {
            try (InputStream in = Files.newInputStream(file)) {
                read(file.getFileName().toString(), new String(in.readAllBytes(), StandardCharsets.UTF_8), all);
            }
        }
        Set<String> names = new HashSet<>();
        for (Behaviour behaviour : all) {
            if (!names.add(behaviour.toString())) {
                throw new IllegalStateException("two cases are called \"" + behaviour + "\"");
            }
        }
        return all;
    }

    private static void read(String file, String text, List<Behaviour> all) {
        YamlText yaml = YamlText.read(text);
        if (!yaml.problems().isEmpty()) {
            throw new IllegalStateException(file + ": " + yaml.problems());
        }
        for (YamlDocument document : yaml.documents()) {
            for (JsonNode item : document.tree()) {
                try {
                    all.add(read(file, item));
                } catch (RuntimeException e) {
                    throw new IllegalStateException(file + ", case " + item.path("case") + ": " + e.getMessage(), e);
                }
            }
        }
    }

    private static Behaviour read(String file, JsonNode item) {
        for (String key : item.propertyNames()) {
            if (!KEYS.contains(key)) {
                throw new IllegalStateException("unknown key " + key);
            }
        }
        List<ObjectNode> objects = new ArrayList<>();
        objects.add(mesh(item.path("mesh")));
        objects.addAll(objects(item.path("given")));
        List<Step> steps = new ArrayList<>();
        for (JsonNode step : item.path("then")) {
            steps.add(Step.read(step));
        }
        return new Behaviour(
                item.path("case").asString(),
                file,
                words(item.path("proves")),
                words(item.path("only")),
                objects,
                steps);
    }

    /** Objects by title. */
    static List<ObjectNode> objects(JsonNode titled) {
        List<ObjectNode> objects = new ArrayList<>();
        titled.properties().forEach(entry -> objects.add(object(entry.getKey(), entry.getValue())));
        return objects;
    }

    private static Set<String> words(JsonNode list) {
        Set<String> words = new java.util.LinkedHashSet<>();
        list.forEach(word -> words.add(word.asString()));
        return words;
    }

    private static ObjectNode mesh(JsonNode settings) {
        ObjectNode map = NODES.objectNode();
        map.put("apiVersion", "v1").put("kind", "ConfigMap");
        map.putObject("metadata").put("name", "istio").put("namespace", "istio-system");
        map.putObject("data").put("mesh", settings.isMissingNode() ? "" : settings.toString());
        return map;
    }

    private static ObjectNode object(String title, JsonNode body) {
        String called = title.substring(0, title.indexOf(' '));
        String name = title.substring(called.length() + 1);
        int slash = name.indexOf('/');
        ObjectNode object = NODES.objectNode();
        // Where kinds share a name, the group follows it.
        String kind = called.replaceAll("[.].*", "");
        object.put("apiVersion", apiVersion(called)).put("kind", kind);
        ObjectNode metadata = object.putObject("metadata");
        metadata.put("name", name.substring(slash + 1))
                .put("namespace", slash < 0 ? "default" : name.substring(0, slash));
        if (body.has("spec")
                || body.has("labels")
                || body.has("annotations")
                || body.has("status")
                || body.has("data")) {
            for (Map.Entry<String, JsonNode> part : body.properties()) {
                boolean meta = part.getKey().equals("labels")
                        || part.getKey().equals("annotations")
                        || part.getKey().equals("creationTimestamp");
                (meta ? metadata : object).set(part.getKey(), part.getValue());
            }
        } else {
            object.set("spec", body);
        }
        return object;
    }

    private static String apiVersion(String kind) {
        String core = CORE.get(kind);
        if (core != null) {
            return core;
        }
        return Kinds.all().stream()
                .filter(k -> k.key().equals(kind))
                .map(Kind::apiVersion)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("no kind " + kind));
    }

    boolean runsOn(String peer) {
        if (peer.equals("istiod")) {
            // What is sent is Istio's own affair there, and with a directory of rules it knows no Gateway API.
            boolean asks = steps.stream().anyMatch(step -> step.method().equals("xds"));
            return !asks && !file.equals("gateway-api.yaml") && (only.isEmpty() || only.contains("lateen"));
        }
        return only.isEmpty() || only.stream().anyMatch(peer::startsWith);
    }

    /** The behaviour as its file calls it. */
    @Override
    public String toString() {
        return file.replace(".yaml", "") + ": " + name;
    }
}
