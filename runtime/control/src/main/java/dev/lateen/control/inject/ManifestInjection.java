package dev.lateen.control.inject;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLFactory;
import tools.jackson.dataformat.yaml.YAMLMapper;
import tools.jackson.dataformat.yaml.YAMLWriteFeature;

/**
 * Sidecar injection of manifests: every workload in a text of YAML documents gets its sidecar, every other document
 * passes as it was written. Injecting twice changes nothing.
 */
public final class ManifestInjection {
    private static final Set<String> WITH_TEMPLATE = Set.of(
            "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "ReplicationController", "DeploymentConfig");

    private final YAMLMapper reader = new YAMLMapper();
    private final YAMLMapper quoting = writer(false);
    private final YAMLMapper plain = writer(true);
    private final PodInjection pods;

    /** Injects by these settings. */
    public ManifestInjection(InjectionSettings settings) {
        pods = new PodInjection(settings);
    }

    /** The manifests as they are to be applied, and what could not be honoured in them. */
    public record Result(String text, List<String> warnings) {}

    private static YAMLMapper writer(boolean minimizeQuotes) {
        return YAMLMapper.builder(YAMLFactory.builder()
                        .configure(YAMLWriteFeature.WRITE_DOC_START_MARKER, false)
                        .configure(YAMLWriteFeature.MINIMIZE_QUOTES, minimizeQuotes)
                        .configure(YAMLWriteFeature.ALWAYS_QUOTE_NUMBERS_AS_STRINGS, true)
                        .configure(YAMLWriteFeature.SPLIT_LINES, false)
                        .build())
                .build();
    }

    /**
     * Injects all workloads of a text.
     *
     * @param file where the text comes from, for messages
     * @throws InjectionException with file and line when a document cannot be read or injected
     */
    public Result inject(String text, String file) {
        List<String> documents = new ArrayList<>();
        List<String> warnings = new ArrayList<>();
        int line = 1;
        for (String document : text.split("(?m)^---[ \\t]*(?:#.*)?$\\R?", -1)) {
            if (!document.isBlank()) {
                documents.add(document(document, file, line, warnings));
            }
            line += (int) document.lines().count() + 1;
        }
        return new Result(String.join("---\n", documents), warnings);
    }

    private String document(String text, String file, int line, List<String> warnings) {
        JsonNode tree;
        try {
            tree = reader.readTree(text);
        } catch (JacksonException e) {
            int at = e.getLocation() == null ? 0 : Math.max(0, e.getLocation().getLineNr() - 1);
            throw new InjectionException(file + ":" + (line + at) + ": not YAML: " + e.getOriginalMessage());
        }
        String ending = text.endsWith("\n") ? text : text + "\n";
        if (!(tree instanceof ObjectNode object)) {
            return ending;
        }
        try {
            List<String> found = new ArrayList<>();
            boolean changed = object(object, found);
            found.forEach(warning -> warnings.add(file + ":" + line + ": " + warning));
            return changed ? write(object) : ending;
        } catch (InjectionException e) {
            throw new InjectionException(file + ":" + line + ": " + name(object) + ": " + e.getMessage());
        }
    }

    /** Text that reads back as the same tree: with few quotes where that is safe. */
    private String write(ObjectNode object) {
        String text = plain.writeValueAsString(object);
        return reader.readTree(text).equals(object) ? text : quoting.writeValueAsString(object);
    }

    private static String name(JsonNode object) {
        return object.path("kind").asString("object") + " "
                + object.path("metadata").path("name").asString("without a name");
    }

    private boolean object(ObjectNode object, List<String> warnings) {
        String kind = object.path("kind").asString("");
        if (kind.equals("List") && object.path("items") instanceof ArrayNode items) {
            boolean changed = false;
            for (JsonNode item : items) {
                changed |= item instanceof ObjectNode child && object(child, warnings);
            }
            return changed;
        }
        if (kind.equals("Pod")) {
            Optional<ObjectNode> injected = injected(object, object, warnings);
            injected.ifPresent(object::setAll);
            return injected.isPresent();
        }
        JsonNode parent = kind.equals("CronJob")
                ? object.path("spec").path("jobTemplate").path("spec")
                : WITH_TEMPLATE.contains(kind) ? object.path("spec") : reader.missingNode();
        if (parent instanceof ObjectNode spec && spec.path("template") instanceof ObjectNode template) {
            Optional<ObjectNode> injected = injected(template, object, warnings);
            injected.ifPresent(pod -> spec.set("template", pod));
            return injected.isPresent();
        }
        return false;
    }

    private Optional<ObjectNode> injected(ObjectNode pod, ObjectNode owner, List<String> warnings) {
        JsonNode metadata = owner.path("metadata");
        PodInjection.Result result = pods.inject(
                pod,
                new Workload(
                        owner.path("apiVersion").asString("v1"),
                        owner.path("kind").asString(""),
                        metadata.path("namespace").asString(""),
                        metadata.path("name").asString("")));
        result.warnings().forEach(warning -> warnings.add(name(owner) + ": " + warning));
        return result.injected() ? Optional.of(result.pod()) : Optional.empty();
    }
}
