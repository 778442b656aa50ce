package dev.lateen.config.yaml;

import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * One document of a YAML text.
 *
 * @param line its first line in the text, from 1
 * @param lines line of each field and list item by path with dots only ({@code spec.http.0.route}); the contents of an
 *     alias have none
 */
public record YamlDocument(int line, JsonNode tree, Map<String, Integer> lines) {}
