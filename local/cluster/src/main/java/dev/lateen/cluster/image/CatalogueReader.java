package dev.lateen.cluster.image;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** Reads one catalogue file strictly: a field that it does not know is an error. */
final class CatalogueReader {
    private static final Pattern VARIABLE = Pattern.compile("\\$\\{([A-Za-z_][A-Za-z0-9_]*)}");
    private static final Set<String> FIELDS = Set.of("name", "command", "args", "env", "workingDir", "ports", "mounts");

    record NamedImage(String name, Image image) {}

    private final String file;
    private final @Nullable Path project;
    private final Map<String, String> variables;

    CatalogueReader(String file, @Nullable Path project, Map<String, String> variables) {
        this.file = file;
        this.project = project;
        this.variables = new LinkedHashMap<>(variables);
        if (project != null) {
            this.variables.put("PROJECT", project.toString());
        }
    }

    List<NamedImage> read(String yaml) throws CatalogueException {
        JsonNode root;
        try {
            root = new YAMLMapper().readTree(yaml);
        } catch (JacksonException e) {
            throw new CatalogueException(file + ": not readable as YAML: " + e.getOriginalMessage());
        }
        JsonNode images = root.path("images");
        if (!images.isArray()) {
            throw new CatalogueException(file + ": expected a list under \"images\"");
        }
        List<NamedImage> result = new ArrayList<>();
        for (int i = 0; i < images.size(); i++) {
            result.add(entry(images.get(i), "images[" + i + "]"));
        }
        return result;
    }

    private NamedImage entry(JsonNode node, String path) throws CatalogueException {
        for (String field : node.propertyNames()) {
            if (!FIELDS.contains(field)) {
                throw problem(
                        path + "." + field,
                        "unknown field; known are "
                                + String.join(", ", FIELDS.stream().sorted().toList()));
            }
        }
        String name = text(node.path("name"), path + ".name");
        List<String> command = strings(node.path("command"), path + ".command");
        List<String> args = strings(node.path("args"), path + ".args");
        if (command.isEmpty() && args.isEmpty()) {
            throw problem(path, "must name a program in command or args");
        }
        Map<String, String> env = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> each : node.path("env").properties()) {
            env.put(
                    each.getKey(),
                    expand(text(each.getValue(), path + ".env." + each.getKey()), path + ".env." + each.getKey()));
        }
        List<Path> mounts = new ArrayList<>();
        for (String mount : strings(node.path("mounts"), path + ".mounts")) {
            mounts.add(project == null ? Path.of(mount) : project.resolve(mount).normalize());
        }
        String workingDir = project == null ? "/" : project.toString();
        if (project != null) {
            mounts.add(project);
        }
        if (!node.path("workingDir").isMissingNode()) {
            workingDir = expand(text(node.path("workingDir"), path + ".workingDir"), path + ".workingDir");
        }
        var image = new Image(command, args, env, workingDir, mounts);
        return new NamedImage(name, image);
    }

    private List<String> strings(JsonNode node, String path) throws CatalogueException {
        if (node.isMissingNode() || node.isNull()) {
            return List.of();
        }
        if (!node.isArray()) {
            throw problem(path, "must be a list of strings");
        }
        List<String> result = new ArrayList<>();
        for (int i = 0; i < node.size(); i++) {
            String raw = text(node.get(i), path + "[" + i + "]");
            String value = expand(raw, path + "[" + i + "]");
            if (!value.isEmpty() || raw.isEmpty()) {
                result.add(value);
            }
        }
        return result;
    }

    private String text(JsonNode node, String path) throws CatalogueException {
        if (!node.isValueNode() || node.isNull()) {
            throw problem(path, "must be a string");
        }
        return node.asString();
    }

    private String expand(String text, String path) throws CatalogueException {
        Matcher matcher = VARIABLE.matcher(text);
        var result = new StringBuilder();
        while (matcher.find()) {
            String value = variables.get(matcher.group(1));
            if (value == null) {
                throw problem(
                        path,
                        "unknown variable ${" + matcher.group(1) + "}; known are "
                                + String.join(
                                        ", ",
                                        variables.keySet().stream().sorted().toList()));
            }
            matcher.appendReplacement(result, Matcher.quoteReplacement(value));
        }
        matcher.appendTail(result);
        return result.toString();
    }

    private CatalogueException problem(String path, String message) {
        return new CatalogueException(file + ": " + path + ": " + message);
    }
}
