package dev.lateen.config;

import dev.lateen.config.shape.ShapeWriter;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLMapper;
import tools.jackson.dataformat.yaml.YAMLWriteFeature;

/** Writes objects of configuration; {@link ConfigReader} reads them back equal. */
public final class ConfigWriter {
    private static final YAMLMapper YAML = YAMLMapper.builder()
            .enable(YAMLWriteFeature.MINIMIZE_QUOTES)
            .enable(YAMLWriteFeature.ALWAYS_QUOTE_NUMBERS_AS_STRINGS)
            .build();

    private ConfigWriter() {}

    /** The object as the API takes it. */
    public static ObjectNode toTree(ConfigObject<?> object) {
        ObjectNode tree = JsonNodeFactory.instance.objectNode();
        tree.put("apiVersion", object.apiVersion());
        tree.put("kind", object.kind().name());
        tree.set("metadata", ShapeWriter.write(object.metadata()));
        tree.set("spec", ShapeWriter.write(object.spec()));
        return tree;
    }

    /** The object as one YAML document, beginning with {@code ---}. */
    public static String toYaml(ConfigObject<?> object) {
        return toYaml(toTree(object));
    }

    static String toYaml(ObjectNode tree) {
        return YAML.writeValueAsString(tree);
    }
}
